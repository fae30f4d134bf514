"""decide: a plan's values over a block, and what is remembered, give events. Pure; the only place that decides.

A slice is everything that closes at one time. In a slice exits come first, then entries: strategies and symbols in
their order, timeframes in the document's order, long before short. Each (strategy, symbol) is a lane that jumps to
the next time at which it has something to say; lanes are merged by time. So a block of one instant (live), of a
day (replay) and of the whole history (backtest) give the same events.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from engine.domain.book import Book, Lane, step
from engine.domain.event import Event, SignalBlocked, SignalFired
from engine.domain.market import Block, Market, Timeframe, Times
from engine.domain.position import Position, Status
from engine.domain.signal import Side, Signal, Verdict, signal_id
from engine.domain.strategy import Plan, SideRules, StrategyRules
from engine.ports import RiskRule
from engine.trade.follow import Follower
from engine.trade.held import kept_nodes
from engine.trade.life import Costs, Terms
from engine.trade.path import Bars, Path
from engine.trade.quote import Refusal, quote

SIDES = (Side.LONG, Side.SHORT)
TRUE = 2


class NotFollowed(ValueError):
    """A live position has candles before this block that were not applied to it: start again from `time` (ms)."""

    def __init__(self, position: Position, after: int) -> None:
        super().__init__(
            f"the position {position.id} of {position.signal.strategy} on {position.signal.symbol} was followed until "
            f"{position.followed_until}, the block begins after {after}: go on with the book of the block before "
            "(Decisions.book), or decide the blocks since then again with `since`"
        )
        self.time = position.followed_until


class PlanValues(Protocol):
    """What decide reads of engine.plan.evaluate.Values."""

    @property
    def symbols(self) -> tuple[str, ...]: ...
    def of(self, node: int) -> npt.NDArray[Any]: ...


@dataclass(frozen=True, slots=True)
class Settings:
    """How to decide.

    `fees` and `slippage` are ratios. `follow` has per symbol the timeframe of its finest candles (default: the
    finest panel of the block); every timeframe of a strategy must be a multiple of it, and it must stay the same
    from block to block. `now` (ms): an entry whose candle closed more than one candle before it is stale (None:
    none is). `since` (ms): entries at or before it have been decided already; positions are followed all the
    same, and give the same events again. `universe` has per strategy id the symbols of its watchlist (default:
    its own symbols, else all that have a market). `history` has per symbol the time (ms) at which its known history
    begins.
    """

    fees: float = 0.0
    slippage: float = 0.0
    venue: str = ""
    engine_version: str = ""
    follow: Mapping[str, Timeframe] = field(default_factory=dict)
    now: int | None = None
    since: int = 0
    risk: tuple[RiskRule, ...] = ()
    universe: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    history: Mapping[str, int] = field(default_factory=dict)


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
    return Decisions(_Run(plan, values, block, book, markets, settings))


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


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Candles on which a side of one lane fires, in the order in which they are decided.

    `place` numbers the sides over the timeframes in the document's order; `row` is the row of the panel.
    """

    time: Times
    place: npt.NDArray[np.int64]
    row: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Rule:
    """One side on one timeframe of a strategy."""

    timeframe: Timeframe
    side: SideRules


class _Active:
    """One lane at work in one block."""

    def __init__(
        self, key: tuple[str, str], rules: StrategyRules | None, places: tuple[_Rule, ...], symbol: int
    ) -> None:
        self.key, self.rules, self.places, self.symbol = key, rules, places, symbol
        self.candidates: _Candidates | None = None
        self.at = 0
        self.followers: dict[Side, Follower] = {}
        self.ahead: dict[Side, tuple[int, tuple[Event, ...]]] = {}

    def next_time(self) -> int | None:
        times = [time for time, _ in self.ahead.values()]
        if self.candidates is not None and self.at < len(self.candidates.time):
            times.append(int(self.candidates.time[self.at]))
        return min(times, default=None)

    def run_ahead(self, side: Side) -> None:
        """Let the side's position go on to its next slice with events."""
        found = self.followers[side].next()
        if found is None:
            self.ahead.pop(side, None)
        else:
            self.ahead[side] = found


