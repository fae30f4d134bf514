"""Levels: what a stop, a target, an entry or a trail is measured in, and which side of the price it is on."""

from __future__ import annotations

import re

from dsl import ast, units
from dsl.check import operators
from dsl.check.checked import Clamped, Level
from dsl.check.scope import Env
from dsl.check.terms import Term, mistake
from dsl.errors import Span

_HIGH, _LOW = frozenset({"high", "close"}), frozenset({"low", "close"})


def level(env: Env, expr: ast.Expr, what: str) -> Level | None:
    """Return a price, a distance, a percentage or a multiple of the risk; tell where it is none of them."""
    found = env.visit(expr)
    if found.type.kind == "error":
        return None
    if found.type.unit == units.RISK:
        return Level("r", found)
    found = operators.proper(env, operators.number(env, found))
    given = found.type
    if given.kind == "error":
        return None
    if given.unit == units.PRICE or given.unit == units.ANY:
        return Level("distance" if given.form == "distance" else "price", found)
    if given.unit == units.RATIO:
        return Level("percent", found)
    _not_a_level(env, found, what)
    return None


def _not_a_level(env: Env, found: Term, what: str) -> None:
    advice = "write a price (`lowest(low, 10)`), a distance (`2 * atr(14)`), a percentage (`0.6%`) or a multiple (`2R`)"
    if found.value is not None and found.type.bare:
        advice = f"`{found.text}%` is a percentage of the entry, `{found.text}R` a multiple of the risk"
    env.error("unit-mismatch", f"{what} cannot be {found.type.named()}", found.span, str(found.type), advice)


def price(env: Env, expr: ast.Expr, what: str) -> Term:
    """Return a price; tell where it is something else."""
    found = level(env, expr, what)
    if found is None:
        return mistake(expr.span)
    if found.kind != "price":
        text = found.term.text
        advice = f"write `close - {text}`" if found.kind == "distance" else "write a price, as in `close * 0.99`"
        env.error("unit-mismatch", f"{what} needs a price", expr.span, str(found.term.type), advice)
        return mistake(expr.span)
    return found.term


def clamped(env: Env, expr: ast.Expr, clamp: ast.ClampRange | None, span: Span, what: str) -> Clamped | None:
    place = level(env, expr, what)
    bounds = None
    if clamp is not None:
        low, high = _bound(env, clamp.low, what), _bound(env, clamp.high, what)
        if low is None or high is None:
            return None
        bounds = (low, high)
        a, b = low.term.value, high.term.value
        if low.kind == high.kind and a is not None and b is not None and a > b:
            env.error(
                "wrong-arguments",
                "the bounds of `clamp` are the wrong way round",
                clamp.span,
                "",
                "the smaller one first",
            )
            return None
    return Clamped(place, bounds, " ".join(span.text.split())) if place else None


def _bound(env: Env, expr: ast.Expr, what: str) -> Level | None:
    found = level(env, expr, "a bound of `clamp`")
    if found is not None and (found.kind == "price" or (found.kind == "r" and what == "a stop")):
        env.error(
            "unit-mismatch", "`clamp` bounds the distance from the entry", expr.span, str(found.term.type),
            "write a percentage (`0.5%`) or a distance (`2 * atr(14)`)",
        )  # fmt: skip
        return None
    return found


def side_of_close(given: Term, known: dict[int, int | None] | None = None) -> int | None:
    """Return 1 where a price is certainly at or above the close, -1 at or below it, 0 the close; None not known.

    `known` remembers the answers for terms that stand in several places.
    """
    known = {} if known is None else known
    if given.same not in known:
        known[given.same] = _side_of_close(given, known)
    return known[given.same]


def _side_of_close(given: Term, known: dict[int, int | None]) -> int | None:
    if given.op == "field":
        return {"close": 0, "high": 1, "low": -1}.get(str(given.params[0]))
    if given.op in ("highest", "lowest"):
        inner = side_of_close(given.args[0], known)
        wanted = 1 if given.op == "highest" else -1
        return wanted if inner in (0, wanted) else None
    if given.op in ("max", "min"):
        wanted = 1 if given.op == "max" else -1
        sides = [side_of_close(a, known) for a in given.args]
        return wanted if any(s in (0, wanted) for s in sides) else None
    if given.op in ("add", "sub"):
        base, shift = given.args
        inner = side_of_close(base, known)
        low, high = shift.type.bounds
        if inner is None or shift.type.form != "distance":
            return None
        low, high = (low, high) if given.op == "add" else (-high, -low)
        moved = 1 if low >= 0 else -1 if high <= 0 else None
        return moved if inner in (0, moved) else None
    if given.op == "mul":
        base, factor = given.args if given.args[1].value is not None else given.args[::-1]
        inner, times = side_of_close(base, known), factor.value
        if inner is None or times is None:
            return None
        moved = 1 if times >= 1 else -1
        return moved if inner in (0, moved) and times > 0 else None
    return None


def check_side(env: Env, found: Level, sign: int, span: Span, what: str, at_close: bool) -> None:
    """Tell where a stop (what = stop) or target is certainly on the wrong side of the entry. sign: +1 long."""
    name = f"{what}-wrong-side"
    value = found.term.value
    if found.kind != "price":
        if value is not None and value <= 0:
            env.error(
                name, f"{found.term.text} is no distance: it is laid on the right side for the direction", span, "",
                f"write `{found.term.text.lstrip('-')}`" if value < 0 else "",
            )  # fmt: skip
        return
    wrong = sign if what == "stop" else -sign
    if at_close and side_of_close(found.term) in (0, wrong):
        above = "above" if wrong > 0 else "below"
        direction = "long" if sign > 0 else "short"
        env.error(
            name, f"the {what} of a {direction} would be at or {above} the entry", span,
            f"never {'below' if wrong > 0 else 'above'} the close",
            _other_side(found.term.text, f"the {what} of a {direction} lies {'below' if wrong > 0 else 'above'} it"),
        )  # fmt: skip


def _other_side(text: str, rule: str) -> str:
    """Return the rule, with what was probably meant: `lowest(low, 10) - x` for `highest(high, 10) + x`."""
    match = re.fullmatch(r"(highest|lowest)\((high|low|close), *(\w+)\)(?: *([+-]) *([^+-]+))?", text)
    if match is None:
        return rule
    turned = {"highest": "lowest", "lowest": "highest", "high": "low", "low": "high", "+": "-", "-": "+"}
    tail = f" {turned[match[4]]} {match[5]}" if match[4] else ""
    meant = f"{turned[match[1]]}({turned.get(match[2], match[2])}, {match[3]}){tail}"
    return f"{rule}: did you mean `{meant}`?"
