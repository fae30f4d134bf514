"""The few functions that are built in, because no kernel or definition could be them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from dsl import ast, units
from dsl.catalogue import BUILT_IN as DECLARED
from dsl.check import operators, recursion
from dsl.check.scope import Env
from dsl.check.terms import Term, mistake, term
from dsl.units import BOOL, NUMBER, Type, Unit


def _arguments(env: Env, node: ast.Call, least: int, most: int) -> list[ast.Expr] | None:
    named = next((a for a in node.args if a.name is not None), None)
    if named is not None:
        env.error("wrong-arguments", f"`{node.name}` takes its arguments by place", named.name_span or named.value.span)
        return None
    if not least <= len(node.args) <= most:
        count = f"{least}" if least == most else f"{least} or more" if most > 99 else f"{least} to {most}"
        plural = "argument" if count == "1" else "arguments"
        env.error("wrong-arguments", f"`{node.name}` takes {count} {plural}, and here are {len(node.args)}", node.span)
        return None
    return [a.value for a in node.args]


def _numbers(env: Env, exprs: list[ast.Expr]) -> tuple[Term, ...]:
    return tuple(operators.number(env, env.visit(e)) for e in exprs)


def _wrong(terms: tuple[Term, ...]) -> bool:
    return any(t.type.kind == "error" for t in terms)


def _extreme(env: Env, node: ast.Call) -> Term:
    exprs = _arguments(env, node, 2, 100)
    terms = tuple(operators.proper(env, t) for t in _numbers(env, exprs)) if exprs else ()
    if not terms or _wrong(terms):
        return mistake(node.span)
    given = operators.together(env, terms, f"`{node.name}`")
    if given.kind != "error":
        pick = min if node.name == "min" else max
        bounds = (pick(t.type.bounds[0] for t in terms), pick(t.type.bounds[1] for t in terms))
        given = replace(given, bounds=bounds)
    return term(node.name, terms, given, node.span)


def _clip(env: Env, node: ast.Call) -> Term:
    exprs = _arguments(env, node, 3, 3)
    terms = tuple(operators.proper(env, t) for t in _numbers(env, exprs)) if exprs else ()
    if not terms or _wrong(terms):
        return mistake(node.span)
    given = operators.together(env, terms, "`clip`")
    low, high = terms[1].value, terms[2].value
    if low is not None and high is not None and low > high:
        env.error("wrong-arguments", "the lower bound of `clip` is above the upper", terms[1].span, f"{low:g}")
        return mistake(node.span)
    if given.kind != "error":
        given = replace(given, bounds=(terms[1].type.bounds[0], terms[2].type.bounds[1]))
    return term("clip", terms, given, node.span)


def _one(env: Env, node: ast.Call) -> Term:
    exprs = _arguments(env, node, 1, 1)
    terms = _numbers(env, exprs) if exprs else ()
    if not terms or _wrong(terms):
        return mistake(node.span)
    return term(node.name, terms, _ONE[node.name](terms[0].type), node.span)


def _abs(given: Type) -> Type:
    low, high = given.bounds
    least = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
    return replace(given, bounds=(least, max(abs(low), abs(high))))


def _whole(bounds: units.Bounds) -> units.Bounds:
    low, high = (math.floor(b) if math.isfinite(b) else b for b in bounds)
    return low, high


def _sqrt(given: Type) -> Type:
    unit = Unit(tuple((name, power / 2) for name, power in given.unit.powers), given.unit.flavour)
    return Type(unit=unit, constant=given.constant, bounds=(0, math.inf))


_ONE: dict[str, Callable[[Type], Type]] = {
    "abs": _abs,
    "sign": lambda given: Type(constant=given.constant, bounds=(-1, 1)),
    "floor": lambda given: Type(unit=given.unit, constant=given.constant, bounds=_whole(given.bounds)),
    "sqrt": _sqrt,
    "log": lambda given: Type(unit=NUMBER, constant=given.constant),
    "exp": lambda given: Type(unit=NUMBER, constant=given.constant, bounds=(0, math.inf)),
}


def _default(env: Env, node: ast.Call) -> Term:
    exprs = _arguments(env, node, 2, 2)
    terms = tuple(env.visit(e) for e in exprs) if exprs else ()
    for found in terms:
        if found.type.kind == "record":
            operators.several(env, found)
            return mistake(node.span)
    if not terms or _wrong(terms):
        return mistake(node.span)
    terms = tuple(operators.proper(env, t) if not t.type.is_bool else t for t in terms)
    given = operators.together(env, terms, "`default`")
    return term("default", terms, replace(given, constant=False), node.span)


def _known(env: Env, node: ast.Call) -> Term:
    exprs = _arguments(env, node, 1, 1)
    inner = env.visit(exprs[0]) if exprs else mistake(node.span)
    if inner.type.kind == "error":
        return mistake(node.span)
    base = inner
    while base.op in ("at", "back"):
        base = base.args[0]
    if base.op not in ("field", "series", "model"):
        env.error(
            "wrong-arguments", "`known` asks about a field, an external series or the model", inner.span, "",
            "what is computed is unknown during its warm-up: no rule should depend on that",
        )  # fmt: skip
        return mistake(node.span)
    return term("known", (inner,), BOOL, node.span)


def _at_least(env: Env, node: ast.Call) -> Term:
    exprs = _arguments(env, node, 2, 100)
    if not exprs:
        return mistake(node.span)
    count = operators.number(env, env.visit(exprs[0]))
    terms = tuple(operators.condition(env, env.visit(e)) for e in exprs[1:])
    if count.type.kind == "error" or _wrong(terms):
        return mistake(node.span)
    if count.value is None:
        env.error("series-length", "how many must hold is a constant or a param", count.span, "changes with the candle")
        return mistake(node.span)
    if not count.value.is_integer() or not 1 <= count.value <= len(terms):
        env.error("wrong-arguments", f"how many must hold is a whole number from 1 to {len(terms)}", count.span)
        return mistake(node.span)
    return term("at_least", terms, BOOL, node.span, (count.value,))


def _at_entry(env: Env, node: ast.Call) -> Term:
    exprs = _arguments(env, node, 1, 1)
    if not exprs:
        return mistake(node.span)
    if not env.position:
        env.error("position-out-of-place", "`at_entry` stands only in exit, trail and then", node.span)
        return mistake(node.span)
    if env.windowed:
        env.error("position-out-of-place", f"`at_entry` cannot stand inside `{env.windowed}`", node.span)
        return mistake(node.span)
    inner = replace(env, position=False).visit(exprs[0])
    if inner.type.kind == "record":
        operators.several(env, inner)
        return mistake(node.span)
    if inner.type.kind == "error":
        return mistake(node.span)
    return replace(term("at_entry", (inner,), replace(inner.type, constant=False), node.span), held=True)


def _prev(env: Env, node: ast.Call) -> Term:
    exprs = _arguments(env, node, 2, 2)
    return recursion.previous(env, node, exprs) if exprs else mistake(node.span)


BUILT_IN: dict[str, Callable[[Env, ast.Call], Term]] = {
    "min": _extreme,
    "max": _extreme,
    "clip": _clip,
    "abs": _one,
    "sign": _one,
    "floor": _one,
    "sqrt": _one,
    "log": _one,
    "exp": _one,
    "default": _default,
    "known": _known,
    "at_least": _at_least,
    "at_entry": _at_entry,
    "prev": _prev,
}
assert BUILT_IN.keys() == DECLARED.keys(), "every built-in function is declared in dsl.catalogue"
