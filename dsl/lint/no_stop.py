"""A side without a stop can lose everything it was given."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.errors import Diagnostic, Severity
from dsl.lint._rule import Rule, Subject


def find(subject: Subject) -> Iterator[Diagnostic]:
    for side in subject.document.sides:
        if side.stop is None and "stop" not in side.broken:
            message = f"the {side.side} side has no stop"
            help_text = "add `stop: 2 * atr(14)` or another level"
            yield Diagnostic(RULE.name, message, side.span, Severity.WARNING, help=help_text)


RULE = Rule("no-stop", "trade", "A side without a stop can lose everything it was given.", find)
