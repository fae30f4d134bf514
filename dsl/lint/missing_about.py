"""A strategy and a function say what they are for."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.errors import Diagnostic, Severity, Span
from dsl.lint._rule import Rule, Subject


def find(subject: Subject) -> Iterator[Diagnostic]:
    document = subject.document
    if document.kind == "strategy" and not document.about:
        place = document.id_span or Span(document.span.source, document.span.start, document.span.start)
        help_text = "add `about:` with a sentence that a follower understands"
        yield Diagnostic(RULE.name, "the strategy does not say what it does", place, Severity.WARNING, help=help_text)
    for definition in document.defines.values():
        if not definition.about:
            message = f"`{definition.signature.name}` does not say what it computes"
            yield Diagnostic(RULE.name, message, definition.signature.span, Severity.WARNING, help="add `about:`")


RULE = Rule("missing-about", "habit", "A strategy and a function say what they are for.", find)
