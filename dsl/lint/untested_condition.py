"""A condition that no test sees hold and fail can be wrong without any test failing."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.errors import Diagnostic, Severity
from dsl.lint._rule import Rule, Subject


def find(subject: Subject) -> Iterator[Diagnostic]:
    """Speak of strategies that have tests: of each condition where they were run, else of a side as a whole."""
    if subject.seen is None or subject.checked is None:
        return
    for side in subject.document.sides:
        lacks = {name: subject.seen.lacks.get((side.side, name), ()) for name in side.when}
        if not any(lacks.values()):
            if side.side not in subject.seen.sides:
                message = f"no test expects a signal of the {side.side} side"
                help_text = f"add a test with `signal: {{side: {side.side}}}` to the file beside the strategy"
                yield Diagnostic(RULE.name, message, side.span, Severity.WARNING, help=help_text)
            continue
        for name, (key, _) in side.when.items():
            if lacks[name]:
                message = f"no test sees `{name}` {' or '.join(lacks[name])}"
                help_text = "add a test whose candles make it so"
                yield Diagnostic(RULE.name, message, key.span, Severity.WARNING, help=help_text)


RULE = Rule("untested-condition", "messages, tests", "A condition that no test sees hold and fail is not tested.", find)
