"""A condition that cannot hold."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.errors import Diagnostic, Severity
from dsl.lint._rule import Rule, Subject
from dsl.lint._truth import certain, is_comparison, twofold, why


def find(subject: Subject) -> Iterator[Diagnostic]:
    told: set[tuple[int, int]] = set()
    for term in subject.terms:
        place = term.span.start, term.span.end
        if term.uncertain or place in told or not (is_comparison(term) or twofold(term)):
            continue
        if certain(term) is False:
            told.add(place)
            label = next(
                (why(part) for part in (term, *term.args) if is_comparison(part) and certain(part) is False), ""
            )
            yield Diagnostic(RULE.name, "this can never hold", term.span, Severity.WARNING, label)


RULE = Rule("never-true", "truth", "A condition that cannot hold.", find)
