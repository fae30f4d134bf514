"""A backtest over a long history: symbols by symbols, on every core, in bounded memory, and resumed where it stopped.

Every history is worked on in blocks of time. A long one is first cut into pieces of a few symbols, whose lanes share
nothing; what a piece told is kept until the whole is done. Protections that look at other symbols couple the pieces:
then there is one, which is bounded in memory and cannot be resumed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import engine
from app import wiring
from app.config import Config
from app.failure import STOPPED, Failure
from app.pieces import Pieces, Tell
from app.wish import Wish, feed_of
from engine.backtest import Joined, NoCandles, Outcome, backtest
from engine.decide import Settings
from engine.domain.market import Timeframe
from engine.domain.strategy import Plan
from engine.feeds.counted import CountedFeed
from engine.feeds.scope import Scope, survey
from engine.ports import Feed

LONG = 20_000_000
"""Candles from which on a history is worked on in pieces."""
CELLS = 500_000
"""Candles of all symbols in a block: some 200 MB with what is computed on them."""
MOST_SYMBOLS = 20
"""Symbols in a piece: the fewer, the less is lost when it is stopped."""


@dataclass(frozen=True, slots=True)
class Order:
    """A backtest to be done. `universe` has per strategy id the symbols it may trade."""

    wish: Wish
    config: Config
    universe: Mapping[str, tuple[str, ...]]
    settings: Settings


@dataclass(frozen=True, slots=True)
class _Piece:
    """The order for some of its symbols: `span` (ms) is how much is evaluated at once, `rules` names the plan."""

    order: Order
    rules: str
    end: int
    span: int


def run(order: Order, plan: Plan, feed: Feed, tell: Callable[[float, float], None]) -> Outcome:
    """Return what the backtest told; `tell` is called with the ms of history that are done and how much there is.

    Raises Failure, FeedError, and NoCandles where there are none in the span.
    """
    wish = order.wish
    jobs = wish.jobs or os.cpu_count() or 1
    whole = survey(plan, feed, order.universe)
    finest = _finest(whole)
    lengths = {symbol: _length(feed, whole, symbol, wish.until) for symbol in finest}
    amount = float(sum(lengths.values()))
    counted = CountedFeed(feed, finest, lambda done: tell(done, amount))
    candles = sum(length / finest[symbol].ms for symbol, length in lengths.items())
    coupled = any(rule.name != "universe" for rule in order.settings.risk)
    if coupled or not whole.markets or (candles < LONG and wish.jobs < 2):
        found = backtest(
            plan, counted, order.universe, order.settings, start=wish.since, end=wish.until, span=_span(whole),
            predictors=wiring.predictors(plan, order.config), threads=jobs,
        )  # fmt: skip
        tell(amount, amount)
        return found
    pieces = _cut(order, _named(plan), whole, _last(feed, whole, wish.until))
    sizes = [sum(lengths.get(symbol, 0) for symbol in _symbols(piece.order.universe)) for piece in pieces]
    work = Pieces(_key(order, plan), pieces, [float(size) for size in sizes], _one)
    folder = order.config.home / "backtest"
    try:
        parts = list(work.run(folder, jobs, lambda done: tell(done, amount)))
    except KeyboardInterrupt:
        raise Failure("stopped; what is done is kept, and the same command goes on from there", STOPPED) from None
    if not any(part.end for part in parts):
        work.forget(folder)
        raise NoCandles("there are no candles of these symbols in that span")
    skipped = survey(plan, feed, order.universe, (min(p.start for p in parts), max(p.end for p in parts))).skipped
    joined = Joined.of(parts, plan, whole.symbols, skipped)
    work.forget(folder)
    return joined


def _one(piece: _Piece, tell: Tell) -> Outcome:
    """Work on one piece, in whichever process this is."""
    order = piece.order
    plan = wiring.load_strategies(order.wish.strategies).plan
    if _named(plan) != piece.rules:
        raise Failure("the strategies were changed while they were worked on: the same command begins anew with them")
    feed = feed_of(order.wish, plan, order.config, order.universe)
    scope = survey(plan, feed, order.universe)
    nothing = Joined((), (), piece.end, 0)
    if not scope.markets:
        return nothing
    try:
        found = backtest(
            plan, CountedFeed(feed, _finest(scope), tell), order.universe, order.settings, start=order.wish.since,
            end=piece.end, span=piece.span, predictors=wiring.predictors(plan, order.config),
        )  # fmt: skip
    except NoCandles:  # listed after the span, or delisted before it: others were there
        return nothing
    return Joined(found.positions, found.blocked, found.start, found.end)


def _cut(order: Order, rules: str, whole: Scope, end: int) -> list[_Piece]:
    """Cut the order into pieces that keep each core busy and lose little when they are stopped."""
    symbols = [symbol for symbol in whole.symbols if symbol in _symbols(whole.universe)]
    size = min(MOST_SYMBOLS, max(1, len(symbols) // (4 * (os.cpu_count() or 1))))
    found = []
    for begin in range(0, len(symbols), size):
        mine = frozenset(symbols[begin : begin + size])
        universe = {name: tuple(s for s in part if s in mine) for name, part in whole.universe.items()}
        found.append(_Piece(replace(order, universe=universe), rules, end, _span(whole, size)))
    return found


def _span(whole: Scope, symbols: int = 0) -> int:
    """Return how much time is evaluated at once, a whole number of the longest candles."""
    if not whole.follow:
        return 0
    finest = min(followed.finest.ms for followed in whole.follow.values())
    longest = max(timeframe.ms for timeframe in whole.timeframes)
    return max(1, CELLS * finest // (symbols or len(whole.symbols)) // longest) * longest


def _symbols(universe: Mapping[str, Sequence[str]]) -> frozenset[str]:
    return frozenset(symbol for part in universe.values() for symbol in part)


def _finest(scope: Scope) -> dict[str, Timeframe]:
    """Return on which candles the symbols that are traded are followed: those that are only read count for nothing."""
    traded = _symbols(scope.universe)
    return {symbol: followed.finest for symbol, followed in scope.follow.items() if symbol in traded}


def _length(feed: Feed, whole: Scope, symbol: str, until: int | None) -> int:
    """Return how long a symbol's history is up to `until`, ms."""
    timeframe = whole.follow[symbol].finest
    span = feed.span(symbol, timeframe)
    if span is None:
        return 0
    last = span[1] if until is None else min(span[1], until)
    return max(0, last - (span[0] - timeframe.ms))


