"""Explanations for people, on 80 columns, and for machines."""

from __future__ import annotations

import itertools
import math
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from dsl.explain.anatomy import SIGNS, WINDOWS, Fire
from dsl.explain.telling import Gap, Reader, Told, gap_of, truth_of
from engine.domain.signal import Verdict
from engine.domain.strategy import ConditionRule, Plan

WIDTH = 80
WORDS = ("false", "unknown", "true")
_MARGIN = 8
_DEEPEST = 12


def word(truth: int | None) -> str:
    return "-" if truth is None else WORDS[truth]


def number(value: float | None, unit: str = "") -> str:
    """Return a value with the digits that a reader can use; a ratio in percent."""
    if value is None:
        return "not recorded"
    if math.isnan(value):
        return "unknown"
    if unit == "ratio":
        return f"{value * 100:.4g}%"
    if abs(value) >= 1e6:
        return f"{value:,.0f}"
    return f"{value:.7g}" if unit.startswith("price") else f"{value:.5g}"


def distance(gap: Gap, unit: str) -> str:
    """Return how far a comparison was from saying the other."""
    if not gap.by:
        return "equal is not enough"
    share = ""
    if not math.isnan(gap.share):
        share = f" ({gap.share * 100:,.0f}%)" if gap.share >= 10 else f" ({gap.share * 100:.3g}%)"
    points = f"{gap.by * 100:.4g} points" if unit == "ratio" else number(gap.by)
    return f"off by {points}{share}"


@dataclass
class Reasons:
    """Says why a value is unknown: what the data lacks, or how much history is still missing."""

    plan: Plan
    read: Any
    sources: frozenset[int]
    candles: int
    _found: dict[int, str] = field(default_factory=dict)

    def why(self, node: int) -> str:
        if node not in self._found:
            self._found[node] = self._why(node)
        return self._found[node]

    def _why(self, node: int) -> str:
        lacking = sorted({self._lacks(source) for source in self._cone(node) & self.sources if self._unknown(source)})
        if lacking:
            return "; ".join(lacking)
        need = self.plan.nodes[node].defined
        return f"needs {need} candles, there are {self.candles}" if need > self.candles else ""

    def _unknown(self, node: int) -> bool:
        value = self.read(node)
        return value is not None and math.isnan(value)

    def _lacks(self, source: int) -> str:
        node = self.plan.nodes[source]
        if node.op == "model":
            return "the model says nothing here"
        return f"no {node.params[0]} in the data"

    def _cone(self, node: int) -> set[int]:
        found, waiting = {node}, [node]
        while waiting:
            for inner in self.plan.nodes[waiting.pop()].inputs:
                if inner not in found:
                    found.add(inner)
                    waiting.append(inner)
        return found


class Page:
    """The lines of one side's explanation, of at most `width` columns.

    `deep` opens the functions of the library; `brief` opens only what kept a condition from holding.
    """

    def __init__(self, reasons: Reasons | None, deep: bool = False, *, brief: bool = False, width: int = WIDTH) -> None:
        self.reasons, self.deep, self.brief, self.width = reasons, deep, brief, width
        self.lines: list[str] = []
        self._seen: set[int] = set()

    def condition(self, rule: ConditionRule, told: Told, read: Reader | None = None) -> None:
        """Add a named condition with everything under it; of one that holds, in brief, the values (`read`)."""
        heading = f"{rule.name}, {kind(rule.must, rule.weight)}: {rule.text}"
        if self.brief and told.helps and read is not None:
            values = [(text, read(node)) for text, node in rule.parts]
            self.row(word(told.truth), 0, heading, _listed(values, rule.units))
            return
        self.row(word(told.truth), 0, heading, self._values(told))
        self._under(told, 1)

    def verdict(self, said: Verdict) -> None:
        """Add a stored verdict with the values under it."""
        heading = f"{said.name}, {kind(said.must, said.weight)}: {said.text}"
        self.row(word(said.truth), 0, heading, _listed(said.parts, said.units))

    def part(self, told: Told, depth: int) -> None:
        part = told.part
        if self.brief and told.helps:
            return
        if part.boolean and (not told.known or (part.call and told.truth is None)):
            self.row(word(None), depth, part.text, "not recorded")
        elif part.boolean:
            again = bool(told.parts) and part.op not in SIGNS and part.node in self._seen
            self.row(word(told.truth), depth, part.text, "as above" if again else self._values(told))
            if not again:
                self._under(told, depth + 1)
        elif part.op != "const":
            again = bool(told.parts) and part.node in self._seen
            self.row(
                "",
                depth,
                f"{part.text} = {number(told.value, part.unit)}",
                "as above" if again else self._why(told),
            )
            self._seen.add(part.node)
            for inner in () if again else told.parts:
                self.part(inner, depth + 1)

    def row(self, verdict: str, depth: int, text: str, values: str) -> None:
        """Add one line, or several where it is too long for the screen."""
        margin = f"{verdict:<{_MARGIN}}" + "  " * min(depth, _DEEPEST)
        room = self.width - len(margin)
        if len(text) + len(values) + 3 <= room:
            self.lines.append(f"{margin}{text}   {values}".rstrip())
            return
        first, *rest = textwrap.wrap(text, room, subsequent_indent="  ", break_on_hyphens=False) or [""]
        self.lines.append(margin + first)
        below = " " * len(margin)
        self.lines += [below + line for line in rest]
        self.lines += [f"{below}    {line}" for line in textwrap.wrap(values, room - 4, break_on_hyphens=False)]

    def _under(self, told: Told, depth: int) -> None:
        self._seen.add(told.part.node)
        if told.part.op in SIGNS and not self.deep:
            if leaves := [leaf for leaf in _leaves(told) if self._worth_telling(leaf[1])]:
                named = ", ".join(f"{text} = {number(value, unit)}" for text, value, unit in leaves)
                self.row("", depth, "with " + named, "")
            for inner in told.parts:
                if inner.part.boolean and not self.brief:
                    self.part(inner, depth)
            return
        for inner in told.parts:
            if told.part.op not in SIGNS or inner.part.boolean or inner.parts:
                self.part(inner, depth)

    def _worth_telling(self, value: float | None) -> bool:
        return value is not None and not (self.brief and math.isnan(value))

    def _values(self, told: Told) -> str:
        """Return the values of a comparison and how far off it was, or when a window's condition last held."""
        part = told.part
        if part.op in WINDOWS:
            return _window(told)
        if part.op not in SIGNS or len(told.parts) != 2 or told.parts[0].part.boolean:
            return self._why(told) if not told.parts else ""
        left, right = told.parts
        shown = f"{number(left.value, _unit(left, right))} {SIGNS[part.op]} {number(right.value, _unit(right, left))}"
        if told.gap is not None:
            shown += f", {distance(told.gap, _unit(left, right))}"
        why = " and ".join(dict.fromkeys(filter(None, (self._why(left), self._why(right)))))
        return f"{shown} ({why})" if why else shown

    def _why(self, told: Told) -> str:
        unknown = told.truth == 1 if told.part.boolean else told.value is not None and math.isnan(told.value)
        return self.reasons.why(told.part.node) if unknown and self.reasons else ""


