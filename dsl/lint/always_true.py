"""A condition that always holds decides nothing."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.check.terms import Term
from dsl.errors import Diagnostic, Severity
from dsl.lint._rule import Rule, Subject
from dsl.lint._truth import certain, is_comparison, twofold, why


def find(subject: Subject) -> Iterator[Diagnostic]:
    pairs = {_key(part) for term in subject.terms if twofold(term) for part in term.args}
    sides = subject.checked.sides if subject.checked else ()
    musts = [condition.term for side in sides for condition in side.conditions if condition.must]
    needless = {_key(term) for term in musts if term.value == 2.0}
    for term in subject.terms:
        if _key(term) in pairs:
            continue
        if is_comparison(term) or twofold(term):
            if certain(term) is True:
                label = why(term) if is_comparison(term) else ""
                yield Diagnostic(RULE.name, "this always holds", term.span, Severity.WARNING, label)
        elif _key(term) in needless:
            yield Diagnostic(RULE.name, "this always holds", term.span, Severity.WARNING)
        elif term.op == "or" and term.shown is None and _only_together(term):
            yield Diagnostic(RULE.name, "one of these always holds", term.span, Severity.WARNING)


def _only_together(term: Term) -> bool:
    """Whether it always holds while none of its parts does by itself."""
    return certain(term) is True and not any(certain(part) for part in term.args)


def _key(term: Term) -> tuple[int, int, int]:
    return term.same, term.span.start, term.span.end


RULE = Rule("always-true", "truth", "A condition that always holds decides nothing.", find)
