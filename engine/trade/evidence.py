"""What stays of a block's values: those under the conditions, on the candles of the candidates that were told of."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine.plan.operations import Array
from engine.trade.candidates import Candidates
from engine.trade.rulebook import Rulebook
from engine.trade.scene import Scene


class Evidence:
    """The values under the conditions, on the candles of some candidates: (n, 1) per node."""

    def __init__(self, columns: Mapping[int, Array]) -> None:
        self._columns = columns

    def of(self, node: int) -> Array:
        return self._columns[node]


def evidence_of(scene: Scene, rulebook: Rulebook, made: Candidates) -> Evidence:
    """Return the values of every condition and of its parts on the candles of the candidates of its rule."""
    columns: dict[int, Array] = {}
    for place, rule in enumerate(rulebook.rules):
        own = np.flatnonzero(made.rule == place)
        if not len(own):
            continue
        for condition in rule.side.conditions:
            for node in (condition.node, *(node for _, node in condition.parts)):
                values = scene.at(node, made.row[own], made.lane[own])
                column = columns.setdefault(node, np.zeros((len(made), 1), values.dtype))
                column[own, 0] = values
    return Evidence(columns)
