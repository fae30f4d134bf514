"""docs/language.md holds: its documents load, its expressions compile, its names are those that are told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dsl.errors import Severity
from dsl.expressions import RESERVED
from dsl.load import load, load_expression
from dsl.read import read_document
from dsl.schema import DEFINITION, LIBRARY, STRATEGY, Section
from dsl.source import MAX_BYTES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "language.md").read_text(encoding="utf-8")
FENCES = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)
DOCUMENTS = [text for kind, text in FENCES if kind == "yaml"]
EXPRESSIONS = [line for kind, text in FENCES if kind == "expr" for line in text.splitlines()]


@pytest.mark.parametrize("text", DOCUMENTS, ids=lambda text: re.findall(r"^id: (\w+)", text, re.MULTILINE)[0])
def test_its_documents_load(tmp_path: Path, text: str) -> None:
    path = tmp_path / f"{read_document(text)[0].id}.yaml"
    path.write_text(text)
    assert [d for d in load([path]).diagnostics if d.severity is Severity.ERROR or d.name == "id-not-file-name"] == []


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_its_expressions_compile(text: str) -> None:
    _, node, found = load_expression(text, "1h")
    assert found == []
    assert node is not None


def test_what_it_calls_an_error_is_one() -> None:
    named = ["close > rsi(close, 14)", "close > ema(close, 25) + 1%", 'close > close@"BTC/USDT"', "high + low",
             "1 < close < 2", "close[-1]", "close@1h[1]"]  # fmt: skip
    for text in named:
        assert text in PAGE.replace("`1 < x < 2`", "`1 < close < 2`") or text == "close[-1]"
        assert load_expression(text, "15m")[2], text


def test_it_names_every_key() -> None:
    def keys(section: Section) -> set[str]:
        return {field.name for field in section.fields}.union(*(keys(f.inner) for f in section.fields if f.inner))

    for key in keys(STRATEGY) | keys(LIBRARY) | keys(DEFINITION):
        assert re.search(rf"\b{key}\b", PAGE), key


def _names() -> set[str]:
    table = PAGE[PAGE.index("| group | names |") :].split("\n\n")[0]
    return set(re.findall(r"[a-z]+(?:-[a-z0-9]+)*", " ".join(row.split("|")[2] for row in table.splitlines()[2:])))


def test_its_names_of_errors_are_those_that_are_told() -> None:
    """Every name stands in the code, and every name that a broken file is told by stands on the page."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "dsl").rglob("*.py"))
    for name in _names():
        composed = name.endswith("-wrong-side") and '{what}-wrong-side"' in code
        assert composed or f'"{name}"' in code, name
    rows = (ROOT / "tests" / "dsl" / "broken" / "expected.txt").read_text().splitlines()[1:]
    assert {row.split()[2] for row in rows} <= _names()
    lint = {path.stem.replace("_", "-") for path in (ROOT / "dsl" / "lint").glob("[a-z]*.py")}
    called = set(re.findall(r'(?:error|refuse|warn|_tell)\(\s*"([a-z]+(?:-[a-z0-9]+)*)"', code))
    called |= set(re.findall(r'Diagnostic\(\s*"([a-z]+(?:-[a-z0-9]+)*)"', code))
    assert called <= _names() | lint, called - _names() - lint


def test_its_numbers_are_those_of_the_code() -> None:
    assert MAX_BYTES == 1_000_000
    assert "up to 1 MB, 32 levels and 50,000 values" in PAGE
    assert "up to 4,000 characters and 100 levels" in PAGE
    words = next(line for line in PAGE.splitlines() if "and or not if then else" in line)
    assert set(re.findall(r"[a-z]+", words.split("`")[1])) == RESERVED
