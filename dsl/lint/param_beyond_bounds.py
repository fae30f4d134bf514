"""A param that may move past what it is compared with: there the condition always holds, or never."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.check.terms import Term
from dsl.errors import Diagnostic, Severity
from dsl.lint._rule import Rule, Subject
from dsl.lint._truth import is_comparison

_RANGES = frozenset({"lt", "le", "gt", "ge"})


def find(subject: Subject) -> Iterator[Diagnostic]:
    told: set[tuple[str, bool]] = set()
    for term in subject.terms:
        if not is_comparison(term) or term.op not in _RANGES:
            continue
        for param, other in (term.args, term.args[::-1]):
            yield from _beyond(param, other, term, subject, told)


def _beyond(
    param: Term, other: Term, term: Term, subject: Subject, told: set[tuple[str, bool]]
) -> Iterator[Diagnostic]:
    """Yield the ends of a param's range that lie outside of what the other side can be."""
    name = param.span.text
    if param.value is None or other.value is not None or name not in subject.document.params:
        return
    _, given = subject.document.params[name]
    least, most = other.type.bounds
    if given.low is None or given.high is None or not least <= given.default.value <= most:
        return  # a default that lies outside is told where it is compared
    for end, high in ((given.low, False), (given.high, True)):
        if (name, high) in told or least <= end.value <= most:
            continue
        told.add((name, high))
        bound = f"ends at {most:g}" if high else f"begins at {least:g}"
        message = f"`{name}` may go to {end.span.text}, and `{other.text}` {bound}"
        yield Diagnostic(
            RULE.name, message, end.span, Severity.WARNING, help="end its range there", notes=((term.span, "compared"),)
        )


RULE = Rule("param-beyond-bounds", "truth", "A param may move past all that it is compared with.", find)
