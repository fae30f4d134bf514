"""A condition reads best with what changes on the left: `rsi14 < 30`, not `30 > rsi14`."""

from __future__ import annotations

from collections.abc import Iterator

from dsl import ast
from dsl.errors import Diagnostic, Fix, Severity
from dsl.lint._brackets import as_side
from dsl.lint._rule import Rule, Subject

_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


def find(subject: Subject) -> Iterator[Diagnostic]:
    for expr in subject.expressions:
        if not isinstance(expr, ast.Binary) or expr.op not in _TURNED:
            continue
        if _literal(expr.left) and not _literal(expr.right):
            better = f"{as_side(expr.right)} {_TURNED[expr.op]} {expr.left.span.text}"
            message = "the number comes before what is compared with it"
            fix = Fix(expr.span, better, same=True)
            yield Diagnostic(RULE.name, message, expr.span, Severity.WARNING, help=f"write `{better}`", fix=fix)


def _literal(expr: ast.Expr) -> bool:
    return isinstance(expr, ast.Number) or (isinstance(expr, ast.Unary) and _literal(expr.operand))


RULE = Rule(
    "yoda-condition",
    "habit",
    "A condition reads best with what changes on the left: `rsi14 < 30`, not `30 > rsi14`.",
    find,
)
