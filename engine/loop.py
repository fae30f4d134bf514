"""The first driver of the live engine: closed candles in, events and messages out. Live and replay are one road.

`Loop._go` is that road; the order of its steps is written there, once:

    gather -> evaluate -> decide -> for each slice: wait for its time, commit, publish -> report, commit, publish

A start and a recovery are the same: read where the store stands, evaluate the candles from the first one on
without deciding, then go on from the cursor. Killed anywhere, the next start tells nothing twice and misses
nothing: positions are followed again from where they were last written down, and what is told again is known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from engine.decide import Settings as DecideSettings
from engine.decide import decide, follow_from
from engine.domain.book import Book
from engine.domain.event import Event
from engine.domain.market import Block, Timeframe
from engine.domain.message import Bot, Brand, Channel
from engine.domain.strategy import Plan
from engine.feeds.blocks import gather
from engine.feeds.scope import Scope, begins, first_candle, history_of, last_candle, survey
from engine.messages import messages
from engine.plan.evaluate import Evaluator
from engine.ports import Clock, Feed, Predictor, RiskRule, Store
from engine.relay import Relay
from engine.report import daily

DAY = 86_400_000


class Watcher(Protocol):
    """Told how the loop gets on: for a progress bar, a log, a screen."""

    def progress(self, time: int, start: int, end: int) -> None:
        """Everything up to `time` is done, of what lies between `start` and `end`; before `start`: warming up."""
        ...

    def told(self, time: int, events: Sequence[Event]) -> None: ...
    def warn(self, text: str) -> None: ...


class Quiet:
    """A watcher that says nothing."""

    def progress(self, time: int, start: int, end: int) -> None: ...
    def told(self, time: int, events: Sequence[Event]) -> None: ...
    def warn(self, text: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Road:
    """All that the loop drives: the plan, where candles come from, where events go."""

    plan: Plan
    feed: Feed
    store: Store
    relay: Relay
    clock: Clock
    channels: tuple[Channel, ...] = ()
    brand: Brand = field(default_factory=Brand)
    predictors: Mapping[str, Predictor] = field(default_factory=dict)
    watcher: Watcher = field(default_factory=Quiet)


@dataclass(frozen=True, slots=True)
class Settings:
    """How the loop decides. `universe` has per strategy id the symbols it may trade (default: those it names).

    `block` is how many ms are evaluated at once at most; `reports` whether each bot tells its day at UTC midnight.
    So many `threads` evaluate what is long, such as the history at a start.
    """

    universe: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fees: float = 0.0
    slippage: float = 0.0
    venue: str = ""
    engine_version: str = ""
    risk: tuple[RiskRule, ...] = ()
    block: int = DAY
    warm_block: int = 7 * DAY
    reports: bool = True
    threads: int = 1


class Loop:
    """The loop over one scope. `start` once, then `advance` as far as candles have closed."""

    def __init__(self, road: Road, settings: Settings, scope: Scope) -> None:
        self.road, self.settings, self.scope = road, settings, scope
        self._bots = {rules.id: Bot(rules.id, rules.name, rules.version, rules.about) for rules in road.plan.strategies}
        self._origin = self._decided_from = self._cursor = self._run = 0
        self._march: _March | None = None

    @property
    def cursor(self) -> int:
        """Return the time (ms) up to which everything has been decided."""
        return self._cursor

    @property
    def origin(self) -> int:
        """Return the time (ms) from which on candles are read."""
        return self._origin

    @property
    def decided_from(self) -> int:
        """Return the time (ms) after which the very first start decided."""
        return self._decided_from

    @property
    def warm(self) -> bool:
        """Tell whether values have been computed up to the cursor."""
        return self._march is not None

    def start(self, origin: int, decide_from: int, mode: str = "replay") -> int:
        """Take up where the store stands, at the very first start after `decide_from`; return the cursor.

        Candles are read from `origin` on, or from where an earlier start began. Settles what an earlier process
        left half sent. Nothing is evaluated yet.
        """
        road = self.road
        self._origin, self._decided_from, cursor = road.store.begin(origin, decide_from)
        self._cursor = self._decided_from if cursor is None else cursor
        self._run = road.store.start_run(mode, road.plan.hash, self.settings.engine_version)
        for line in self.scope.skipped:
            road.watcher.warn(line)
        left = road.relay.recover()
        if left:
            road.watcher.warn(f"{left} messages were being sent when the engine ended: see `engine status`")
        return self._cursor

    def advance(self, until: int, *, live: bool = False) -> bool:
        """Decide everything that closed up to `until`, and publish it; return False when asked to stop.

        `live` blocks entries that are found more than one candle late. Up to the cursor there is nothing to do.
        Raises FeedError; calling it again then goes on where it was.
        """
        if (until > self._cursor and not self._advance(until, live)) or not self._publish():
            return self.stop()
        self.road.store.seen(self._run)
        return True

    def let_go(self, blocks: int, origin: int) -> int:
        """Drop blocks and notes up to `blocks` (ms), and read candles only from `origin` on; return how many went."""
        gone = self.road.store.let_go(blocks, origin)
        self._origin = max(self._origin, origin)
        return gone

    def rebuild(self) -> None:
        """Forget every computed value, because candles before the cursor changed; nothing is decided again."""
        self._march = None

    def finish(self) -> bool:
        """Wait for whatever is still owed and publish it; return False where asked to stop. For replays."""
        while (due := self.road.relay.next_due()) is not None:
            if not self.road.clock.sleep_until(due) or not self._publish():
                return self.stop()
        self.road.store.seen(self._run, "finished")
        return True

    def stop(self) -> bool:
        """Record that the run was stopped; return False."""
        self.road.store.seen(self._run, "stopped")
        return False

    def sleep_until(self, time: int) -> bool:
        """Let the clock come to `time`, publishing what falls due on the way; return False when asked to stop."""
        while (due := self.road.relay.next_due()) is not None and due < time:
            if not self.road.clock.sleep_until(due):
                return False
            if not self.road.relay.drain(self._stopped):
                break
        return self.road.clock.sleep_until(time)

    def _advance(self, until: int, live: bool) -> bool:
        march, self._march = self._march or self._warm_up(until), None
        if march is None or not self._go(march, until, live):
            return False  # in the middle of a block: the next call evaluates anew, from the store
        self._march = march
        return True

    def _go(self, march: _March, end: int, live: bool) -> bool:
        """The road. Every step of the engine is here, in its order."""
        road, begin = self.road, self._cursor
        how = self._how(march, live)
        for after, until in spans(march.at, end, self.settings.block):
            block = self._gather(after, until, self.scope.timeframes)
            values = march.evaluator.advance(block)
            decisions = decide(road.plan, values, block, march.book, self.scope.markets, how)
            for time, events in decisions:
                if not self.sleep_until(time):
                    return False
                self._commit(time, events, decisions.book)
                if not self._publish():
                    return False
            march.at, march.book = until, decisions.book
            if not self.sleep_until(until):
                return False
            self._commit(until, self._reports(until), march.book)
            if not self._publish():
                return False
            road.watcher.progress(until, begin, end)
        return True

    def _warm_up(self, end: int) -> _March | None:
        """Evaluate from the first candle to where positions were last followed, without deciding."""
        road, book = self.road, self.road.store.book()
        followed = follow_from(book)
        at = self._cursor if followed is None else min(self._cursor, followed)
        own = self.settings.threads
        evaluator = Evaluator(road.plan, self.scope.symbols, predictors=road.predictors, threads=own)
        begun = begins(road.feed, self.scope)
        for after, until in spans(self._origin, at, self.settings.warm_block):
            if self._stopped():
                return None
            there = [timeframe for timeframe in self.scope.timeframes if begun.get(timeframe, until) < until]
            evaluator.skip(self._gather(after, until, there))
            road.watcher.progress(until, self._cursor, end)
        return _March(evaluator, book, at, self._cursor, history_of(road.feed, self.scope, self._origin))

    def _gather(self, after: int, until: int, timeframes: Sequence[Timeframe]) -> Block:
        scope = self.scope
        return gather(self.road.feed, scope.symbols, timeframes, after, until, scope.series)

    def _commit(self, time: int, events: Sequence[Event], book: Book) -> None:
        """Write down a slice and what it owes, all or nothing; what was told before an end is told no second time."""
        road = self.road
        owed = messages(events, road.channels, road.brand, self.scope.markets, self._bots)
        new = road.store.commit(events, owed, time, book)
        self._cursor = max(self._cursor, time)
        if new:
            road.watcher.told(time, events)

    def _publish(self) -> bool:
        self.road.relay.drain(self._stopped)
        return not self._stopped()

    def _reports(self, time: int) -> tuple[Event, ...]:
        """Return each bot's report of the day that ends at `time`, none at any other time."""
        if time % DAY or not self.settings.reports:
            return ()
        day, store = time - DAY, self.road.store
        ended = store.ended(day, time)
        fired = Counter(event.signal.strategy for event in store.signals(day, time))
        return tuple(daily(rules.id, day, ended, fired[rules.id]) for rules in self.road.plan.strategies)

    def _how(self, march: _March, live: bool) -> DecideSettings:
        settings, scope = self.settings, self.scope
        return DecideSettings(
            fees=settings.fees,
            slippage=settings.slippage,
            venue=settings.venue,
            engine_version=settings.engine_version,
            follow=scope.follow,
            now=self.road.clock.now() if live else None,
            since=march.since,
            risk=settings.risk,
            universe=scope.universe,
            history=march.history,
        )

    def _stopped(self) -> bool:
        clock = self.road.clock
        return not clock.sleep_until(clock.now())


