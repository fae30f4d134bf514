"""The parts of a document's syntax tree, outermost first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from dsl import ast
from dsl.errors import Span

_FIELDS: dict[type, tuple[str, ...]] = {}


def expressions(part: Any) -> Iterator[ast.Expr]:
    """Yield every expression in a part of a document."""
    stack = [part]
    while stack:
        given = stack.pop()
        kind = given.__class__
        if kind in (str, float, int, bool, Span, type(None)):
            continue
        if kind is dict:
            stack.extend(reversed(given.values()))
        elif kind is tuple:
            stack.extend(reversed(given))
        else:
            if isinstance(given, ast.Expr):
                yield given
            names = _FIELDS.get(kind)
            if names is None:
                names = _FIELDS[kind] = tuple(f.name for f in fields(kind)) if is_dataclass(kind) else ()
            stack.extend(getattr(given, name) for name in reversed(names))


def innermost(part: Any, offset: int, kind: type[ast.Expr] = ast.Expr) -> ast.Expr | None:
    """Return the smallest expression of a kind around a character."""
    best: ast.Expr | None = None
    for expr in expressions(part):
        inside = isinstance(expr, kind) and expr.span.start <= offset <= expr.span.end
        if inside and (best is None or expr.span.end - expr.span.start <= best.span.end - best.span.start):
            best = expr
    return best
