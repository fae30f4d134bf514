"""Two computed numbers are hardly ever equal to the last bit."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.check.terms import Term
from dsl.errors import Diagnostic, Severity
from dsl.lint._rule import Rule, Subject
from dsl.units import COUNT, DURATION

_WHOLE = frozenset({"sign", "count", "const"})


def find(subject: Subject) -> Iterator[Diagnostic]:
    for term in subject.terms:
        if term.op in ("eq", "ne") and not any(_exact(side) for side in term.args):
            help_text = "compare the distance: `abs(a - b) < ...`"
            message = "numbers that are computed are compared for equality"
            yield Diagnostic(RULE.name, message, term.span, Severity.WARNING, help=help_text)


def _exact(term: Term) -> bool:
    """Whether a value is one of few: a truth, a count, a time, a sign, a choice between constants."""
    if term.type.is_bool or term.type.unit in (COUNT, DURATION):
        return True
    if term.op == "if":
        return all(arg.op == "const" or _exact(arg) for arg in term.args[1:])
    return term.op == "sign"


RULE = Rule("float-equality", "truth", "Two computed numbers are hardly ever equal to the last bit.", find)
