"""A condition that always holds decides nothing."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.errors import Diagnostic, Severity
from dsl.lint._rule import Rule, Subject, terms
from dsl.lint._truth import certain, why


def find(subject: Subject) -> Iterator[Diagnostic]:
    for term in terms(subject):
        if certain(term) is True:
            yield Diagnostic(RULE.name, "this always holds", term.span, Severity.WARNING, why(term))


RULE = Rule("always-true", "truth", "A condition that always holds decides nothing.", find)
