"""Samples as they stand in docs/lint and beside these tests: what is not written in a strategy is added."""

from __future__ import annotations

import re
from pathlib import Path

from dsl.errors import Diagnostic
from dsl.lint import lint, unsilenced
from dsl.load import load
from dsl.testing.cases import read_suite

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
    """Return what `engine lint` and `engine test` say of strategies, libraries and tests, by the name of their file."""
    found: list[Diagnostic] = []
    for name, text in files.items():
        (folder / name).write_text(complete(text), encoding="utf-8")
    for name in files:
        if name.endswith(".test.yaml"):
            found += read_suite(folder / name)[1]
    loaded = load([folder / name for name in files if name == "sample.yaml"])
    return [*found, *unsilenced(loaded.diagnostics), *lint(loaded)]
