"""Counting over a span: how often each condition of a strategy held, and what came of the candles that fired."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from app.explained import Journey, about, blocks
from dsl.explain.otherwise import edge, if_it_held
from engine.decide import Settings, decide
from engine.domain.book import Book
from engine.domain.event import Event, SignalBlocked, SignalFired
from engine.domain.market import Block, Timeframe
from engine.domain.strategy import ConditionRule, Plan, StrategyRules
from engine.feeds.scope import history_of
from engine.plan.evaluate import Evaluator, Values
from engine.plan.operations import TRUE, UNKNOWN
from engine.ports import Feed, Predictor
from engine.trade.scene import Rule, rules_of

Truths = npt.NDArray[np.int8]
Mask = npt.NDArray[np.bool_]
Key = tuple[str, str, str]
"""Symbol, timeframe and side."""


@dataclass(slots=True)
class Counted:
    """One condition over the candles decided.

    `others` are the candles on which all other conditions held, `with_others` those of them on which it held too.
    `alone` are the candles that did not fire and would have if it, and nothing else, had been otherwise.
    """

    rule: ConditionRule
    held: int = 0
    unknown: int = 0
    others: int = 0
    with_others: int = 0
    alone: int = 0


@dataclass(slots=True)
class Funnel:
    """One side on one timeframe, over all symbols: every candle that fired became a signal or was blocked."""

    rule: Rule
    conditions: tuple[Counted, ...]
    symbols: tuple[str, ...] = ()
    candles: int = 0
    fires: int = 0
    unknown: int = 0
    signals: int = 0
    blocked: Counter[str] = field(default_factory=Counter)

    @property
    def blocks_most(self) -> Counted | None:
        """Return the condition that alone kept most candles from firing, None where none did."""
        most = max(self.conditions, key=lambda counted: counted.alone, default=None)
        return most if most is not None and most.alone else None


def count(
    plan: Plan,
    strategy: StrategyRules,
    feed: Feed,
    way: Journey,
    settings: Settings,
    predictors: Mapping[str, Predictor],
    timeframes: Sequence[Timeframe],
) -> list[Funnel]:
    """Run a strategy over a span as a backtest does, and count what its conditions and its signals did."""
    scope = way.scope
    how = replace(
        settings, follow=scope.follow, universe=scope.universe, since=way.begin,
        history=history_of(feed, scope, way.first),
    )  # fmt: skip
    funnels = [
        Funnel(rule, tuple(map(Counted, rule.side.conditions)))
        for rule in rules_of(strategy)
        if rule.timeframe in timeframes
    ]
    edges = {node for funnel in funnels for node in edge(plan, funnel.rule.side)}
    evaluator = Evaluator(plan, scope.symbols, predictors=predictors, keep=edges)
    symbols, last, seen = scope.universe[strategy.id], dict[Key, str](), dict[int, set[str]]()
    book = Book()
    for block, decided in blocks(feed, way, way.begin, way.end):
        if not decided:
            evaluator.skip(block)
            continue
        values = evaluator.advance(block)
        decisions = decide(plan, values, block, book, scope.markets, how)
        events = {key: event for _, told in decisions for key, event in _keyed(told, strategy.id)}
        book = decisions.book
        for place, funnel in enumerate(funnels):
            there = _rows(block, values, funnel.rule.timeframe, symbols, way.begin)
            _count(plan, funnel, values, there)
            seen.setdefault(place, set()).update(symbol for symbol, _, rows in there if rows.any())
            _follow(funnel, values, there, events, last)
    for place, funnel in enumerate(funnels):
        funnel.symbols = tuple(symbol for symbol in symbols if symbol in seen.get(place, ()))
    return funnels


There = list[tuple[str, int, Mask]]
"""Symbols with their lane and the rows of candles that are there and decided."""


def _rows(block: Block, values: Values, timeframe: Timeframe, symbols: Sequence[str], begin: int) -> There:
    panel = block.panels.get(timeframe)
    if panel is None or not len(panel.close_time):
        return []
    decided = panel.close_time > begin
    lanes = [(symbol, values.lane(symbol)) for symbol in symbols]
    return [(symbol, lane, decided & (panel.here[:, lane] == 1)) for symbol, lane in lanes]


def _chosen(array: npt.NDArray[Any], there: There) -> npt.NDArray[Any]:
    """Return the values on the candles that are there, as one column."""
    parts = [array[rows, lane if array.shape[1] > 1 else 0] for _, lane, rows in there]
    return np.concatenate(parts) if parts else array[:0, 0]


def _count(plan: Plan, funnel: Funnel, values: Values, there: There) -> None:
    def of(node: int) -> npt.NDArray[Any]:
        return _chosen(values.of(node), there)

    if not there:
        return
    side = funnel.rule.side
    truths = [of(counted.rule.node) for counted in funnel.conditions]
    held = [truth == TRUE for truth in truths]
    fires = of(side.fires)
    funnel.candles += len(fires)
    funnel.fires += int((fires == TRUE).sum())
    funnel.unknown += int((fires == UNKNOWN).sum())
    together = np.sum(held, axis=0) if held else np.zeros(0)
    otherwise = if_it_held(plan, side, of)
    for counted, truth, holds in zip(funnel.conditions, truths, held, strict=True):
        others = together - holds == len(held) - 1
        counted.held += int(holds.sum())
        counted.unknown += int((truth == UNKNOWN).sum())
        counted.others += int(others.sum())
        counted.with_others += int((others & holds).sum())
        counted.alone += int(((fires != TRUE) & (otherwise(counted.rule.node) == TRUE)).sum())


def _keyed(events: Iterable[Event], strategy: str) -> Iterator[tuple[tuple[Key, int], Event]]:
    """Yield the events about entries by symbol, timeframe and side, and time."""
    for event in events:
        symbol = event.signal.symbol if isinstance(event, SignalFired) else getattr(event, "symbol", "")
        key = about(event, strategy, symbol)
        if key is not None:
            yield ((symbol, *key), event.time), event


def _follow(
    funnel: Funnel, values: Values, there: There, events: Mapping[tuple[Key, int], Event], last: dict[Key, str]
) -> None:
    """Count what came of every candle that fired. A block is told once: those after it have its reason."""
    fires = values.of(funnel.rule.side.fires)
    times = values.close_time(funnel.rule.timeframe)
    for symbol, lane, rows in there:
        key: Key = (symbol, *funnel.rule.key)
        for time in times[rows & (fires[:, lane] == TRUE)].tolist():
            event = events.get((key, time))
            if isinstance(event, SignalFired):
                funnel.signals += 1
                continue
            if isinstance(event, SignalBlocked):
                last[key] = event.reason
            funnel.blocked[last[key]] += 1
