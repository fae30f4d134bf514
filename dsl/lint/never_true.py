"""A condition that cannot hold."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.errors import Diagnostic, Severity
from dsl.lint._rule import Rule, Subject, terms
from dsl.lint._truth import certain, why


def find(subject: Subject) -> Iterator[Diagnostic]:
    for term in terms(subject):
        if certain(term) is False:
            yield Diagnostic(RULE.name, "this can never hold", term.span, Severity.WARNING, why(term))


RULE = Rule("never-true", "truth", "A condition that cannot hold.", find)
