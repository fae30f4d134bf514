"""A let that nothing uses is a mistake, or should go."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.errors import Diagnostic, Severity
from dsl.lint._rule import Rule, Subject, names_used


def find(subject: Subject) -> Iterator[Diagnostic]:
    document = subject.document
    if document.kind == "strategy":
        used = names_used(document)
        for name, (key, _) in document.lets.items():
            if name not in used:
                yield Diagnostic(RULE.name, f"nothing uses `{name}`", key.span, Severity.WARNING, help="remove it")
    for definition in document.defines.values():
        used = names_used((definition.lets, definition.returns))
        for name, (key, _) in definition.lets.items():
            if name not in used:
                yield Diagnostic(RULE.name, f"nothing uses `{name}`", key.span, Severity.WARNING, help="remove it")


RULE = Rule("unused-let", "names", "A let that nothing uses is a mistake, or should go.", find)
