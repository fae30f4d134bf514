"""Two parts of one condition that cannot hold together."""

from __future__ import annotations

import math
from collections.abc import Iterator

from dsl.check.terms import Term
from dsl.errors import Diagnostic, Severity
from dsl.lint._rule import Rule, Subject, terms

_TURNED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq"}


def find(subject: Subject) -> Iterator[Diagnostic]:
    for term in terms(subject):
        if term.op != "and":
            continue
        limits: dict[int, list[tuple[str, float, Term]]] = {}
        for part in _conjuncts(term, set()):
            limit = _limit(part)
            if limit is not None:
                limits.setdefault(limit[0], []).append((limit[1], limit[2], part))
        for given in limits.values():
            yield from _opposed(given)


def _conjuncts(term: Term, seen: set[int]) -> Iterator[Term]:
    if term.same in seen:
        return
    seen.add(term.same)
    if term.op == "and":
        for argument in term.args:
            yield from _conjuncts(argument, seen)
    else:
        yield term


def _limit(term: Term) -> tuple[int, str, float] | None:
    """Return (what, comparison, number) of a comparison with a constant."""
    if term.op not in _TURNED:
        return None
    left, right = term.args
    if right.value is not None and left.value is None:
        return left.same, term.op, right.value
    if left.value is not None and right.value is None:
        return right.same, _TURNED[term.op], left.value
    return None


def _opposed(limits: list[tuple[str, float, Term]]) -> Iterator[Diagnostic]:
    low, high = (-math.inf, False), (math.inf, False)
    for op, value, term in limits:
        if op in ("gt", "ge", "eq"):
            low = max(low, (value, op == "gt"))
        if op in ("lt", "le", "eq"):
            high = min(high, (value, op != "lt"))
        if low[0] > high[0] or (low[0] == high[0] and (low[1] or not high[1])):
            others = tuple((other.span, "and this") for _, _, other in limits if other is not term)
            yield Diagnostic(RULE.name, "these can never hold together", term.span, Severity.WARNING, notes=others[:1])
            return


RULE = Rule("contradiction", "truth", "Two parts of one condition that cannot hold together.", find)
