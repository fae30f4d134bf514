"""External series from files beside another feed: the Fear & Greed index next to an exchange that has none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from engine.domain.market import Candles, Market, Series, Timeframe
from engine.feeds.files import CandleFileError, read_series
from engine.ports import Feed


class BesideFeed:
    """Serve `feed`, and the series of `files` by name. A file that has changed is read anew when next asked for."""

    def __init__(self, feed: Feed, files: Mapping[str, Path]) -> None:
        self._feed, self._files = feed, files
        self._read: dict[str, tuple[int, Series]] = {}

    @property
    def name(self) -> str:
        return self._feed.name

    def markets(self, symbols: Sequence[str]) -> Mapping[str, Market]:
        return self._feed.markets(symbols)

    def timeframes(self, symbol: str) -> tuple[Timeframe, ...]:
        return self._feed.timeframes(symbol)

    def span(self, symbol: str, timeframe: Timeframe) -> tuple[int, int] | None:
        return self._feed.span(symbol, timeframe)

    def candles(self, symbol: str, timeframe: Timeframe, after: int, until: int) -> Candles:
        return self._feed.candles(symbol, timeframe, after, until)

    def series(self, name: str, until: int) -> Series | None:
        """Return what was published up to `until`. Raises CandleFileError for a file that cannot be read."""
        if name not in self._files:
            return self._feed.series(name, until)
        whole = self._whole(name)
        end = int(np.searchsorted(whole.published, until, side="right"))
        return Series(name, whole.published[:end], whole.values[:end], whole.max_age_ms)

    def _whole(self, name: str) -> Series:
        path = self._files[name]
        try:
            changed = path.stat().st_mtime_ns
        except OSError as error:
            raise CandleFileError(path, 0, f"cannot be read: {error.strerror}") from None
        if name not in self._read or self._read[name][0] != changed:
            self._read[name] = (changed, read_series(path, name))
        return self._read[name][1]
