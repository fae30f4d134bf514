"""A feed without the candles below one timeframe: positions are then followed on that one.

Where positions are followed is the finest there is (docs/decisions/what-positions-are-followed-on.md); this chooses
how fine, for a run that should take less time, or be compared with one on coarser candles.
"""

from __future__ import annotations

from engine.domain.market import Candles, Timeframe
from engine.feeds.around import AroundFeed
from engine.feeds.ladder import no_candles
from engine.ports import Feed


class DetailFeed(AroundFeed):
    """Serve `feed`, but no candles shorter than `finest`. Longer ones may still be built from shorter ones."""

    def __init__(self, feed: Feed, finest: Timeframe) -> None:
        super().__init__(feed)
        self.finest = finest

    def timeframes(self, symbol: str) -> tuple[Timeframe, ...]:
        return tuple(timeframe for timeframe in self._feed.timeframes(symbol) if timeframe >= self.finest)

    def span(self, symbol: str, timeframe: Timeframe) -> tuple[int, int] | None:
        return self._feed.span(symbol, timeframe) if timeframe >= self.finest else None

    def candles(self, symbol: str, timeframe: Timeframe, after: int, until: int) -> Candles:
        if timeframe < self.finest:
            return no_candles(symbol, timeframe)
        return self._feed.candles(symbol, timeframe, after, until)
