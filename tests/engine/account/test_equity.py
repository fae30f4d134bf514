"""Equity on a grid: against a slow sum, point by point."""

from __future__ import annotations

import numpy as np
import pytest

from engine.account.equity import Grid, account_flows, hold_curve, regular, stake_flows
from engine.account.marks import Marks
from engine.account.settings import Account, Stake
from engine.account.walk import take
from tests.engine.account.made import lived, marks
from tests.engine.trade.story import MINUTE

HOUR, DAY = 60 * MINUTE, 24 * 60 * MINUTE


@pytest.mark.parametrize(
    ("begin", "end", "step", "points"),
    [
        (0, 10 * HOUR, 0, (0, 10 * HOUR, 5 * MINUTE)), (MINUTE, HOUR + 1, 0, (0, HOUR + 5 * MINUTE, 5 * MINUTE)),
        (0, 365 * DAY, 0, (0, 365 * DAY, 15 * MINUTE)), (0, 60_000 * HOUR, 0, (0, 60_000 * HOUR, 4 * HOUR)),
        (0, 500_000 * HOUR, 0, (0, 500_016 * HOUR, DAY)),
        (0, 10 * HOUR, 4 * HOUR, (0, 12 * HOUR, 4 * HOUR)),
    ],
)  # fmt: skip
def test_the_grid_is_regular_and_spans_it_all(begin: int, end: int, step: int, points: tuple[int, int, int]) -> None:
    times = regular(begin, end, step)
    assert (int(times[0]), int(times[-1]), int(times[1] - times[0])) == points


def test_open_positions_are_worth_the_last_close() -> None:
    long = lived((1, 100, 1, "entry"), (8, 120, 0.5, "target"), (9, 110, 0.5, "stop"), fee=0.01)
    short = lived((2, 100, 1, "entry"), at=2, side="short", symbol="ETH/USDT", stop=110.0)
    closes = marks(BTC=[(n, 100.0 + n) for n in range(12)], ETH=[(3, 90.0), (6, 130.0)])
    curve = stake_flows([long, short]).curve(0.0, Grid(regular(0, 10 * MINUTE, MINUTE), closes))
    expected = []
    for minute in range(11):
        total = 0.0
        for position in (long, short):
            for fill in position.fills:
                if fill.time <= minute * MINUTE:
                    sign = position.signal.side.sign * (1 if fill.reason == "entry" else -1)
                    mark = closes.at(position.signal.symbol, minute * MINUTE)
                    price = fill.price if np.isnan(mark) else mark
                    total += fill.part / 100 * (sign * (price - fill.price) - fill.fee * fill.price)
        expected.append(total)
    assert curve.value == pytest.approx(expected)
    assert curve.value[10] == pytest.approx(long.result - 0.3)
    assert list(curve.live) == [0, 1, 2, 2, 2, 2, 2, 2, 2, 1, 1]
    assert curve.exposure[4] == pytest.approx(1.04 + 0.9)


def test_many_symbols_get_a_coarser_grid() -> None:
    assert int(np.diff(regular(0, 365 * DAY, 0, 200)[:2])[0]) == HOUR


def test_the_time_in_the_market_is_that_of_all_spans_between_the_points_too() -> None:
    spans = ((5, 15, "BTC/USDT"), (10, 20, "ETH/USDT"))
    ended = [lived((a, 100, 1, "entry"), (b, 100, 1, "exit"), at=a, symbol=symbol) for a, b, symbol in spans]
    trades = [*ended, lived((40, 100, 1, "entry"), at=40)]
    curve = stake_flows(trades).curve(0.0, Grid(regular(0, 60 * MINUTE, HOUR), marks()))
    assert list(curve.live) == [0, 1]
    assert curve.held == pytest.approx((15 + 20) / 60)
    assert stake_flows([]).curve(0.0, Grid(regular(0, HOUR), marks())).held == 0


