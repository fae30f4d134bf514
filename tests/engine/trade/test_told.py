"""What is kept of a block once its candles are let go: the events that it told, and the trades, in their order."""

from __future__ import annotations

from itertools import count, pairwise

import numpy as np

from engine.backtest import Result
from engine.decide import Settings, decide
from engine.domain.book import Book
from engine.domain.event import SignalBlocked
from engine.domain.strategy import Plan
from tests.engine.made import FOLLOW, M5, M15, MARKETS, MINUTE, ORIGIN, Maker, Values, cut, market_block


class Counting:
    """A protection that refuses everything, and says each time something else."""

    name = "counting"

    def __init__(self) -> None:
        self._numbers = count(1)

    def refuse(self, strategy: str, symbol: str, side: str, time: int, book: Book) -> str:
        return f"number {next(self._numbers)} on {symbol} at {time}"


def firing(maker: Maker, rows: dict[str, list[int]], **more) -> Plan:
    """Return a plan of one strategy per name that fires on those 15m candles of every symbol."""
    made = []
    for name, fires in rows.items():
        side = maker.side(M15, "long", often=0.0, **more)
        maker.values[side.fires][1][fires] = 2
        made.append(maker.strategy(name, {M15: (side,)}))
    return maker.plan(*made)


def backtested(plan: Plan, values: Values, block, borders: list[int], risk=()) -> Result:
    """Return what blocks between the borders tell, each let go before the next."""
    before = book = Book()
    found = []
    how = Settings(follow=FOLLOW, risk=risk)
    for after, until in pairwise([block.after, *borders, block.until]):
        before = book
        decisions = decide(plan, values.cut(after, until), cut(block, after, until), book, MARKETS, how)
        parts = decisions.told()
        book = decisions.book
        for _, told in parts:
            told.settle()
        found.append(parts)
    return Result(found, before, block.after, block.until, (), 0.0)


def test_trades_are_in_the_order_of_the_signals_whichever_strategy_fired_first() -> None:
    block = market_block(5, 400, ("BTC/USDT", "ETH/USDT"), holes=0.0)
    plan, values = firing(Maker(block, 6), {"one": [20], "two": [2, 20]}, expire_ms=30 * MINUTE)
    result = backtested(plan, values, block, [ORIGIN + 150 * MINUTE])
    trades = result.trades
    told = [(p.signal.strategy, p.signal.symbol, p.signal.close_time) for p in result.positions]
    assert {name for name, _, time in told if time == told[-1][2]} == {"one", "two"}, "both fire on one candle"
    columns = zip(trades.strategy, trades.symbol, trades.signal_time, strict=True)
    assert [(trades.strategies[n], trades.symbols[s], int(time)) for n, s, time in columns] == told


def test_what_a_protection_said_stays_with_the_candle_it_said_it_about() -> None:
    block = market_block(7, 400, ("BTC/USDT", "ETH/USDT"), holes=0.0)
    maker = Maker(block, 8)
    plan, values = firing(maker, {"one": [3, 4, 5]})  # a run of refusals, of which only the first is told
    fires = values.of(plan.strategies[0].rules[M15][0].fires)
    fires[:, 1] = np.where(np.arange(len(fires)) == 2, 2, 0)  # the other symbol is refused before
    result = backtested(plan, values, block, [], (Counting(),))
    blocked = [event for event in result.events if isinstance(event, SignalBlocked)]
    assert [event.symbol for event in blocked] == ["ETH/USDT", "BTC/USDT"]
    for number, event in enumerate(blocked, 1):
        assert event.detail == f"number {number} on {event.symbol} at {event.time}"


def test_the_columns_of_trades_are_what_the_positions_say() -> None:
    block = market_block(9, 900, ("BTC/USDT", "ETH/USDT"))
    maker = Maker(block, 10)
    slow = maker.strategy("slow", {M15: (maker.side(M15, "short", 0.2, "limit"),)})
    plan, values = maker.plan(slow, maker.strategy("fast", {M5: (maker.side(M5, "long"), maker.side(M5, "short"))}))
    result = backtested(plan, values, block, [ORIGIN + at * MINUTE for at in (7, 60, 333, 640)])
    trades = result.trades
    assert len(trades) == len(result.positions) > 10
    for i, position in enumerate(result.positions):
        found = trades.fill_from[i], trades.fill_from[i + 1]
        fills = zip(*(column[slice(*found)] for column in (trades.fill_time, trades.fill_price)), strict=True)
        assert list(fills) == [(fill.time, fill.price) for fill in position.fills]
        for name in ("entry", "best", "worst", "bars", "result", "result_r", "exit_price", "ambiguous", "closed_at"):
            np.testing.assert_equal(getattr(trades, name)[i], getattr(position, name), name)
