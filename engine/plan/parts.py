"""Parts: a long block evaluated piece by piece, so that what is between two nodes stays in the processor's cache.

Consecutive blocks give the same values as one big block, so a block may be cut anywhere. What rules read is written
to arrays of the whole block; everything else lives for one part.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from engine.domain.market import Block, Panel, Timeframe
from engine.domain.strategy import Frame, Node
from engine.plan.frames import Rows
from engine.plan.operations import Array, unknown_of

CELLS = 32_768
"""Candles of a part, all symbols together: 256 kB a node, several of which fit in a cache of the second level."""


def parts(block: Block, timeframes: Iterable[Timeframe], lanes: int) -> list[Block]:
    """Return the block cut by the finest of those timeframes into parts of about CELLS candles of `lanes` symbols."""
    finest = min((timeframe for timeframe in timeframes if timeframe in block.panels), default=None)
    rows = max(1, CELLS // max(lanes, 1))
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
    return replace(panel, close_time=panel.close_time[cut], here=panel.here[cut], fields=fields)


class Sheets:
    """The values of the kept nodes and the rows of every frame, filled part after part."""

    def __init__(
        self, nodes: Sequence[Node], kept: Iterable[int], places: Mapping[Frame, int], rows: Sequence[Rows]
    ) -> None:
        """`rows` tell the size: those of the whole block, empty."""
        self.rows = list(rows)
        self._starts = [0] * len(rows)
        self._parts: Sequence[Rows] = ()
        self._missing: list[Array | None] = []
        self.values: list[Array | None] = [None] * len(nodes)
        self._places = [places.get(node.frame, 0) for node in nodes]
        for i in kept:
            shape = rows[places[nodes[i].frame]].shape
            self.values[i] = np.empty(shape, np.int8 if nodes[i].boolean else np.float64)

    def begin(self, parts: Sequence[Rows]) -> None:
        """Take the rows of the next part, per frame."""
        for place, previous in enumerate(self._parts):
            self._starts[place] += previous.shape[0]
        self._parts = parts
        self._missing = [None if part.whole else part.here == 0 for part in parts]
        for whole, part, start in zip(self.rows, parts, self._starts, strict=True):
            whole.here[start : start + part.shape[0]] = part.here
            whole.whole &= part.whole

    def write(self, node: int, values: Array | tuple[Array, ...]) -> None:
        """Write a kept node's values on the part, unknown where no candle exists."""
        sheet, place = self.values[node], self._places[node]
        assert sheet is not None
        start, missing = self._starts[place], self._missing[place]
        out = sheet[start : start + self._parts[place].shape[0]]
        np.copyto(out, values[0] if isinstance(values, tuple) else values, casting="no")
        if missing is not None:
            np.copyto(out, unknown_of(out.dtype), where=missing, casting="unsafe")
