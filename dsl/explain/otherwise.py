"""What a side would do if one of its conditions held, and all else stayed as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.domain.strategy import ELEMENT_WISE, Plan, SideRules
from engine.plan.operations import TRUE, apply

Truths = npt.NDArray[np.int8]


def if_it_held(plan: Plan, side: SideRules, of: Callable[[int], npt.NDArray[Any]]) -> Callable[[int], Truths]:
    """Return what tells, per condition's node, on which candles the side would fire if that condition held.

    `of` gives the values of a node. What looks back over conditions (`confidence >= 70 for 3 bars`) stays as it was.
    """
    conditions = {rule.node for rule in side.conditions}

    def fires(changed: int) -> Truths:
        found: dict[int, npt.NDArray[Any]] = {changed: np.full_like(of(changed), TRUE)}

        def value(place: int) -> npt.NDArray[Any]:
            if place not in found:
                node = plan.nodes[place]
                if place in conditions or node.op not in (*ELEMENT_WISE, "const"):
                    found[place] = of(place)
                elif node.op == "const":
                    found[place] = np.array([node.params[0]], np.int8 if node.boolean else np.float64)
                else:
                    found[place] = apply(node.op, [value(i) for i in node.inputs])
            return found[place]

        made: Truths = np.broadcast_to(value(side.fires), of(changed).shape)
        return made

    return fires


def edge(plan: Plan, side: SideRules) -> Iterator[int]:
    """Yield the nodes that firing is worked out from: conditions, and whatever is no plain arithmetic over them."""
    conditions, waiting, found = {rule.node for rule in side.conditions}, [side.fires], {side.fires}
    while waiting:
        place = waiting.pop()
        node = plan.nodes[place]
        if place in conditions or node.op not in ELEMENT_WISE:
            yield place
            continue
        for inner in node.inputs:
            if inner not in found:
                found.add(inner)
                waiting.append(inner)
