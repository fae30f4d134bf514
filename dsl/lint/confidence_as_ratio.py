"""A confidence that is compared as if it ran from 0 to 1: it runs from 0 to 100, so almost anything passes."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.check.terms import Term
from dsl.errors import Diagnostic, Severity
from dsl.lint._rule import Rule, Subject
from dsl.lint._truth import is_comparison


def find(subject: Subject) -> Iterator[Diagnostic]:
    for side in subject.checked.sides if subject.checked else ():
        if side.fire is not None:
            yield from _inside(side.fire)


def _inside(term: Term) -> Iterator[Diagnostic]:
    """Yield a finding for each number above 0 and up to 1 that a confidence is compared with."""
    if is_comparison(term):
        for one, other in (term.args, term.args[::-1]):
            if one.op == "confidence" and other.value is not None and 0 < other.value <= 1:
                meant = f"{100 * other.value:g}"
                yield Diagnostic(
                    RULE.name, f"the confidence runs from 0 to 100, so {other.text} is next to nothing", other.span,
                    Severity.WARNING, help=f"did you mean `{meant}`?",
                )  # fmt: skip
    for part in term.args:
        yield from _inside(part)


RULE = Rule("confidence-as-ratio", "truth", "A confidence is compared with a number from 0 to 1.", find)
