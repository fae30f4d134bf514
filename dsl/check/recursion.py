"""`prev(name, start)`: lets of a definition that are computed from one candle to the next.

They leave as one node `recur` with a small program (engine.plan.recursion says its form); everything the
program reads that does not itself depend on prev() is an input of that node.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import fields, replace

from dsl import ast
from dsl.check.scope import Env
from dsl.check.terms import Term, mistake, term
from dsl.units import Type
from engine.plan.recursion import ARITY

LONGEST = 100_000
"""Candles that a recursion may take to settle."""
MOST_STEPS = 2_000
"""Steps of one program: a let that is named twice is written twice, so lets over lets could grow without end."""


def prepare(env: Env, definition: ast.Definition) -> None:
    """Find the states of a definition and compute them, before anything else of it is checked."""
    states = _states(definition)
    if not states:
        return
    if definition.settles is None:
        env.error(
            "missing-key", f"`{definition.signature.name}` uses `prev` and needs `settles:`", definition.signature.span,
            "", "say after how many candles its start no longer matters to 1e-6",
        )  # fmt: skip
    env.scope.states = states
    bodies = []
    for name in states:
        if name in definition.lets:
            bodies.append(_body(env, name, definition.lets[name][1]))
        else:
            bodies.append(env.visit(definition.returns[name.removeprefix("=")][1]))
    env.scope.memo.clear()
    env.scope.outputs = _outputs(env, definition, states, bodies)


def value(env: Env, name: str, expr: ast.Expr) -> Term:
    """Return a result of the definition; one that uses prev() itself is a state of its own."""
    outputs = env.scope.outputs
    if outputs is not None and f"={name}" in outputs:
        return outputs[f"={name}"]
    return env.visit(expr)


def previous(env: Env, node: ast.Call, exprs: list[ast.Expr]) -> Term:
    """Return `prev(name, start)` while the states are being computed."""
    name = exprs[0]
    if not env.scope.states:
        env.error("wrong-arguments", "`prev` stands only in the lets of a definition", node.span)
        return mistake(node.span)
    if not isinstance(name, ast.Name) or name.name not in env.scope.states:
        env.error("unknown-name", "`prev` names a let of this definition", exprs[0].span, "not a let")
        return mistake(node.span)
    start = env.visit(exprs[1])
    if start.type.kind == "error":
        return start
    given = replace(start.type, constant=False, bounds=Type().bounds)
    made = term("prev", (start,), given, node.span, (float(env.scope.states.index(name.name)),))
    return replace(made, recursive=True)


def _body(env: Env, name: str, expr: ast.Expr) -> Term:
    env.scope.running.append(name)
    try:
        return env.visit(expr)
    finally:
        env.scope.running.pop()


def _outputs(env: Env, definition: ast.Definition, states: tuple[str, ...], bodies: list[Term]) -> dict[str, Term]:
    if any(body.type.kind not in ("number", "bool") for body in bodies):
        return {name: mistake(definition.span) for name in states}
    inputs: dict[int, tuple[int, Term]] = {}
    program: list[float | str] = []
    for body in bodies:
        if not _write(env, body, program, inputs):
            return {name: mistake(definition.span) for name in states}
    params = (_settles(env, definition), float(len(states)), *program)
    series = tuple(given for _, given in inputs.values())
    whole = term("recur", series, Type("record"), definition.span, params)
    return {
        name: term("output", (whole,), replace(body.type, constant=False), body.span, (float(i),))
        for i, (name, body) in enumerate(zip(states, bodies, strict=True))
    }


def _settles(env: Env, definition: ast.Definition) -> float:
    """Return after how many candles the start no longer matters, rounded up; told where the constants do not say."""
    if definition.settles is None:
        return 1.0
    found = env.visit(definition.settles)
    if found.value is None or not 1 <= found.value <= LONGEST:
        env.error(
            "wrong-arguments", f"`settles` is a number of candles, 1 to {LONGEST}", definition.settles.span,
            "changes with the candle" if found.value is None else f"is {found.value:g}",
            "tell it by constants, as in `300` or `20 * length`",
        )  # fmt: skip
        return 1.0
    return float(math.ceil(found.value))


def _write(env: Env, given: Term, program: list[float | str], inputs: dict[int, tuple[int, Term]]) -> bool:
    """Append the postfix form of a term; False (and told) where it holds what a recursion cannot."""
    if len(program) > MOST_STEPS:
        env.error(
            "wrong-arguments", "the recursion takes too many steps on each candle", given.span, f"over {MOST_STEPS}"
        )
        return False
    if given.op == "const" and not given.type.is_bool:
        program.append(given.params[0])
    elif given.op == "const":
        program.append({0.0: 0.0, 1.0: float("nan"), 2.0: 1.0}[float(given.params[0])])
    elif not given.recursive:
        place, _ = inputs.setdefault(given.same, (len(inputs), given))
        program.append(f"in:{place}")
    elif given.op == "prev":
        program.append(f"prev:{int(float(given.params[0]))}")
        if not _write(env, given.args[0], program, inputs):
            return False
        program.append("default")
    elif given.op in ARITY:
        return _operation(env, given, program, inputs)
    else:
        env.error(
            "wrong-arguments", f"`{given.op}` cannot look back over what depends on `prev`", given.span, "",
            "inside a recursion only arithmetic, comparisons and `if` are possible",
        )  # fmt: skip
        return False
    return True


def _operation(env: Env, given: Term, program: list[float | str], inputs: dict[int, tuple[int, Term]]) -> bool:
    arity = ARITY[given.op]
    for i, operand in enumerate(given.args):
        if not _write(env, operand, program, inputs):
            return False
        if arity == 2 and i > 0:
            program.append(given.op)
    if arity != 2:
        program.append(given.op)
    return True


def _states(definition: ast.Definition) -> tuple[str, ...]:
    """Return the lets that prev() names or stands in, and `=NAME` for results it stands in."""
    named: list[str] = []
    lets = {name: expr for name, (_, expr) in definition.lets.items()}
    results = {f"={name}": expr for name, (_, expr) in definition.returns.items()}
    for name, expr in {**lets, **results}.items():
        if "prev" not in expr.span.text:
            continue
        for call in _prevs(expr):
            first = call.args[0].value if call.args else None
            named.append(name)
            if isinstance(first, ast.Name) and first.name in lets:
                named.append(first.name)
    return tuple(dict.fromkeys(named))


def _prevs(expr: object) -> Iterator[ast.Call]:
    """Yield every call of prev() under an expression."""
    if isinstance(expr, ast.Call) and expr.name == "prev":
        yield expr
    for child in children(expr):
        yield from _prevs(child)


def children(expr: object) -> Iterator[object]:
    """Yield the expressions right under one (arguments of a call included)."""
    if not isinstance(expr, ast.Expr):
        return
    for given in fields(expr):
        child = getattr(expr, given.name)
        if isinstance(child, ast.Expr):
            yield child
        elif isinstance(child, tuple):
            yield from (a.value for a in child if isinstance(a, ast.Argument))