def test_the_parts_of_a_curve_add_up_to_it() -> None:
    trades = []
    for n in range(30):
        where = {"symbol": f"C{n % 3}/USDT", "side": ("long", "short")[n % 2]}
        trades.append(lived((n, 100, 1, "entry"), (n + 7, 100 + n, 1, "exit"), at=n, stop=None, **where))
    known = {"C0": [(0, 101.0)], "C1": [(0, 90.0), (20, 120.0)], "C2": [(0, 100.0), (5, 103.0)]}
    grid = Grid(regular(0, 60 * MINUTE, MINUTE), marks(**known))
    flows = stake_flows(trades)
    chosen = np.array([n % 5 == 0 for n in range(30)])
    whole, one, other = flows.curve(0.0, grid), flows.curve(0.0, grid, chosen), flows.curve(0.0, grid, ~chosen)
    assert one.value + other.value == pytest.approx(whole.value)
    assert one.exposure + other.exposure == pytest.approx(whole.exposure)
    assert list(one.live + other.live) == list(whole.live)
    alone = stake_flows([trade for trade, mine in zip(trades, chosen, strict=True) if mine]).curve(0.0, grid)
    assert alone.value == pytest.approx(one.value)
    assert alone.held == pytest.approx(one.held)


def test_stakes_add_up_and_do_not_compound() -> None:
    one = lived((0, 100, 1, "entry"), (5, 150, 1, "exit"))
    two = lived((6, 200, 1, "entry"), (8, 100, 1, "exit"), at=6)
    curve = stake_flows([one, two]).curve(0.0, Grid(regular(0, 10 * MINUTE, MINUTE), marks()))
    assert curve.base == 0
    assert (curve.value[5], curve.value[10]) == (pytest.approx(0.5), pytest.approx(0.0))


def test_buy_and_hold_buys_equal_parts_once_there_is_a_price() -> None:
    closes = marks(BTC=[(0, 100.0), (9, 200.0)], ETH=[(5, 10.0), (9, 5.0)], XRP=[])
    grid = Grid(regular(0, 10 * MINUTE, MINUTE), closes)
    curve = hold_curve(["BTC/USDT", "ETH/USDT", "XRP/USDT"], 1000.0, grid, 0.0)
    assert curve.value[0] == 1000
    assert curve.value[-1] == pytest.approx(1000 + 500 - 250)
    paid = hold_curve(["BTC/USDT"], 1010.0, grid, 0.01)
    assert paid.value[0] == pytest.approx(1000)
    assert hold_curve(["BTC/USDT"], 0.0, grid, 0.0).value[-1] == pytest.approx(1.0)
    assert list(hold_curve(["XRP/USDT"], 1000.0, grid, 0.0).value) == [1000.0] * 11


def test_ten_thousand_trades_come_to_what_they_earned() -> None:
    random = np.random.default_rng(1)
    trades = []
    for number in range(10_000):
        at, price = int(random.integers(0, 90_000)), float(random.uniform(50, 150))
        fills = (
            (at, price, 1.0, "entry"),
            (at + int(random.integers(0, 900)), price * random.uniform(0.9, 1.1), 1.0, "exit"),
        )
        trades.append(lived(*fills, at=at, symbol=f"C{number % 30}/USDT", strategy=f"{number}", quote=price, fee=0.001))
    trades.sort(key=lambda position: position.signal.close_time)
    times = np.arange(0, 91_000, 60, dtype=np.int64) * MINUTE
    prices = Marks({f"C{n}/USDT": (times, random.uniform(50, 150, len(times))) for n in range(30)})
    taken = take(trades, Account(1e6, Stake("fixed", 100.0)), prices)
    curve = account_flows(taken.holdings).curve(1e6, Grid(regular(0, 91_000 * MINUTE), prices))
    assert curve.value[-1] == pytest.approx(1e6 + sum(h.profit for h in taken.holdings), abs=1e-6)
    assert curve.exposure[-1] == 0
    assert curve.live[-1] == 0
