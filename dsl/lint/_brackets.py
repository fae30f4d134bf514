"""The text of an expression as part of another one: in brackets where it would fall apart without."""

from __future__ import annotations

from dsl import ast

_SUMS = frozenset("+-*/")


def as_side(expr: ast.Expr) -> str:
    """Return the text of one side of a comparison."""
    loose = isinstance(expr, ast.Between | ast.Crosses | ast.Window | ast.If)
    loose = loose or (isinstance(expr, ast.Binary) and expr.op not in _SUMS)
    loose = loose or (isinstance(expr, ast.Unary) and expr.op == "not")
    return f"({expr.span.text})" if loose else expr.span.text


def as_condition(expr: ast.Expr) -> str:
    """Return the text of a condition that stands where `not x` stood."""
    loose = isinstance(expr, ast.If) or (isinstance(expr, ast.Binary) and expr.op in ("and", "or"))
    return f"({expr.span.text})" if loose else expr.span.text
