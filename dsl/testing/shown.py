"""What is shown of a failed expectation: the conditions as `engine explain` tells them, and what became of a position.

Lines are of at most WIDTH columns: what stands around a failure indents them by six more.
"""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from dsl.explain import FALSE, TRUE, Anatomy, Reader, SideParts, lay_open, tell, truth_of
from dsl.explain.blockers import blocker
from dsl.explain.page import Page, Reasons, confidence_text, fire_text
from dsl.load import Loaded
from dsl.testing.cases import Case
from dsl.testing.feeds import as_given
from engine.domain.book import Lane, step
from engine.domain.event import (
    Event,
    PartExited,
    PositionAdded,
    PositionClosed,
    PositionEvent,
    PositionOpened,
    SignalBlocked,
    StopMoved,
    TakeProfitHit,
)
from engine.domain.market import Timeframe, Times
from engine.domain.position import Position
from engine.domain.signal import Signal
from engine.domain.strategy import Plan, StrategyRules
from engine.feeds.blocks import gather
from engine.feeds.scope import first_candle, survey
from engine.plan.evaluate import Evaluator, Values
from engine.plan.explain import value_at
from engine.ports import Feed

WIDTH = 74


@dataclass(frozen=True)
class Facts:
    """What happened in one case, on the case's own timeframe. `begin` is the close time of bar 0 (ms).

    `lives` has per position, by its id, what happened to it.
    """

    case: Case
    loaded: Loaded
    plan: Plan
    rules: StrategyRules
    timeframe: Timeframe
    feed: Feed
    begin: int
    end: int
    events: tuple[Event, ...]
    positions: tuple[Position, ...]
    blocked: tuple[SignalBlocked, ...]
    lives: Mapping[str, tuple[PositionEvent, ...]]

    def bar(self, time: int) -> int:
        return (time - self.begin) // self.timeframe.ms

    def time(self, bar: float) -> int:
        return self.begin + round(bar) * self.timeframe.ms

    def why_blocked(self, blocked: SignalBlocked) -> str:
        """Return the reason of a block, and which position or cooldown it was."""
        lane = Lane()
        for event in itertools.takewhile(lambda event: event is not blocked, self.events):
            lane = step(lane, event)
        found = blocker(blocked.reason, blocked.detail, lane, self.rules)
        more = found.text() if found is not None else blocked.detail
        return f"{blocked.reason} ({more})" if more else blocked.reason

    def reason(self, position: Position) -> str:
        """Return why a position ended, '' where it has not."""
        ends = [event for event in self.lives[position.id] if isinstance(event, PositionClosed)]
        return ends[0].reason if ends else ""

    @cached_property
    def seen(self) -> Seen:
        """Return the values under everything that can be asked for."""
        return Seen.of(self)