@dataclass(slots=True)
class _March:
    """The loop under way: values and book as they stand at `at`; entries up to `since` were decided before."""

    evaluator: Evaluator
    book: Book
    at: int
    since: int
    history: Mapping[str, int]


def spans(after: int, until: int, step: int) -> Iterator[tuple[int, int]]:
    """Cut (after, until] at every multiple of `step`: so days begin and end at UTC midnight."""
    while after < until:
        border = min((after // step + 1) * step, until)
        yield after, border
        after = border


@dataclass(frozen=True, slots=True)
class Journey:
    """A replay before it begins: its scope, its first candle's open, and where deciding starts and ends (ms)."""

    scope: Scope
    origin: int
    start: int
    end: int


def journey(
    plan: Plan,
    feed: Feed,
    universe: Mapping[str, Sequence[str]],
    start: int | None = None,
    end: int | None = None,
    book: Book | None = None,
) -> Journey | None:
    """Plan a replay of all that `feed` has, decided from `start` to `end`; None where it has nothing there.

    `book` is what an earlier run of the same database left open.
    """
    also = tuple(position.signal.symbol for position in book.live_positions()) if book else ()
    whole = survey(plan, feed, universe, also=also)
    first, last = first_candle(feed, whole), last_candle(feed, whole)
    if first is None or last is None:
        return None
    begin, stop = max(first, start or first), min(last, end or last)
    if begin >= stop:
        return None
    return Journey(survey(plan, feed, universe, (begin, stop), also), first, begin, stop)
