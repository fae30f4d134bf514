"""What two values may do together, and what to say where they may not."""

from __future__ import annotations

import math
from dataclasses import replace

from dsl import ast, units
from dsl.check.scope import Env
from dsl.check.terms import Term, mistake, term
from dsl.errors import Span
from dsl.units import BOOL, Type

OPS = {
    "+": "add", "-": "sub", "*": "mul", "/": "div", "<": "lt", "<=": "le", ">": "gt", ">=": "ge",
    "==": "eq", "!=": "ne", "and": "and", "or": "or",
}  # fmt: skip


def number(env: Env, given: Term, what: str = "a number") -> Term:
    """Return the term if it is a number, else tell and return a mistake."""
    if given.type.kind in ("number", "error"):
        if given.type.unit == units.RISK:
            env.error(
                "type-mismatch", "a multiple of the risk stands only in stop, targets, trail and clamp", given.span
            )
            return mistake(given.span)
        return given
    if given.type.is_bool:
        env.error(
            "type-mismatch", f"{what} is needed here, and this is a condition", given.span, "true or false",
            f"write `if {given.text} then 1 else 0`",
        )  # fmt: skip
    else:
        several(env, given)
    return mistake(given.span)


def condition(env: Env, given: Term, what: str = "a condition") -> Term:
    """Return the term if it is true or false, else tell and return a mistake."""
    if given.type.kind in ("bool", "error"):
        return given
    if given.type.kind == "record":
        several(env, given)
    else:
        env.error(
            "type-mismatch", f"{what} is needed here, and this is a number", given.span, str(given.type),
            f"compare it with something, as in `{given.text} > ...`",
        )  # fmt: skip
    return mistake(given.span)


def several(env: Env, given: Term) -> None:
    outputs = ", ".join(f"`.{name}`" for name in given.params)
    env.error(
        "unknown-output", "this has several outputs: say which", given.span, "", f"write one of {outputs} after it"
    )


def proper(env: Env, given: Term) -> Term:
    """Tell where a sum of prices is neither a price nor a distance, and return the term without that doubt."""
    if given.type.form != "improper":
        return given
    weight = given.type.weight or 0.0
    advice = f"`({given.text}) / {weight:g}` is a price" if weight > 1 and weight == int(weight) else ""
    env.error(
        "unit-mismatch", "a sum of prices is neither a price nor a distance", given.span,
        f"{weight:g} prices added up", advice,
    )  # fmt: skip
    return given.typed(replace(given.type, weight=None))


def arithmetic(env: Env, node: ast.Binary, left: Term, right: Term) -> Term:
    left, right = number(env, left), number(env, right)
    a, b = left.type, right.type
    if a.kind == "error" or b.kind == "error":
        return mistake(node.span)
    if node.op == "*":
        return term("mul", (left, right), units.multiply(a, b), node.span)
    if node.op == "/":
        return term("div", (left, right), units.divide(a, b), node.span)
    result = units.add(a, b, 1 if node.op == "+" else -1)
    if result is None:
        verb = "added to" if node.op == "+" else "taken from"
        _mismatch(env, f"{right.type.named()} is {verb} {left.type.named()}", left, right, _scaled(node, left, right))
        return mistake(node.span)
    return term(OPS[node.op], (left, right), result, node.span)


def _scaled(node: ast.Binary, left: Term, right: Term) -> str:
    """Return the advice for `price + 1%`: `price * 1.01`."""
    price, share = (left, right) if right.type.percent else (right, left)
    if not (share.type.percent and share.value is not None and price.type.unit.powers):
        return ""
    if price is right and node.op == "-":
        return ""
    factor = 1 + share.value if node.op == "+" else 1 - share.value
    text = price.text if price.op in ("field",) or price.text.endswith(")") else f"({price.text})"
    return f"a percentage is of something: write `{text} * {round(factor, 10):g}`"


def compare(env: Env, node: ast.Expr, op: str, left: Term, right: Term) -> Term:
    """Return left OP right as a condition; op is a node's operation."""
    if left.type.is_bool and right.type.is_bool and op in ("eq", "ne"):
        return term(op, (left, right), BOOL, node.span)
    left, right = comparable(env, left, right)
    if left.type.kind == "error" or right.type.kind == "error":
        return mistake(node.span)
    return term(op, (left, right), BOOL, node.span)


def comparable(env: Env, left: Term, right: Term) -> tuple[Term, Term]:
    """Return both as numbers of one unit; tell where they are not."""
    left, right = proper(env, number(env, left)), proper(env, number(env, right))
    if units.clash(left.type, right.type):
        message = f"{left.type.named()} is compared with {right.type.named()}"
        _mismatch(env, message, left, right, _repair(left, right))
        return mistake(left.span), mistake(right.span)
    return left, right


def _repair(left: Term, right: Term) -> str:
    a, b = left.type, right.type
    index, percentage = (left, right) if a.unit == units.INDEX else (right, left)
    if index.type.unit == units.INDEX and percentage.type.percent and tuple(index.type.bounds) == (0.0, 100.0):
        return f"an index runs from 0 to 100: write `{round(100 * (percentage.value or 0.0), 10):g}`"
    prices = [t for t in (left, right) if t.type.form == "level"]
    others = [t for t in (left, right) if t.type.form != "level"]
    if not prices:
        moved = next((t for t in (left, right) if t.type.form == "distance"), None)
        if not (a.percent or b.percent):
            return ""
        return f"write it as a share of a price: `({moved.text}) / close`" if moved else "a percentage is of something"
    if not others:
        return "prices of two symbols are compared by their changes, such as `roc(close, 5)`"
    price, other = prices[0], others[0]
    if other.type.form == "distance":
        return (
            f"a distance is a difference of prices: compare `abs(close - open)`, or write `{price.text} + {other.text}`"
        )
    if other.type.percent:
        share = other.value or 0.0
        change = f"a change such as `roc({price.text}, 5)`" if price.op == "field" else f"`{price.text} / close - 1`"
        return f"write {change}, or a share of a price such as `open * {1 + share:g}`"
    if price.op == "field" and other.type.unit not in (units.INDEX, units.RATIO):
        return ""
    if price.op == "field":
        low, high = other.type.bounds
        middle = f"{(low + high) / 2:g}" if math.isfinite(low) and math.isfinite(high) else "a number"
        return f"compare {other.type.named(bounds=False)} with a number: `{other.text} > {middle}`"
    return f"did you mean `close > {price.text}`?" if price is right else f"did you mean `{price.text} < close`?"


def _mismatch(env: Env, message: str, left: Term, right: Term, advice: str) -> None:
    env.error("unit-mismatch", message, left.span, str(left.type), advice, ((right.span, str(right.type)),))


def together(env: Env, terms: tuple[Term, ...], what: str) -> Type:
    """Return the type of a value that is one of `terms` (`if`, `min`); tell where they may not meet."""
    result = terms[0].type
    for other in terms[1:]:
        met = units.meet(result, other.type)
        if met is None:
            first = terms[0]
            name = "type-mismatch" if first.type.is_bool or other.type.is_bool else "unit-mismatch"
            message = f"{what} joins {first.type.named()} and {other.type.named()}"
            env.error(name, message, first.span, str(first.type), "", ((other.span, str(other.type)),))
            return units.ERROR
        result = met
    return result


def unary(env: Env, op: str, operand: Term, span: Span) -> Term:
    if op == "not":
        inner = condition(env, operand)
        return term("not", (inner,), BOOL if inner.type.kind != "error" else inner.type, span)
    inner = number(env, operand)
    return term("neg", (inner,), inner.type if inner.type.kind == "error" else units.negate(inner.type), span)
