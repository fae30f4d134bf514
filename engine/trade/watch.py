"""Which candle of the strategy can next do something to a position besides being counted.

A rule holds only where every part that it joins with `and` holds. What a part says is known ahead where it is a truth
of the plan, the position's number of candles, or its profit; the candles on which one of those fails need not be
stepped over.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.domain.strategy import Apply, Constant, Held, PositionField, Ref, SideRules, TrailRule
from engine.trade.life import Life
from engine.trade.path import Bars

_COMPARE: dict[str, Callable[[Any, float], Any]] = {
    "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Parts:
    """What has to hold for an exit rule: truths of the plan, a least number of candles, bounds of the profit."""

    rule: str
    nodes: tuple[int, ...]
    bars: int
    profits: tuple[tuple[Callable[[Any, float], Any], float], ...]


def next_bar(life: Life, bars: Bars, at: int) -> int:
    """Return the first candle from index `at` on that may do something; the number of candles where there is none."""
    last = len(bars.close_time)
    if life.pending:
        patience = 0 if life.signal.entry.kind == "market" else life.signal.entry.cancel_after
        return min(_counted(life, at, patience), last) if patience > 0 else last
    rules = life.terms.rules
    if rules is None or at >= last:
        return last
    for place, rule in enumerate(rules.trails):
        if place in life.trailing or _may_begin(life, rule):
            return at
    for parts in _parts_of(rules):
        if parts.rule not in life.exits_taken:
            last = min(last, _first_chance(life, bars, at, last, parts))
    return last


def _may_begin(life: Life, rule: TrailRule) -> bool:
    """Tell whether a trail may begin without anything happening on a fine candle first."""
    return rule.after is None or rule.after[0] != "target" or life.targets_hit >= rule.after[1]


def _first_chance(life: Life, bars: Bars, at: int, end: int, parts: _Parts) -> int:
    """Return the first candle of at <= i < end where no part that is known ahead keeps the rule from holding."""
    first = _counted(life, at, parts.bars)
    while first < end:
        if parts.nodes:
            first = bars.holding(parts.nodes, first)
        if not parts.profits or first >= end:
            break
        found = _profitable(life, bars, first, end, parts)
        if found == first or not parts.nodes:
            return found
        first = found
    return min(first, end)


def _profitable(life: Life, bars: Bars, first: int, end: int, parts: _Parts) -> int:
    """Return the first candle of first <= i < end whose close keeps the profit in its bounds, else `end`."""
    size = 1
    while first < end:
        profit = life.profit(bars.close[first : min(first + size, end)])
        inside = np.logical_and.reduce([compare(profit, bound) for compare, bound in parts.profits])
        place = int(inside.argmax())
        if inside[place]:
            return first + place
        first, size = first + size, min(size * 4, 4_096)
    return end


def _counted(life: Life, at: int, count: int) -> int:
    """Return the candle that is the position's `count`th, `at` if that is past."""
    return at + max(0, count - life.bars - 1)


def _joined(when: Held) -> Iterator[Held]:
    """Yield the parts of which all must hold."""
    if isinstance(when, Apply) and when.op == "and":
        for part in when.args:
            yield from _joined(part)
    else:
        yield when


def _parts_of(rules: SideRules) -> tuple[_Parts, ...]:
    found = _PARTS.get(id(rules))
    if found is None or found[0] is not rules:
        if len(_PARTS) > 1_000:
            _PARTS.clear()
        found = _PARTS[id(rules)] = (rules, tuple(_parts(rule.name, rule.when) for rule in rules.exits))
    return found[1]


def _parts(name: str, when: Held) -> _Parts:
    nodes, count, profits = [], 0, []
    for part in _joined(when):
        match part:
            case Ref(node):
                nodes.append(node)
            case Apply("ge", (PositionField("bars"), Constant(least))) if math.isfinite(least):
                count = max(count, math.ceil(least))
            case Apply("gt", (PositionField("bars"), Constant(least))) if math.isfinite(least):
                count = max(count, math.floor(least) + 1)
            case Apply(op, (PositionField("profit"), Constant(bound))) if op in _COMPARE:
                profits.append((_COMPARE[op], bound))
    return _Parts(name, tuple(nodes), count, tuple(profits))


_PARTS: dict[int, tuple[SideRules, tuple[_Parts, ...]]] = {}
"""What _parts_of answered, by identity: it is asked for each live position in each block."""
