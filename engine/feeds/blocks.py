"""From a feed to a block: panels on the full grid of close times, for several symbols and timeframes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.domain.market import FIELDS, Block, Panel, Timeframe
from engine.ports import Feed


def gather(
    feed: Feed,
    symbols: Sequence[str],
    timeframes: Sequence[Timeframe],
    after: int,
    until: int,
    series_names: Sequence[str] = (),
) -> Block:
    """Return everything that closed in (after, until], ms.

    Each panel has the symbols in the given order and every close time of its timeframe in the span, also
    those at which no candle exists (`here` 0, fields NaN). A series carries all of its past, not only the
    span, because a value stays known until its maximum age. Raises FeedError, and ValueError where the
    feed breaks its contract with a candle off the grid or outside the span.
    """
    panels = {timeframe: _panel(feed, tuple(symbols), timeframe, after, until) for timeframe in timeframes}
    found = {name: feed.series(name, until) for name in series_names}
    return Block(after, until, panels, {name: series for name, series in found.items() if series is not None})


def _panel(feed: Feed, symbols: tuple[str, ...], timeframe: Timeframe, after: int, until: int) -> Panel:
    step = timeframe.ms
    first = timeframe.floor(after) + step
    close_time = np.arange(first, until + 1, step, dtype=np.int64)
    shape = (len(close_time), len(symbols))
    here = np.zeros(shape, np.int8)
    fields = {name: np.full(shape, np.nan) for name in FIELDS}
    for lane, symbol in enumerate(symbols):
        if not len(close_time):
            break
        candles = feed.candles(symbol, timeframe, after, until)
        row, off = np.divmod(candles.close_time - first, step)
        if off.any() or (len(row) and (row[0] < 0 or row[-1] >= len(close_time))):
            raise ValueError(f"{feed.name} gave {symbol} {timeframe} candles off the grid of ({after}, {until}]")
        rows = slice(None) if len(row) == len(close_time) else row  # no hole: a plain copy is several times faster
        here[rows, lane] = 1
        for name, values in fields.items():
            values[rows, lane] = getattr(candles, name)
    return Panel(timeframe, symbols, close_time, here, fields)
