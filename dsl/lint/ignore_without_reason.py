"""Who silences a finding says why, for whoever reads it next year."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.errors import Diagnostic, Severity, Source
from dsl.lint._rule import Rule, Subject
from dsl.lint._silence import silences


def find(subject: Subject) -> Iterator[Diagnostic]:
    return unexplained(subject.document.span.source)


def unexplained(source: Source) -> Iterator[Diagnostic]:
    """Yield the comments of any text that have no reason."""
    told: set[int] = set()
    for given in silences(source):
        if not given.reason and given.whole.start not in told:
            told.add(given.whole.start)
            message = f"this silences `{given.name}` and does not say why"
            help_text = f"end it with a reason in brackets, as in `# lint: ignore {given.name} (why)`"
            yield Diagnostic(RULE.name, message, given.whole, Severity.WARNING, help=help_text)


RULE = Rule("ignore-without-reason", "messages, tests", "Who silences a finding says why.", find)
