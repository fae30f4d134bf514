"""Prices of a signal: what a rule says, on which candle, gives which entry, stop and targets. The close is 100."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.market import Market
from engine.domain.signal import EntryOrder, Side, StopMove, TakeProfit
from engine.domain.strategy import (
    AddRule,
    Apply,
    Clamp,
    Constant,
    EntryRule,
    LevelValue,
    MoveRule,
    PositionField,
    Ref,
    SideRules,
    StopRule,
    TargetRule,
)
from engine.kernels.simulate import on_tick
from engine.trade.quote import Refusal, Ticks, detail_of, quote, reason_of
from engine.trade.terms import level_of, order_of, targets_of
from tests.engine.trade.story import MARKET, Table

LOW, HIGH, GONE = 1, 2, 3
VALUES = Table({LOW: [97.123], HIGH: [104.456], GONE: [float("nan")]})
SIDES = SideRules(Side.LONG, (), 0, 0, EntryRule(), None, ())


def level(text: str | int) -> LevelValue:
    """Read `2%`, `1.5R`, `+3` (a distance), a price, or a node's number as a price."""
    if isinstance(text, int):
        return LevelValue("price", Ref(text))
    if text.endswith("%"):
        return LevelValue("percent", Constant(float(text[:-1]) / 100))
    if text.endswith("R"):
        return LevelValue("r", Constant(float(text[:-1])))
    return LevelValue("distance" if text.startswith("+") else "price", Constant(float(text)))


def laid(side: str = "long", market: Market = MARKET, **rules) -> Quote | Refusal:
    made, close = replace(SIDES, side=Side(side), **rules), np.array([100.0])
    room = (len(made.targets), len(made.entry.adds), 0)
    quotes = quote(made, lambda node: VALUES.of(node)[:, 0], np.array([60_000]), close, Ticks.of([market]), (), room)
    code, terms = int(quotes.refused[0]), quotes.terms[0].tolist()
    if code:
        which, price = int(quotes.which[0]), float(quotes.price[0])
        return Refusal(reason_of(code), detail_of(made, market, code, which, price, terms[2], 100.0))
    return Quote(order_of(terms, room), level_of(terms[5]), targets_of(terms))


@dataclass(frozen=True)
class Quote:
    entry: EntryOrder
    stop: float | None
    targets: tuple[TakeProfit, ...]


def stop(text: str | int, *clamp: str) -> StopRule:
    return StopRule(level(text), Clamp(*map(level, clamp)) if clamp else None)


@pytest.mark.parametrize(
    ("side", "rule", "price"),
    [
        ("long", stop(LOW), 97.12),
        ("short", stop(HIGH), 104.46),
        ("long", stop("+3"), 97),
        ("short", stop("+3"), 103),
        ("long", stop("2%"), 98),
        ("short", stop("2%"), 102),
        ("long", stop(LOW, "0.5%", "1.5%"), 98.5),
        ("short", stop(HIGH, "0.5%", "1.5%"), 101.5),
        ("long", stop("0.1%", "0.5%", "1.5%"), 99.5),
        ("long", stop("1%", "0.5%", "1.5%"), 99),
        ("long", stop("1%", "+2", "+4"), 98),
    ],
)
def test_stops(side, rule, price):
    assert laid(side, stop=rule).stop == price


@pytest.mark.parametrize(
    ("side", "rule", "reason"),
    [
        ("long", stop(HIGH), "stop-wrong-side"),
        ("short", stop(LOW), "stop-wrong-side"),
        ("long", stop(HIGH, "0.5%", "1.5%"), "stop-wrong-side"),  # a clamp repairs nothing
        ("long", stop("100"), "stop-wrong-side"),
        ("long", stop("99.999"), "stop-wrong-side"),  # on the tick it is the entry
        ("long", stop("-1%"), "stop-wrong-side"),
        ("long", stop("+100"), "stop-wrong-side"),  # a price of 0
        ("long", stop(GONE), "unknown-stop"),
        ("long", StopRule(level("1%"), Clamp(LevelValue("distance", Ref(GONE)), level("2%"))), "unknown-stop"),
    ],
)
def test_stops_that_make_no_signal(side, rule, reason):
    assert laid(side, stop=rule).reason == reason


@pytest.mark.parametrize(
    ("side", "text", "price"),
    [
        ("long", HIGH, 104.46), ("long", "+5", 105), ("long", "0.6%", 100.6), ("long", "2R", 104),
        ("short", LOW, 97.12), ("short", "+5", 95), ("short", "0.6%", 99.4), ("short", "2R", 96),
    ],
)  # fmt: skip
def test_targets(side, text, price):
    made = laid(side, stop=stop("2%"), targets=(TargetRule(level(text), 1.0),))
    assert [target.price for target in made.targets] == [price]


def test_only_percentages_follow_the_average_entry():
    rules = (TargetRule(level("1%"), 0.5), TargetRule(level("1R"), 0.25), TargetRule(level("+5"), 0.25))
    assert [target.ratio for target in laid(stop=stop("2%"), targets=rules).targets] == [0.01, 0, 0]


@pytest.mark.parametrize(
    ("targets", "rule", "reason"),
    [
        (("97",), None, "target-wrong-side"),
        (("1%", "100"), None, "target-wrong-side"),
        ((GONE,), None, "unknown-target"),
        (("2R",), None, "unknown-target"),  # no stop, no R
    ],
)
def test_targets_that_make_no_signal(targets, rule, reason):
    share = 1 / len(targets)
    assert laid(stop=rule, targets=tuple(TargetRule(level(t), share) for t in targets)).reason == reason


