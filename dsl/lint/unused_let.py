"""A let that nothing uses is a mistake, or should go."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.errors import Diagnostic, Severity
from dsl.lint._rule import Rule, Subject, names_used


def find(subject: Subject) -> Iterator[Diagnostic]:
    document = subject.document
    unread = document.broken or any(side.broken for side in document.sides)  # may be what uses it
    if document.kind == "strategy" and not unread:
        used = subject.names
        for name, (key, _) in document.lets.items():
            if name not in used:
                yield Diagnostic(RULE.name, f"nothing uses `{name}`", key.span, Severity.WARNING, help="remove it")
    for definition in document.defines.values():
        inside = names_used((definition.lets, definition.returns))
        for name, (key, _) in definition.lets.items():
            if name not in inside:
                yield Diagnostic(RULE.name, f"nothing uses `{name}`", key.span, Severity.WARNING, help="remove it")


RULE = Rule("unused-let", "names", "A let that nothing uses is a mistake, or should go.", find)
