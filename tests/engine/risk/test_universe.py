"""Only what was in the universe on the day of the signal."""

from __future__ import annotations

import pytest

from engine.domain.book import Book
from engine.risk import PROTECTIONS
from engine.risk.universe import RecordedUniverse

RULE = RecordedUniverse({100: frozenset({"A/B"}), 200: frozenset({"A/B", "C/D"}), 300: frozenset()})


@pytest.mark.parametrize(
    ("symbol", "time", "why"),
    [
        ("A/B", 99, "the universe of that time was not recorded"), ("A/B", 100, None), ("A/B", 250, None),
        ("C/D", 199, "C/D was not in the universe of that day"), ("C/D", 200, None),
        ("A/B", 301, "A/B was not in the universe of that day"),
    ],
)  # fmt: skip
def test_the_latest_list_that_had_begun_counts(symbol: str, time: int, why: str | None) -> None:
    assert RULE.refuse("bot", symbol, "long", time, Book()) == why


def test_it_is_found_by_name_and_needs_a_day() -> None:
    assert PROTECTIONS["universe"]({1: frozenset({"A/B"})}) == RecordedUniverse({1: frozenset({"A/B"})})
    with pytest.raises(ValueError, match="at least one day"):
        RecordedUniverse({})
