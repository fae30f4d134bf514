"""What a symbol was worth at a time: the last close that was known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from engine.domain.market import Candles, Floats, Times
from engine.ports import Feed


@dataclass(frozen=True, slots=True)
class Marks:
    """Closes per symbol, as (close times, closes), oldest first."""

    closes: Mapping[str, tuple[Times, Floats]] = field(default_factory=dict)

    @staticmethod
    def of(candles: Iterable[Candles]) -> Marks:
        return Marks({part.symbol: (part.close_time, part.close) for part in candles})

    @staticmethod
    def read(feed: Feed, symbols: Iterable[str], step: int, after: int, until: int) -> Marks:
        """Read closes between `after` and `until` (ms), on the longest candles that are no longer than `step` (ms).

        A symbol that has only longer ones is read on the shortest of them. Raises FeedError.
        """
        found = []
        for symbol in dict.fromkeys(symbols):
            served = sorted(feed.timeframes(symbol))
            if served:
                timeframe = max((t for t in served if t.ms <= step), default=served[0])
                found.append(feed.candles(symbol, timeframe, after - timeframe.ms, until))
        return Marks.of(found)

    def at(self, symbol: str, time: int) -> float:
        """Return the last close at or before `time` (ms), NaN where there was none."""
        times, closes = self.closes.get(symbol, (None, None))
        if times is None or closes is None:
            return float("nan")
        row = int(times.searchsorted(time, side="right")) - 1
        return float(closes[row]) if row >= 0 else float("nan")

    def on(self, symbol: str, times: Times) -> Floats:
        """Return the last close at or before each of `times`, NaN where there was none."""
        known, closes = self.closes.get(symbol, (np.empty(0, np.int64), np.empty(0)))
        if not len(known):
            return np.full(len(times), np.nan)
        rows = known.searchsorted(times, side="right") - 1
        return np.where(rows >= 0, closes[np.maximum(rows, 0)], np.nan)
