"""The fine candles that positions are followed on, as the simulator reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.domain.market import Floats, Followed, Panel, Timeframe, Times, Truths


@dataclass(frozen=True, slots=True)
class Tape:
    """Candles of some symbols, oldest first; those of one symbol never overlap.

    Times int64 (T,), prices float64 and `here` int8 (S, T), the candles of a symbol side by side; `whole` int8 (S,): 1
    where no candle of the symbol is missing.
    """

    open_time: Times
    close_time: Times
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    here: Truths
    whole: Truths


def tape_of(panel: Panel, whole: Truths) -> Tape:
    """Return a panel's candles."""
    opens, highs, lows, closes = (column_of(panel, name) for name in ("open", "high", "low", "close"))
    times = np.require(panel.close_time, np.int64, ["C", "W"])
    return Tape(times - panel.timeframe.ms, times, opens, highs, lows, closes, here_of(panel, whole), whole)


def here_of(panel: Panel, whole: Truths) -> Truths:
    """Return where candles exist, (S, T); nothing where all do, because nobody asks then."""
    return np.empty((len(whole), 0), np.int8) if whole.all() else side_by_side(panel.here, np.int8)


def column_of(panel: Panel, name: str) -> Floats:
    """Return a field as (S, T)."""
    there = panel.columns.get(name)
    return side_by_side(panel.fields[name], np.float64) if there is None else np.require(there, np.float64, ["C", "W"])


def side_by_side(values: npt.NDArray[Any], kind: type) -> npt.NDArray[Any]:
    """Return (T, S) as (S, T) that compiled code takes; where the candles of a symbol lie side by side, as it is."""
    return np.require(values.T, kind, ["C", "W"])


def along(panels: Mapping[Timeframe, Panel], lane: int, followed: Followed) -> Tape:
    """Return one symbol's finest candles that were recorded at each time, as far as the block has them."""
    spans = [(span[2], *span[:2]) for span in followed.coarser]
    parts = [_lane(panels[followed.finest], lane)] if followed.finest in panels else []
    for _, after, until in spans:
        parts = [_cut(part, (part[1] <= after) | (part[1] > until)) for part in parts]
    for timeframe, after, until in spans:
        if timeframe in panels:
            part = _lane(panels[timeframe], lane)
            parts.append(_cut(part, (part[0] >= after) & (part[1] <= until)))
    whole = np.concatenate(parts, axis=1) if parts else np.empty((6, 0))
    whole = whole[:, np.argsort(whole[1], kind="stable")]
    open_time, close_time = np.ascontiguousarray(whole[:2].astype(np.int64))
    opens, highs, lows, closes = (np.ascontiguousarray(column).reshape(1, -1) for column in whole[2:])
    here = np.ones((1, whole.shape[1]), np.int8)
    return Tape(open_time, close_time, opens, highs, lows, closes, here, np.ones(1, np.int8))


def _lane(panel: Panel, lane: int) -> Floats:
    """Return open time, close time, open, high, low and close of the candles of one symbol, float64 (6, n)."""
    rows = np.flatnonzero(panel.here[:, lane])
    times = panel.close_time[rows]
    prices = [panel.fields[name][rows, lane] for name in ("open", "high", "low", "close")]
    return np.stack([times - panel.timeframe.ms, times, *prices])


def _cut(part: Floats, kept: npt.NDArray[np.bool_]) -> Floats:
    return part[:, kept]
