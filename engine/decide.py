"""decide: a plan's values over a block, and what is remembered, give events. Pure; the only place that decides.

A slice is everything that closes at one time. In a slice exits come first, then entries: strategies and symbols in
their order, timeframes in the document's order, long before short. Each (strategy, symbol) is a lane that jumps to
the next time at which it has something to say; lanes are merged by time. So a block of one instant (live), of a
day (replay) and of the whole history (backtest) give the same events.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import replace

from engine.domain.book import Book, Lane, step, why_blocked
from engine.domain.event import Event, SignalBlocked, SignalFired
from engine.domain.market import Block, Market, Timeframe
from engine.domain.position import Position
from engine.domain.signal import Side, Signal, signal_id
from engine.domain.strategy import Plan, StrategyRules
from engine.trade.entry import decide_entry, hash_of, pending, verdicts
from engine.trade.follow import Follower
from engine.trade.held import kept_nodes
from engine.trade.life import Costs, Terms
from engine.trade.quote import Refusal
from engine.trade.scene import Firing, PlanValues, Rule, Scene, rules_of
from engine.trade.settings import Settings

__all__ = ["Decisions", "NotFollowed", "Settings", "decide", "follow_from"]

SIDES = (Side.LONG, Side.SHORT)


class NotFollowed(ValueError):
    """A live position has candles before this block that were not applied to it: start again from `time` (ms)."""

    def __init__(self, position: Position, after: int) -> None:
        super().__init__(
            f"the position {position.id} of {position.signal.strategy} on {position.signal.symbol} was followed until "
            f"{position.followed_until}, the block begins after {after}: go on with the book of the block before "
            "(Decisions.book), or decide the blocks since then again with `since`"
        )
        self.time = position.followed_until


def decide(
    plan: Plan, values: PlanValues, block: Block, book: Book, markets: Mapping[str, Market], settings: Settings
) -> Decisions:
    """Return the slices of a block that have events, as (time, events) in time order.

    `values` are the plan's values on the block; `book` is what was remembered after the block before. Take the
    next book from the result, not from the events alone: it also knows how far silent positions were followed.
    Raises NotFollowed where the book and the block do not continue each other.

        decisions = decide(plan, values, block, book, markets, settings)
        for time, events in decisions:
            store.commit(events, messages(events, ...), time)
        book = decisions.book
    """
    return Decisions(_Run(Scene(plan, values, block, markets, settings), book))


def follow_from(book: Book) -> int | None:
    """Return the time (ms) after which candles are needed to follow the book's positions on; None: it has none."""
    return min((position.followed_until for position in book.live_positions()), default=None)


class Decisions(Iterator[tuple[int, tuple[Event, ...]]]):
    """The slices of a block that have events. `book` is the book after those handed out so far; once there are no
    more, it is the book after the whole block."""

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._slices = run.slices()

    def __iter__(self) -> Decisions:
        return self

    def __next__(self) -> tuple[int, tuple[Event, ...]]:
        return next(self._slices)

    @property
    def book(self) -> Book:
        return self._run.book()


class _Active:
    """One lane at work in one block: a strategy (None: it is gone from the plan) on a symbol.

    `firings` are by the place of their rule. `ahead` has per side the next slice with events of its position.
    """

    def __init__(self, key: tuple[str, str], strategy: StrategyRules | None, rules: tuple[Rule, ...]) -> None:
        self.key, self.strategy, self.rules = key, strategy, rules
        self.firings: dict[int, Firing] = {}
        self.followers: dict[Side, Follower] = {}
        self.ahead: dict[Side, tuple[int, tuple[Event, ...]]] = {}

    def next_time(self) -> int | None:
        """Return the next time (ms) at which the lane has something to say, None if there is none in the block."""
        times = [time for time, _ in self.ahead.values()]
        times += [time for firing in self.firings.values() if (time := firing.next_time()) is not None]
        return min(times, default=None)

    def run_ahead(self, side: Side) -> None:
        """Let the side's position go on to its next slice with events."""
        found = self.followers[side].next()
        if found is None:
            self.ahead.pop(side, None)
        else:
            self.ahead[side] = found


