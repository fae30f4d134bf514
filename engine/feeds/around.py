"""A feed around another: it serves the other as it is; what has a purpose of its own changes only what that is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.domain.market import Candles, Market, Series, Timeframe
from engine.ports import Feed


class AroundFeed:
    """Serve `feed`, unchanged."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

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
        return self._feed.series(name, until)
