"""Expressions over a position: the few that the plan cannot hold, because each position has its own values.

Here they are evaluated where a signal is quoted, for many candles at once and before there is a position; while a
position is followed, engine.kernels.simulate runs them as programs (engine.trade.program).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.domain.strategy import Apply, AtEntry, Constant, Held, PositionField, Ref, SideRules
from engine.plan.operations import operation

UNKNOWN = float("nan")

Array = npt.NDArray[Any]
Read = Callable[[int], Array]


def evaluate(held: Held, read: Read) -> Array:
    """Return the values of a held expression, one per candle or one for all; numbers float64, NaN where unknown.

    `read(node)` are the node's values, int8 for truths. There is no position yet: whatever asks for one is unknown.
    To be called under `np.errstate(all="ignore")`.
    """
    match held:
        case Apply(op, args):
            return operation(op)(*(evaluate(arg, read) for arg in args))
        case Constant(value):
            return np.full(1, value)
        case Ref(node):
            return read(node)
        case AtEntry() | PositionField():
            return np.full(1, UNKNOWN)


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
    moves = [target.then.value for target in rules.targets if target.then and needs_position(target.then.value)]
    read = (leaf.node for move in moves for leaf in leaves(move) if isinstance(leaf, (Ref, AtEntry)))
    return tuple(dict.fromkeys((*rules.held_nodes, *read)))
