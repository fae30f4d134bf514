"""Which nodes the rules of a plan read: what an evaluation has to keep."""

from __future__ import annotations

from collections.abc import Iterator

from engine.domain.strategy import (
    Apply,
    AtEntry,
    Clamp,
    Held,
    LevelValue,
    Plan,
    Ref,
    SideRules,
    StrategyRules,
)


def rule_nodes(plan: Plan) -> frozenset[int]:
    """Return every node that decide or an explanation may ask for."""
    return frozenset(node for strategy in plan.strategies for node in strategy_nodes(strategy))


def strategy_nodes(strategy: StrategyRules) -> Iterator[int]:
    """Yield the nodes that one strategy reads, some more than once."""
    yield from strategy.universe.where.values()
    for sides in strategy.rules.values():
        for side in sides:
            yield from side_nodes(side)
    if strategy.model is not None:
        for features in strategy.model.features.values():
            yield from (node for _, node in features)


def side_nodes(side: SideRules) -> Iterator[int]:
    """Yield the nodes that one side on one timeframe reads, some more than once."""
    yield side.fires
    yield side.confidence
    yield from side.held_nodes
    for condition in side.conditions:
        yield condition.node
        yield from (node for _, node in condition.parts)
    for held in _held(side):
        yield from refs(held)


def refs(held: Held) -> Iterator[int]:
    """Yield the nodes that a held expression reads, now or at the entry."""
    match held:
        case Ref(node) | AtEntry(node):
            yield node
        case Apply(_, args):
            for arg in args:
                yield from refs(arg)


def _held(side: SideRules) -> Iterator[Held]:
    if side.entry.price is not None:
        yield side.entry.price
    for add in side.entry.adds:
        yield add.level.value
    if side.stop is not None:
        yield from _levels(side.stop.level, side.stop.clamp)
    for target in side.targets:
        yield from _levels(target.level, target.clamp)
        if target.then is not None:
            yield target.then.value
    yield from (rule.when for rule in side.exits)
    yield from (rule.level.value for rule in side.trails)


def _levels(level: LevelValue, clamp: Clamp | None) -> Iterator[Held]:
    yield level.value
    if clamp is not None:
        yield clamp.low.value
        yield clamp.high.value
