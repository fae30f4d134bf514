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
        _check_range(env, name, given)
        found = literal(env, ast.Number(key.span, given.default.value, given.default.unit))
        if name in values:
            found = constant(values[name], found.type, key.span)
        bound[name] = found
    return bound


def _check_range(env: Env, name: str, given: ast.ParamValue) -> None:
    limits = [limit for limit in (given.low, given.high) if limit is not None]
    for limit in limits:
        if limit.unit != given.default.unit and limit.value:
            env.error(
                "unit-mismatch", f"`{name}` and its range have different units", limit.span, "", "write both alike"
            )
            return
    if given.low is None or given.high is None:
        return
    low, high = given.low.value, given.high.value
    if low > high:
        env.error("wrong-arguments", f"the range of `{name}` is the wrong way round", given.low.span)
    elif not low <= given.default.value <= high:
        shown = given.default.span.text
        env.error("wrong-arguments", f"`{name}` is {shown}, which is outside its range", given.default.span)
    if given.step is not None and given.step.value <= 0:
        env.error("wrong-arguments", f"the step of `{name}` is above 0", given.step.span)
