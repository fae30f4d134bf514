"""A division by what is zero on ordinary candles is unknown there, and a rule that needs it fails silently."""

from __future__ import annotations

from collections.abc import Iterator

from dsl import units
from dsl.check.terms import Term, constant, term
from dsl.errors import Diagnostic, Severity
from dsl.lint._linear import Atoms, core, linear
from dsl.lint._rule import Rule, Subject
from dsl.lint._solve import Goal, possible

_PRICES = frozenset({"open", "high", "low", "close"})
_SAME_CANDLE = "add sub mul div neg lt le gt ge eq ne and or not if min max clip abs sign sqrt log exp"
_AT_ONCE = frozenset(_SAME_CANDLE.split(" "))
_MOST_WAYS = 20_000
"""A part may be reached in very many ways; beyond these nothing more is claimed."""


def find(subject: Subject) -> Iterator[Diagnostic]:
    seen: set[tuple[object, ...]] = set()
    told: set[tuple[int, int]] = set()
    dividing: dict[int, bool] = {}
    for root in subject.roots:
        if not _divides(root, dividing):
            continue
        for divisor in _divisors(root, (), subject, seen, dividing):
            place = divisor.span.start, divisor.span.end
            if place not in told:
                told.add(place)
                zero = divisor.value == 0
                message = "this is 0: the division has no value" if zero else "this is 0 on some candles"
                label = "" if zero else "then the division is unknown"
                help = "" if zero else f"write `if {_guard(divisor)} > 0 then ... else ...`, or multiply instead"
                yield Diagnostic(RULE.name, message, divisor.span, Severity.WARNING, label, help)


def _guard(divisor: Term) -> str:
    """Return what is above 0 where the divisor is not 0."""
    zero = constant(0.0, divisor.type, divisor.span)
    negative = possible((term("lt", (divisor, zero), units.BOOL, divisor.span), True))
    return f"abs({divisor.text})" if negative else divisor.text


def _divides(given: Term, known: dict[int, bool]) -> bool:
    """Tell whether there is a division anywhere in an expression."""
    if given.same not in known:
        known[given.same] = given.op == "div" or any(_divides(part, known) for part in given.args)
    return known[given.same]


def _divisors(
    given: Term,
    facts: tuple[Goal, ...],
    subject: Subject,
    seen: set[tuple[object, ...]],
    dividing: dict[int, bool],
) -> Iterator[Term]:
    """Yield the divisors that may be 0 where the facts, which the way to them implies, are so."""
    key = (given.same, given.span.start, frozenset((fact.same, wanted) for fact, wanted in facts))
    if key in seen or len(seen) > _MOST_WAYS:
        return
    seen.add(key)
    if given.op == "div" and subject.owns(given.span) and subject.owns(given.args[1].span):
        divisor = given.args[1]
        if divisor.value == 0 or (_ordinary(divisor) and _may_be_zero(divisor, facts)):
            yield divisor
    known = facts if given.op in _AT_ONCE else ()
    for at, part in enumerate(given.args):
        if not _divides(part, dividing):
            continue
        there = known
        if given.op in ("and", "or"):
            there = (*known, *((other, given.op == "and") for other in given.args if other is not part))
        elif given.op == "if" and at:
            there = (*known, (given.args[0], at == 1))
        yield from _divisors(part, there, subject, seen, dividing)


def _may_be_zero(divisor: Term, facts: tuple[Goal, ...]) -> bool:
    zero = term("eq", (divisor, constant(0.0, divisor.type, divisor.span)), units.BOOL, divisor.span)
    return possible(*facts, (zero, True))


def _ordinary(divisor: Term) -> bool:
    """Whether exactly 0 is an ordinary value: of a count, a single volume, an open end of an index, a price's move."""
    inner, _ = core(divisor)
    if inner.op in ("abs", "min", "max") and inner.shown is None:
        return (all if inner.op == "max" else any)(_ordinary(part) for part in inner.args)
    atoms: Atoms = {}
    total = linear(divisor, atoms)
    if total is None or total.constant or not total.weights:
        return False
    found = [core(atoms[atom])[0] for atom in total.weights]
    if all(a.op == "field" and a.params[0] in _PRICES for a in found):
        return len(found) > 1 and abs(sum(total.weights.values())) < 1e-9
    (first, *others) = found
    low, high = first.type.bounds
    if others or not low <= 0 <= high:
        return False
    if first.op in ("sign", "floor") or (first.op == "field" and first.params == ("volume",)):
        return True
    return first.type.unit == units.COUNT or (first.type.unit == units.INDEX and low == 0)


RULE = Rule(
    "may-divide-by-zero",
    "truth",
    "A division by what is 0 on ordinary candles is unknown there, and the rule that needs it fails silently.",
    find,
)
