"""Long and short are one thing seen in a mirror: on mirrored candles a mirrored signal has the same life."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.signal import Add, EntryOrder, Side, StopMove, TakeProfit
from engine.domain.strategy import Apply, Constant, ExitRule, LevelValue, PositionField, Ref, SideRules, TrailRule
from tests.engine.trade.reference_path import Path
from tests.engine.trade.story import bars, candles, follow, signal

STEPS = st.lists(
    st.tuples(*[st.integers(-16, 16)] * 2, st.integers(0, 12), st.integers(0, 12)), min_size=5, max_size=40
)
ORDERS = st.sampled_from([("market", 100.0), ("limit", 99.0), ("stop", 101.5)])


def walk(steps) -> list[str]:
    """Return candles on a grid of 0.25 that wander about 100, with gaps."""
    rows, price = [], 100.0
    for gap, move, up, down in steps:
        open_ = price + (gap / 4 if abs(gap) > 12 else 0)
        close = open_ + move / 8
        rows.append(f"{open_} {max(open_, close) + up / 8} {min(open_, close) - down / 8} {close}")
        price = close
    return rows


def mirrored(path: Path) -> Path:
    return replace(path, open=200 - path.open, high=200 - path.low, low=200 - path.high, close=200 - path.close)


def rules(side: str, line: float) -> SideRules:
    lost = Apply("le", (PositionField("profit"), Constant(-0.02)), True)
    exits = (ExitRule("half", Ref(1), 0.5), ExitRule("lost", lost))
    trails = (
        TrailRule(LevelValue("distance", Constant(3.0)), ("target", 1)), TrailRule(LevelValue("price", Constant(line))),
    )  # fmt: skip
    return SideRules(Side(side), (), 0, 0, None, None, (), exits, trails)


@settings(max_examples=150, deadline=None)
@given(STEPS, ORDERS, st.lists(st.sampled_from([0, 1, 2]), min_size=8, max_size=8))
def test_a_mirrored_signal_has_the_same_life(steps, order, half):
    kind, price = order
    path = candles(*walk(steps))
    closes = path.close[4::5].tolist()
    adds = (Add(price - 2, 0.25, "distance", 2.0), Add(price - 3, 0.25, "price"))
    targets = (
        TakeProfit(103, 0.5, StopMove("entry")), TakeProfit(105, 0.25, StopMove("target", 1)), TakeProfit(108, 0.25),
    )  # fmt: skip
    long = signal("long", EntryOrder(kind, price, 2, 0.5, adds), 95.0, targets, expire_ms=1_800_000)
    short = replace(
        long, side=Side.SHORT, stop=105.0, entry=EntryOrder(kind, 200 - price, 2, 0.5, tuple(
            replace(add, price=200 - add.price) for add in adds)),
        targets=tuple(replace(target, price=200 - target.price) for target in targets),
    )  # fmt: skip
    half = [float(value) for value in half[: len(closes)]]
    one, up = follow(long, path, bars(closes, {1: half}), rules("long", 96.0))
    two, down = follow(short, mirrored(path), bars([200 - c for c in closes], {1: half}), rules("short", 104.0))
    told = (*(getattr(event, "reason", "") for event in (*one, *two)), *up.exiting, *down.exiting)
    if any("lost" in str(reason) for reason in told):
        return  # a ratio of the price is no mirror image
    assert [(e.kind, e.time, e.filled_at) for e in one] == [(e.kind, e.time, e.filled_at) for e in two]
    assert (up.status, up.ambiguous, up.bars, up.stop_why) == (down.status, down.ambiguous, down.bars, down.stop_why)
    for a, b in ((up.entry, down.entry), (up.stop, down.stop), (up.best, down.best), (up.exit_price, down.exit_price)):
        assert (math.isnan(a) and math.isnan(b)) or a == pytest.approx(200 - b)
    assert [f.part for f in up.fills] == [f.part for f in down.fills]
    assert np.allclose([f.price for f in up.fills], [200 - f.price for f in down.fills])
