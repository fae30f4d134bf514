"""Expressions over a position: the few that the plan cannot hold, because each position has its own values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import numpy as np

from engine.domain.strategy import Apply, AtEntry, Constant, Held, PositionField, Ref, SideRules
from engine.plan.operations import operation

UNKNOWN = float("nan")

_DECIDED = {"and": 0, "or": 2}
"""The truth that decides the whole: what follows it need not be looked at."""

Number = np.float64 | np.int8
Read = Callable[[int], Number]


def nothing(node: int) -> Number:
    """Answer where no values are kept: unknown."""
    return np.float64(UNKNOWN)


def no_field(name: str) -> float:
    """Answer for a position that does not exist yet: everything about it is unknown."""
    return UNKNOWN


def evaluate(held: Held, read: Read, kept: Read = nothing, about: Callable[[str], float] = no_field) -> float:
    """Return the value of a held expression: NaN for an unknown number; truths are 0, 1 (unknown) and 2.

    `read(node)` is the node's value now and `kept(node)` the one it had at the signal, int8 for truths;
    `about(name)` is a field of the position. To be called under `np.errstate(all="ignore")`.
    """
    return float(_value(held, read, kept, about))


def _value(held: Held, read: Read, kept: Read, about: Callable[[str], float]) -> Number:
    match held:
        case Apply(op, args):
            parts: list[Any] = []
            for arg in args:
                part = _value(arg, read, kept, about)
                if op in _DECIDED and part == _DECIDED[op]:
                    return part
                parts.append(part)
            return cast("Number", operation(op)(*parts))
        case Constant(value):
            return np.float64(value)
        case Ref(node):
            return read(node)
        case AtEntry(node):
            return kept(node)
        case PositionField(name):
            return np.float64(about(name))


def leaves(held: Held) -> Iterator[Held]:
    """Yield the parts of a held expression that have no parts, from left to right."""
    if isinstance(held, Apply):
        for arg in held.args:
            yield from leaves(arg)
    else:
        yield held


def needs_position(held: Held) -> bool:
    """Tell whether the expression can be known only once there is a position."""
    return any(isinstance(leaf, PositionField) for leaf in leaves(held))


def kept_nodes(rules: SideRules) -> tuple[int, ...]:
    """Return the nodes whose values at the signal are kept with the position, in a fixed order.

    They are the rules' own, and those that a `then stop to` reads whose position has to be waited for.
    """
    found = _KEPT.get(id(rules))
    if found is None or found[0] is not rules:
        moves = [target.then.value for target in rules.targets if target.then and needs_position(target.then.value)]
        read = (leaf.node for move in moves for leaf in leaves(move) if isinstance(leaf, (Ref, AtEntry)))
        if len(_KEPT) > 1_000:
            _KEPT.clear()
        found = _KEPT[id(rules)] = (rules, tuple(dict.fromkeys((*rules.held_nodes, *read))))
    return found[1]


_KEPT: dict[int, tuple[SideRules, tuple[int, ...]]] = {}
"""What kept_nodes answered, by identity: it is asked for each live position in each block."""