def test_targets_are_numbered_from_the_nearest_and_keep_what_is_theirs():
    rules = (
        TargetRule(level("3%"), 0.2), TargetRule(level("1%"), 0.5, MoveRule("entry")), TargetRule(level("1R"), 0.3),
    )  # fmt: skip
    for side, prices in (("long", [101, 102, 103]), ("short", [99, 98, 97])):
        made = laid(side, stop=stop("2%"), targets=rules).targets
        assert [target.price for target in made] == prices
        assert [target.part for target in made] == [0.5, 0.3, 0.2]
        assert [target.then for target in made] == [StopMove("entry"), None, None]


@pytest.mark.parametrize(
    ("rule", "move"),
    [
        (MoveRule("entry"), StopMove("entry")),
        (MoveRule("price", Ref(LOW)), StopMove("price", 97.123)),
        (MoveRule("offset", Constant(0.001)), StopMove("offset", 0.001)),
        (MoveRule("target", Constant(1.0)), StopMove("target", 1.0)),
        (MoveRule("price", Apply("sub", (PositionField("best"), Constant(1.0)))), StopMove("rule", 1)),
    ],
)
def test_moves_are_frozen_unless_they_read_the_position(rule, move):
    made = laid(stop=stop("2%"), targets=(TargetRule(level("1%"), 0.5), TargetRule(level("2%"), 0.5, rule)))
    assert made.targets[1].then == move


class TestEntries:
    @pytest.mark.parametrize(
        ("side", "kind", "price", "told"),
        [
            ("long", "limit", LOW, 97.12), ("short", "limit", HIGH, 104.46), ("long", "stop", HIGH, 104.46),
            ("short", "stop", LOW, 97.12), ("long", "limit", "100", 100), ("long", "stop", "100", 100),
        ],
    )  # fmt: skip
    def test_orders(self, side, kind, price, told):
        rule = EntryRule(kind, level(price).value, 6)
        assert laid(side, entry=rule).entry == EntryOrder(kind, told, 6)

    @pytest.mark.parametrize(
        ("side", "kind", "price", "reason"),
        [
            ("long", "limit", HIGH, "entry-wrong-side"), ("short", "limit", LOW, "entry-wrong-side"),
            ("long", "stop", LOW, "entry-wrong-side"), ("short", "stop", HIGH, "entry-wrong-side"),
            ("long", "limit", GONE, "unknown-entry"), ("long", "limit", "0", "unknown-entry"),
        ],
    )  # fmt: skip
    def test_orders_that_make_no_signal(self, side, kind, price, reason):
        assert laid(side, entry=EntryRule(kind, level(price).value)).reason == reason

    def test_stop_and_targets_are_laid_from_the_order(self):
        made = laid(entry=EntryRule("limit", Constant(98.0)), stop=stop("2%"), targets=(TargetRule(level("1R"), 1.0),))
        assert made.stop == 96.04
        assert made.targets[0].price == 99.96

    def test_adds_are_nearest_first(self):
        adds = (AddRule(level("4%"), 0.3), AddRule(level("+2"), 0.3))
        made = laid(entry=EntryRule(part=0.4, adds=adds)).entry
        assert [(add.price, add.part, add.kind) for add in made.adds] == [(98, 0.3, "distance"), (96, 0.3, "percent")]
        assert laid("short", entry=EntryRule(part=0.4, adds=adds)).entry.adds[0].price == 102

    @pytest.mark.parametrize(("text", "reason"), [("101", "entry-wrong-side"), (GONE, "unknown-entry")])
    def test_adds_that_make_no_signal(self, text, reason):
        assert laid(entry=EntryRule(part=0.5, adds=(AddRule(level(text), 0.5),))).reason == reason


@given(
    tick=st.sampled_from(["0.1", "0.01", "0.05", "0.00001", "2.5"]), distance=st.floats(3, 40),
    ratio=st.floats(0.02, 0.7), side=st.sampled_from(["long", "short"]),
)  # fmt: skip
def test_every_price_is_on_the_tick_and_on_its_side(tick, distance, ratio, side):
    rules = (TargetRule(LevelValue("percent", Constant(ratio)), 0.5), TargetRule(level("2R"), 0.5))
    made = laid(side, Market("x", "X/Y", Decimal(tick)), stop=stop(f"+{distance}"), targets=rules)
    assert isinstance(made, Quote)
    sign = Side(side).sign
    for price, wanted in ((made.stop, -1), *((target.price, 1) for target in made.targets)):
        steps = Decimal(repr(price)) / Decimal(tick)
        assert math.isclose(steps, round(steps), abs_tol=1e-6)
        assert sign * wanted * (price - made.entry.price) > 0


@pytest.mark.parametrize("tick", ["0.01", "0.000003", "1E-8", "50", "1E-18", "1E-30"])
def test_both_ways_of_rounding_are_the_market_s(tick):
    """At the signal many prices are rounded at once, later one by one; ticks too small to be counted change nothing."""
    market = Market("made", "BTC/USDT", tick=Decimal(tick))
    step, scale = market.steps
    prices = np.array([0.0000123456, 0.5, 99.995, 100.005, 3000.0, 64_123.45678, 987_654_321.125])
    said = [market.round_price(price) for price in prices.tolist()]
    assert Ticks(np.full(7, step), np.full(7, scale)).round(prices).tolist() == said
    assert [on_tick(price, step, scale) for price in prices.tolist()] == said
