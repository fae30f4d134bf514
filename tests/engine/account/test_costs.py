"""Maker and taker fees, and funding."""

from __future__ import annotations

import numpy as np
import pytest

from engine.account.costs import Fees, charge, part_at
from engine.domain.market import FundingRates
from tests.engine.account.made import lived, marks
from tests.engine.trade.story import MINUTE

HALVES = lived((0, 100, 1, "entry"), (10, 110, 0.5, "target"), (20, 95, 0.5, "stop"), fee=0.002)


def rates(*rows: tuple[int, float], symbol: str = "BTC/USDT") -> dict[str, FundingRates]:
    times, values = np.array([t * MINUTE for t, _ in rows], np.int64), np.array([rate for _, rate in rows])
    return {symbol: FundingRates(symbol, times, values)}


def test_what_rests_pays_the_maker_fee() -> None:
    charged = charge([HALVES], Fees(maker=0.001, taker=0.004)).positions[0]
    assert [fill.fee for fill in charged.fills] == [0.004, 0.001, 0.004]
    gain = 0.5 * 10 - 0.5 * 5
    assert charged.result == pytest.approx((gain - 0.4 - 0.055 - 0.19) / 100)
    assert charged.result_r == pytest.approx(charged.result * 100 / 5)
    resting = lived((0, 100, 1, "entry"), (10, 110, 1, "exit"), kind="limit")
    assert [f.fee for f in charge([resting], Fees(0.001, 0.004)).positions[0].fills] == [0.001, 0.004]


def test_the_same_fees_change_nothing() -> None:
    assert charge([HALVES], Fees(0.002, 0.002)).positions[0].result == pytest.approx(HALVES.result, abs=1e-15)
    assert charge([HALVES]).positions == (HALVES,)


def test_longs_pay_what_shorts_receive_on_what_is_held() -> None:
    known = rates((-10, 0.01), (5, 0.01), (15, 0.01), (25, 0.01))
    closes = marks(BTC=[(4, 104.0), (14, 108.0)])
    long = charge([HALVES], None, known, closes)
    assert long.funding == {HALVES.id: ((5 * MINUTE, pytest.approx(1.04)), (15 * MINUTE, pytest.approx(0.54)))}
    assert long.positions[0].result == pytest.approx(HALVES.result - 1.58 / 100)
    assert long.unfunded == ()
    short = lived((0, 100, 1, "entry"), (20, 100, 1, "exit"), side="short", stop=105.0)
    paid = charge([short], None, known, closes).positions[0]
    assert paid.result == pytest.approx((1.04 + 1.08) / 100)
    assert paid.result_r == pytest.approx(paid.result * 100 / 5)


def test_what_happens_at_the_very_time_of_payment() -> None:
    """Held before it counts: a position that opens at that time pays nothing, one that ends at it still pays."""
    assert part_at(HALVES.fills, 0) == 0
    assert part_at(HALVES.fills, 10 * MINUTE) == 1
    assert part_at(HALVES.fills, 20 * MINUTE) == 0.5
    closes = marks(BTC=[(0, 100.0)])
    assert charge([HALVES], None, rates((0, 0.01), (20, 0.01)), closes).funding[HALVES.id] == ((20 * MINUTE, 0.5),)


@pytest.mark.parametrize("minutes", [(0,), (-100, 0, 100), (0, 100, 200, 400, 500, 600), (100, 200, 300, 400, 450)])
def test_funding_that_is_known_in_part_is_said(minutes: tuple[int, ...]) -> None:
    long = lived((0, 100, 1, "entry"), (600, 100, 1, "exit"))
    whole = rates(*((m, 0.01) for m in range(0, 700, 100)))
    assert charge([long], None, whole, marks(BTC=[(0, 100.0)])).unfunded == ()
    assert charge([long], None, rates(*((m, 0.01) for m in minutes)), marks(BTC=[(0, 100.0)])).unfunded == ("BTC/USDT",)


def test_funding_of_another_symbol_is_not_taken() -> None:
    charged = charge([HALVES], None, rates((5, 0.01), symbol="ETH/USDT"), marks(BTC=[(0, 100.0)]))
    assert charged.positions == (HALVES,)
    assert charged.unfunded == ("BTC/USDT",)
    assert charge([HALVES]).unfunded == (), "funding that nobody asked for is not missing"
