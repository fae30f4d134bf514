"""Two negations say what none says more clearly."""

from __future__ import annotations

from collections.abc import Iterator

from dsl import ast
from dsl.errors import Diagnostic, Fix, Severity
from dsl.lint._brackets import as_condition, as_side
from dsl.lint._rule import Rule, Subject


def find(subject: Subject) -> Iterator[Diagnostic]:
    for expr in subject.expressions:
        if not isinstance(expr, ast.Unary) or expr.op != "not":
            continue
        inner = expr.operand
        if isinstance(inner, ast.Unary) and inner.op == "not":
            better = as_condition(inner.operand)
        elif isinstance(inner, ast.Binary) and inner.op == "!=":
            better = f"{as_side(inner.left)} == {as_side(inner.right)}"
        else:
            continue
        fix = Fix(expr.span, better, same=True)
        yield Diagnostic(
            RULE.name, "this is negated twice", expr.span, Severity.WARNING, help=f"write `{better}`", fix=fix
        )


RULE = Rule("double-negative", "habit", "Two negations say what none says more clearly.", find)
