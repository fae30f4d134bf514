"""At most so many live positions at a time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.domain.book import Book, Lane
from engine.domain.signal import Side
from engine.registry import UnknownName
from engine.risk import PROTECTIONS
from engine.risk.max_open import MaxOpen
from tests.engine.trade.story import pending, signal


def book(*lanes: tuple[str, str]) -> Book:
    made = {}
    for strategy, symbol in lanes:
        position = pending(replace(signal(), strategy=strategy, symbol=symbol))
        made[strategy, symbol] = Lane(live={Side.LONG: position})
    return Book(made)


LIVE = book(("a", "BTC/USDT"), ("a", "ETH/USDT"), ("b", "BTC/USDT"))


@pytest.mark.parametrize(
    ("rule", "strategy", "why"),
    [
        (MaxOpen(2), "a", "2 of 2 positions are live"),
        (MaxOpen(3), "a", None),
        (MaxOpen(2), "b", None),
        (MaxOpen(1), "c", None),
        (MaxOpen(3, overall=True), "c", "3 of 3 positions are live"),
        (MaxOpen(4, overall=True), "a", None),
    ],
)
def test_it_counts_the_live_positions(rule, strategy, why):
    assert rule.refuse(strategy, "SOL/USDT", "long", 0, LIVE) == why


def test_a_limit_below_one_is_a_mistake():
    with pytest.raises(ValueError, match="at least 1"):
        MaxOpen(0)


def test_protections_are_found_by_name():
    assert "max_open" in PROTECTIONS.names()
    assert PROTECTIONS["max_open"](2) == MaxOpen(2)
    with pytest.raises(UnknownName, match="max_open"):
        PROTECTIONS["max_opne"]
