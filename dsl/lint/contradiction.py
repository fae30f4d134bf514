"""Conditions that cannot hold together, within one condition or across the musts of a side."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.check.terms import Term
from dsl.errors import Diagnostic, Severity
from dsl.lint._rule import Rule, Subject
from dsl.lint._solve import possible, quantities
from dsl.lint._truth import chains, needed

_MEMBERS = 24


def find(subject: Subject) -> Iterator[Diagnostic]:
    told: set[tuple[int, int]] = set()
    for opposed in _all(subject):
        last = opposed[-1].span
        if (last.start, last.end) not in told and subject.owns(last):
            told.add((last.start, last.end))
            notes = tuple((other.span, "and this") for other in opposed[:-1])
            yield Diagnostic(RULE.name, "these can never hold together", last, Severity.WARNING, notes=notes)


def _all(subject: Subject) -> Iterator[list[Term]]:
    for chain in chains(subject, "and"):
        yield from _opposed(chain)
    for side in subject.checked.sides if subject.checked else ():
        musts = needed(side, subject)
        found = list(_opposed(musts))
        yield from found
        if not found and side.fire is not None:
            for condition in side.conditions:
                if not condition.must and _alone(condition.term):
                    yield from _opposed([*musts, condition.term], len(musts))


def _opposed(members: list[Term], first: int = 1) -> Iterator[list[Term]]:
    """Yield the fewest members that exclude each other, if any do; the last is at place `first` or later."""
    members = [*(m for m in members if _alone(m))][:_MEMBERS]
    for at in range(min(first, len(members)), len(members)):
        for other in members[:at]:
            if quantities(other) & quantities(members[at]) and not possible((other, True), (members[at], True)):
                yield [other, members[at]]
                return
    related = [m for m in members if any(quantities(m) & quantities(o) for o in members if o is not m)]
    if len(related) > 2 and not possible(*((m, True) for m in related)):
        for member in list(related):
            rest = [m for m in related if m is not member]
            if not possible(*((m, True) for m in rest)):
                related = rest
        yield related


def _alone(member: Term) -> bool:
    """Whether a member could hold by itself; if not, that is another finding."""
    return possible((member, True))


RULE = Rule("contradiction", "truth", "Conditions that cannot hold together.", find)
