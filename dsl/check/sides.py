"""One side of a strategy: its conditions, when it fires, how it enters, and how it ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dsl import ast, units
from dsl.check import levels, operators
from dsl.check.checked import Condition, Entry, Exit, Level, Move, Side, Target, Trail
from dsl.check.scope import Env
from dsl.check.terms import Term, mistake
from dsl.errors import Span


def side(env: Env, block: ast.SideBlock) -> Side:
    """Return the checked side; what is wrong has been told and may be missing from it."""
    conditions = tuple(_condition(env, name, given) for name, (_, given) in block.when.items())
    scope = replace(env.scope, conditions={c.name: c.term for c in conditions}, broken=env.scope.broken | block.broken)
    deciding = replace(env, scope=scope, confidence=True)
    fire = _fire(deciding, block.fire) if block.fire else None
    sign = 1 if block.side == "long" else -1
    entry = _entry(env, block)
    stop = levels.clamped(env, block.stop.level, block.stop.clamp, block.stop.span, "a stop") if block.stop else None
    if stop is not None and block.stop is not None:
        if stop.level.kind == "r":
            env.error(
                "unit-mismatch",
                "R is the distance to the stop: a stop cannot be a multiple of it",
                block.stop.level.span,
            )
        levels.check_side(env, stop.level, sign, block.stop.level.span, "stop", entry.kind == "market")
    return Side(
        block.side, conditions, fire, _confidence(deciding, block), entry, stop, _targets(env, block, sign, entry),
        _exits(env, block), _trails(env, block), block.expire_ms,
    )  # fmt: skip


def _fire(env: Env, expr: ast.Expr) -> Term:
    found = env.visit(expr)
    if isinstance(expr, ast.Number) and expr.unit in ("", "%") and found.value is not None:
        threshold = found.value * (100 if expr.unit else 1)
        env.error("type-mismatch", "`fire` is a condition, and this is a number", expr.span, str(found.type),
                  f"did you mean `confidence >= {threshold:g}`?")  # fmt: skip
        return mistake(expr.span)
    return operators.condition(env, found)


def _condition(env: Env, name: str, given: ast.Condition) -> Condition:
    found = operators.condition(env, env.visit(given.expr))
    weight = given.weight if given.weight is not None else 0.0 if given.must else 1.0
    if weight < 0:
        env.error("wrong-arguments", "a weight is 0 or more", given.weight_span or given.span)
    return Condition(name, " ".join(given.expr.span.text.split()), found, given.must, weight)


def _confidence(env: Env, block: ast.SideBlock) -> Term | None:
    if block.confidence is None:
        return None
    found = operators.number(env, env.visit(block.confidence))
    if _reads(found, "confidence"):
        env.error(
            "circular-let", "`confidence` is what is being defined here", block.confidence.span, "",
            "`weighted` is the share of the weights that hold",
        )  # fmt: skip
    if found.type.unit == units.RATIO:
        help_text = f"write `100 * ({found.text})`"
        env.error("unit-mismatch", "a confidence is 0 to 100", found.span, str(found.type), help_text)
    return found


def _reads(given: Term, op: str) -> bool:
    return given.uncertain and (given.op == op or any(_reads(a, op) for a in given.args))


def _share(env: Env, expr: ast.Expr, what: str) -> float | None:
    """Return a constant percentage above 0 and up to 100 %, None where it is not one."""
    found = operators.number(env, env.visit(expr))
    if found.type.kind == "error":
        return None
    value = found.value
    if value is not None and found.type.unit == units.RATIO and 0 < value <= 1:
        return value
    if isinstance(expr, ast.Number):
        return None  # what is wrong with a literal the reader has told
    if value is None:
        env.error("series-length", f"{what} is a constant percentage", expr.span, "changes with the candle")
    elif found.type.unit != units.RATIO:
        env.error("unit-mismatch", f"{what} is a percentage", expr.span, str(found.type))
    else:
        env.error("wrong-arguments", f"{what} is above 0% and at most 100%", expr.span, f"is {value * 100:g}%")
    return None


def _parts(env: Env, takes: Sequence[ast.Expr | None], place: Span, what: str) -> list[float]:
    """Return the parts of targets or entries: what is not given is shared equally; they sum to 1."""
    given = [None if take is None else _share(env, take, "`take`") for take in takes]
    if any(take is not None and part is None for take, part in zip(takes, given, strict=True)):
        return [1.0] * len(takes)
    total = sum(part for part in given if part is not None)
    open_ones = sum(part is None for part in given)
    last = next((take for take in reversed(takes) if take is not None), None)
    span = last.span if last is not None else place
    if open_ones and total > 1 - 1e-9:
        env.error(
            "parts-not-100", f"the {what} take {total * 100:g}%, which leaves nothing for the others", span, "",
            f"{open_ones} of them have no `take`",
        )  # fmt: skip
    elif not open_ones and given and abs(total - 1) > 1e-9:
        much = f"{abs(total - 1) * 100:.10g}% too {'much' if total > 1 else 'little'}"
        message = f"the parts of the {what} sum to {total * 100:.10g}%"
        env.error("parts-not-100", message, span, "", f"they must sum to 100%: this is {much}")
    rest = (1 - total) / open_ones if open_ones else 0.0
    return [rest if part is None else part for part in given]


def _entry(env: Env, block: ast.SideBlock) -> Entry:
    if not block.entry:
        return Entry()
    parts = _parts(env, [leg.take for leg in block.entry], block.entry[0].span, "entries")
    first, *rest = block.entry
    adds: list[tuple[Level, float]] = []
    for leg, part in zip(rest, parts[1:], strict=True):
        if leg.kind != "add" or leg.price is None:
            env.error(
                "wrong-arguments",
                "only the first entry is an order; the others add to it",
                leg.span,
                "",
                "as in `2% take 30%`",
            )
            continue
        found = levels.level(env, leg.price, "an added entry")
        if found is not None and found.kind == "r":
            env.error("unit-mismatch", "an added entry is a price, a distance or a percentage", leg.price.span)
        elif found is not None:
            adds.append((found, part))
    if first.kind == "add":
        env.error("wrong-arguments", "the first entry is `market`, `limit PRICE` or `stop PRICE`", first.span)
        return Entry(adds=tuple(adds))
    price = levels.price(env, first.price, f"a {first.kind} entry") if first.price is not None else None
    return Entry(first.kind, price, _bars(env, first.bars), parts[0], tuple(adds))


def _bars(env: Env, expr: ast.Expr | None) -> int:
    if expr is None:
        return 0
    found = operators.number(env, env.visit(expr))
    if found.type.kind == "error":
        return 0
    if found.value is None:
        env.error("series-length", "the number of bars is a constant or a param", expr.span, "changes with the candle")
    elif not found.value.is_integer() or found.value < 1:
        env.error("wrong-arguments", "the number of bars is a whole number from 1 on", expr.span)
    else:
        return int(found.value)
    return 0


def _targets(env: Env, block: ast.SideBlock, sign: int, entry: Entry) -> tuple[Target, ...]:
    parts = _parts(env, [t.take for t in block.targets], block.span, "targets")
    made = []
    for i, (given, part) in enumerate(zip(block.targets, parts, strict=True), 1):
        place = levels.clamped(env, given.level, given.clamp, given.level.span, "a target")
        then = _move(env, given.then, i) if given.then else None
        if place is None:
            continue
        if place.level.kind == "r" and block.stop is None:
            env.error("unit-mismatch", "R is the distance to the stop, and this side has none", given.level.span)
        levels.check_side(env, place.level, sign, given.level.span, "target", entry.kind == "market")
        made.append(Target(place, part, then))
    return tuple(made)


def _move(env: Env, given: ast.Move, target: int) -> Move | None:
    """Return where the stop goes after target number `target`."""
    after = replace(env, position=True)
    if given.kind == "target":
        if not 1 <= given.target < target:
            env.error(
                "wrong-arguments",
                "the stop goes to a target that was reached before",
                given.span,
                f"this is target {target}",
            )
        return Move("target", None, given.target)
    if given.expr is None:
        return Move(given.kind)
    if given.kind == "offset":
        found = operators.number(after, after.visit(given.expr))
        if found.type.kind != "error" and found.type.unit != units.RATIO:
            env.error("unit-mismatch", "`+` is followed by a percentage of the entry", given.expr.span, str(found.type))
        return Move("offset", found)
    found = levels.price(after, given.expr, "where the stop goes")
    if found.op == "position" and found.params == ("entry",):
        return Move("entry")
    return Move("price", found)


def _exits(env: Env, block: ast.SideBlock) -> tuple[Exit, ...]:
    here = replace(env, position=True)
    made = []
    for name, (_, given) in block.exits.items():
        found = operators.condition(here, here.visit(given.expr))
        take = _share(env, given.take, "`take`") if given.take else 1.0
        made.append(Exit(name, found, take or 1.0, " ".join(given.expr.span.text.split())))
    return tuple(made)


def _trails(env: Env, block: ast.SideBlock) -> tuple[Trail, ...]:
    here = replace(env, position=True)
    made = []
    for given in block.trails:
        found = levels.level(here, given.level, "a trail")
        if given.after and given.after[0] == "target" and not 1 <= given.after[1] <= len(block.targets):
            count = len(block.targets)
            env.error("wrong-arguments", f"there is no target {given.after[1]:g}", given.span, f"this side has {count}")
        risk = (found is not None and found.kind == "r") or (given.after is not None and given.after[0] == "r")
        if block.stop is None and risk:
            env.error("unit-mismatch", "R is the distance to the stop, and this side has none", given.span)
        if found is not None:
            value = found.term.value
            if found.kind != "price" and value is not None and value <= 0:
                env.error("stop-wrong-side", "a trail is a distance above 0 behind the best price", given.level.span)
            made.append(Trail(found, given.after, " ".join(given.span.text.split())))
    return tuple(made)
