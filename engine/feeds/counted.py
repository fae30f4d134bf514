"""A feed that tells how much of the history has been read, for whoever waits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from engine.domain.market import Candles, Market, Series, Timeframe
from engine.ports import Feed


class CountedFeed:
    """Serve `feed`; call `tell` with the ms of history of all symbols that were asked for so far.

    Counted are the candles on which a symbol's positions are followed, `finest` by symbol, as far as there is history.
    """

    def __init__(self, feed: Feed, finest: Mapping[str, Timeframe], tell: Callable[[float], None]) -> None:
        self._feed, self._finest, self._tell = feed, finest, tell
        self._spans = {symbol: feed.span(symbol, timeframe) for symbol, timeframe in finest.items()}
        self._done = 0

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
        found = self._feed.candles(symbol, timeframe, after, until)
        span = self._spans.get(symbol) if self._finest.get(symbol) == timeframe else None
        if span is not None:
            self._done += max(0, min(until, span[1]) - max(after, span[0] - timeframe.ms))
            self._tell(self._done)
        return found

    def series(self, name: str, until: int) -> Series | None:
        return self._feed.series(name, until)
