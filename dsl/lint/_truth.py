"""What a condition says for certain, and the conditions that stand together."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from dsl import units
from dsl.check.checked import Side
from dsl.check.terms import Term
from dsl.lint._rule import Subject
from dsl.lint._solve import possible

COMPARISONS = frozenset({"lt", "le", "gt", "ge", "eq", "ne"})


def certain(term: Term) -> bool | None:
    """Return True or False where a condition can only be that; None where it is open, or a constant as written."""
    if term.op == "const" or not term.type.is_bool:
        return None
    if not possible((term, True)):
        return False
    return None if possible((term, False)) else True


def is_comparison(term: Term) -> bool:
    return term.op in COMPARISONS and not term.args[0].type.is_bool


def twofold(term: Term) -> bool:
    """Whether it is `between` or `crosses`: two comparisons that are written as one."""
    return term.op == "and" and all(part.span == term.span for part in term.args)


def parts(term: Term, op: str, subject: Subject) -> list[Term]:
    """Return the members of a chain of `and` (or `or`), through lets, each once; a call is one member."""
    found: dict[int, Term] = {}

    def split(given: Term) -> None:
        whole = given.op != op or given.shown is not None or twofold(given)
        if whole or not all(subject.owns(part.span) for part in given.args):
            found.setdefault(given.same, given)
        else:
            for part in given.args:
                split(part)

    split(term)
    return list(found.values())


def chains(subject: Subject, op: str) -> Iterator[list[Term]]:
    """Yield the members of every chain of `and` (or `or`) that is written in the document."""
    for term in subject.terms:
        if term.op == op and term.shown is None and not twofold(term):
            yield parts(term, op, subject)


def needed(side: Side, subject: Subject) -> list[Term]:
    """Return what must hold for a side to fire, in parts: its musts, or all conditions where there is no `fire`."""
    found: dict[int, Term] = {}
    for condition in side.conditions:
        if condition.must or side.fire is None:
            for part in parts(condition.term, "and", subject):
                found.setdefault(part.same, part)
    return list(found.values())


def tuned(term: Term, subject: Subject) -> bool:
    """Whether a number in it comes from a param or a let: what it says may change."""
    key = term.same, term.span.start, term.span.end
    if key not in subject.tuned:
        subject.tuned[key] = _tuned(term, subject)
    return subject.tuned[key]


def _tuned(term: Term, subject: Subject) -> bool:
    names = {*subject.document.params, *subject.document.lets}
    seen: set[tuple[int, int, int]] = set()
    left = [term]
    while left:
        part = left.pop()
        place = (part.same, part.span.start, part.span.end)
        if place in seen:
            continue
        seen.add(place)
        if part.op == "const" and names.intersection(re.findall(r"[a-z_]\w*", part.span.text)):
            return True
        left.extend(part.shown or part.args)
    return False


_CLOCK = (("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000))


def _clock(ms: float) -> str:
    """Return a duration as it is written: `15m`."""
    unit, size = next(((unit, size) for unit, size in _CLOCK if ms % size == 0 and ms >= size), ("ms", 1))
    return f"{ms / size:g}{unit}"


def why(term: Term) -> str:
    """Return the bounds that decide a comparison, '' where more than they do."""
    left, right = term.args
    if left.same == right.same:
        return "both sides are the same"
    changing = left if left.value is None else right
    if (left.value is None) == (right.value is None):
        return ""
    low, high = changing.type.bounds
    if math.isinf(low) and math.isinf(high):
        return ""
    if changing.type.unit == units.DURATION and math.isfinite(high):
        return f"`{changing.text}` is {_clock(low)}" + (f" to {_clock(high)}" if high != low else "")
    if math.isinf(high):
        return f"`{changing.text}` is {low:g} or more"
    return (
        f"`{changing.text}` is {low:g} to {high:g}" if math.isfinite(low) else f"`{changing.text}` is {high:g} or less"
    )
