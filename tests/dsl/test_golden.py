"""What `engine lint` says of broken strategies, word for word: golden/NAME.yaml and golden/NAME.txt.

Each file has a mistake that somebody makes, in the form that reads worst: in quotes, folded, in flow style, behind
letters of two columns. `pytest tests/dsl/test_golden.py --golden` writes the reports anew; look at each caret then.
Files whose names begin with `golden_` are libraries of others; NAME.test.yaml is looked at with NAME.yaml.
"""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pytest

from app.wording import examine
from dsl.report import summary, text
from dsl.survey import survey

FOLDER = Path(__file__).with_name("golden")
TODAY = datetime.date(2026, 6, 1)
CASES = sorted(
    path for path in FOLDER.iterdir()
    if path.suffix in (".yaml", ".j2") and ".test" not in path.suffixes and not path.name.startswith("golden_")
)  # fmt: skip


def report(path: Path) -> str:
    """Return what is printed of one case, run in its folder."""
    if path.suffix == ".j2":
        found, files = examine([Path(path.name)]), 1
    else:
        beside = path.with_name(f"{path.stem}.test.yaml")
        names = [Path(path.name), *([Path(beside.name)] if beside.exists() else [])]
        found, files = survey(names, today=TODAY), len(names)
    return f"{text(found)}\n\n{summary(found, files)}\n"


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name.removesuffix(".yaml"))
def test_the_report_is_the_one_that_was_reviewed(
    path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.chdir(FOLDER)
    told = report(path)
    expected = path.with_suffix(".txt")
    if request.config.getoption("--golden"):
        expected.write_text(told, encoding="utf-8")
    assert told == expected.read_text(encoding="utf-8")
    assert "nothing found" not in told
    assert "Traceback" not in told


def test_there_are_150_and_every_report_has_its_file() -> None:
    assert len(CASES) >= 150
    assert {path.stem for path in CASES} == {path.stem for path in FOLDER.glob("*.txt")}


def test_they_speak_of_every_group_in_every_style() -> None:
    named = set(
        re.findall(
            r"^(?:error|warning|info)\[(.*)\]", "".join(p.read_text("utf-8") for p in FOLDER.glob("*.txt")), re.M
        )
    )
    from tests.dsl.lint.test_pages import DESIGN

    elsewhere = {"version-not-bumped"}  # needs a commit: tests/app/test_findings.py
    assert set(DESIGN.split()) - elsewhere - named == set()
    texts = "\n".join(path.read_text(encoding="utf-8") for path in CASES)
    for style in (": >-\n", ": |\n", ': "', ": '", "when: {", "\n    - "):
        assert style in texts
    assert any(not path.read_text(encoding="utf-8").isascii() for path in CASES)
