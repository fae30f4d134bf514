"""From a feed to a block: panels on the full grid of close times, for several symbols and timeframes."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from engine.domain.market import FIELDS, Block, Candles, Floats, Panel, Timeframe, Times
from engine.domain.strategy import Plan
from engine.ports import Feed

PRICES = ("open", "high", "low", "close")
TURNED = 256
Rows = npt.NDArray[np.int64]


def gather(
    feed: Feed,
    symbols: Sequence[str],
    timeframes: Sequence[Timeframe],
    after: int,
    until: int,
    series_names: Sequence[str] = (),
    read: Collection[str] = FIELDS,
) -> Block:
    """Return everything that closed in (after, until], ms.

    Each panel has the symbols in the given order and every close time of its timeframe in the span, also
    those at which no candle exists (`here` 0, fields NaN). A series carries all of its past, not only the
    span, because a value stays known until its maximum age. `read` are the fields that are evaluated: others but
    prices may be left out. The candles of a feed may be in the panels as they are, so nobody may write to either.
    Raises FeedError, and ValueError where the feed breaks its contract with a candle off the grid or outside the span.
    """
    panels = {timeframe: _panel(feed, tuple(symbols), timeframe, after, until, read) for timeframe in timeframes}
    found = {name: feed.series(name, until) for name in series_names}
    return Block(after, until, panels, {name: series for name, series in found.items() if series is not None})


def fields_read(plan: Plan) -> frozenset[str]:
    """Return the fields of candles that a plan reads."""
    return frozenset(str(node.params[0]) for node in plan.nodes if node.op == "field")


def _panel(
    feed: Feed, symbols: tuple[str, ...], timeframe: Timeframe, after: int, until: int, read: Collection[str]
) -> Panel:
    step = timeframe.ms
    first = timeframe.floor(after) + step
    close_time = np.arange(first, until + 1, step, dtype=np.int64)
    names = [name for name in FIELDS if name in PRICES or name in read]
    count = len(close_time)
    if not count:
        empty = np.empty((0, len(symbols)))
        return Panel(timeframe, symbols, close_time, np.empty((0, len(symbols)), np.int8), dict.fromkeys(names, empty))
    parts = [feed.candles(symbol, timeframe, after, until) for symbol in symbols]
    places = [_places(part, close_time, step, f"{feed.name} gave {part.symbol} {timeframe}") for part in parts]
    here = np.ones((count, len(symbols)), np.int8)
    for lane, place in enumerate(places):
        if place is not None:
            here[:, lane] = 0
            here[place, lane] = 1
    columns = {name: _column([getattr(part, name) for part in parts], places, count) for name in names}
    fields = {name: _turned(column) if name in read else column.T for name, column in columns.items()}
    return Panel(timeframe, symbols, close_time, here, fields, columns)


def _places(candles: Candles, close_time: Times, step: int, told: str) -> Rows | None:
    """Return the rows of a symbol's candles on the grid, None where there is one in every row."""
    if len(candles) == len(close_time) and np.array_equal(candles.close_time, close_time):
        return None
    rows: Rows
    rows, off = np.divmod(candles.close_time - close_time[0], step)
    if off.any() or (len(rows) and (rows[0] < 0 or rows[-1] >= len(close_time))):
        raise ValueError(f"{told} candles off the grid of ({close_time[0] - step}, {close_time[-1]}]")
    return rows


def _column(parts: Sequence[Floats], places: Sequence[Rows | None], count: int) -> Floats:
    """Return one field of all symbols, (S, T); of a single symbol without a hole the candles as they are."""
    if len(parts) == 1 and places[0] is None:
        return parts[0].reshape(1, -1)
    column = np.empty((len(parts), count))
    for lane, (part, place) in enumerate(zip(parts, places, strict=True)):
        if place is None:
            column[lane] = part
        else:
            column[lane] = np.nan
            column[lane, place] = part
    return column


def _turned(column: Floats) -> Floats:
    """Return (S, T) as (T, S) with the symbols of a candle side by side, a few rows at a time: so both stay in the
    processor's cache."""
    symbols, count = column.shape
    if symbols == 1:
        return column.reshape(-1, 1)
    turned = np.empty((count, symbols))
    for start in range(0, count, TURNED):
        turned[start : start + TURNED] = column[:, start : start + TURNED].T
    return turned
