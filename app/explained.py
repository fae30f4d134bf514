"""One candle decided again: every value under the conditions, and what decide makes of it after all that was before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from dsl.explain import Anatomy, Reader
from engine.decide import Settings, decide
from engine.domain.book import Book, Lane
from engine.domain.event import Event, SignalBlocked, SignalFired
from engine.domain.market import Block
from engine.domain.signal import Side, Signal, Verdict
from engine.domain.strategy import Plan
from engine.feeds.blocks import gather
from engine.feeds.scope import Scope, begins, first_candle, history_of, last_candle, survey
from engine.plan.evaluate import Evaluator, Values
from engine.plan.explain import value_at
from engine.ports import Feed, Predictor
from engine.trade.entry import decide_entry
from engine.trade.quote import Refusal
from engine.trade.scene import Scene, rules_of

SPAN = 7 * 86_400_000
"""So much (ms) is evaluated at once: it bounds memory and changes nothing else."""
TRUE = 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was decided on one side. kind: signal, blocked or silent (it did not fire).

    `signal` is the one that was made, or of a silent side the one it would have made; `reason` why there is none,
    or would have been none; `lane` what was remembered then.
    """

    kind: str
    reason: str = ""
    detail: str = ""
    signal: Signal | None = None
    verdicts: tuple[Verdict, ...] = ()
    lane: Lane | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Instant:
    """One symbol on the candle that closed at `time`: what every node said there (`read`), and what was decided.

    `candles` counts the candles of the timeframe up to this one. `skipped` says in a line each what the data lacks.
    """

    time: int
    symbol: str
    close: float
    candles: int
    read: Reader
    outcomes: Mapping[Side, Outcome]
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Journey:
    """How to run over a feed: what to look at, from which candle, and after which time (ms) to decide."""

    scope: Scope
    first: int
    begin: int
    end: int


def journey(plan: Plan, feed: Feed, universe: Mapping[str, Sequence[str]], since: int | None) -> Journey | None:
    """Plan the way over all that `feed` has, as a backtest does; None where it has nothing of these symbols."""
    whole = survey(plan, feed, universe)
    first, last = first_candle(feed, whole), last_candle(feed, whole)
    if first is None or last is None:
        return None
    begin = max(first, first if since is None else since)
    return Journey(survey(plan, feed, universe, (begin, max(last, begin + 1))), first, begin, last)


def decide_at(
    anatomy: Anatomy,
    feed: Feed,
    way: Journey,
    symbol: str,
    time: int,
    settings: Settings,
    predictors: Mapping[str, Predictor],
) -> Instant:
    """Run everything up to `time`, the close time of a candle of `symbol` that `feed` has, and look at it there."""
    scope, begin = way.scope, min(way.begin, time - 1)
    how = replace(
        settings, follow=scope.follow, universe=scope.universe, since=begin, history=history_of(feed, scope, way.first)
    )
    evaluator = Evaluator(anatomy.plan, scope.symbols, predictors=predictors, keep=anatomy.nodes())
    book = Book()
    for block, decided in blocks(feed, way, begin, time - 1):
        if not decided:
            evaluator.skip(block)
            continue
        decisions = decide(anatomy.plan, evaluator.advance(block), block, book, scope.markets, how)
        for _ in decisions:
            pass
        book = decisions.book
    block = gather(feed, scope.symbols, scope.timeframes, time - 1, time, scope.series)
    values = evaluator.advance(block)
    lane = values.lane(symbol)
    strategy = anatomy.strategy.id
    open_book = _told_anew(book, strategy, symbol)
    events = [
        event
        for _, told in decide(anatomy.plan, values, block, open_book, scope.markets, how)
        for event in told
    ]  # fmt: skip
    scene = Scene(anatomy.plan, values, block, scope.markets, how)
    candles = feed.candles(symbol, anatomy.timeframe, 0, time)
    return Instant(
        time, symbol, float(block.panels[anatomy.timeframe].fields["close"][-1, lane]), len(candles),
        _reader(values, lane), _outcomes(anatomy, scene, symbol, book, events), scope.skipped,
    )  # fmt: skip


