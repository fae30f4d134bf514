"""A feed that tells how much of the history has been read, for whoever waits."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.domain.market import Candles, Timeframe
from engine.feeds.around import AroundFeed
from engine.ports import Feed


class CountedFeed(AroundFeed):
    """Serve `feed`; call `tell` with the ms of history of all symbols that were asked for so far.

    Counted are the candles on which a symbol's positions are followed, `finest` by symbol, as far as there is history.
    """

    def __init__(self, feed: Feed, finest: Mapping[str, Timeframe], tell: Callable[[float], None]) -> None:
        super().__init__(feed)
        self._finest, self._tell = finest, tell
        self._spans = {symbol: feed.span(symbol, timeframe) for symbol, timeframe in finest.items()}
        self._done = 0

    def candles(self, symbol: str, timeframe: Timeframe, after: int, until: int) -> Candles:
        found = super().candles(symbol, timeframe, after, until)
        span = self._spans.get(symbol) if self._finest.get(symbol) == timeframe else None
        if span is not None:
            self._done += max(0, min(until, span[1]) - max(after, span[0] - timeframe.ms))
            self._tell(self._done)
        return found
