"""Encoding of a recursion's program (engine.plan.recursion) as the numbers that its kernel reads."""

from __future__ import annotations

import numpy as np

from engine.domain.market import Floats
from engine.plan.recursion import depth, results

PUSH, INPUT, PREVIOUS = 0, 1, 2
CODES = {
    "neg": 3, "not": 4, "abs": 5, "sign": 6, "sqrt": 7, "log": 8, "exp": 9, "add": 10, "sub": 11, "mul": 12, "div": 13,
    "lt": 14, "le": 15, "gt": 16, "ge": 17, "eq": 18, "ne": 19, "and": 20, "or": 21, "min": 22, "max": 23,
    "default": 24, "if": 25, "clip": 26,
}  # fmt: skip
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