def blocks(feed: Feed, way: Journey, begin: int, until: int) -> Iterator[tuple[Block, bool]]:
    """Yield the blocks from the first candle up to `until`, and whether each is decided or only warms up."""
    scope, begun = way.scope, begins(feed, way.scope)
    # What fired on the last candles before deciding starts is remembered, as a backtest does it.
    warm = min(until, max(way.first, begin - 2 * max(timeframe.ms for timeframe in scope.timeframes)))
    for after, close in pairwise(sorted({way.first, warm, *(t for t in begun.values() if way.first < t < warm)})):
        there = [timeframe for timeframe in scope.timeframes if begun.get(timeframe, close) < close]
        for start in range(after, close, SPAN):
            yield gather(feed, scope.symbols, there, start, min(start + SPAN, close), scope.series), False
    for start in range(warm, until, SPAN):
        yield gather(feed, scope.symbols, scope.timeframes, start, min(start + SPAN, until), scope.series), True


def _reader(values: Values, lane: int) -> Reader:
    """Return the values on the last row of a block of one instant."""

    def read(node: int) -> float | None:
        found = values.of(node)
        return value_at(found, -1, lane) if len(found) else float("nan")

    return read


def _told_anew(book: Book, strategy: str, symbol: str) -> Book:
    """Return the book without what was told of blocked candles before: then a block is told in any case."""
    lane = replace(book.lane(strategy, symbol), blocked={}, fired={})
    return Book({**book.lanes, (strategy, symbol): lane})


def _outcomes(
    anatomy: Anatomy, scene: Scene, symbol: str, before: Book, events: Sequence[Event]
) -> dict[Side, Outcome]:
    """Return what came of each side; of one that did not fire, what would have come of it."""
    strategy, found = anatomy.strategy, {}
    order = [rule.key for rule in rules_of(strategy)]
    for rule in rules_of(strategy):
        if rule.timeframe != anatomy.timeframe:
            continue
        book = before.apply(_earlier(events, strategy.id, symbol, order[order.index(rule.key) :]))
        told = next((event for event in events if about(event, strategy.id, symbol) == rule.key), None)
        lane = book.lane(strategy.id, symbol)
        if isinstance(told, SignalFired):
            found[rule.side.side] = Outcome("signal", signal=told.signal, verdicts=told.signal.verdicts)
        elif isinstance(told, SignalBlocked):
            found[rule.side.side] = Outcome("blocked", told.reason, told.detail, verdicts=told.verdicts, lane=lane)
        else:
            made = decide_entry(scene, strategy, symbol, rule, 0, lane, lambda book=book: book)  # type: ignore[misc]
            found[rule.side.side] = replace(_silent(made), lane=lane)
    return found


def _silent(made: Signal | Refusal) -> Outcome:
    if isinstance(made, Refusal):
        return Outcome("silent", made.reason, made.detail)
    return Outcome("silent", signal=made)


def _earlier(events: Sequence[Event], strategy: str, symbol: str, later: Sequence[tuple[str, str]]) -> Iterator[Event]:
    """Yield the events of a slice that come before the entries of the rules `later`."""
    for event in events:
        if about(event, strategy, symbol) in later:
            return
        yield event


def about(event: Event, strategy: str, symbol: str) -> tuple[str, str] | None:
    """Return the rule (timeframe, side) of this lane that an entry's event is about."""
    if isinstance(event, SignalFired):
        signal = event.signal
        return (signal.timeframe, str(signal.side)) if (signal.strategy, signal.symbol) == (strategy, symbol) else None
    if isinstance(event, SignalBlocked):
        return (event.timeframe, event.side) if (event.strategy, event.symbol) == (strategy, symbol) else None
    return None