class _Run:
    """One block being decided. `records` are the book's lanes as they stand."""

    def __init__(self, scene: Scene, book: Book) -> None:
        self.scene, self.settings = scene, scene.settings
        self.records: dict[tuple[str, str], Lane] = dict(book.lanes)
        self.fired: dict[tuple[str, str], dict[tuple[str, str], int]] = {}
        self.costs = Costs(self.settings.fees, self.settings.slippage)
        self.active: dict[tuple[int, int], _Active] = {}
        self.rules = [rules_of(strategy) for strategy in scene.plan.strategies]
        for place, strategy in enumerate(scene.plan.strategies):
            for symbol, rule, firing in scene.firings(strategy):
                self._lane(place, strategy.id, symbol).firings[rule] = firing
        self._take_up_positions(book)

    def slices(self) -> Iterator[tuple[int, tuple[Event, ...]]]:
        """Yield the slices that have events, in time order."""
        waiting = [(time, key) for key, lane in self.active.items() if (time := lane.next_time()) is not None]
        heapq.heapify(waiting)
        while waiting:
            now = waiting[0][0]
            lanes: list[tuple[int, int]] = []
            while waiting and waiting[0][0] == now:
                lanes.append(heapq.heappop(waiting)[1])
            events = [event for key in lanes for event in self._exits(self.active[key], now)]
            events += [event for key in lanes for event in self._entries(self.active[key], now)]
            for key in lanes:
                later = self.active[key].next_time()
                if later is not None:
                    heapq.heappush(waiting, (later, key))
            if events:
                yield now, tuple(events)
        self._rest()

    def book(self) -> Book:
        """Return the book as it stands."""
        lanes = dict(self.records)
        for key, fired in self.fired.items():
            lanes[key] = replace(lanes.get(key, Lane()), fired=dict(fired))
        return Book(lanes)

    def _rest(self) -> None:
        """Keep how far silent positions have been followed."""
        for lane in self.active.values():
            record = self._record(lane)
            live = {
                side: lane.followers[side].position if side in lane.followers else position
                for side, position in record.live.items()
            }
            if live:
                self.records[lane.key] = replace(record, live=live)

    def _record(self, lane: _Active) -> Lane:
        return self.records.get(lane.key) or Lane()

    def _apply(self, lane: _Active, event: Event) -> Event:
        self.records[lane.key] = step(self._record(lane), event)
        return event

    def _exits(self, lane: _Active, now: int) -> Iterator[Event]:
        for side in SIDES:
            time, events = lane.ahead.get(side, (0, ()))
            if time != now:
                continue
            for event in events:
                yield self._apply(lane, event)
            if lane.followers[side].live:
                lane.run_ahead(side)
            else:
                del lane.followers[side], lane.ahead[side]

    def _entries(self, lane: _Active, now: int) -> Iterator[Event]:
        """Decide on what fires now, in the order of the rules."""
        for place, firing in lane.firings.items():
            if firing.next_time() != now:
                continue
            row = int(firing.rows[firing.at])
            firing.at += 1
            event = self._decide(lane, lane.rules[place], firing, now, row)
            if event is not None:
                yield self._apply(lane, event)

    def _decide(self, lane: _Active, rule: Rule, firing: Firing, now: int, row: int) -> Event | None:
        """Return the signal of a rule that fires, or why there is none, or None where that was told already."""
        record, strategy = self._record(lane), lane.strategy
        assert strategy is not None
        fired = self.fired.setdefault(lane.key, dict(record.fired))
        before, fired[rule.key] = fired.get(rule.key, 0), now
        if now <= self.settings.since:
            return None
        symbol = lane.key[1]
        made = decide_entry(self.scene, strategy, symbol, rule, row, record, self.book)
        if isinstance(made, Signal):
            position = pending(made, rule, self.scene.bars(symbol, rule.timeframe), row)
            self._follow(lane, position)
            return SignalFired(f"{made.id}-0", now, made, position)
        if made.reason == "open-position":  # nothing else can be said before something happens to that position
            passed = firing.skip_before(lane.ahead.get(rule.side.side, (None,))[0])
            fired[rule.key] = passed or now
        elif before != now - rule.timeframe.ms:
            return self._block(lane, rule, made, now, row)
        if record.blocked.get(rule.key) == why_blocked(made.reason, made.detail):
            return None
        return self._block(lane, rule, made, now, row)

    def _block(self, lane: _Active, rule: Rule, refusal: Refusal, now: int, row: int) -> SignalBlocked:
        strategy, symbol = lane.key
        bars = self.scene.bars(symbol, rule.timeframe)
        said = verdicts(rule.side, bars, int(bars.rows.searchsorted(row)))
        identity = f"{signal_id(strategy, symbol, *rule.key, now)}-blocked"
        return SignalBlocked(identity, now, strategy, symbol, *rule.key, refusal.reason, refusal.detail, said)

    def _take_up_positions(self, book: Book) -> None:
        """Follow the book's live positions, those of strategies that are gone from the plan too."""
        names = [strategy.id for strategy in self.scene.plan.strategies]
        live = sorted(key for key, record in book.lanes.items() if record.live)
        gone = sorted({strategy for strategy, _ in live}.difference(names))
        places = {strategy: place for place, strategy in enumerate([*names, *gone])}
        for strategy, symbol in live:
            if symbol not in self.scene.lanes:
                continue
            for position in book.lanes[strategy, symbol].live.values():
                if position.followed_until < self.scene.block.after:
                    raise NotFollowed(position, self.scene.block.after)
                self._follow(self._lane(places[strategy], strategy, symbol), position)

    def _follow(self, lane: _Active, position: Position) -> None:
        scene, signal = self.scene, position.signal
        timeframe = Timeframe.parse(signal.timeframe)
        path, fine = scene.path(signal.symbol), scene.followed(signal.symbol).at(signal.close_time)
        if not timeframe.is_multiple_of(fine):
            raise ValueError(f"{signal.symbol} is followed on {fine}, which {timeframe} is no multiple of")
        same = lane.strategy is not None and hash_of(scene, lane.strategy) == signal.plan_hash
        key = (signal.timeframe, str(signal.side))
        rules = next((rule.side for rule in lane.rules if same and rule.key == key), None)
        kept = kept_nodes(rules) if rules else ()
        truths = frozenset(node for node in kept if scene.plan.nodes[node].boolean)
        terms = Terms(scene.market(signal.symbol), self.costs, rules, truths)
        bars = scene.bars(signal.symbol, timeframe) if timeframe in scene.block.panels else None
        lane.followers[signal.side] = Follower(position, terms, path, bars, scene.block.until)
        lane.run_ahead(signal.side)

    def _lane(self, place: int, strategy: str, symbol: str) -> _Active:
        key = (place, self.scene.lanes[symbol])
        if key not in self.active:
            here = place < len(self.rules)
            known = self.scene.plan.strategies[place] if here else None
            self.active[key] = _Active((strategy, symbol), known, self.rules[place] if here else ())
        return self.active[key]
