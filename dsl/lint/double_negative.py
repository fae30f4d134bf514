"""Two negations say what none says more clearly."""

from __future__ import annotations

from collections.abc import Iterator

from dsl import ast
from dsl.errors import Diagnostic, Severity
from dsl.lint._rule import Rule, Subject


def find(subject: Subject) -> Iterator[Diagnostic]:
    for expr in subject.expressions:
        if not isinstance(expr, ast.Unary) or expr.op != "not":
            continue
        inner = expr.operand
        if isinstance(inner, ast.Unary) and inner.op == "not":
            better = inner.operand.span.text
        elif isinstance(inner, ast.Binary) and inner.op == "!=":
            better = f"{inner.left.span.text} == {inner.right.span.text}"
        else:
            continue
        yield Diagnostic(RULE.name, "this is negated twice", expr.span, Severity.WARNING, help=f"write `{better}`")


RULE = Rule("double-negative", "habit", "Two negations say what none says more clearly.", find)
