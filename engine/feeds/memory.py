"""A feed over candles in memory: the ground of every feed that knows its whole history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from engine.domain.market import Candles, Market, Series, Timeframe
from engine.feeds.ladder import Ladder, Track, no_candles


class MemoryFeed:
    """Serve closed candles and external series that are in memory.

    All of it counts as past: wrap it in `engine.feeds.replay.ReplayFeed` to let a clock decide what has
    closed. `ladders` may load on demand. A symbol or timeframe it does not have gives no candles.
    """

    def __init__(self, name: str, ladders: Mapping[str, Ladder], series: Mapping[str, Series] | None = None) -> None:
        self.name = name
        self._ladders = ladders
        self._series = {} if series is None else series

    @staticmethod
    def of(
        candles: Iterable[Candles], markets: Iterable[Market] = (), series: Iterable[Series] = (), name: str = "memory"
    ) -> MemoryFeed:
        """Build a feed from candles, one record per symbol and timeframe."""
        known = {market.symbol: market for market in markets}
        tracks: dict[str, dict[Timeframe, Track]] = {}
        for part in candles:
            tracks.setdefault(part.symbol, {})[part.timeframe] = Track.of(part)
            known.setdefault(part.symbol, Market(part.venue or name, part.symbol))
        ladders = {symbol: Ladder(known[symbol], own) for symbol, own in tracks.items()}
        return MemoryFeed(name, ladders, {one.name: one for one in series})

    def symbols(self) -> tuple[str, ...]:
        """Return every symbol there is, sorted."""
        return tuple(sorted(self._ladders))

    def markets(self, symbols: Sequence[str]) -> Mapping[str, Market]:
        return {symbol: self._ladders[symbol].market for symbol in symbols if symbol in self._ladders}

    def timeframes(self, symbol: str) -> tuple[Timeframe, ...]:
        return self._ladders[symbol].timeframes() if symbol in self._ladders else ()

    def span(self, symbol: str, timeframe: Timeframe) -> tuple[int, int] | None:
        times = self._all(symbol, timeframe).close_time
        return (int(times[0]), int(times[-1])) if len(times) else None

    def candles(self, symbol: str, timeframe: Timeframe, after: int, until: int) -> Candles:
        return self._all(symbol, timeframe).between(after, until)

    def series(self, name: str, until: int) -> Series | None:
        whole = self._series.get(name)
        return None if whole is None else known_until(whole, until)

    def _all(self, symbol: str, timeframe: Timeframe) -> Candles:
        if symbol not in self._ladders:
            return no_candles(symbol, timeframe)
        return self._ladders[symbol].candles(timeframe)


def known_until(series: Series, until: int) -> Series:
    """Return what of a series had been published by `until` (ms)."""
    end = int(np.searchsorted(series.published, until, side="right"))
    return Series(series.name, series.published[:end], series.values[:end], series.max_age_ms)
