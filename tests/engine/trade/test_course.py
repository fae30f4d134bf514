"""However a block is decided (at once, lane by lane for protections, in rows, with little room), it tells the same."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest

from engine.decide import Settings, decide
from engine.domain.book import Book
from engine.domain.position import Position
from engine.report import positions_of
from engine.risk import PROTECTIONS
from engine.trade import lanes
from engine.trade.course import book_after, merged
from engine.trade.terms import REASONS, STATUSES
from engine.trade.trades import Trades, trades_of
from tests.engine.made import FOLLOW, MARKETS, MINUTE, ORIGIN, everything, parts, run

COSTS = Settings(fees=0.001, slippage=0.0005, follow=FOLLOW)


@dataclass(frozen=True)
class Willing:
    """A protection that refuses nothing, and looks at the book it is asked with."""

    name: str = "willing"

    def refuse(self, strategy: str, symbol: str, side: str, time: int, book: Book) -> str | None:
        live = book.lane(strategy, symbol).live
        assert not any(str(position.signal.side) == side for position in live.values())
        return None


@pytest.mark.parametrize("seed", range(4))
def test_asking_protections_changes_nothing_but_what_they_refuse(seed: int) -> None:
    plan, values, block = everything(seed, 1500)
    asked = Settings(0.001, 0.0005, follow=FOLLOW, risk=(Willing(),))
    assert repr(run(plan, values, block, settings=asked)) == repr(run(plan, values, block, settings=COSTS))


@pytest.mark.parametrize("risk", [(), (PROTECTIONS["max_open"](2), PROTECTIONS["max_open"](3, True))])
def test_a_log_without_room_grows(monkeypatch: pytest.MonkeyPatch, risk: tuple) -> None:
    plan, values, block = everything(7, 1500)
    how = Settings(0.001, 0.0005, follow=FOLLOW, risk=risk)
    whole = run(plan, values, block, settings=how)
    monkeypatch.setattr(lanes, "_room_for", lambda count, candidates: 1)
    assert repr(run(plan, values, block, settings=how)) == repr(whole)


@pytest.mark.parametrize("risk", [(), (PROTECTIONS["max_open"](2), PROTECTIONS["max_open"](3, True))])
@pytest.mark.parametrize("borders", [(), (400, 401, 900, 1300)])
def test_rows_become_the_same_events_and_columns(risk: tuple, borders: tuple[int, ...]) -> None:
    plan, values, block = everything(3, 1500)
    how = Settings(0.001, 0.0005, follow=FOLLOW, risk=risk)
    cuts = [ORIGIN + minute * MINUTE for minute in borders]
    events, last = run(plan, values, block, cuts, settings=how)
    book, blocks = Book(), []
    for part_values, part in parts(values, block, cuts):
        decisions = decide(plan, part_values, part, book, MARKETS, how)
        told = decisions.told()
        before, book = book, decisions.book
        for _, one in told:
            one.settle()
        assert repr(book_after(before, told)) == repr(book), "also once the block is gone"
        blocks.append(told)
    assert repr(book) == repr(last)
    again = [told[part][1].event(row) for told in blocks for part, row in merged(told)]
    assert repr(again) == repr(events)
    live = {position.id: position for position in book.live_positions()}
    positions = [live.get(position.id, position) for position in positions_of(events)]
    assert {position.status for position in positions} > {"OPEN", "SL_HIT", "TP_HIT"}
    trades = trades_of(blocks, how.fees)
    assert len(trades) == len(positions)
    for place, position in enumerate(positions):
        same(trades, place, position)


def same(trades: Trades, place: int, position: Position) -> None:
    """Compare a row of the columns with the position that it is."""
    signal = position.signal
    assert trades.strategies[trades.strategy[place]] == signal.strategy
    assert trades.symbols[trades.symbol[place]] == signal.symbol
    assert trades.timeframes[trades.timeframe[place]] == signal.timeframe
    assert (trades.side[place], trades.signal_time[place]) == (signal.side.sign, signal.close_time)
    assert (trades.price[place], trades.confidence[place]) == (signal.entry.price, signal.confidence)
    assert trades.first_stop[place] == signal.stop
    assert STATUSES[trades.status[place]] == position.status
    for name in (
        "opened_at", "closed_at", "entry", "stop", "filled", "remaining", "targets_hit", "adds_filled", "best",
        "worst", "bars", "exit_price", "result", "result_r", "ambiguous", "followed_until",
    ):  # fmt: skip
        one, other = getattr(trades, name)[place], getattr(position, name)
        assert one == other or (math.isnan(one) and math.isnan(other)), name
    fills = slice(trades.fill_from[place], trades.fill_from[place + 1])
    assert [REASONS[code] for code in trades.fill_reason[fills]] == [fill.reason for fill in position.fills]
    for name in ("time", "price", "part"):
        np.testing.assert_array_equal(
            getattr(trades, f"fill_{name}")[fills], [getattr(fill, name) for fill in position.fills]
        )
    assert all(fill.fee == trades.fees for fill in position.fills)
    assert trades.live[place] == position.status.live
    assert trades.closed[place] == (not position.status.live and position.filled > 0)
