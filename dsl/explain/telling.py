"""What the parts of a condition said on one candle, and how far they were from saying something else."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from dsl.explain.anatomy import SIGNS, Part
from engine.domain.strategy import ELEMENT_WISE, Plan

FALSE, UNKNOWN, TRUE = 0, 1, 2


class Reader(Protocol):
    """Values on one candle: a number (NaN: unknown), a truth as 0, NaN, 1; None where nothing is recorded."""

    def __call__(self, node: int) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Gap:
    """How far a comparison was from saying the other: `by` in the values' own unit, `share` of what it is compared
    with (NaN: that is 0)."""

    by: float
    share: float


@dataclass(frozen=True, slots=True)
class Told:
    """What one part said. `truth` 0 1 2 of a condition, `value` of a number (NaN: unknown); None: not recorded.

    `gap` is given where a comparison said the opposite of what the condition needed. `ago` is, of a window, how many
    candles ago its condition last held, or of `for` last did not (NaN: not within what is remembered). `wanted` is
    what would have helped the condition (None: that cannot be said).
    """

    part: Part
    truth: int | None
    value: float | None
    gap: Gap | None = None
    ago: float | None = None
    parts: tuple[Told, ...] = ()
    wanted: bool | None = None

    @property
    def helps(self) -> bool:
        """Tell whether a condition's part said what helps."""
        return self.wanted is not None and self.truth == (TRUE if self.wanted else FALSE)

    @property
    def known(self) -> bool:
        """Tell whether anything of it, or under it, is recorded."""
        own = self.truth if self.part.boolean else self.value
        return (own is not None and self.part.op != "const") or any(part.known for part in self.parts)


def tell(part: Part, read: Reader, *, wanted: bool | None = True) -> Told:
    """Return what a part and everything under it said; nothing is skipped because the rest was decided already.

    `wanted` is what would have helped the condition: true, false under a `not`, None where it cannot be said.
    """
    found = read(part.node)
    below = {"and": wanted, "or": wanted, "at_least": wanted, "held": wanted, "happened": wanted, "at": wanted}
    inner = below.get(part.op, wanted if part.op == "back" or part.call else None)
    if part.op == "not" and wanted is not None:
        inner = not wanted
    parts = tuple(tell(p, read, wanted=inner if p.boolean else None) for p in part.parts)
    if not part.boolean:
        return Told(part, None, found, parts=parts)
    truth = truth_of(found)
    gap = None
    if part.op in SIGNS and wanted is not None and truth == (FALSE if wanted else TRUE) and len(parts) == 2:
        gap = gap_of(parts[0].value, parts[1].value)
    ago = read(part.since) if part.since >= 0 else None
    return Told(part, truth, None, gap, ago, parts, wanted)


def truth_of(found: float | None) -> int | None:
    """Return a truth as 0, 1 or 2."""
    if found is None:
        return None
    return UNKNOWN if math.isnan(found) else TRUE if found else FALSE


def gap_of(left: float | None, right: float | None) -> Gap | None:
    """Return how far `left` is from `right`, None where one of them is not known."""
    if left is None or right is None or math.isnan(left) or math.isnan(right):
        return None
    by = abs(left - right)
    return Gap(by, by / abs(right) if right else math.nan)


def recorded(plan: Plan, known: Mapping[int, float]) -> Reader:
    """Return a reader of values that were written down; what follows from them alone is worked out."""
    from engine.plan.operations import apply

    found: dict[int, float | None] = dict(known)

    def read(node: int) -> float | None:
        if node not in found:
            found[node] = work_out(node)
        return found[node]

    def work_out(place: int) -> float | None:
        node = plan.nodes[place]
        if node.op == "const":
            return _read_truth(node.params[0]) if node.boolean else float(node.params[0])
        values = [read(i) for i in node.inputs]
        settles = {"and": 0.0, "or": 1.0}.get(node.op)
        if settles is not None and settles in values:
            return settles
        if node.op not in ELEMENT_WISE or any(value is None for value in values):
            return None
        arrays = [_array(value, plan.nodes[i].boolean) for i, value in zip(node.inputs, values, strict=True)]
        made = apply(node.op, arrays).item()
        return _read_truth(made) if node.boolean else float(made)

    return read


def _read_truth(stored: float | str) -> float:
    """Return a stored truth (0 1 2) as 0, NaN, 1."""
    return (0.0, math.nan, 1.0)[int(stored)]


def _array(value: float | None, boolean: bool) -> Any:
    import numpy as np

    return np.array([truth_of(value)], np.int8) if boolean else np.array([value], np.float64)
