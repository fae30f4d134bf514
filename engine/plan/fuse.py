"""Which nodes are computed, and by what: a hot definition may have a kernel of its own that does all of it at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from engine.domain.primitive import Primitive
from engine.domain.strategy import Node

FUSED: dict[str, Primitive] = {}
"""By operation, what a node that stands for a whole definition takes and gives."""


def fused(nodes: Sequence[Node], wanted: Iterable[int]) -> tuple[Mapping[int, Node], list[int]]:
    """Return the nodes that are computed so that the wanted ones are known, and their order."""
    by = dict(enumerate(nodes))
    return by, needed(by, wanted)


def needed(nodes: Mapping[int, Node], wanted: Iterable[int]) -> list[int]:
    """Return the nodes that the wanted ones need, themselves included, inputs before their users."""
    order: list[int] = []
    state: dict[int, bool] = {}
    stack = sorted(wanted, reverse=True)
    while stack:
        i = stack[-1]
        if i in state:
            stack.pop()
            if not state[i]:
                state[i] = True
                order.append(i)
            continue
        state[i] = False
        stack += [j for j in nodes[i].inputs if j not in state]
    return order
