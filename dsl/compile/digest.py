"""What names a strategy and a plan: hashes of what they do, whatever they are called and however they are written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass

from engine.domain.strategy import AtEntry as AtEntryRef
from engine.domain.strategy import ConditionRule, Ref, SideRules, StrategyRules
from engine.plan.graph import Graph

_SILENT = frozenset({"text", "parts", "units", "held_nodes"})


def strategy_hash(rules: StrategyRules, graph: Graph) -> str:
    """Return 16 hexadecimal digits that change where the strategy's behaviour may change, and only there."""
    return hashlib.sha256(repr(_shape(rules, graph)).encode()).hexdigest()[:16]


def plan_hash(strategies: tuple[StrategyRules, ...]) -> str:
    """Return what names a whole plan: the hashes of its strategies, in any order."""
    text = "\n".join(sorted(f"{rules.id} {rules.hash}" for rules in strategies))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _shape(given: object, graph: Graph) -> object:
    """Return nested tuples in which every node is its digest, and nothing that only explains remains."""
    match given:
        case Ref(node) | AtEntryRef(node):
            return type(given).__name__, graph.digest(node).hex()
        case ConditionRule():
            return given.name, graph.digest(given.node).hex(), given.must, given.weight
        case SideRules():
            nodes = graph.digest(given.fires).hex(), graph.digest(given.confidence).hex()
            rest = (
                given.conditions,
                given.entry,
                given.stop,
                given.targets,
                given.exits,
                given.trails,
                given.expire_ms,
            )
            return str(given.side), nodes, _shape(rest, graph)
        case StrategyRules():
            where = {str(tf): graph.digest(node).hex() for tf, node in given.universe.where.items()}
            parts = (given.id, given.schedule, given.gaps, given.rules, given.cooldowns, where, _model(given, graph))
            return _shape(parts, graph), given.universe.symbols, given.universe.watchlist
    if is_dataclass(given) and not isinstance(given, type):
        named = [(f.name, getattr(given, f.name)) for f in fields(given) if f.name not in _SILENT]
        return type(given).__name__, tuple((name, _shape(value, graph)) for name, value in named)
    if isinstance(given, Mapping):
        return tuple((str(key), _shape(value, graph)) for key, value in given.items())
    if isinstance(given, tuple):
        return tuple(_shape(item, graph) for item in given)
    return given


def _model(rules: StrategyRules, graph: Graph) -> object:
    model = rules.model
    if model is None:
        return None
    features = tuple(
        (str(tf), tuple((name, graph.digest(node).hex()) for name, node in nodes))
        for tf, nodes in model.features.items()
    )
    return model.name, features, model.up, model.down, model.within, model.trust_training_span
