"""Params: constants of a strategy that an optimiser may move, and within what."""

from __future__ import annotations

from collections.abc import Mapping

from dsl import ast
from dsl.check.names import literal
from dsl.check.scope import Env
from dsl.check.terms import Term, constant


def constants(env: Env, document: ast.Document, values: Mapping[str, float]) -> dict[str, Term]:
    """Return each param as a constant: its default, or the value given for it in `values`."""
    bound = {}
    for name, (key, given) in document.params.items():
        found = literal(env, ast.Number(key.span, given.default.value, given.default.unit))
        if name in values:
            found = constant(values[name], found.type, key.span)
        bound[name] = found
    return bound
