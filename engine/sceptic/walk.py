"""Walks over a feed for checks: which candles there are, block after block, and feeds that know less."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.domain.market import Block, Candles, Market, Series, Timeframe
from engine.domain.strategy import Plan
from engine.feeds.blocks import gather
from engine.feeds.scope import Scope, first_candle, last_candle, survey
from engine.ports import Feed

CELLS = 4_000_000
"""So many values of all nodes are held at once: it bounds memory and changes nothing else."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A plan over a feed: what to look at, its first and last candle, and what is decided: (begin, end], ms."""

    plan: Plan
    feed: Feed
    universe: Mapping[str, Sequence[str]]
    scope: Scope
    first: int
    begin: int
    end: int

    @staticmethod
    def of(
        plan: Plan,
        feed: Feed,
        universe: Mapping[str, Sequence[str]],
        start: int | None = None,
        end: int | None = None,
    ) -> Ground:
        """Return the ground of a plan over all that a feed has. Raises FeedError, ValueError where it has nothing."""
        whole = survey(plan, feed, universe)
        first, last = first_candle(feed, whole), last_candle(feed, whole)
        if first is None or last is None:
            raise ValueError("there are no candles of these symbols")
        begin, stop = max(first, first if start is None else start), min(last, last if end is None else end)
        if begin >= stop:
            raise ValueError("there are no candles of these symbols in that span")
        return Ground(plan, feed, universe, survey(plan, feed, universe, (begin, stop)), first, begin, stop)

    @property
    def timeframes(self) -> tuple[Timeframe, ...]:
        """Return the timeframes that nodes are on, as far as there are candles of them."""
        asked = {frame.timeframe for frame in self.plan.frames()}
        return tuple(timeframe for timeframe in self.scope.timeframes if timeframe in asked)

    def block(self, after: int, until: int) -> Block:
        """Return what closed in (after, until]. Raises FeedError."""
        return gather(self.feed, self.scope.symbols, self.timeframes, after, until, self.scope.series)

    def step(self, nodes: int) -> int:
        """Return a length (ms) whose values of so many nodes are about CELLS."""
        lanes = max(len(self.scope.symbols), 1)
        finest, longest = self.timeframes[0].ms, self.timeframes[-1].ms
        return max(longest, CELLS // max(nodes * lanes, 1) * finest // longest * longest)

    def cuts(self, after: int, until: int, nodes: int) -> Iterator[tuple[int, int]]:
        """Yield consecutive spans of that length from `after` to `until`."""
        step = self.step(nodes)
        for begin in range(after, until, step):
            yield begin, min(begin + step, until)


class Part:
    """A feed that has only the candles with after < close time <= until of another: as if it were then, or had begun
    then. External series end with it too; their past stays, as it does where history begins late."""

    def __init__(self, feed: Feed, after: int, until: int) -> None:
        self._feed, self._after, self._until = feed, after, until
        self.name = feed.name

    def markets(self, symbols: Sequence[str]) -> Mapping[str, Market]:
        return self._feed.markets(symbols)

    def timeframes(self, symbol: str) -> tuple[Timeframe, ...]:
        return tuple(one for one in self._feed.timeframes(symbol) if self.span(symbol, one) is not None)

    def span(self, symbol: str, timeframe: Timeframe) -> tuple[int, int] | None:
        found = self._feed.span(symbol, timeframe)
        if found is None or found[1] <= self._after or found[0] > self._until:
            return None
        if self._after < found[0] and found[1] <= self._until:
            return found
        there = self.candles(symbol, timeframe, found[0] - timeframe.ms, found[1]).close_time
        return (int(there[0]), int(there[-1])) if len(there) else None

    def candles(self, symbol: str, timeframe: Timeframe, after: int, until: int) -> Candles:
        # A candle that began before is not whole: it is not there.
        return self._feed.candles(
            symbol, timeframe, max(after, self._after + timeframe.ms - 1), min(until, self._until)
        )  # fmt: skip

    def series(self, name: str, until: int) -> Series | None:
        return self._feed.series(name, min(until, self._until))
