"""The nearest of the known names."""

from __future__ import annotations

import pytest

from dsl.suggest import listing, nearest

KEYS = ("name", "timeframes", "targets", "stop", "short", "schedule", "expire", "exit", "trail", "id")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("nam", "name"), ("timeframe", "timeframes"), ("time-frames", "timeframes"), ("tragets", "targets"),
        ("Targets", "targets"), ("shcedule", "schedule"), ("expires", "expire"), ("time", "timeframes"),
        ("leverage", None), ("x", None), ("", None), ("di", "id"), ("zzzz", None),
    ],
)  # fmt: skip
def test_a_slip_finds_its_name(word: str, meant: str | None) -> None:
    assert nearest(word, KEYS) == meant


def test_nothing_known_nothing_meant() -> None:
    assert nearest("name", ()) is None


def test_listing() -> None:
    assert listing([]) == ""
    assert listing(["a"]) == "`a`"
    assert listing(["a", "b", "c"], "and") == "`a`, `b` and `c`"
