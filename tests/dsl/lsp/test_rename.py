"""Rename replaces a name wherever it is meant, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsl.lsp.analysis import Analysis
from dsl.lsp.rename import Refused, prepare, rename

from .texts import SMALL, marked, small


def renamed(analysis: Analysis, offset: int, name: str) -> str:
    (spans,) = rename(analysis, offset, name).values()
    text = analysis.text
    for span in reversed(spans):
        text = text[: span.start] + name + text[span.end :]
    return text


@pytest.mark.parametrize(
    ("old", "new", "name", "before"),
    [
        ("must rsi14 <", "must rs‸i14 <", "strength", "rsi14"),
        ("  rsi14: rsi", "  rsi14‸: rsi", "strength", "rsi14"),
        ("< low_rsi", "< ‸low_rsi", "floor_of_rsi", "low_rsi"),
        ("oversold and", "oversold‸ and", "washed_out", "oversold"),
    ],
)
def test_every_use_moves(old: str, new: str, name: str, before: str) -> None:
    analysis, offset = small(old, new)
    after = renamed(analysis, offset, name)
    assert after == SMALL.replace(before, name)
    assert Analysis(analysis.path, after).mistakes == ()


def test_a_definition_has_names_of_its_own() -> None:
    text = (
        "language: 1\nid: lib\nlet:\n  a: close > 1\ndefine:\n"
        "  one(a=close, n=3 in 1 to 9):\n    about: A.\n    let:\n      b: ema(a, n)\n    returns: b + a‸ - b\n"
        "  two(b=close):\n    about: B.\n    returns: one(a=b)\n"
    )
    analysis, offset = marked(text, "library/lib.yaml")
    after = renamed(analysis, offset, "source")
    assert "  one(source=close, n=3 in 1 to 9):" in after
    assert "b: ema(source, n)" in after
    assert "returns: b + source - b" in after
    assert "one(source=b)" in after
    assert "  a: close > 1" in after


def test_the_tests_beside_it_follow(tmp_path: Path) -> None:
    signal = "signal: {side: long, when: {turn: true}}"
    tests = f"language: 1\ntests:\n  - name: x\n    close: 1 x9\n    expect:\n      - {signal}\n"
    (tmp_path / "small.test.yaml").write_text(tests)
    analysis, offset = marked(SMALL.replace("oversold and turn", "oversold and tu‸rn"), str(tmp_path / "small.yaml"))
    places = rename(analysis, offset, "hook")
    assert [span.text for span in places[tmp_path / "small.test.yaml"]] == ["turn"]


@pytest.mark.parametrize("name", ["close", "low_rsi", "Upper", "1st", "and", "oversold", "wörter", "_x"])
def test_a_name_that_would_clash_is_refused(name: str) -> None:
    with pytest.raises(Refused):
        rename(*small("must rsi14 <", "must rs‸i14 <"), name)


def test_what_is_not_declared_here_is_refused() -> None:
    with pytest.raises(Refused):
        prepare(*small("lowest(low, 10)", "lowest(lo‸w, 10)"))
    with pytest.raises(Refused):
        rename(*small("must rsi14 <", "must rs‸i14 && <"), "strength")