def kind(must: bool, weight: float) -> str:
    """Return what a condition counts for."""
    return "must" if must else f"weight {weight:g}"


def _listed(values: Iterable[tuple[str, float | None]], units: Sequence[str]) -> str:
    """Return values with their names; truths as words."""
    known = units or itertools.repeat("")
    return ", ".join(
        f"{text} {word(truth_of(value))}" if unit == "bool" else f"{text} = {number(value, unit)}"
        for (text, value), unit in zip(values, known, strict=False)
    )


def confidence_text(low: float | None, high: float | None) -> str:
    """Return a confidence, or the least and the greatest that it may be."""
    if low is None:
        return "was not recorded"
    return number(low) if high is None or high == low else f"{number(low)} to {number(high)}, as some is unknown"


def fire_text(fire: Fire | None, read: Reader) -> str:
    """Return what `fire` asks for, and how far its comparison was from holding."""
    if fire is None:
        return "; it fires when every condition holds"
    truth = truth_of(read(fire.node))
    text = f"; fire: {fire.text}" + (f" is {word(truth)}" if truth is not None else "")
    if not fire.op or truth == 2:
        return text
    low = fire.op in ("gt", "ge")
    gap = gap_of(read(fire.left[0 if low else 1]), read(fire.right[1 if low else 0]))
    worst = "at worst " if truth == 1 else ""
    return f"{text}, {worst}{distance(gap, '')}" if gap is not None else text


def _unit(told: Told, other: Told) -> str:
    """Return the unit that a value is shown in; a bare number takes the unit it meets."""
    return told.part.unit if told.part.unit not in ("", "number") else other.part.unit


def _window(told: Told) -> str:
    if told.ago is None:
        return ""
    unknown = math.isnan(told.ago)
    if told.part.op == "held":
        run = "held on all that is remembered" if unknown else f"held for {_candles(told.ago)}, {told.part.bars} asked"
        return f"{run}; on this one:"
    if not told.ago:
        return "last held on this one"
    return f"{'never held' if unknown else f'last held {_candles(told.ago)} ago'}; on this one:"


def _candles(count: float) -> str:
    return f"{count:g} candle" if count == 1 else f"{count:g} candles"


def _leaves(told: Told) -> Iterator[tuple[str, float | None, str]]:
    """Yield what the two sides of a comparison were worked out from, each once."""
    found: dict[str, tuple[str, float | None, str]] = {}

    def walk(inner: Told) -> None:
        for leaf in inner.parts:
            if leaf.part.boolean or leaf.parts:
                walk(leaf)
            elif leaf.part.op != "const":
                found.setdefault(leaf.part.text, (leaf.part.text, leaf.value, leaf.part.unit))

    for side in told.parts:
        if not side.part.boolean:
            walk(side)
    yield from found.values()


def facts(told: Told) -> dict[str, Any]:
    """Return a part and everything under it as data."""
    part = told.part
    found: dict[str, Any] = {"text": part.text, "op": part.op}
    if part.boolean:
        found["verdict"] = None if told.truth is None else WORDS[told.truth]
    else:
        found |= {"value": told.value, "unit": part.unit}
    if told.gap is not None:
        found["gap"] = {"by": told.gap.by, "share": told.gap.share}
    if part.op in WINDOWS:
        found |= {"bars": part.bars, "ago": told.ago}
    if told.parts:
        found["parts"] = [facts(inner) for inner in told.parts]
    return found
