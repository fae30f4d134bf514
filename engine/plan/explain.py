"""Explanations: what each named condition of a side said on one candle, and the values under it."""

from __future__ import annotations

from typing import Protocol

from engine.domain.signal import Verdict
from engine.domain.strategy import ConditionRule, SideRules
from engine.plan.operations import FALSE, TRUE, UNKNOWN, Array


class Readable(Protocol):
    """The part of engine.plan.evaluate.Values that an explanation reads."""

    def of(self, node: int) -> Array: ...


def verdicts(rules: SideRules, values: Readable, row: int, lane: int) -> tuple[Verdict, ...]:
    """Return the verdict of each condition of a side, in the document's order, on a row and lane of its frame."""
    return tuple(verdict(condition, values, row, lane) for condition in rules.conditions)


def verdict(condition: ConditionRule, values: Readable, row: int, lane: int) -> Verdict:
    """Return what one condition said; its parts are numbers, NaN where unknown, and truths as 0.0, NaN and 1.0."""
    parts = tuple((text, value_at(values.of(node), row, lane)) for text, node in condition.parts)
    truth = int(_cell(values.of(condition.node), row, lane))
    return Verdict(condition.name, condition.text, truth, condition.must, condition.weight, parts, condition.units)


def value_at(values: Array, row: int, lane: int) -> float:
    """Return one value as a number; a frame of one symbol answers for every lane."""
    cell = _cell(values, row, lane)
    return _TRUTH[int(cell)] if values.dtype.kind == "i" else float(cell)


_TRUTH = {FALSE: 0.0, UNKNOWN: float("nan"), TRUE: 1.0}


def _cell(values: Array, row: int, lane: int) -> float | int:
    cell: float | int = values[row, lane if values.shape[1] > 1 else 0]
    return cell
