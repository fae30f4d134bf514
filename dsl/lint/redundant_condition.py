"""A condition that another one implies decides nothing."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.check.checked import Side
from dsl.check.terms import Term
from dsl.errors import Diagnostic, Severity
from dsl.lint._rule import Rule, Subject
from dsl.lint._solve import implies, possible, quantities
from dsl.lint._truth import certain, chains, needed, tuned


def find(subject: Subject) -> Iterator[Diagnostic]:
    told: set[tuple[int, int]] = set()
    for idle, other, message in _all(subject):
        place = idle.span.start, idle.span.end
        if place not in told and subject.owns(idle.span):
            told.add(place)
            notes = ((other.span, "because of this"),)
            yield Diagnostic(RULE.name, message, idle.span, Severity.WARNING, help="remove it", notes=notes)


def _all(subject: Subject) -> Iterator[tuple[Term, Term, str]]:
    for chain in chains(subject, "and"):
        for idle, other in _implied(chain, subject):
            yield idle, other, f"this says nothing that `{other.text}` does not say"
    for chain in chains(subject, "or"):
        for other, idle in _implied(chain, subject, swapped=True):
            yield other, idle, f"this holds only where `{idle.text}` holds too"
    for side in subject.checked.sides if subject.checked else ():
        musts = needed(side, subject)
        for idle, other in _implied(musts, subject):
            yield idle, other, f"this says nothing that `{other.text}` does not say"
        for later, first in _twice(side) if side.fire is not None else ():
            yield later, first, "this is the same condition again: it counts twice"
        for condition in side.conditions if side.fire is not None else ():
            other_must = _because(condition.term, musts, subject) if not condition.must else None
            if other_must is not None:
                message = f"this holds wherever the must `{other_must.text}` holds: its weight always counts"
                yield condition.term, other_must, message


def _twice(side: Side) -> Iterator[tuple[Term, Term]]:
    """Yield (later, earlier) of the conditions that are the same and count twice."""
    known: dict[int, Term] = {}
    for condition in side.conditions:
        if not condition.must:
            first = known.setdefault(condition.term.same, condition.term)
            if first is not condition.term:
                yield condition.term, first


def _implied(members: list[Term], subject: Subject, *, swapped: bool = False) -> Iterator[tuple[Term, Term]]:
    """Yield (member, other) where the other makes the member needless; of two that are equal, the later one.

    In a chain of `and` the other implies the member, in one of `or` (swapped) the member implies the other.
    """
    gone: set[int] = set()
    for at in reversed(range(len(members))):
        member = members[at]
        for other in members:
            if other is member or other.same in gone or not _related(member, other, subject):
                continue
            if implies(member, other) if swapped else implies(other, member):
                gone.add(member.same)
                yield member, other
                break


def _because(member: Term, musts: list[Term], subject: Subject) -> Term | None:
    return next((m for m in musts if _related(member, m, subject) and implies(m, member)), None)


def _related(member: Term, other: Term, subject: Subject) -> bool:
    """Whether two open conditions speak of the same, with numbers that stay as they are."""
    if not quantities(member) & quantities(other) or tuned(member, subject) or tuned(other, subject):
        return False
    return certain(member) is None and possible((other, True)) and certain(other) is None


RULE = Rule("redundant-condition", "truth", "A condition that another one implies decides nothing.", find)
