"""docs/lint: every name that a finding can bear has a page, and what the page calls wrong and right is that."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from dsl.errors import Severity
from dsl.lint import RULES
from dsl.lint.stale_ignore import OTHERS
from dsl.load import load
from tests.dsl.lint.samples import told

ROOT = Path(__file__).parents[3]
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs" / "lint").glob("*.md"))}
HEADINGS = ["What", "Why it costs money", "Wrong", "Right", "How to silence"]
ELSEWHERE = {"missing-file", "not-formatted"}
_NAME = re.compile(r"[a-z]+(-[a-z0-9]+)+|syntax")
_TELLERS = {"Diagnostic", "error", "report", "_tell", "refuse", "warn", "fault", "Rule", "told"}


def _names_in_code() -> set[str]:
    """Return every name that the code gives to a finding: a text with hyphens where a finding is made."""
    found = set()
    for path in [*(ROOT / "dsl").rglob("*.py"), ROOT / "app" / "wording.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            teller = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            for argument in node.args[:2] if teller in _TELLERS else ():
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    found |= {argument.value} if _NAME.fullmatch(argument.value) else set()
    if "-wrong-side" in (ROOT / "dsl" / "check" / "levels.py").read_text(encoding="utf-8"):
        found |= {"stop-wrong-side", "target-wrong-side"}
    return found


def _part(page: str, heading: str) -> str:
    return page.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def _files(part: str) -> dict[str, str]:
    """Return the files of an example; one without a name is the strategy."""
    blocks = re.findall(r"(?:`([\w.]+)`:\n\n)?```(?:yaml|jinja)\n(.*?)```", part, re.DOTALL)
    return {name or "sample.yaml": text for name, text in blocks}


def test_every_name_has_a_page_and_every_page_a_name() -> None:
    rules = {RULES[name].name for name in RULES.names()}
    assert not rules & OTHERS
    assert rules | OTHERS >= _names_in_code()
    assert rules <= set(PAGES)
    assert set(PAGES) <= rules | OTHERS
    assert _names_in_code() <= set(PAGES)


DESIGN = """
yaml-syntax duplicate-key unknown-key missing-key wrong-type unknown-name unknown-function unknown-output
wrong-arguments shadowed-name unused-let unused-param circular-let circular-use type-mismatch unit-mismatch look-ahead
lower-timeframe live-only-field series-length position-out-of-place never-true always-true contradiction
redundant-condition idle-condition unreachable-fire may-divide-by-zero float-equality target-wrong-side stop-wrong-side
targets-unordered parts-not-100 reward-below-risk stop-before-add stop-inside-noise no-stop warm-up-exceeds-history
schedule-slower-than-timeframe expensive-window yoda-condition double-negative missing-about version-not-bumped
deprecated-function not-formatted unknown-template-field message-too-long untested-condition duplicate-test stale-ignore
"""


def test_every_name_that_was_promised_is_found_by_somebody_and_has_a_page() -> None:
    told_of = {RULES[name].name for name in RULES.names()} | _names_in_code()
    for name in DESIGN.split():
        assert name in told_of, name
        assert name in PAGES, name


def test_what_broken_files_are_told_has_a_page() -> None:
    folder = ROOT / "tests" / "dsl" / "broken"
    names = {finding.name for finding in load(sorted(folder.glob("*.yaml"))).diagnostics}
    assert names
    assert names <= set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_the_headings_and_says_how_bad_it_is(name: str) -> None:
    page = PAGES[name]
    assert page.startswith(f"# {name}\n")
    assert re.findall(r"^## (.*)$", page, re.MULTILINE) == HEADINGS
    kind = re.search(r"^(An error|A warning|A remark) of the group \*(.+)\*\.$", page, re.MULTILINE)
    assert kind
    rule = next((RULES[r] for r in RULES.names() if RULES[r].name == name), None)
    if rule is not None:
        word = {Severity.ERROR: "An error", Severity.WARNING: "A warning", Severity.INFO: "A remark"}
        assert kind.groups() == (word[rule.severity], rule.group)
    silence = _part(page, "How to silence")
    assert ("cannot be silenced" in silence) == (kind[1] == "An error")
    assert (f"ignore {name} until" in silence) == (kind[1] != "An error" and name != "stale-ignore")


@pytest.mark.parametrize("name", [name for name in PAGES if name not in ELSEWHERE])
def test_wrong_is_told_under_that_name_alone_and_right_is_not_told(name: str, tmp_path: Path) -> None:
    wrong = told(_files(_part(PAGES[name], "Wrong")), tmp_path)
    assert {finding.name for finding in wrong} == {name}, [(f.name, f.message, f.span.text) for f in wrong]
    (severity,) = {finding.severity for finding in wrong}
    word = {Severity.ERROR: "An error", Severity.WARNING: "A warning", Severity.INFO: "A remark"}
    assert f"\n{word[severity]} of the group" in PAGES[name]
    for path in tmp_path.iterdir():
        path.unlink()
    assert [(f.name, f.message) for f in told(_files(_part(PAGES[name], "Right")), tmp_path)] == []


def test_a_file_that_is_not_there() -> None:
    page = PAGES["missing-file"]
    wrong = re.findall(r"engine validate (\S+)", _part(page, "Wrong"))
    right = re.findall(r"engine validate (\S+)", _part(page, "Right"))
    assert [d.name for d in load([ROOT / path for path in wrong]).diagnostics] == ["missing-file"]
    assert load([ROOT / path for path in right]).diagnostics == []


def test_a_file_that_is_not_formatted() -> None:
    from dsl.errors import Source
    from dsl.fmt import format_source

    page = PAGES["not-formatted"]
    (wrong,), (right,) = _files(_part(page, "Wrong")).values(), _files(_part(page, "Right")).values()
    assert format_source(Source("sample.yaml", wrong)).after == right
    assert not format_source(Source("sample.yaml", right)).changed