@dataclass(frozen=True)
class Seen:
    """The values of a case under its conditions and lets, on every candle up to its end."""

    facts: Facts
    anatomy: Anatomy
    values: Values
    times: Times
    lane: int

    @staticmethod
    def of(facts: Facts) -> Seen:
        laid = lay_open(facts.loaded, facts.rules.id, facts.timeframe)
        plan = as_given(replace(laid.plan, strategies=facts.plan.strategies), facts.case)
        symbol = facts.case.symbol
        scope = survey(plan, facts.feed, {facts.rules.id: (symbol,)})
        first = first_candle(facts.feed, scope) or 0
        block = gather(facts.feed, scope.symbols, scope.timeframes, first, facts.end, scope.series)
        named = {place for place, node in enumerate(plan.nodes) if node.boolean and node.text.isidentifier()}
        kept = laid.nodes() | named
        values = Evaluator(replace(plan, strategies=()), scope.symbols, keep=kept).advance(block)
        return Seen(facts, replace(laid, plan=plan), values, values.close_time(facts.timeframe), values.lane(symbol))

    def lets(self, names: Collection[str], time: int) -> dict[str, int]:
        """Return the truth of lets that are conditions, on a candle; a let that no rule reads is not there."""
        read = self.reader(int(self.times.searchsorted(time)))
        found = {}
        for place, node in enumerate(self.anatomy.plan.nodes):
            here = node.boolean and node.frame.timeframe == self.facts.timeframe and not node.frame.symbol
            if here and node.text in names:
                found[node.text] = truth_of(read(place)) or FALSE
        return found

    def names(self) -> tuple[str, ...]:
        """Return the names of lets that are conditions."""
        return tuple(n.text for n in self.anatomy.plan.nodes if n.boolean and n.text.isidentifier())

    def reader(self, row: int) -> Reader:
        """Return the values on one row."""
        return lambda node: value_at(self.values.of(node), row, self.lane)

    def nearest(self, first: int, last: int, side: str | None) -> Iterator[str]:
        """Yield the conditions of each side (or of `side`) on the candle from `first` to `last` (ms) that came nearest
        to firing."""
        here = self._column(self.values.here(self.anatomy.plan.nodes[self.anatomy.sides[0].rules.fires].frame)) != 0
        rows = np.flatnonzero(here & (self.times >= first) & (self.times <= last))
        if not len(rows):
            yield f"there is no candle at bar {self.facts.bar(first)}"
            return
        if side is not None and all(str(parts.rules.side) != side for parts in self.anatomy.sides):
            yield f"{self.facts.rules.id} has no {side} side"
        for parts in self.anatomy.sides:
            if side in (None, str(parts.rules.side)):
                row = int(rows[self._nearness(parts, rows).argmax()])
                nearest = ", the nearest," if len(rows) > 1 else ""
                yield from self.side(parts, row, f"at bar {self.facts.bar(int(self.times[row]))}{nearest}")

    def _nearness(self, parts: SideParts, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
        """Return how near a side is to firing on each row: it fires, the share of its musts, its confidence."""
        rules = parts.rules
        musts = [self._column(self.values.of(c.node))[rows] == TRUE for c in rules.conditions if c.must]
        share = np.mean(musts, axis=0) if musts else np.ones(len(rows))
        fires = self._column(self.values.of(rules.fires))[rows] == TRUE
        confidence = np.nan_to_num(self._column(self.values.of(rules.confidence))[rows], nan=-1.0)
        nearness: npt.NDArray[np.float64] = fires * 1e6 + share * 1e3 + confidence
        return nearness

    def _column(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return values[:, self.lane if values.shape[1] > 1 else 0]

    def side(self, parts: SideParts, row: int, place: str) -> Iterator[str]:
        """Yield the lines of a side: what holds in a line each, what does not opened down to what failed."""
        read = self.reader(row)
        fires = truth_of(read(parts.rules.fires))
        says = "fires" if fires == TRUE else "does not fire" if fires == FALSE else "does not fire: unknown"
        low, high = (read(node) for node in parts.confidence)
        head = f"{parts.rules.side} {place} {says}; confidence {confidence_text(low, high)}"
        yield from wrapped(head + fire_text(parts.fire, read))
        reasons = Reasons(self.anatomy.plan, read, self.anatomy.sources, row + 1)
        page = Page(reasons, brief=True, width=WIDTH)
        for rule, part in zip(parts.rules.conditions, parts.conditions, strict=True):
            page.condition(rule, tell(part, read), read)
        yield from page.lines


def verdicts(signal: Signal) -> list[str]:
    """Return what the conditions of a signal said, as they were kept with it."""
    page = Page(None, width=WIDTH)
    for said in signal.verdicts:
        page.verdict(said)
    return page.lines


def story(facts: Facts, position: Position) -> Iterator[str]:
    """Yield what happened to a position, a line each; a trail that followed the price is told once."""
    trailed: list[StopMoved] = []
    for event in facts.lives[position.id]:
        if isinstance(event, StopMoved) and event.why == "trail":
            trailed.append(event)
            continue
        if trailed:
            yield from wrapped(_trail(facts, trailed))
            trailed = []
        yield from wrapped(f"bar {facts.bar(event.time)}: {_told(event)}")
    if trailed:
        yield from wrapped(_trail(facts, trailed))
    if position.status.live:
        stop = f", stop {position.stop:.10g}" if position.stop is not None else ""
        yield f"still {position.status} at the end of the candles{stop}"


def _told(event: PositionEvent) -> str:
    match event:
        case PositionOpened():
            return f"filled at {event.fill.price:.10g}"
        case PositionAdded():
            number, entry = event.position.adds_filled, event.position.entry
            return f"add {number} filled at {event.fill.price:.10g}, average entry {entry:.10g}"
        case TakeProfitHit():
            return f"target {event.target} at {event.fill.price:.10g}"
        case PartExited():
            return f"exit {event.rule} closed a part at {event.fill.price:.10g}"
        case StopMoved():
            old = "" if event.old is None else f"from {event.old:.10g} "
            return f"stop moved {old}to {event.position.stop:.10g} after {event.why}"
        case PositionClosed():
            price = f" at {event.fill.price:.10g}" if event.fill is not None else ""
            return f"{event.position.status}, {event.reason}{price}; result {event.position.result:.3%}"
    return event.kind


def _trail(facts: Facts, moves: Sequence[StopMoved]) -> str:
    first, last = facts.bar(moves[0].time), facts.bar(moves[-1].time)
    where = f"bar {first}" if first == last else f"bars {first} to {last}"
    return f"{where}: the trail moved the stop to {moves[-1].position.stop:.10g}"


def wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent="  ", break_on_hyphens=False)
