"""What a run looks at: which symbols and timeframes, and on which candles positions are followed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from engine.domain.market import Followed, Market, Timeframe
from engine.domain.strategy import Plan, StrategyRules
from engine.ports import Feed

FINEST_MS = 60_000
"""Positions are followed on candles of a minute or longer."""
NEVER = 2**62


@dataclass(frozen=True, slots=True)
class Scope:
    """What a run looks at, fixed for its length.

    `symbols` are evaluated, in this order, those that strategies read and the feed lacks included; `universe` has
    per strategy those it may trade. `timeframes` are gathered, shortest first; `expected` are the (symbol, timeframe)
    that the feed serves of them. `follow` has per symbol the candles on which its positions are followed. `skipped`
    says in a line each what the data lacks.
    """

    symbols: tuple[str, ...]
    universe: Mapping[str, tuple[str, ...]]
    timeframes: tuple[Timeframe, ...]
    expected: tuple[tuple[str, Timeframe], ...]
    follow: Mapping[str, Followed]
    markets: Mapping[str, Market]
    series: tuple[str, ...]
    skipped: tuple[str, ...] = ()


def survey(
    plan: Plan,
    feed: Feed,
    universe: Mapping[str, Sequence[str]],
    span: tuple[int, int] | None = None,
    also: Iterable[str] = (),
) -> Scope:
    """Return what to look at when `plan` runs over `feed`.

    `universe` has per strategy id the symbols it may trade; a strategy that is not in it trades those it names.
    `span` (after, until), ms, is where it is decided: a timeframe that has no candles there is skipped (None:
    live, all that is served is there). `also` are symbols that are needed for another reason: live positions.
    Raises FeedError.
    """
    wanted = {rules.id: tuple(universe.get(rules.id, rules.universe.symbols)) for rules in plan.strategies}
    read = [symbol for rules in plan.strategies for symbol in rules.uses_symbols]
    named = tuple(dict.fromkeys([*(s for part in wanted.values() for s in part), *read, *also]))
    markets = feed.markets(named)
    # One that a strategy reads stays, so that what reads it is unknown and the rest goes on.
    symbols = tuple(symbol for symbol in named if symbol in markets or symbol in read)
    skipped = [f"{symbol}: {feed.name} has no such market" for symbol in named if symbol not in markets]
    asked = frozenset(frame.timeframe for frame in plan.frames())
    records = {symbol: _records(feed, symbol, asked, span) for symbol in symbols}
    there = {symbol: _there(record, span) for symbol, record in records.items()}
    follow = {symbol: _followed(records[symbol], there[symbol] or asked, asked, span is not None) for symbol in markets}
    universe_here = {name: tuple(s for s in part if s in markets) for name, part in wanted.items()}
    skipped += [line for rules in plan.strategies for line in _skipped(rules, universe_here[rules.id], there)]
    present = asked & {timeframe for part in there.values() for timeframe in part}
    fine = {symbol: one.timeframes() for symbol, one in follow.items()}
    timeframes = tuple(sorted(present.union(*fine.values())))
    expected = tuple(
        (s, t) for s in symbols for t in timeframes if t in there[s] and (t in asked or t in fine.get(s, ()))
    )
    series = tuple(sorted({name for rules in plan.strategies for name in rules.uses_series}))
    skipped += _without_fields(plan)
    skipped += _without_series(plan, feed, 2**62 if span is None else span[1])
    return Scope(symbols, universe_here, timeframes, expected, follow, markets, series, tuple(skipped))


def first_candle(feed: Feed, scope: Scope) -> int | None:
    """Return the open time (ms) of the first candle there is in the scope, None where there is none."""
    opens = []
    for symbol, timeframe in scope.expected:
        span = feed.span(symbol, timeframe)
        if span is not None:
            opens.append(span[0] - timeframe.ms)
    return min(opens, default=None)


def last_candle(feed: Feed, scope: Scope) -> int | None:
    """Return the close time (ms) of the last candle there is in the scope, None where there is none."""
    spans = [feed.span(symbol, timeframe) for symbol, timeframe in scope.expected]
    return max((span[1] for span in spans if span is not None), default=None)


def history_of(feed: Feed, scope: Scope, origin: int) -> dict[str, int]:
    """Return per symbol the time (ms) at which its known history begins, on its longest series, from `origin` on."""
    begins: dict[str, int] = {}
    for symbol, timeframe in scope.expected:
        span = feed.span(symbol, timeframe)
        if span is not None:
            begin = max(origin, span[0] - timeframe.ms)
            begins[symbol] = min(begin, begins.get(symbol, begin))
    return begins


def begins(feed: Feed, scope: Scope) -> dict[Timeframe, int]:
    """Return for each timeframe the open time (ms) of the first candle that any symbol has; none: left out."""
    found: dict[Timeframe, int] = {}
    for symbol, timeframe in scope.expected:
        span = feed.span(symbol, timeframe)
        if span is not None:
            found[timeframe] = min(found.get(timeframe, 2**62), span[0] - timeframe.ms)
    return found


Recorded = tuple[tuple[Timeframe, int, int], ...]
"""What a symbol has: timeframes, the first candle's open and the last one's close, ms; NEVER where there is none."""


def _records(feed: Feed, symbol: str, asked: frozenset[Timeframe], span: tuple[int, int] | None) -> Recorded:
    """Return what the feed serves of a symbol, and what is asked for; live, spans are not looked at."""
    served = dict.fromkeys(feed.timeframes(symbol))
    if span is None:
        return tuple((timeframe, 0, 0) for timeframe in served)
    found = []
    for timeframe in dict.fromkeys((*served, *sorted(asked))):
        record = feed.span(symbol, timeframe) if timeframe in served else None
        found.append((timeframe, NEVER, NEVER) if record is None else (timeframe, record[0] - timeframe.ms, record[1]))
    return tuple(found)


def _there(record: Recorded, span: tuple[int, int] | None) -> frozenset[Timeframe]:
    if span is None:
        return frozenset(timeframe for timeframe, _, _ in record)
    return frozenset(t for t, first, last in record if first + t.ms <= span[1] and last > span[0] and first != NEVER)


@lru_cache(maxsize=256)  # most symbols of a universe have the same
def _followed(record: Recorded, there: frozenset[Timeframe], asked: frozenset[Timeframe], spanned: bool) -> Followed:
    """Return the finest candles at each time, whatever the plan asks for: what one strategy is followed on must not
    depend on which others run. The finest timeframe is one that every longer one here is a multiple of."""
    ladder = sorted(
        timeframe
        for timeframe in there
        if timeframe.ms >= FINEST_MS and all(t.is_multiple_of(timeframe) for t in there if t > timeframe)
    ) or [min(there)]
    if not spanned:
        return Followed(ladder[0])
    recorded = {timeframe: (first, last) for timeframe, first, last in record}
    coarser: list[tuple[int, int, Timeframe]] = []
    begin, end = recorded.get(ladder[0], (NEVER, NEVER))
    for timeframe in ladder[1:]:
        first, last = recorded[timeframe]
        for after, until in ((first, min(begin, last)), (max(end, first), last)):
            decided = {t for t in asked if t in there and _overlap(recorded[t], (after, until))}
            if until - after >= timeframe.ms and all(t.is_multiple_of(timeframe) for t in decided):
                coarser.append((after, until, timeframe))
                begin, end = min(begin, after), max(end, until)
    return Followed(ladder[0], tuple(sorted(coarser)))


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _without_fields(plan: Plan) -> Iterable[str]:
    """Name the market fields that rules read and candles do not have; derived and assumed ones are not among them."""
    for rules in plan.strategies:
        if rules.missing_fields:
            names = " and ".join(rules.missing_fields)
            are, them = ("is", "it") if len(rules.missing_fields) == 1 else ("are", "them")
            yield f"{rules.id}: {names} {are} not in these candles, so what reads {them} is unknown"


def _without_series(plan: Plan, feed: Feed, until: int) -> Iterable[str]:
    for name in sorted({name for rules in plan.strategies for name in rules.uses_series}):
        found = feed.series(name, until)
        if found is None or not len(found.published):
            readers = ", ".join(rules.id for rules in plan.strategies if name in rules.uses_series)
            yield f"{readers}: the series {name} is not here, so what reads it is unknown"


def _skipped(rules: StrategyRules, symbols: Sequence[str], there: Mapping[str, frozenset[Timeframe]]) -> Iterable[str]:
    for timeframe in rules.rules:
        without = [symbol for symbol in symbols if timeframe not in there[symbol]]
        if without:
            which = "every symbol" if len(without) == len(symbols) else ", ".join(without)
            yield f"{rules.id}: {timeframe} was skipped for {which}, which has no such candles here"
    if not symbols:
        yield f"{rules.id}: none of its symbols is here"
