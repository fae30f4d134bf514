"""A backtest: the same evaluation and the same decide over the whole history, without a database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Protocol

from engine.decide import Settings, decide
from engine.domain.book import Book
from engine.domain.event import Event, SignalBlocked
from engine.domain.market import Block, Market
from engine.domain.position import Position
from engine.domain.strategy import Plan
from engine.feeds.blocks import fields_read, gather
from engine.feeds.scope import begins, first_candle, history_of, last_candle, survey
from engine.plan.evaluate import Evaluator
from engine.ports import Feed, Predictor
from engine.report import Numbers, numbers, positions_of
from engine.trade.course import book_after, merged
from engine.trade.told import Told
from engine.trade.trades import Trades, trades_of


class NoCandles(ValueError):
    """There is nothing to run over: no candles of the symbols, or none in the span."""


class Outcome(Protocol):
    """What is asked of a backtest once it is done: of one, or of several that were joined."""

    @property
    def positions(self) -> tuple[Position, ...]: ...
    @property
    def blocked(self) -> tuple[SignalBlocked, ...]: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def skipped(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Joined:
    """Backtests of one plan on different symbols, as one: their lanes share nothing, so nothing else would be told."""

    positions: tuple[Position, ...]
    blocked: tuple[SignalBlocked, ...]
    start: int
    end: int
    skipped: tuple[str, ...] = ()

    @staticmethod
    def of(parts: Sequence[Outcome], plan: Plan, symbols: Sequence[str], skipped: Sequence[str] = ()) -> Joined:
        """Join them in the order in which one backtest of all `symbols` would have told what they told."""
        strategies = {rules.id: place for place, rules in enumerate(plan.strategies)}
        lanes = {symbol: place for place, symbol in enumerate(symbols)}

        def fired(position: Position) -> tuple[int, int, int]:
            signal = position.signal
            return signal.close_time, strategies[signal.strategy], lanes[signal.symbol]

        def refused(event: SignalBlocked) -> tuple[int, int, int]:
            return event.time, strategies[event.strategy], lanes[event.symbol]

        return Joined(
            tuple(sorted((position for part in parts for position in part.positions), key=fired)),
            tuple(sorted((event for part in parts for event in part.blocked), key=refused)),
            min(part.start for part in parts), max(part.end for part in parts), tuple(skipped),
        )  # fmt: skip


class Result:
    """What a backtest told. `skipped` says what the data lacks, a line each; `start` and `end` (ms) the span in which
    signals were made.

    `trades` are columns, there at once; `events` and `positions` are made where they are asked for.
    """

    def __init__(
        self, blocks: Sequence[Sequence[tuple[int, Told]]], before: Book, start: int, end: int,
        skipped: tuple[str, ...], fees: float,
    ) -> None:  # fmt: skip
        """`before` is the book before the last of `blocks`."""
        self._blocks, self._before, self._fees = blocks, before, fees
        self.start, self.end, self.skipped = start, end, skipped

    @cached_property
    def book(self) -> Book:
        """Return what is remembered at the end: above all what is still live."""
        return book_after(self._before, self._blocks[-1]) if self._blocks else self._before

    @cached_property
    def trades(self) -> Trades:
        """Return every signal's position as columns."""
        return trades_of(self._blocks, self._fees)

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """Return all that was told, in its order: what a live run over the same candles tells."""
        return tuple(parts[part][1].event(row) for parts in self._blocks for part, row in merged(parts))

    @cached_property
    def positions(self) -> tuple[Position, ...]:
        """Return each signal's position as it stands at the end, in the order of the signals."""
        latest = {position.id: position for position in self.book.live_positions()}
        return tuple(latest.get(position.id, position) for position in positions_of(self.events))

    @cached_property
    def blocked(self) -> tuple[SignalBlocked, ...]:
        """Return every signal that was not made although its side fired, in the order of time."""
        return tuple(event for event in self.events if isinstance(event, SignalBlocked))

    def of(self, strategy: str) -> tuple[Position, ...]:
        """Return one strategy's positions, in the order of their signals."""
        return tuple(position for position in self.positions if position.signal.strategy == strategy)

    def numbers(self, strategy: str | None = None) -> Numbers:
        """Return the numbers of one strategy, or of all together."""
        return numbers(self.positions if strategy is None else self.of(strategy))


