"""A batch: many variants of one strategy in one plan, run over a span at once.

What does not depend on the params is one node for all of them, evaluated once. Each variant is decided for itself,
so its trades are those of a backtest of its own, to the bit. Memory is bounded by the length of what is evaluated
at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from engine.backtest import Result, backtest
from engine.decide import Settings
from engine.domain.book import Book
from engine.domain.market import Floats, Timeframe
from engine.domain.strategy import Plan, StrategyRules
from engine.optimise.objectives import Trades
from engine.optimise.windows import Span
from engine.plan.reads import rule_nodes
from engine.ports import Feed, Predictor, RiskRule
from engine.trade.told import Told
from engine.trade.trades import endings

BUDGET = 32 * 2**20
"""Bytes of the values that rules read and of what is told, held at once."""
TOLD = 8
"""Bytes of what is told, a candle: 400 an event, if one candle in 200 has a signal and that has four."""


def lean(plan: Plan) -> Plan:
    """Return the plan without what only explains: no condition's own value is kept, only what it leads to, and the
    confidence that is published is not worked out (where firing asks for it, it is a part of that)."""
    return replace(plan, strategies=tuple(_lean(rules) for rules in plan.strategies))


def _lean(rules: StrategyRules) -> StrategyRules:
    sides = {
        timeframe: tuple(replace(side, conditions=(), confidence=side.fires) for side in given)
        for timeframe, given in rules.rules.items()
    }
    return replace(rules, rules=sides)


def span_within(plan: Plan, lanes: int, budget: int = BUDGET) -> int:
    """Return how much history (ms) may be evaluated at once within `budget` bytes, whole candles of every timeframe."""
    weight: dict[Timeframe, int] = {}
    for rules in plan.strategies:
        for timeframe, sides in rules.rules.items():
            weight[timeframe] = weight.get(timeframe, 0) + TOLD * len(sides)
    for node in rule_nodes(plan):
        here = plan.nodes[node]
        weight[here.frame.timeframe] = weight.get(here.frame.timeframe, 0) + (1 if here.boolean else 8)
    a_ms = sum(cells * lanes / timeframe.ms for timeframe, cells in weight.items())
    longest = max((timeframe.ms for timeframe in weight), default=1)
    return max(longest, int(budget / max(a_ms, 1e-12)) // longest * longest)


def run(
    plan: Plan,
    feed: Feed,
    universe: Sequence[str],
    settings: Settings,
    span: Span,
    predictors: Mapping[str, Predictor] | None = None,
    budget: int = BUDGET,
) -> list[Trades]:
    """Run every strategy of a plan over the same symbols and span; return the trades of each, in its order.

    Raises FeedError, and ValueError where there are no candles in the span.
    """
    thin = lean(plan)
    apart = replace(settings, risk=tuple(_Alone(rule) for rule in settings.risk))
    ended: dict[str, list[Floats]] = {rules.id: [] for rules in plan.strategies}

    def hand(parts: Sequence[tuple[int, Told]]) -> None:
        for _, told in parts:
            ended[told.strategy_id].append(endings(told))

    backtest(
        thin, feed, {rules.id: tuple(universe) for rules in plan.strategies}, apart,
        start=span[0], end=span[1], span=span_within(thin, max(len(universe), 1), budget), predictors=predictors,
        hand=hand,
    )  # fmt: skip
    return [_columns(np.concatenate(parts) if parts else np.empty((0, 4)), span) for parts in ended.values()]


def _columns(rows: Floats, span: Span) -> Trades:
    rows = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
    return Trades(*span, rows[:, 0].astype(np.int64), rows[:, 2].copy(), rows[:, 3].copy())


class _Alone:
    """A protection that knows of one variant's positions only: the others are no part of its account."""

    def __init__(self, rule: RiskRule) -> None:
        self.name, self._rule = rule.name, rule

    def refuse(self, strategy: str, symbol: str, side: str, time: int, book: Book) -> str | None:
        own = Book({lane: record for lane, record in book.lanes.items() if lane[0] == strategy})
        return self._rule.refuse(strategy, symbol, side, time, own)


def trades_of(result: Result, ids: Sequence[str], span: Span) -> list[Trades]:
    """Return the trades of each strategy of a backtest that ended, in the order of their ends."""
    made = result.trades
    found = []
    for name in ids:
        own = made.closed & (made.strategy == (made.strategies.index(name) if name in made.strategies else -1))
        rows = np.column_stack([column[own] for column in (made.closed_at, made.opened_at, made.result, made.result_r)])
        found.append(_columns(rows, span))
    return found
