"""Prices are rounded in decimals (Market), in columns (Ticks) and in the simulator (on_tick): to the same tick."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.domain.market import Market
from engine.kernels.simulate import on_tick
from engine.trade.quote import Ticks

TICKS = st.sampled_from(["0", "1", "10", "0.5", "0.05", "2.5", "0.1", "0.01", "0.25", "0.00001", "1E-8", "0.000025"])


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, float]:
    """Return a tick and a price, often on the tick, or exactly or nearly between two."""
    tick = draw(TICKS)
    step = float(tick) or 0.01
    halves = draw(st.integers(1, 200_000))
    price = draw(st.sampled_from([halves * step / 2, float(Decimal(halves) * Decimal(tick or "0.01") / 2)]))
    return tick, draw(st.sampled_from([price, math.nextafter(price, 0), math.nextafter(price, math.inf), price * 1.37]))


@settings(deadline=None)  # the first call compiles
@given(cases())
@example(("0.01", 0.015))
@example(("0.01", 0.025))
@example(("0.05", 100.125))
@example(("0.01", float("nan")))
@example(("0.01", float("inf")))
def test_one_rounding(case: tuple[str, float]) -> None:
    tick, price = case
    market = Market("made", "BTC/USDT", Decimal(tick))
    expected = market.round_price(price)
    assert repr(float(on_tick(price, *market.steps))) == repr(expected)
    with np.errstate(all="ignore"):
        in_columns = Ticks.of([market]).round(np.array([price]))[0]
    assert repr(float(in_columns)) == repr(expected if math.isfinite(price) else math.nan)
