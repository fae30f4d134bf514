"""Some fields exist only live: history has none, so a backtest cannot know them."""

from __future__ import annotations

from collections.abc import Iterator

from dsl import ast
from dsl.check.names import LIVE_ONLY
from dsl.errors import Diagnostic, Severity
from dsl.lint._rule import Rule, Subject


def find(subject: Subject) -> Iterator[Diagnostic]:
    for expr in subject.expressions:
        if isinstance(expr, ast.Name) and expr.name in LIVE_ONLY and expr.name not in subject.document.assume:
            message = f"`{expr.name}` is known only live: in a backtest every rule that needs it is unknown"
            help_text = f"say what to take instead, as in `assume: {{{expr.name}: ...}}`"
            yield Diagnostic(RULE.name, message, expr.span, Severity.INFO, help=help_text)


RULE = Rule(
    "live-only-field",
    "meaning",
    "Some fields exist only live: history has none, so a backtest cannot know them.",
    find,
    Severity.INFO,
)
