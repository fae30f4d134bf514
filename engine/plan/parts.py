"""Parts: a long block evaluated piece by piece, so that what is between two nodes stays in the processor's cache.

Consecutive blocks give the same values as one big block, so a block may be cut anywhere. What rules read is written
to arrays of the whole block; everything else lives for one part.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from engine.domain.market import Block, Panel, Timeframe

CELLS = 131_072
"""Candles of a part at most, all symbols together: 1 MB a column."""
ALL_CELLS = 4_194_304
"""Candles of a part in all columns that are needed at once: 32 MB."""
FEWEST = 4_096
"""Candles of a part, however many columns there are."""


def parts(block: Block, timeframes: Iterable[Timeframe], lanes: int, columns: int = 1) -> list[Block]:
    """Return the block cut by the finest of those timeframes into parts that fit in the caches.

    `lanes` symbols are evaluated together, in so many `columns` at once.
    """
    finest = min((timeframe for timeframe in timeframes if timeframe in block.panels), default=None)
    cells = min(CELLS, max(FEWEST, ALL_CELLS // max(columns, 1)))
    rows = max(1, cells // max(lanes, 1))
    if finest is None:
        return [block]
    close_time = block.panels[finest].close_time
    if len(close_time) < 2 * rows:
        return [block]
    borders = close_time[rows - 1 : len(close_time) - rows : rows].tolist()
    return list(_cut(block, [*borders, block.until]))


def _cut(block: Block, borders: Sequence[int]) -> Iterator[Block]:
    after, starts = block.after, dict.fromkeys(block.panels, 0)
    for until in borders:
        panels = {}
        for timeframe, panel in block.panels.items():
            stop = int(panel.close_time.searchsorted(until, side="right"))
            panels[timeframe] = _rows(panel, slice(starts[timeframe], stop))
            starts[timeframe] = stop
        yield Block(after, until, panels, block.series)
        after = until


def _rows(panel: Panel, cut: slice) -> Panel:
    fields = {name: values[cut] for name, values in panel.fields.items()}
    return replace(panel, close_time=panel.close_time[cut], here=panel.here[cut], fields=fields, columns={})
