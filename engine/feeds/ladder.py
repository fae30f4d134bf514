"""Candles of one symbol in every timeframe: higher ones are built from lower ones where they are missing.

A built candle exists when at least one lower candle closed within it, whatever minutes are missing: an
exchange's own candle exists then, too. It is not built where the lower candles were not recorded from its
open to its close (at the start and the end of a record), because half a candle is a wrong candle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.domain.market import FIELDS, Candles, Floats, Market, Timeframe, Times

STANDARD = tuple(
    map(Timeframe.parse, ("1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "1w"))
)

Spans = tuple[tuple[int, int], ...]
"""Recorded spans, as (open of the first candle, close of the last), increasing and apart."""


@dataclass(frozen=True, slots=True)
class Track:
    """Candles of one timeframe, and the spans over which they were recorded.

    Inside a span a candle that is absent did not exist; outside nothing is known.
    """

    candles: Candles
    spans: Spans

    @staticmethod
    def of(candles: Candles) -> Track:
        """Take all of `candles` as one record, from the first open to the last close."""
        times = candles.close_time
        if not len(times):
            return Track(candles, ())
        return Track(candles, ((int(times[0]) - candles.timeframe.ms, int(times[-1])),))


def no_candles(symbol: str, timeframe: Timeframe, venue: str = "") -> Candles:
    """Return candles of length 0."""
    none = np.empty(0)
    return Candles(symbol, timeframe, np.empty(0, np.int64), none, none, none, none, none, venue)


def take(candles: Candles, index: Times | slice) -> Candles:
    """Return the candles at `index`."""
    return Candles(
        candles.symbol, candles.timeframe, candles.close_time[index], candles.open[index], candles.high[index],
        candles.low[index], candles.close[index], candles.volume[index], candles.venue,
    )  # fmt: skip


def chain(parts: Sequence[Candles]) -> Candles:
    """Return the candles of all parts one after the other, unsorted, named as the first part is."""
    first = parts[0]
    close_time = np.concatenate([part.close_time for part in parts])
    opened, high, low, close, volume = (np.concatenate([getattr(part, name) for part in parts]) for name in FIELDS)
    return Candles(first.symbol, first.timeframe, close_time, opened, high, low, close, volume, first.venue)


def ceil(timeframe: Timeframe, time: int) -> int:
    """Return the earliest close time of `timeframe` that is >= `time`."""
    return timeframe.floor(time - 1) + timeframe.ms


def unite(spans: Iterable[tuple[int, int]]) -> Spans:
    """Return the union of spans; those that touch become one."""
    united: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if united and start <= united[-1][1]:
            united[-1] = (united[-1][0], max(end, united[-1][1]))
        else:
            united.append((start, end))
    return tuple(united)


def resample(track: Track, timeframe: Timeframe) -> tuple[Track, Times]:
    """Build candles of a multiple of the track's timeframe; weeks begin on Monday.

    Return them and, for each, how many lower candles are in it. Raises ValueError where `timeframe` is
    not a multiple.
    """
    low = track.candles
    if not timeframe.is_multiple_of(low.timeframe):
        raise ValueError(f"{timeframe} candles cannot be built from {low.timeframe} candles")
    spans = tuple((ceil(timeframe, a), timeframe.floor(b)) for a, b in track.spans)
    spans = tuple((a, b) for a, b in spans if a < b)
    shift = timeframe.floor(0)
    close = -((shift - low.close_time) // timeframe.ms) * timeframe.ms + shift
    starts = np.flatnonzero(np.diff(close, prepend=close[:1] - 1)) if len(close) else np.empty(0, np.int64)
    ends = np.append(starts[1:], len(close)) - 1 if len(starts) else starts
    built = Candles(
        low.symbol, timeframe, close[starts], low.open[starts],
        _reduce(np.maximum, low.high, starts), _reduce(np.minimum, low.low, starts), low.close[ends],
        _reduce(np.add, low.volume, starts), low.venue,
    )  # fmt: skip
    whole = np.flatnonzero(_within(built.close_time - timeframe.ms, built.close_time, spans))
    return Track(take(built, whole), spans), (ends - starts + 1)[whole]


def _reduce(operation: np.ufunc, values: Floats, starts: Times) -> Floats:
    return np.asarray(operation.reduceat(values, starts)) if len(starts) else np.empty(0)


def _within(start: Times, end: Times, spans: Spans) -> npt.NDArray[np.bool_]:
    """Say for each (start, end) whether it lies in one of the spans."""
    if not spans:
        return np.zeros(len(start), bool)
    first, last = np.array(spans, np.int64).T
    place = np.searchsorted(first, start, side="right") - 1
    inside: npt.NDArray[np.bool_] = (place >= 0) & (end <= last[place])
    return inside


def join(tracks: Iterable[tuple[Track, Times | None]]) -> Track:
    """Merge tracks of one timeframe, candle by candle.

    Each comes with the time (ms) that the lower candles in each of its candles cover, or None for the
    venue's own candles. Own ones win, then what covers more, then the track named first.
    """
    parts = list(tracks)
    if len(parts) == 1:
        return parts[0][0]
    every = chain([track.candles for track, _ in parts])
    own = np.iinfo(np.int64).max
    cover = np.concatenate([np.full(len(t.candles), own) if weight is None else weight for t, weight in parts])
    order = np.lexsort((-cover, every.close_time))  # stable: ties keep the order of the tracks
    order = order[np.diff(every.close_time[order], prepend=-1) > 0]
    return Track(take(every, order), unite(span for track, _ in parts for span in track.spans))


class Ladder:
    """Candles of one market: recorded tracks by timeframe, and what is built from them, kept once built."""

    def __init__(self, market: Market, tracks: Mapping[Timeframe, Track]) -> None:
        self.market = market
        self._own = dict(tracks)
        self._built: dict[Timeframe, Track] = {}
        self._served: tuple[Timeframe, ...] | None = None

    def timeframes(self) -> tuple[Timeframe, ...]:
        """Return the recorded timeframes and every standard one that can be built, shortest first."""
        if self._served is None:
            built = (t for t in STANDARD if any(t.is_multiple_of(own) for own in self._own))
            self._served = tuple(sorted({*self._own, *built}))
        return self._served

    def candles(self, timeframe: Timeframe) -> Candles:
        """Return every candle of `timeframe` there is, recorded or built; none where it cannot be built."""
        return self._track(timeframe).candles

    def _track(self, timeframe: Timeframe) -> Track:
        if timeframe not in self._built:
            parts: list[tuple[Track, Times | None]] = []
            if timeframe in self._own:
                parts.append((self._own[timeframe], None))
            for lower in sorted((t for t in self._own if t < timeframe), reverse=True):
                if timeframe.is_multiple_of(lower):
                    track, count = resample(self._track(lower), timeframe)
                    parts.append((track, count * lower.ms))
            empty = Track(no_candles(self.market.symbol, timeframe, self.market.venue), ())
            self._built[timeframe] = join(parts) if parts else empty
        return self._built[timeframe]
