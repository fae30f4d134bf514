"""Names and what they stand for: fields, params, lets, conditions, series, position fields, libraries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from dsl import ast, units
from dsl.check.scope import Env, Scope, suggest
from dsl.check.terms import Term, constant, mistake, term
from dsl.elsewhere import said_as
from dsl.errors import Span
from dsl.units import Type
from engine.domain.market import MARKET_FIELDS

_PRICES = ("open", "high", "low", "close", "hl2", "hlc3", "ohlc4", "bid", "ask")
FIELDS: Mapping[str, Type] = {
    **{name: units.level() for name in _PRICES},
    "volume": Type(unit=units.VOLUME, bounds=(0, float("inf"))),
    "spread": Type(unit=units.RATIO),
    "quote_volume_24h": Type(unit=units.TURNOVER, bounds=(0, float("inf"))),
    "funding_rate": Type(unit=units.RATIO),
}
"""Every field of a candle and of the market, with its unit."""
TIME: Mapping[str, Type] = {
    "hour": Type(unit=units.COUNT, bounds=(0, 23)),
    "weekday": Type(unit=units.COUNT, bounds=(1, 7)),
    "minute": Type(unit=units.COUNT, bounds=(0, 59)),
}
POSITION: Mapping[str, Type] = {
    "bars": Type(unit=units.COUNT, bounds=(0, float("inf"))),
    "profit": Type(unit=units.RATIO),
    "best": units.level(),
    "stop": units.level(),
}
SERIES: Mapping[str, Type] = {"fng": Type(unit=units.INDEX, bounds=(0, 100))}
"""External series that are known by default."""
MODEL = Type(unit=units.RATIO, bounds=(0, 1))
CONFIDENCE = Type(unit=units.INDEX, bounds=(0, 100))
_SYMBOL = re.compile(r"([A-Z0-9]{2,12}/[A-Z0-9]{2,12})(?:\.([a-z]+))?")
_BREAK_EVEN = frozenset({"be", "breakeven", "entryprice", "avgentry", "averageentry", "openprice"})
OBJECTS = ("time", "position", "model", "long", "short")
SPECIAL = ("timeframe", "entry", "confidence", "weighted")
DERIVED = frozenset({"quote_volume_24h"})
LIVE_ONLY = frozenset(MARKET_FIELDS) - DERIVED


def reserved(series: Mapping[str, Type]) -> frozenset[str]:
    """Return the names that a let, param, condition or library may not bear."""
    return frozenset({*FIELDS, *series, *OBJECTS, *SPECIAL})


def name(env: Env, node: ast.Name) -> Term:
    """Return what a bare name stands for. A field is never shadowed: whoever tries has been told."""
    if node.name in FIELDS:
        return term("field", (), FIELDS[node.name], node.span, (node.name,))
    scope: Scope | None = env.scope
    while scope is not None:
        found = _local(env if scope is env.scope else replace(env, scope=scope), node.name)
        if found is not None:
            return found.at(node.span)
        if node.name in scope.broken:
            return mistake(node.span)
        scope = scope.outer
    if node.name == "timeframe":
        lengths: list[float] = [frame.ms for frame in env.frames] or [1000, float("inf")]
        return term("timeframe", (), Type(unit=units.DURATION, bounds=(min(lengths), max(lengths))), node.span)
    if node.name in env.world.series:
        return term("series", (), env.world.series[node.name], node.span, (node.name,))
    if node.name == "entry":
        return position(env, "entry", units.level(), node.span)
    if node.name in ("confidence", "weighted"):
        return _confidence(env, node)
    return _unknown(env, node)


def _local(env: Env, name: str) -> Term | None:
    scope = env.scope
    if name in scope.bound:
        return scope.bound[name]
    if scope.outputs is not None and name in scope.outputs:
        return scope.outputs[name]
    if name in scope.lets:
        return let(env, name)
    if env.confidence and name in scope.conditions:
        return scope.conditions[name]
    return None


def let(env: Env, name: str) -> Term:
    """Return the term of a let, checked once per set of timeframes it is evaluated on."""
    scope = env.scope
    key = (name, env.frames)
    if key in scope.memo:
        return scope.memo[key]
    written, expr = scope.lets[name]
    if name in scope.running:
        loop = [*scope.running[scope.running.index(name) :], name]
        env.error(
            "circular-let", f"`{name}` is defined by itself: {' -> '.join(loop)}", written.span, "goes round here"
        )
        return mistake(expr.span)
    scope.running.append(name)
    try:
        found = replace(env, position=False, confidence=False, windowed="").visit(expr)
    finally:
        scope.running.pop()
    scope.memo[key] = found
    return found


def _confidence(env: Env, node: ast.Name) -> Term:
    if not env.confidence:
        env.error("unknown-name", f"`{node.name}` has a value only in `fire` and `confidence`", node.span)
        return mistake(node.span)
    made = term(node.name, (), CONFIDENCE, node.span)
    return replace(made, uncertain=True)


def position(env: Env, field: str, given: Type, span: Span) -> Term:
    """Return a field of the open position, or tell that there is none here."""
    shown = field if field == "entry" else f"position.{field}"
    if not env.position:
        env.error(
            "position-out-of-place", f"`{shown}` stands only in exit, trail and then: elsewhere there is no position",
            span,
        )  # fmt: skip
        return mistake(span)
    if env.windowed:
        env.error(
            "position-out-of-place", f"`{env.windowed}` looks back over candles before the position was there",
            span, "has a value only while the position is open",
        )  # fmt: skip
        return mistake(span)
    return replace(term("position", (), given, span, (field,)), held=True)


def _unknown(env: Env, node: ast.Name) -> Term:
    known = {*env.scope.names(), *FIELDS, *SPECIAL, *env.world.series}
    if node.name in OBJECTS or node.name in env.scope.libraries:
        members = ", ".join(f"`{node.name}.{m}`" for m in _members(env, node.name)[:4])
        env.error(
            "unknown-name", f"`{node.name}` is not a value", node.span, "", f"it has {members}" if members else ""
        )
    elif node.name in env.world.catalogue:
        function = env.world.catalogue.get(node.name)
        shown = function.signature if function else f"{node.name}(...)"
        env.error("unknown-name", f"`{node.name}` is a function", node.span, "", f"call it: `{shown}`")
    else:
        advice = suggest(node.name, env.scope.names()) or said_as(node.name) or suggest(node.name, known)
        if not advice and env.position and node.name in POSITION:
            advice = f"did you mean `position.{node.name}`?"
        if env.position and node.name.replace("_", "") in _BREAK_EVEN:
            advice = "did you mean `entry`?"
        if (called := _called(env, node.name)) and not env.scope.broken:
            advice = f"{advice[:-1]}, or `{called}`?" if advice.endswith("?") else f"write `{called}`"
        written = node.span.text if node.span.text.lower() == node.name else node.name
        if not advice and (symbol := _SYMBOL.match(node.span.source.text, node.span.start)):
            advice = f'a value of another symbol is read with `@`: `{symbol[2] or "close"}@"{symbol[1]}"`'
        env.error("unknown-name", f"there is no `{written}`", node.span, "not a field, param or let", advice)
    return mistake(node.span)


def uncalled(env: Env, node: ast.Attribute) -> Term | None:
    """Tell how `macd.hist` is written, None where its base is no function without its brackets."""
    base = node.base
    if not isinstance(base, ast.Name) or base.name in {*env.scope.names(), *FIELDS, *OBJECTS, *SPECIAL}:
        return None
    function = env.world.catalogue.get(base.name) if base.name in env.world.catalogue else None
    if function is None:
        return None
    ready = all(slot.default is not None or slot.series for slot in function.slots)
    several = function.outputs and len(function.outputs) > 1
    advice = f"write `{base.name}().{node.name}`" if ready and several else f"call it: `{function.signature}`"
    env.error("unknown-name", f"`{base.name}` is a function", base.span, "", advice)
    return mistake(node.span)


def _called(env: Env, name: str) -> str:
    """Return the call that a name such as `rsi14` stands for, '' where there is no such function."""
    match = re.fullmatch(r"([a-z][a-z_]*?)_?([1-9][0-9]{0,3})", name)
    function = env.world.catalogue.get(match[1]) if match and match[1] in env.world.catalogue else None
    if match is None or function is None:
        return ""
    slots = [slot for slot in function.slots if slot.series or slot.default is None or slot.name == "length"]
    if not any(not slot.series and not slot.choices for slot in slots):
        return ""
    return f"{match[1]}(close, {match[2]})" if slots[0].series else f"{match[1]}({match[2]})"


def _members(env: Env, name: str) -> list[str]:
    fixed = {"time": [*TIME], "position": [*POSITION], "model": ["up", "down"], "long": ["fires"], "short": ["fires"]}
    if name in fixed:
        return fixed[name]
    library = env.scope.libraries.get(name)
    return sorted(library.names()) if library else []


def member(env: Env, node: ast.Attribute, name: str) -> Term | None:
    """Return `name.member` where `name` is an object of the language or a library, None if it is neither."""
    if name in env.scope.names() and name not in env.scope.libraries:
        return None
    if name not in OBJECTS and name not in env.scope.libraries:
        return None
    members = _members(env, name)
    if node.name not in members:
        advice = suggest(node.name, members) or f"it has {', '.join(f'`{m}`' for m in members)}"
        env.error("unknown-output", f"`{name}` has no `{node.name}`", node.name_span, "", advice)
        return mistake(node.span)
    if name == "time":
        return term("field", (), TIME[node.name], node.span, (f"time.{node.name}",))
    if name == "position":
        return position(env, node.name, POSITION[node.name], node.span)
    if name == "model":
        return model(env, node)
    if name in ("long", "short"):
        return _fires(env, node, name)
    found = _local(replace(env, scope=env.scope.libraries[name]), node.name)
    return found.at(node.span) if found else mistake(node.span)


def model(env: Env, node: ast.Attribute) -> Term:
    scope: Scope = env.scope
    while scope.model is None and scope.outer is not None:
        scope = scope.outer
    if scope.model is None:
        env.error("unknown-name", "this document has no `model:`", node.span, "", "name a trained model under `model:`")
        return mistake(node.span)
    names = tuple(key for key, _ in scope.features)
    params: tuple[float | str, ...] = (scope.model.name, node.name, float(scope.model.trust_training_span), *names)
    return term("model", tuple(feature for _, feature in scope.features), MODEL, node.span, params)


def _fires(env: Env, node: ast.Attribute, side: str) -> Term:
    if not env.position:
        env.error("position-out-of-place", f"`{side}.fires` stands only in exit, trail and then", node.span)
        return mistake(node.span)
    if env.windowed:
        env.error("position-out-of-place", f"`{side}.fires` cannot stand inside `{env.windowed}`", node.span)
        return mistake(node.span)
    return replace(term("fires", (), units.BOOL, node.span, (side,)), held=True)


def literal(env: Env, node: ast.Number) -> Term:
    """Return a number as written: plain, a percentage, a multiple of the risk, or a duration."""
    unit = {"": units.NUMBER, "%": units.RATIO, "R": units.RISK, "ms": units.DURATION}[node.unit]
    return constant(node.value, Type(unit=unit), node.span)
