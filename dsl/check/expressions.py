"""From syntax to terms: every expression of the language, one function per kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dsl import ast, units
from dsl.check import calls, names, operators
from dsl.check.scope import Env
from dsl.check.terms import Term, mistake, term, truth
from dsl.elsewhere import output_of
from dsl.markets import not_a_rhythm, not_a_symbol
from dsl.units import BOOL, Type
from engine.domain.market import Timeframe


def visit(env: Env, expr: ast.Expr) -> Term:
    """Return the checked term of an expression; mistakes are told to the environment."""
    return _VISITS[type(expr)](env, expr)


def _boolean(env: Env, node: ast.Boolean) -> Term:
    return truth(2.0 if node.value else 0.0, node.span)


def _attribute(env: Env, node: ast.Attribute) -> Term:
    if isinstance(node.base, ast.Name):
        found = names.member(env, node, node.base.name)
        found = found or names.uncalled(env, node)
        if found is not None:
            return found
    base = env.visit(node.base)
    if base.type.kind == "error":
        return mistake(node.span)
    if base.type.kind != "record":
        message = f"`{base.text}` has one value and no `.{node.name}`"
        env.error("unknown-output", message, node.name_span, "", f"write `{base.text}`")
        return mistake(node.span)
    outputs = [str(name) for name in base.params]
    if node.name not in outputs:
        listed = ", ".join(f"`.{name}`" for name in outputs)
        from dsl.check.scope import suggest

        meant = output_of(node.name, outputs)
        advice = suggest(node.name, outputs) or (f"did you mean `{meant}`?" if meant else f"it has {listed}")
        env.error("unknown-output", f"there is no output `{node.name}`", node.name_span, "", advice)
        return mistake(node.span)
    return base.args[outputs.index(node.name)].at(node.span)


def _each(base: Term, change: Callable[[Term], Term]) -> Term:
    """Apply to a value, or to each output of a record."""
    if base.type.kind != "record":
        return change(base)
    args = tuple(change(a) for a in base.args)
    return replace(term("record", args, base.type, base.span, base.params), shown=base.shown)


def _index(env: Env, node: ast.Index) -> Term:
    base = env.inside("[n]").visit(node.base)
    ago = _ago(env, node)
    if isinstance(node.base, ast.At):
        inner, target = node.base.base.span.text, node.base.target_span.text
        env.error(
            "look-ahead", "after `@`, `[n]` could count candles of either timeframe", node.span, "",
            f"put the index inside: `{inner}[{node.ago.span.text}]@{target.lstrip('@')}`",
        )  # fmt: skip
        return mistake(node.span)
    if ago is None or base.type.kind == "error":
        return mistake(node.span)
    return _each(base, lambda value: back(value, ago, node)) if ago else base.at(node.span)


def back(value: Term, ago: int, node: ast.Expr) -> Term:
    """Return the value `ago` candles before; a constant is the same then."""
    if value.op == "const":
        return value.at(node.span)
    made = term("back", (value,), replace(value.type, constant=False), node.span, (float(ago),))
    return made


def _ago(env: Env, node: ast.Index) -> int | None:
    given = env.visit(node.ago)
    if given.type.kind == "error":
        return None
    if given.value is None or given.type.is_bool:
        env.error(
            "series-length", "how many candles ago is a constant or a param", node.ago.span, "changes with the candle"
        )
        return None
    if given.value < 0:
        env.error(
            "look-ahead", "a negative index would read candles that have not happened", node.ago.span, "in the future",
            f"`{node.base.span.text}[{-given.value:g}]` is the value {-given.value:g} candles ago",
        )  # fmt: skip
        return None
    if not given.value.is_integer() or given.value > 5000:
        base, ago = node.base.span.text, node.ago.span.text
        advice = f"`{base}@{ago}` is the value on candles of {ago}" if given.type.unit == units.DURATION else ""
        env.error("wrong-arguments", "the index is a whole number from 0 to 5000", node.ago.span, "", advice)
        return None
    return int(given.value)


def _at(env: Env, node: ast.At) -> Term:
    inner = replace(env, position=env.position, windowed=env.windowed or "@")
    if node.symbol is not None:
        symbol = node.symbol
        wrong = not_a_symbol(symbol)
        if wrong:
            env.error("wrong-type", wrong[0], node.target_span, "", wrong[1])
            return mistake(node.span)
        base = inner.visit(node.base)
        there = ("", symbol)
        return _each(base, lambda value: _elsewhere(env, value, there, node, units.at_symbol(value.type, symbol)))
    try:
        target = Timeframe.parse(node.timeframe or "")
    except ValueError as why:
        env.error("wrong-type", str(why), node.target_span)
        return mistake(node.span)
    for frame in env.frames:
        if not target.is_multiple_of(frame):
            shorter = target.ms < frame.ms
            reason = f"{target} is shorter than {frame}" if shorter else f"{target} is not a multiple of {frame}"
            env.error(
                "lower-timeframe", f"{reason}, on which this is evaluated", node.target_span, "",
                "`@` takes a multiple of the timeframe the expression is evaluated on",
            )  # fmt: skip
            return mistake(node.span)
    odd = not_a_rhythm(target)
    if odd:
        env.error("wrong-type", odd[0], node.target_span, "", odd[1])
        return mistake(node.span)
    base = replace(inner, frames=(target,)).visit(node.base)
    return _each(base, lambda value: _elsewhere(env, value, (target.text, ""), node, value.type))


def _elsewhere(env: Env, value: Term, where: tuple[str, str], node: ast.At, given: Type) -> Term:
    if value.uncertain:
        env.error("wrong-arguments", "the confidence is that of this candle and cannot stand before `@`", node.span)
        return mistake(node.span)
    if value.op == "const" or value.type.kind == "error":
        return value.at(node.span)
    return term("at", (value,), given, node.span, where)


def _unary(env: Env, node: ast.Unary) -> Term:
    return operators.unary(env, node.op, env.visit(node.operand), node.span)


def _binary(env: Env, node: ast.Binary) -> Term:
    left, right = env.visit(node.left), env.visit(node.right)
    if node.op in ("and", "or"):
        left, right = operators.condition(env, left), operators.condition(env, right)
        if left.type.kind == "error" or right.type.kind == "error":
            return mistake(node.span)
        return term(node.op, (left, right), BOOL, node.span)
    if node.op in ("+", "-", "*", "/"):
        return operators.arithmetic(env, node, left, right)
    return operators.compare(env, node, operators.OPS[node.op], left, right)


def _between(env: Env, node: ast.Between) -> Term:
    value, low, high = env.visit(node.value), env.visit(node.low), env.visit(node.high)
    above = operators.compare(env, node, "ge", value, low)
    below = operators.compare(env, node, "le", value, high)
    if above.type.kind == "error" or below.type.kind == "error":
        return mistake(node.span)
    return term("and", (above, below), BOOL, node.span)


def _crosses(env: Env, node: ast.Crosses) -> Term:
    left, right = operators.comparable(env, env.visit(node.left), env.visit(node.right))
    if left.type.kind == "error" or right.type.kind == "error":
        return mistake(node.span)
    if node.direction == "any":
        both = (_cross(env, node, "above", left, right), _cross(env, node, "below", left, right))
        return term("or", both, BOOL, node.span)
    return _cross(env, node, node.direction, left, right)


def _cross(env: Env, node: ast.Crosses, direction: str, left: Term, right: Term) -> Term:
    """Return the crossing as two comparisons: now, and on the candle before."""
    now, before = ("gt", "le") if direction == "above" else ("lt", "ge")
    was = _before(env, left, node), _before(env, right, node)
    if was[0].type.kind == "error" or was[1].type.kind == "error":
        return mistake(node.span)
    crossed = term(
        "and", (term(now, (left, right), BOOL, node.span), term(before, was, BOOL, node.span)), BOOL, node.span
    )
    return replace(crossed, shown=(left, right)) if crossed.op != "const" else crossed


def _before(env: Env, value: Term, node: ast.Crosses) -> Term:
    """Return the value on the candle before; the entry and at_entry are what they were."""
    if not value.held:
        return back(value, 1, node)
    if value.op == "at_entry" or (value.op == "position" and value.params == ("entry",)):
        return value
    if value.op in ("position", "fires"):
        env.error(
            "position-out-of-place", f"`crosses` needs the candle before, and `{value.text}` is known only now",
            value.span, "", "compare it with `>` or `<`",
        )  # fmt: skip
        return mistake(value.span)
    return term(value.op, tuple(_before(env, a, node) for a in value.args), value.type, value.span, value.params)


def _window(env: Env, node: ast.Window) -> Term:
    inner = operators.condition(env, env.inside(f"{node.kind} N bars").visit(node.condition))
    bars = env.visit(node.bars)
    if bars.type.kind == "error" or inner.type.kind == "error":
        return mistake(node.span)
    if bars.value is None:
        env.error(
            "series-length", "the number of bars is a constant or a param", node.bars.span, "changes with the candle"
        )
        return mistake(node.span)
    if not bars.value.is_integer() or not 1 <= bars.value <= 5000:
        env.error("wrong-arguments", "the number of bars is a whole number from 1 to 5000", node.bars.span)
        return mistake(node.span)
    if bars.value == 1 or inner.op == "const":
        return inner.at(node.span)
    return term("held" if node.kind == "for" else "happened", (inner,), BOOL, node.span, (bars.value,))


def _if(env: Env, node: ast.If) -> Term:
    test = operators.condition(env, env.visit(node.condition))
    branches = tuple(_single(env, operators.proper(env, env.visit(b))) for b in (node.then, node.otherwise))
    if any(t.type.kind == "error" for t in (test, *branches)):
        return mistake(node.span)
    given = operators.together(env, branches, "`if`")
    return term("if", (test, *branches), replace(given, constant=False), node.span)


def _single(env: Env, given: Term) -> Term:
    return given if given.type.is_bool else operators.number(env, given)


_VISITS: dict[type[ast.Expr], Callable[[Env, Any], Term]] = {
    ast.Number: names.literal,
    ast.Boolean: _boolean,
    ast.Name: names.name,
    ast.Attribute: _attribute,
    ast.Call: calls.call,
    ast.Index: _index,
    ast.At: _at,
    ast.Unary: _unary,
    ast.Binary: _binary,
    ast.Between: _between,
    ast.Crosses: _crosses,
    ast.Window: _window,
    ast.If: _if,
}
