"""Encoding of a recursion's program (engine.plan.recursion) as the numbers that its kernel reads."""

from __future__ import annotations

import numpy as np

from engine.domain.market import Floats
from engine.plan.recursion import ARITY, depth, results

PUSH, INPUT, PREVIOUS = 0, 1, 2
CODES = {name: 3 + place for place, name in enumerate(ARITY)}
"""The code of each operation; the kernel has the same numbers."""


def encode(params: tuple[float | str, ...]) -> tuple[int, Floats, int]:
    """Return the number of results, the program as float64 (N, 2) of (code, operand), and the depth of its stack.

    Raises ValueError for a program that is not well formed.
    """
    count, program = results(params), params[1:]
    items = [_item(item) for item in program]
    return count, np.array(items, dtype=np.float64).reshape(-1, 2), depth(program)


def _item(item: float | str) -> tuple[float, float]:
    if not isinstance(item, str):
        return PUSH, float(item)
    kind, _, index = item.partition(":")
    if kind == "in":
        return INPUT, float(index)
    if kind == "prev":
        return PREVIOUS, float(index)
    return CODES[item], 0.0
