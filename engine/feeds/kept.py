"""Live candles that are kept: fetched once each, read from the store ever after, so that a restart decides on
the same ones. What comes late or is corrected by the venue is noticed, and what does not come is waited for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.domain.market import FIELDS, Candles, Market, Series, Timeframe
from engine.ports import CandleStore, Clock, Feed, FeedError

OVERLAP = 3
"""So many candles before the newest are fetched again with each new one, to notice corrections."""
FIRST_WAIT, LONGEST_WAIT = 2_000, 120_000

LaneKey = tuple[str, Timeframe]


@dataclass(slots=True)
class _Lane:
    """What is known of one symbol and timeframe: the newest kept close, failures in a row, and the next try (ms)."""

    newest: int
    failures: int = 0
    next_try: int = 0
    taken_up: bool = False


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What one refresh brought: `changed` (symbol, timeframe, close time, `late` or `corrected`) before the
    time that was decided up to, and the `failures` as one line each."""

    changed: tuple[tuple[str, Timeframe, int, str], ...] = ()
    failures: tuple[str, ...] = ()


@dataclass
class KeptFeed:
    """A feed over `store` that `refresh` fills from `upstream`. Reading it never fails and never waits."""

    upstream: Feed
    store: CandleStore
    clock: Clock
    _lanes: dict[LaneKey, _Lane] = field(default_factory=dict)
    _markets: dict[str, Market] = field(default_factory=dict)
    _series: dict[str, Series] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.upstream.name

    def markets(self, symbols: Sequence[str]) -> Mapping[str, Market]:
        if any(symbol not in self._markets for symbol in symbols):
            self._markets |= self.upstream.markets(symbols)
        return {symbol: self._markets[symbol] for symbol in symbols if symbol in self._markets}

    def timeframes(self, symbol: str) -> tuple[Timeframe, ...]:
        return self.upstream.timeframes(symbol)

    def span(self, symbol: str, timeframe: Timeframe) -> tuple[int, int] | None:
        kept = self._kept(symbol, timeframe, 0, self.clock.now()).close_time
        return (int(kept[0]), int(kept[-1])) if len(kept) else None

    def candles(self, symbol: str, timeframe: Timeframe, after: int, until: int) -> Candles:
        return self._kept(symbol, timeframe, after, min(until, self.clock.now()))

    def series(self, name: str, until: int) -> Series | None:
        """Return the series, or what was last known of it where the source does not answer."""
        try:
            found = self.upstream.series(name, until)
        except FeedError:
            found = None
        if found is not None:
            self._series[name] = found
        return self._series.get(name)

    def refresh(self, wanted: Iterable[LaneKey], origins: Mapping[Timeframe, int], decided: int) -> Refreshed:
        """Fetch what has closed since, from each timeframe's origin (ms) on; candles at or before `decided` are
        told as changed."""
        changed: list[tuple[str, Timeframe, int, str]] = []
        failures: list[str] = []
        now = self.clock.now()
        for symbol, timeframe in wanted:
            origin = origins[timeframe]
            lane = self._lanes.setdefault((symbol, timeframe), _Lane(timeframe.floor(origin)))
            if lane.newest >= timeframe.floor(now) or lane.next_try > now:
                continue
            try:
                if not lane.taken_up:
                    self._take_up(symbol, timeframe, lane, origin)
                found = self._fetch(symbol, timeframe, lane, origin, now)
            except FeedError as problem:
                lane.failures += 1
                wait = min(FIRST_WAIT << min(lane.failures - 1, 20), LONGEST_WAIT)
                lane.next_try = now + max(wait, int(problem.retry_after * 1000))
                failures.append(f"{symbol} {timeframe}: {problem}")
                continue
            lane.failures = 0
            changed += [(symbol, timeframe, time, how) for time, how in found if time <= decided]
        return Refreshed(tuple(changed), tuple(failures))

    def complete_until(self, wanted: Sequence[LaneKey], patience: int) -> int:
        """Return the time (ms) up to which every candle has come, or has been waited for long enough.

        A candle is given up `patience` ms after its close, if another symbol has one of that time: where
        none has, the source is silent and everything waits.
        """
        now = self.clock.now()
        newest: dict[Timeframe, int] = {}
        for symbol, timeframe in wanted:
            newest[timeframe] = max(newest.get(timeframe, 0), self._lanes[symbol, timeframe].newest)
        until = now
        for symbol, timeframe in wanted:
            missing = self._lanes[symbol, timeframe].newest + timeframe.ms
            while missing + patience <= now and missing <= newest[timeframe]:
                missing += timeframe.ms
            until = min(until, missing - 1)
        return until

    def let_go(self, until: int) -> int:
        """Drop the kept candles that closed up to `until`; return how many."""
        return self.store.let_go(until)

    def next_try(self) -> int | None:
        """Return when to ask again for what did not come (ms), None where nothing is missing."""
        now = self.clock.now()
        missing = [lane.next_try for (_, timeframe), lane in self._lanes.items() if lane.newest < timeframe.floor(now)]
        return max(min(missing), now + FIRST_WAIT) if missing else None

    def _take_up(self, symbol: str, timeframe: Timeframe, lane: _Lane, origin: int) -> None:
        """Go on from what an earlier process kept; what lies before it is fetched, what it kept stays as it is."""
        kept = self._kept(symbol, timeframe, origin, 2**62).close_time
        if len(kept):
            first, served = int(kept[0]), self.upstream.span(symbol, timeframe)
            if served is not None and max(served[0], timeframe.floor(origin) + timeframe.ms) < first:
                self.store.append(self.upstream.candles(symbol, timeframe, origin, first - timeframe.ms))
            lane.newest = int(kept[-1])
        lane.taken_up = True

    def _fetch(self, symbol: str, timeframe: Timeframe, lane: _Lane, origin: int, now: int) -> list[tuple[int, str]]:
        """Fetch and keep what is new; return which of the candles so far came late or were corrected."""
        after = max(timeframe.floor(origin), lane.newest - OVERLAP * timeframe.ms)
        fetched = self.upstream.candles(symbol, timeframe, after, now)
        kept = self._kept(symbol, timeframe, after, now)
        self.store.append(fetched)
        if len(fetched):
            lane.newest = max(lane.newest, int(fetched.close_time[-1]))
        if lane.newest < timeframe.floor(now):
            lane.next_try = now + FIRST_WAIT
        return _differences(kept, fetched)

    def _kept(self, symbol: str, timeframe: Timeframe, after: int, until: int) -> Candles:
        market = self.markets([symbol]).get(symbol)
        return self.store.load(market.venue if market else self.name, symbol, timeframe, after, until)


def _differences(kept: Candles, fetched: Candles) -> list[tuple[int, str]]:
    place = np.searchsorted(kept.close_time, fetched.close_time)
    found: list[tuple[int, str]] = []
    for index, time in enumerate(fetched.close_time.tolist()):
        row = int(place[index])
        if row >= len(kept) or kept.close_time[row] != time:
            found.append((time, "late"))
        elif any(getattr(kept, name)[row] != getattr(fetched, name)[index] for name in FIELDS):
            found.append((time, "corrected"))
    return found
