"""Why a side fired or not on one candle, as lines of at most 80 columns: verdicts first, the values under them.

A condition that holds is told in one line; one that does not is opened down to the comparisons that failed, each
with how far it was from holding:

    long at bar 95 does not fire; confidence 55
      false    setup (must): oversold_bounce or ma_bounce
                 false  oversold_bounce
                   false  close crosses above ema7
                            close 95.7, ema7 95.8044: 0.104445 from holding
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from engine.domain.strategy import ConditionRule, Plan, SideRules
from engine.plan.evaluate import Values
from engine.plan.explain import value_at
from engine.plan.operations import FALSE, TRUE, UNKNOWN

WIDTH = 74
"""Columns: what stands around a failure indents it by six more."""
DEEPEST = 6
"""Levels of conditions under a condition; the bodies of library functions go deeper than a reader does."""
WORDS = {FALSE: "false", UNKNOWN: "unknown", TRUE: "true"}
_DISTANCE = {"gt": -1.0, "ge": -1.0, "lt": 1.0, "le": 1.0}
"""The sign that makes left - right the way that is missing."""


class Why:
    """Explains one side of a strategy at one row and lane of its frame. `values` must have kept every node."""

    def __init__(self, plan: Plan, values: Values, row: int, lane: int) -> None:
        self._nodes, self._values, self._row, self._lane = plan.nodes, values, row, lane

    def truth(self, node: int) -> int:
        """Return 0 false, 1 unknown, 2 true."""
        value = self._at(node)
        return UNKNOWN if value != value else TRUE if value else FALSE

    def side(self, rules: SideRules, place: str) -> Iterator[str]:
        """Yield the lines of a side; `place` names the candle."""
        fires = self.truth(rules.fires)
        says = {TRUE: "fires", FALSE: "does not fire", UNKNOWN: "does not fire: unknown"}[fires]
        yield f"{rules.side} {place} {says}; confidence {number(self._at(rules.confidence))}"
        for condition in rules.conditions:
            yield from self._condition(condition)
        if fires != TRUE and all(self.truth(c.node) == TRUE for c in rules.conditions if c.must):
            yield "  every `must` holds; what `fire` asks for is missing"

    def nearness(self, rules: SideRules) -> tuple[bool, float, float]:
        """Return how near a side is to firing, to be compared: fires, the share of its musts, its confidence."""
        musts = [self.truth(c.node) == TRUE for c in rules.conditions if c.must]
        confidence = self._at(rules.confidence)
        share = sum(musts) / len(musts) if musts else 1.0
        return self.truth(rules.fires) == TRUE, share, confidence if confidence == confidence else -1.0

    # -- one condition --

    def _condition(self, condition: ConditionRule) -> Iterator[str]:
        truth = self.truth(condition.node)
        kind = "must" if condition.must else f"weight {condition.weight:g}"
        yield from wrapped(f"  {WORDS[truth]:8} {condition.name} ({kind}): ", condition.text, 13)
        node = self._nodes[condition.node]
        if truth == TRUE:
            told = ", ".join(f"{text} {number(self._at(part))}" for text, part in condition.parts)
            yield from wrapped(" " * 13, told, 13) if told else ()
        elif self._is_plain(condition.node):
            yield from self._numbers(condition.node, 13)
        elif node.inputs:
            yield from self._children(condition.node, 13, 1)

    def _branch(self, node: int, indent: int, level: int) -> Iterator[str]:
        given = self._nodes[node]
        truth = self.truth(node)
        head = " " * indent + f"{WORDS[truth]:7} "
        yield from wrapped(head, given.text or "(unnamed)", len(head))
        if self._is_plain(node):
            yield from self._numbers(node, indent + 8)
        elif level < DEEPEST:
            yield from self._children(node, indent + 2, level + 1)

    def _children(self, node: int, indent: int, level: int) -> Iterator[str]:
        """Yield what keeps a condition from holding: of `and` the parts that fail, of anything else all of them."""
        given = self._nodes[node]
        inputs = [i for i in self._flat(node, given.op) if self._nodes[i].boolean]
        if given.op == "and":
            inputs = [i for i in inputs if self.truth(i) != TRUE]
        for i in dict.fromkeys(inputs):
            yield from self._branch(i, indent, level)

    def _flat(self, node: int, op: str) -> Iterator[int]:
        """Yield the parts of `a and b and c`, which the plan holds as pairs; a part with a name stays whole."""
        for i in self._nodes[node].inputs:
            inner = self._nodes[i]
            if op in ("and", "or") and inner.op == op and f" {op} " in inner.text:
                yield from self._flat(i, op)
            else:
                yield i

    # -- comparisons --

    def _is_plain(self, node: int) -> bool:
        """Tell whether a condition is a comparison, or one sentence made of some (`between`, `crosses above`)."""
        given = self._nodes[node]
        if given.op in _DISTANCE or given.op in ("eq", "ne"):
            return True
        if given.op != "and" or not all(self._nodes[i].op in _DISTANCE for i in given.inputs):
            return False
        crosses = " crosses " in given.text and " and " not in given.text
        return crosses or all(self._nodes[i].text == given.text for i in given.inputs)

    def _numbers(self, node: int, indent: int) -> Iterator[str]:
        given = self._nodes[node]
        sides = given.inputs if given.op != "and" else self._missing(node)
        told = [f"{self._name(i, given.text)} {number(self._at(i))}"
                for i in dict.fromkeys(sides) if self._nodes[i].op != "const"]  # fmt: skip
        gap = self._gap(node)
        ending = "" if gap is None else f": {number(gap)} from holding" if gap else ": equal is not enough"
        yield from wrapped(" " * indent, ", ".join(told) + ending, indent)

    def _name(self, node: int, sentence: str) -> str:
        """Name a value; what `crosses` looks back at bears the name of the whole sentence in the plan."""
        given = self._nodes[node]
        if given.op == "back" and (given.text == sentence or " crosses " in given.text):
            inner, ago = self._nodes[given.inputs[0]], float(given.params[0])
            if inner.op == "back" and inner.text.endswith(f"[{inner.params[0]:g}]"):
                return f"{inner.text.rpartition('[')[0]}[{ago + float(inner.params[0]):g}]"
            return f"{inner.text}[{ago:g}]"
        return given.text or "value"

    def _missing(self, node: int) -> list[int]:
        """Return what the failing comparisons of a sentence compare."""
        failing = [i for i in self._nodes[node].inputs if self.truth(i) != TRUE]
        return [side for i in failing for side in self._nodes[i].inputs]

    def _gap(self, node: int) -> float | None:
        """Return how far a comparison is from holding; None where it holds or that cannot be told."""
        given = self._nodes[node]
        if given.op == "and":
            gaps = [gap for i in given.inputs if (gap := self._gap(i)) is not None]
            return max(gaps, default=None)
        if given.op not in _DISTANCE or self.truth(node) != FALSE:
            return None
        left, right = (self._at(i) for i in given.inputs)
        return _DISTANCE[given.op] * (left - right)

    def _at(self, node: int) -> float:
        return value_at(self._values.of(node), self._row, self._lane)


def number(value: float) -> str:
    """Write a value for people: six digits, `unknown` where it is."""
    return "unknown" if value != value else format(value, ".6g")


def wrapped(head: str, words: str, indent: int) -> list[str]:
    """Return `head` and words as lines of at most WIDTH columns; the further ones are indented by `indent`."""
    after = " " * min(indent, WIDTH // 2)
    return textwrap.wrap(words, WIDTH, initial_indent=head, subsequent_indent=after, break_on_hyphens=False) or [head]
