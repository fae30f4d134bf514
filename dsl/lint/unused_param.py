"""A param or argument that nothing uses moves nothing."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.errors import Diagnostic, Severity
from dsl.lint._rule import Rule, Subject, names_used


def find(subject: Subject) -> Iterator[Diagnostic]:
    document = subject.document
    unread = document.broken or any(side.broken for side in document.sides)  # may be what uses it
    if document.kind == "strategy" and not unread:
        used = subject.names
        for name, (key, _) in document.params.items():
            if name not in used:
                yield Diagnostic(RULE.name, f"no rule reads the param `{name}`", key.span, Severity.WARNING)
    for definition in document.defines.values():
        inside = names_used((definition.lets, definition.returns))
        for given in definition.signature.params:
            if given.name not in inside:
                message = f"`{definition.signature.name}` never reads its argument `{given.name}`"
                yield Diagnostic(RULE.name, message, given.span, Severity.WARNING)


RULE = Rule("unused-param", "names", "A param or argument that nothing uses moves nothing.", find)
