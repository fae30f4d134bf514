"""Slips in a test file are answered with what was meant, and no mistake is told twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsl.testing.cases import read_suite

PATH = Path(__file__).parents[3] / "strategies" / "scalper.test.yaml"
SIGNAL = "language: 1\ntests:\n  - name: a\n    close: 100 x60\n    expect:\n      - signal: {GIVEN}\n"


@pytest.mark.parametrize(
    ("given", "help_"),
    [
        ("side: buy", "write `long`"),
        ("side: SELL", "write `short`"),
        ("side: lnog", "did you mean `long`?"),
        ("bar: 42-50", "write `42 to 50`"),
        ("stop: 94 .. 96.5", "write `94 to 96.5`"),
        ('confidence: ">= 60"', "a bound is the end of a range: write `60 to` the most that it may be"),
        ('result: "< 2%"', "a bound is the end of a range: write the least that it may be and `to 2%`"),
        ('entry: "~95"', "write it with a tolerance, as in `95 +- 0.2`"),
        ("ends: TP", "did you mean `TP_HIT`?"),
        ("ends: sl_hit", "did you mean `SL_HIT`?"),
        ("when: {turn: yes}", "write `true`"),
    ],
)
def test_it_is_told_what_was_meant(given: str, help_: str) -> None:
    (found,) = read_suite(PATH, SIGNAL.replace("GIVEN", given))[1]
    assert found.help == help_


def test_a_broken_line_is_told_once() -> None:
    (found,) = read_suite(PATH, SIGNAL.replace("GIVEN", "confidence: >= 60"))[1]
    assert found.name == "yaml-syntax"