class _Run:
    """One block being decided."""

    def __init__(
        self,
        plan: Plan,
        values: PlanValues,
        block: Block,
        book: Book,
        markets: Mapping[str, Market],
        settings: Settings,
    ) -> None:
        self.plan, self.values, self.block, self.markets, self.settings = plan, values, block, markets, settings
        self.records: dict[tuple[str, str], Lane] = dict(book.lanes)
        self.fired: dict[tuple[str, str], dict[tuple[str, str], int]] = {}
        self.costs = Costs(settings.fees, settings.slippage)
        self._lane_of = {symbol: lane for lane, symbol in enumerate(values.symbols)}
        self._paths: dict[str, Path] = {}
        self._bars: dict[tuple[str, Timeframe], Bars] = {}
        self.active: dict[tuple[int, int], _Active] = {}
        for place, rules in enumerate(plan.strategies):
            self._find_candidates(place, rules)
        self._take_up_positions(book)

    # -- the march --

    def slices(self) -> Iterator[tuple[int, tuple[Event, ...]]]:
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
        lanes = dict(self.records)
        for key, fired in self.fired.items():
            lanes[key] = replace(lanes.get(key, Lane()), fired=dict(fired))
        return Book(lanes)

    def _rest(self) -> None:
        """Keep how far silent positions have been followed."""
        for lane in self.active.values():
            record = self.records.get(lane.key, Lane())
            live = {
                side: lane.followers[side].position if side in lane.followers else position
                for side, position in record.live.items()
            }
            if live:
                self.records[lane.key] = replace(record, live=live)

    def _apply(self, key: tuple[str, str], event: Event) -> Event:
        self.records[key] = step(self.records.get(key, Lane()), event)
        return event

    def _exits(self, lane: _Active, now: int) -> Iterator[Event]:
        for side in SIDES:
            time, events = lane.ahead.get(side, (0, ()))
            if time != now:
                continue
            for event in events:
                yield self._apply(lane.key, event)
            if lane.followers[side].live:
                lane.run_ahead(side)
            else:
                del lane.followers[side], lane.ahead[side]

    def _entries(self, lane: _Active, now: int) -> Iterator[Event]:
        found = lane.candidates
        while found is not None and lane.at < len(found.time) and found.time[lane.at] == now:
            rule = lane.places[int(found.place[lane.at])]
            row = int(found.row[lane.at])
            lane.at += 1
            event = self._decide_entry(lane, rule, now, row)
            if event is not None:
                yield self._apply(lane.key, event)

    # -- entries --

    def _decide_entry(self, lane: _Active, rule: _Rule, now: int, row: int) -> Event | None:
        """Return the signal of a side that fires, or why there is none, or None where that was told already."""
        key = (rule.timeframe.text, str(rule.side.side))
        fired = self.fired.setdefault(lane.key, dict(self.records.get(lane.key, Lane()).fired))
        before = fired.get(key, 0)
        fired[key] = now
        if now <= self.settings.since:
            return None
        made = self._signal(lane, rule, now, row)
        if isinstance(made, Signal):
            position = self._take_up(lane, rule, made, row)
            return SignalFired(f"{made.id}-0", now, made, position)
        if before == now - rule.timeframe.ms and self.records.get(lane.key, Lane()).blocked.get(key) == made.reason:
            return None
        strategy, symbol = lane.key
        identity = signal_id(strategy, symbol, *key, now)
        verdicts = self._verdicts(rule.side, self._bars_of(symbol, rule.timeframe), row)
        return SignalBlocked(f"{identity}-blocked", now, strategy, symbol, *key, made.reason, made.detail, verdicts)

    def _signal(self, lane: _Active, rule: _Rule, now: int, row: int) -> Signal | Refusal:
        strategy, symbol = lane.key
        rules, side = lane.rules, rule.side
        assert rules is not None
        refusal = self._refusal(lane, rules, rule, now, row)
        if refusal is not None:
            return refusal
        bars = self._bars_of(symbol, rule.timeframe)
        index = bars.after(now) - 1
        quoted = quote(side, bars, index, self._market(symbol))
        if isinstance(quoted, Refusal):
            return quoted
        for protection in self.settings.risk:
            why = protection.refuse(strategy, symbol, str(side.side), now, self.book())
            if why is not None:
                return Refusal(f"protection:{protection.name}", why)
        return Signal(
            strategy, symbol, rule.timeframe.text, side.side, now, quoted.entry, quoted.stop, quoted.targets,
            confidence=float(bars.at(side.confidence, index)), expire_ms=side.expire_ms, version=rules.version,
            plan_hash=rules.hash or self.plan.hash, engine_version=self.settings.engine_version,
            venue=self.settings.venue or self._market(symbol).venue, verdicts=self._verdicts(side, bars, row),
            short_of_history=self._short_of_history(side, symbol, rule.timeframe, now),
        )  # fmt: skip

    def _refusal(self, lane: _Active, rules: StrategyRules, rule: _Rule, now: int, row: int) -> Refusal | None:
        """Return the first of what forbids an entry before its prices are asked for."""
        record = self.records.get(lane.key, Lane())
        if rule.side.side in record.live:
            return Refusal("open-position", record.live[rule.side.side].id)
        last = {"signal": record.last_signal, "exit": record.last_exit, "stop": record.last_stop}
        for cooldown in rules.cooldowns:
            if last[cooldown.after] and now < last[cooldown.after] + cooldown.ms:
                return Refusal("cooldown", f"after {cooldown.after}")
        if self.settings.now is not None and self.settings.now - now > rule.timeframe.ms:
            return Refusal("stale", f"{(self.settings.now - now) // 1000} s late")
        where = rules.universe.where.get(rule.timeframe)
        if where is not None:
            bars = self._bars_of(lane.key[1], rule.timeframe)
            if bars.at(where, bars.after(now) - 1) != TRUE:
                return Refusal("filter", rules.universe.where_text)
        return None

    def _verdicts(self, side: SideRules, bars: Bars, row: int) -> tuple[Verdict, ...]:
        index = int(bars.rows.searchsorted(row))
        return tuple(
            Verdict(
                rule.name, rule.text, int(bars.at(rule.node, index)), rule.must, rule.weight,
                tuple((text, float(bars.at(node, index))) for text, node in rule.parts),
            )
            for rule in side.conditions
        )  # fmt: skip

    def _short_of_history(self, side: SideRules, symbol: str, timeframe: Timeframe, now: int) -> int:
        """Return how many candles of the timeframe are missing before now for all that the side reads to be settled."""
        begin = self.settings.history.get(symbol)
        if begin is None:
            return 0
        need = max(self.plan.nodes[node].history_ms for node in (side.fires, side.confidence))
        return max(0, -(-(need - (now - begin)) // timeframe.ms))

    def _take_up(self, lane: _Active, rule: _Rule, signal: Signal, row: int) -> Position:
        """Start to follow a new signal."""
        bars = self._bars_of(signal.symbol, rule.timeframe)
        index = int(bars.rows.searchsorted(row))
        kept = tuple((place, float(bars.at(node, index))) for place, node in enumerate(kept_nodes(rule.side)))
        position = Position(
            signal, Status.PENDING, stop=signal.stop, at_entry=kept, followed_until=signal.close_time, told=1
        )
        self._follow(lane, position)
        return position

    # -- positions --

    def _take_up_positions(self, book: Book) -> None:
        names = [rules.id for rules in self.plan.strategies]
        gone = sorted({strategy for strategy, _ in book.lanes}.difference(names))
        places = {strategy: place for place, strategy in enumerate([*names, *gone])}
        for (strategy, symbol), record in sorted(book.lanes.items()):
            if symbol not in self._lane_of:
                continue
            for position in record.live.values():
                if position.followed_until < self.block.after:
                    raise NotFollowed(position, self.block.after)
                self._follow(self._lane(places[strategy], strategy, symbol), position)

    def _follow(self, lane: _Active, position: Position) -> None:
        signal = position.signal
        timeframe = Timeframe.parse(signal.timeframe)
        same = lane.rules is not None and (lane.rules.hash or self.plan.hash) == signal.plan_hash
        rules = next((r.side for r in lane.places if (r.timeframe, r.side.side) == (timeframe, signal.side)), None)
        rules = rules if same else None
        truths = (
            frozenset(node for node in kept_nodes(rules) if self.plan.nodes[node].boolean) if rules else frozenset()
        )
        terms = Terms(self._market(signal.symbol), self.costs, rules, truths)
        bars = self._bars_of(signal.symbol, timeframe) if timeframe in self.block.panels else None
        path = self._path(signal.symbol)
        if not timeframe.is_multiple_of(path.timeframe):
            raise ValueError(f"{signal.symbol} is followed on {path.timeframe}, which {timeframe} is no multiple of")
        lane.followers[signal.side] = Follower(position, terms, path, bars, self.block.until)
        lane.run_ahead(signal.side)

    # -- the parts --

    def _find_candidates(self, place: int, rules: StrategyRules) -> None:
        """Note for each lane of a strategy the candles on which a side fires."""
        places = _places(rules)
        times, orders, lanes, rows = [], [], [], []
        for order, rule in enumerate(places):
            panel = self.block.panels.get(rule.timeframe)
            if panel is None or not len(panel.close_time):
                continue
            row, lane = np.nonzero((self.values.of(rule.side.fires) == TRUE) & (panel.here == 1))
            times.append(panel.close_time[row])
            orders.append(np.full(len(row), order, np.int64))
            lanes.append(lane)
            rows.append(row)
        if not times or not any(map(len, times)):
            return
        time, order_, lane_, row_ = (np.concatenate(part) for part in (times, orders, lanes, rows))
        sequence = np.lexsort((order_, time, lane_))
        time, order_, lane_, row_ = time[sequence], order_[sequence], lane_[sequence], row_[sequence]
        for symbol in self._symbols(rules):
            first, last = np.searchsorted(lane_, [self._lane_of[symbol], self._lane_of[symbol] + 1])
            if first < last:
                cut = slice(int(first), int(last))
                self._lane(place, rules.id, symbol).candidates = _Candidates(time[cut], order_[cut], row_[cut])

    def _symbols(self, rules: StrategyRules) -> tuple[str, ...]:
        named = self.settings.universe.get(rules.id, rules.universe.symbols or tuple(self.markets))
        return tuple(symbol for symbol in named if symbol in self._lane_of)

    def _lane(self, place: int, strategy: str, symbol: str) -> _Active:
        key = (place, self._lane_of[symbol])
        if key not in self.active:
            rules = self.plan.strategies[place] if place < len(self.plan.strategies) else None
            self.active[key] = _Active((strategy, symbol), rules, _places(rules) if rules else (), key[1])
        return self.active[key]

    def _market(self, symbol: str) -> Market:
        return self.markets.get(symbol) or Market(self.settings.venue, symbol)

    def _path(self, symbol: str) -> Path:
        if symbol not in self._paths:
            timeframe = self.settings.follow.get(symbol) or min(self.block.panels)
            self._paths[symbol] = Path.of(self.block.panels[timeframe], self._lane_of[symbol])
        return self._paths[symbol]

    def _bars_of(self, symbol: str, timeframe: Timeframe) -> Bars:
        key = (symbol, timeframe)
        if key not in self._bars:
            self._bars[key] = Bars.of(self.block.panels[timeframe], self._lane_of[symbol], self.values)
        return self._bars[key]


def _places(rules: StrategyRules) -> tuple[_Rule, ...]:
    return tuple(_Rule(timeframe, side) for timeframe, sides in rules.rules.items() for side in sides)