def backtest(
    plan: Plan,
    feed: Feed,
    universe: Mapping[str, Sequence[str]],
    settings: Settings,
    *,
    start: int | None = None,
    end: int | None = None,
    span: int = 0,
    predictors: Mapping[str, Predictor] | None = None,
    hand: Callable[[Sequence[tuple[int, Told]]], None] | None = None,
    threads: int = 1,
) -> Result:
    """Run `plan` over all that `feed` has, and decide what closed in (start, end].

    `universe` has per strategy id the symbols it may trade (default: those it names). Candles before `start`
    only warm up. `span` (ms) is how much is evaluated at once, 0 for all of it: it bounds memory and changes
    nothing else. Of `settings` the symbols, the followed timeframes and the history are filled in here. `hand` is
    given what every block told, by strategy; then it is let go, and the result has no events and no trades. So many
    `threads` evaluate, with the same values.
    Raises FeedError, and NoCandles where there are none in the span.
    """
    whole = survey(plan, feed, universe)
    first, last = first_candle(feed, whole), last_candle(feed, whole)
    if first is None or last is None:
        raise NoCandles("there are no candles of these symbols")
    begin, stop = max(first, first if start is None else start), min(last, last if end is None else end)
    if begin >= stop:
        raise NoCandles("there are no candles of these symbols in that span")
    scope = survey(plan, feed, universe, (begin, stop))
    how = replace(
        settings, follow=scope.follow, universe=scope.universe, since=begin, history=history_of(feed, scope, first)
    )
    begun, read = begins(feed, scope), fields_read(plan)

    def block(after: int, until: int) -> Block:
        there = [timeframe for timeframe in scope.timeframes if after >= warm or begun.get(timeframe, until) < until]
        return gather(feed, scope.symbols, there, after, until, scope.series, read)

    # What fired on the last candles before `start` is remembered: deciding begins with them, silently.
    warm = max(first, begin - 2 * max(timeframe.ms for timeframe in scope.timeframes))
    evaluator = Evaluator(plan, scope.symbols, predictors=predictors, threads=threads)
    borders = sorted({first, warm, *(opened for opened in begun.values() if first < opened < warm)})
    for opening, closing in pairwise(borders):
        for after, until in _cut(opening, closing, span):
            evaluator.skip(block(after, until))
    decided = (block(after, until) for after, until in _cut(warm, stop, span))
    blocks, book = decide_all(plan, evaluator, decided, scope.markets, how, hand)
    return Result(blocks, book, begin, stop, scope.skipped, how.fees)


def _cut(after: int, until: int, span: int) -> Iterator[tuple[int, int]]:
    """Cut (after, until] into spans of that length (ms), 0 for one."""
    for begin in range(after, until, span or until - after or 1):
        yield begin, min(begin + span, until) if span else until


def decide_all(
    plan: Plan,
    evaluator: Evaluator,
    blocks: Iterable[Block],
    markets: Mapping[str, Market],
    settings: Settings,
    hand: Callable[[Sequence[tuple[int, Told]]], None] | None = None,
) -> tuple[list[Sequence[tuple[int, Told]]], Book]:
    """Return what consecutive blocks tell (where nobody is handed it), and the book before the last of those."""
    book, found = Book(), list[Sequence[tuple[int, Told]]]()
    for block in blocks:
        if found:
            book = book_after(book, found[-1])
            for _, told in found[-1]:
                told.forget()
        parts = decide(plan, evaluator.advance(block), block, book, markets, settings).told()
        if hand is not None:
            hand(parts)
            book = book_after(book, parts)
            continue
        for _, told in parts:
            told.settle()
        found.append(parts)
    return found, book
