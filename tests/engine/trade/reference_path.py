"""What a position is followed over: the fine candles of its symbol, and the candles of its strategy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from engine.domain.market import Floats, Followed, Panel, Timeframe, Times

TRUE = 2


class Candle(NamedTuple):
    """One closed candle; times in ms."""

    open_time: int
    close_time: int
    open: float
    high: float
    low: float
    close: float


class Columns(Protocol):
    """The part of engine.plan.evaluate.Values that is read here: the values (T, S) of a node."""

    def of(self, node: int) -> npt.NDArray[Any]: ...


@dataclass(frozen=True, slots=True)
class Path:
    """The fine candles of one symbol that exist in a block, oldest first; none overlaps another."""

    open_time: Times
    close_time: Times
    open: Floats
    high: Floats
    low: Floats
    close: Floats

    @staticmethod
    def of(panel: Panel, lane: int) -> Path:
        """Return those of one lane of a panel."""
        rows = _rows(panel, lane)
        prices = (np.ascontiguousarray(panel.fields[name][rows, lane]) for name in ("open", "high", "low", "close"))
        return Path(panel.close_time[rows] - panel.timeframe.ms, panel.close_time[rows], *prices)

    @staticmethod
    def along(panels: Mapping[Timeframe, Panel], lane: int, followed: Followed) -> Path:
        """Return the finest candles that were recorded at each time, as far as the block has them."""
        spans = [(span[2], *span[:2]) for span in followed.coarser]
        parts = [Path.of(panels[followed.finest], lane)] if followed.finest in panels else []
        for _, after, until in spans:
            parts = [part.without(after, until) for part in parts]
        for timeframe, after, until in spans:
            if timeframe in panels:
                parts.append(Path.of(panels[timeframe], lane).within(after, until))
        return _chained(parts)

    def within(self, after: int, until: int) -> Path:
        """Return those that open at or after `after` and close by `until`."""
        return self._cut((self.open_time >= after) & (self.close_time <= until))

    def without(self, after: int, until: int) -> Path:
        """Return those that do not close in (after, until]."""
        return self._cut((self.close_time <= after) | (self.close_time > until))

    def _cut(self, kept: npt.NDArray[np.bool_]) -> Path:
        return self if kept.all() else Path(*(np.ascontiguousarray(column[kept]) for column in self._columns()))

    def _columns(self) -> tuple[Any, ...]:
        return self.open_time, self.close_time, self.open, self.high, self.low, self.close

    def __len__(self) -> int:
        return len(self.close_time)

    def candle(self, index: int) -> Candle:
        return Candle(
            int(self.open_time[index]), int(self.close_time[index]), float(self.open[index]), float(self.high[index]),
            float(self.low[index]), float(self.close[index]),
        )  # fmt: skip

    def after(self, time: int) -> int:
        """Return the index of the first candle that closes after `time`."""
        return int(self.close_time.searchsorted(time, side="right"))

    def opening_from(self, time: int) -> int:
        """Return the index of the first candle that opens at or after `time`."""
        return int(self.open_time.searchsorted(time, side="left"))


def _chained(parts: Sequence[Path]) -> Path:
    """Return the candles of all parts in the order of time."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        none = np.empty(0)
        return Path(np.empty(0, np.int64), np.empty(0, np.int64), none, none, none, none)
    columns = [np.concatenate(column) for column in zip(*(part._columns() for part in parts), strict=True)]
    order = np.argsort(columns[1], kind="stable")
    return Path(*(column[order] for column in columns))


@dataclass(frozen=True, slots=True)
class Bars:
    """The candles of one symbol on a strategy's timeframe that exist in a block, and the plan's values on them.

    `rows` are their rows in the panel; `lane` is the symbol's lane in values of more than one lane.
    """

    close_time: Times
    close: Floats
    rows: npt.NDArray[np.intp]
    values: Columns
    lane: int
    _columns: dict[int, npt.NDArray[Any]] = field(default_factory=dict)
    _holding: dict[tuple[int, ...], npt.NDArray[np.intp]] = field(default_factory=dict)

    @staticmethod
    def of(panel: Panel, lane: int, values: Columns) -> Bars:
        cut = _rows(panel, lane)
        rows = np.arange(len(panel.close_time)) if isinstance(cut, slice) else cut
        return Bars(panel.close_time[cut], panel.fields["close"][cut, lane], rows, values, lane)

    def after(self, time: int) -> int:
        """Return the index of the first candle that closes after `time`."""
        return int(self.close_time.searchsorted(time, side="right"))

    def at(self, node: int, index: int) -> np.float64 | np.int8:
        """Return the node's value on candle `index`: NaN, or 1 for a truth, where it is unknown."""
        found: np.float64 | np.int8 = self._column(node)[self.rows[index]]
        return found

    def holding(self, nodes: tuple[int, ...], start: int) -> int:
        """Return the first candle from `start` on where all these truths hold; their number if none does."""
        found = self._holding.get(nodes)
        if found is None:
            holds = np.logical_and.reduce([self._column(node)[self.rows] == TRUE for node in nodes])
            found = self._holding[nodes] = np.flatnonzero(holds)
        place = int(found.searchsorted(start))
        return int(found[place]) if place < len(found) else len(self.close_time)

    def _column(self, node: int) -> npt.NDArray[Any]:
        column = self._columns.get(node)
        if column is None:
            column = self.values.of(node)
            column = self._columns[node] = column[:, self.lane if column.shape[1] > 1 else 0]
        return column


def _rows(panel: Panel, lane: int) -> slice | npt.NDArray[np.intp]:
    """Return the rows that exist; a slice where all do, which costs no copy."""
    here = panel.here[:, lane]
    return slice(None) if here.all() else np.flatnonzero(here)
