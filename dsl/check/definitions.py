"""Definitions: functions written in the language, laid open over the arguments of a call."""

from __future__ import annotations

from dataclasses import replace

from dsl import ast, units
from dsl.catalogue import Function
from dsl.check import operators, recursion
from dsl.check.scope import Env, Scope
from dsl.check.terms import Term, mistake, term
from dsl.errors import Span
from dsl.units import BY_NAME, Type, bounded


def use(env: Env, function: Function, bound: dict[str, Term], span: Span | None, home: Scope | None) -> Term:
    """Return a definition laid open over its arguments. `span` None: checked for itself, mistakes stay in its file."""
    world, definition = env.world, function.definition
    assert definition is not None
    key = (function.name, env.frames, tuple((name, t.same, t.type) for name, t in bound.items()))
    if key in world.uses:
        return world.uses[key]
    if function.name in world.defining:
        loop = " -> ".join([*world.defining[world.defining.index(function.name) :], function.name])
        env.error("circular-let", f"definitions may not use themselves: {loop}", span or definition.span)
        return mistake(span or definition.span)
    site = env.site or span
    inner = Env(
        world, Scope(lets=definition.lets, bound=dict(bound), outer=home), env.frames,
        site=site, within=env.within or function.name,
    )  # fmt: skip
    world.defining.append(function.name)
    try:
        recursion.prepare(inner, definition)
        found = _returns(inner, definition, bound)
    finally:
        world.defining.pop()
    world.uses[key] = found
    return found


def _returns(env: Env, definition: ast.Definition, bound: dict[str, Term]) -> Term:
    outputs = []
    for name, (_, expr) in definition.returns.items():
        found = recursion.value(env, name, expr)
        if found.type.kind == "record":
            operators.several(env, found)
            found = mistake(expr.span)
        found = operators.proper(env, found)
        outputs.append(found.typed(_declared(found.type, name, definition, bound)))
    if list(definition.returns) == ["value"]:
        return outputs[0]
    return record(tuple(outputs), tuple(definition.returns), definition.span)


def _declared(given: Type, name: str, definition: ast.Definition, bound: dict[str, Term]) -> Type:
    """Return the type with the unit and bounds that the definition declares for an output."""
    if given.kind != "number":
        return given
    declared = definition.units.get(name, "")
    relation, _, source = declared.rpartition(" ")
    if relation == "same as" and source in bound:
        given = replace(bound[source].type, constant=False, bounds=given.bounds)
    elif relation == "distance of" and source in bound:
        given = replace(units.distance_of(bound[source].type), bounds=given.bounds)
    elif declared == "price":
        given = units.level(bounds=given.bounds)
    elif declared in BY_NAME and not relation:
        given = Type(unit=BY_NAME[declared], weight=0.0 if declared == "distance" else None, bounds=given.bounds)
    low, high = definition.bounds.get(name, (None, None))
    if low is not None or high is not None:
        given = replace(given, bounds=bounded((low, high)))
    return given


def record(outputs: tuple[Term, ...], keys: tuple[str, ...], span: Span) -> Term:
    return term("record", outputs, Type("record"), span, keys)