def _last(feed: Feed, whole: Scope, until: int | None) -> int:
    spans = [feed.span(symbol, timeframe) for symbol, timeframe in whole.expected]
    last = max((span[1] for span in spans if span is not None), default=0)
    return last if until is None else min(last, until)


def _named(plan: Plan) -> str:
    """Return what names all that is told by a plan: what it does, and the names and texts that signals carry."""
    return hashlib.sha256(f"{plan.hash} {plan.strategies!r}".encode()).hexdigest()


def _key(order: Order, plan: Plan) -> str:
    """Return what names everything the answer depends on: rules, wishes, costs, candles, models, and our own code."""
    code = Path(engine.__file__).parent
    parts = [
        _named(plan),
        repr(replace(order.wish, jobs=0)),
        repr(replace(order.settings, risk=())),
        repr(sorted(order.universe.items())),
    ]
    read = [(code, "**/*.py"), (order.wish.candles, "**/*"), (order.config.models, "*")]
    read += [(order.wish.universe, "*")] if order.wish.universe else []
    for folder, pattern in read:
        paths = [folder] if folder.is_file() else sorted(folder.glob(pattern))
        stats = [(path, path.stat()) for path in paths if path.is_file() and path.name != ".lock"]
        parts += [f"{path} {stat.st_size} {stat.st_mtime_ns}" for path, stat in stats]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]
