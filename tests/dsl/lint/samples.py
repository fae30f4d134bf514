"""Samples as they stand in docs/lint and beside these tests: what is not written in a strategy is added."""

from __future__ import annotations

import re
from pathlib import Path

from app.wording import examine
from dsl.errors import Diagnostic
from dsl.lint._rule import Before
from dsl.load import load
from dsl.survey import survey

HEAD = {
    "language": "1",
    "id": "sample",
    "name": "Sample",
    "version": "1.0.0",
    "about": "A sample.",
    "schedule": "on close",
    "timeframes": "[5m]",
    "universe": "{symbols: [ETH/USDT]}",
}


def complete(text: str) -> str:
    """Return a strategy of which only what matters is written; one that says `language` is complete already."""
    if re.search("^language:", text, re.MULTILINE):
        return text
    missing = [f"{key}: {value}\n" for key, value in HEAD.items() if not re.search(f"^{key}:", text, re.MULTILINE)]
    return "".join(missing) + text


def told(files: dict[str, str], folder: Path) -> list[Diagnostic]:
    """Return what `engine lint` says of strategies, libraries, tests and templates, by the name of their file.

    `before.yaml` is what `sample.yaml` was at a commit. The layout of samples is not looked at.
    """
    for name, text in files.items():
        (folder / name).write_text(text if name.endswith((".j2", ".test.yaml")) else complete(text), encoding="utf-8")
    was = None
    if "before.yaml" in files:
        old = load([(folder / "before.yaml").rename(folder / "sample.was.yaml")])
        (rules,) = old.plan.strategies
        was = Before("HEAD", old.documents[0].version, rules.hash)
    checked = [folder / name for name in files if name == "sample.yaml" or name.endswith(".test.yaml")]
    found = survey(checked, before={str(folder / "sample.yaml"): was} if was else {})
    worded = examine([folder / name for name in files if name.endswith(".j2")])
    return [finding for finding in [*found, *worded] if finding.name != "not-formatted"]
