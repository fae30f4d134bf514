"""A whole document: its names, then every expression, with all mistakes in one run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from dsl import ast, units
from dsl.catalogue import Catalogue, Function, of_definition
from dsl.check import definitions, expressions, names, operators
from dsl.check.checked import Checked
from dsl.check.libraries import Libraries
from dsl.check.params import constants
from dsl.check.scope import Env, Findings, Scope, World, suggest
from dsl.check.sides import side
from dsl.check.terms import Term
from dsl.errors import Diagnostic, Severity
from dsl.units import Type
from engine.domain.market import MARKET_FIELDS, Timeframe


def world(catalogue: Catalogue, series: Mapping[str, Type] | None = None) -> World:
    """Return a fresh run of the checker. `series`: external series besides the known ones, with their types."""
    return World(catalogue, Findings(), {**names.SERIES, **(series or {})}, expressions.visit)


def check_strategy(
    document: ast.Document,
    catalogue: Catalogue,
    libraries: Libraries,
    *,
    values: Mapping[str, float] | None = None,
    series: Mapping[str, Type] | None = None,
) -> tuple[Checked, list[Diagnostic]]:
    """Check a strategy. `values` replace the defaults of its params. Use the result only if nothing is an error."""
    shared = world(catalogue, series)
    frames = tuple(dict.fromkeys(Timeframe.parse(text) for text, _ in document.timeframes))
    outside = Env(shared, Scope(), frames)
    bound = constants(outside, document, values or {})
    taken = frozenset({*bound, *document.lets, *names.reserved(shared.series)})
    opened = libraries.scopes(outside, document, taken)
    unread = {Path(text).stem for text, _ in document.use} if len(opened) < len(document.use) else set()
    scope = Scope(
        lets=document.lets, bound=bound, libraries=opened, model=document.model, broken=document.broken | unread
    )
    env = replace(outside, scope=scope)
    check_names(env, document)
    features = _features(env, document)
    scope.features = features
    lets = {name: names.let(env, name) for name in document.lets}
    sides = tuple(side(env, block) for block in document.sides)
    _fires_exist(env, sides, document)
    checked = Checked(
        document, frames, sides, _where(env, document), features,
        {name: given.value or 0.0 for name, given in bound.items()}, _assumed(env, document),
        lets,
    )  # fmt: skip
    return checked, shared.findings.list


def check_library(document: ast.Document, catalogue: Catalogue, libraries: Libraries) -> list[Diagnostic]:
    """Check a library: its lets, and each definition with its default arguments (prices where there is none)."""
    shared = world(catalogue)
    env = Env(shared, Scope())
    home = libraries.scope(env, document)
    inside = replace(env, scope=home)
    check_names(inside, document)
    for name in document.lets:
        names.let(inside, name)
    for definition in document.defines.values():
        _definition_names(inside, definition)
        describe(definition, shared, home)
    return shared.findings.list


def describe(definition: ast.Definition, shared: World, home: Scope | None = None) -> Term | None:
    """Return a definition laid open over its defaults, with the types of its outputs; None if it is broken."""
    env = Env(shared, home or Scope())
    function = of_definition(definition)
    bound: dict[str, Term] = {}
    for slot, written in zip(function.slots, definition.signature.params, strict=True):
        if isinstance(slot.default, ast.Expr):
            bound[slot.name] = env.visit(slot.default)
        elif slot.series:
            bound[slot.name] = names.name(env, ast.Name(written.span, "close"))
        else:
            value = slot.low if slot.low is not None else 1.0
            bound[slot.name] = names.literal(env, ast.Number(written.span, value))
    found = definitions.use(env, function, bound, None, home)
    return None if found.type.kind == "error" else found


def outputs(function: Function, catalogue: Catalogue) -> tuple[tuple[str, Type], ...]:
    """Return the outputs of any function with their types, those of a definition derived over its defaults."""
    if function.definition is None:
        types = {"bool": units.BOOL, "price": units.level()}
        return tuple(
            (o.name, types.get(o.unit, Type(unit=units.BY_NAME.get(o.unit, units.ANY), bounds=units.bounded(o.bounds))))
            for o in function.outputs
        )
    found = describe(function.definition, world(catalogue))
    if found is None:
        return ()
    if found.type.kind != "record":
        return (("value", found.type),)
    return tuple((str(name), given.type) for name, given in zip(found.params, found.args, strict=True))


def check_names(env: Env, document: ast.Document) -> None:
    """Hold the one namespace: no let, param or condition bears the name of a field or of another."""
    seen: dict[str, ast.Key] = {}
    taken = names.reserved(env.world.series)
    given = [(name, key, "param") for name, (key, _) in document.params.items()]
    given += [(name, key, "let") for name, (key, _) in document.lets.items()]
    for name, key, kind in given:
        _claim(env, name, key, kind, seen, taken)
    for block in document.sides:
        own = dict(seen)
        for name, (key, _) in block.when.items():
            _claim(env, name, key, "condition", own, taken)


def _definition_names(env: Env, definition: ast.Definition) -> None:
    taken = names.reserved(env.world.series)
    seen: dict[str, ast.Key] = {}
    for param in definition.signature.params:
        _claim(env, param.name, ast.Key(param.name, param.span), "argument", seen, taken)
    for name, (key, _) in definition.lets.items():
        _claim(env, name, key, "let", seen, taken)


def _claim(env: Env, name: str, key: ast.Key, kind: str, seen: dict[str, ast.Key], taken: frozenset[str]) -> None:
    if name in taken:
        env.error("shadowed-name", f"`{name}` is a name of the language: a {kind} cannot bear it", key.span)
    elif name in seen:
        env.error(
            "shadowed-name", f"`{name}` is already defined", key.span, "again here", "give one of them another name",
            ((seen[name].span, "first here"),),
        )  # fmt: skip
    else:
        seen[name] = key


def _features(env: Env, document: ast.Document) -> tuple[tuple[str, Term], ...]:
    if document.model is None:
        return ()
    blind = replace(env, scope=replace(env.scope, model=None))
    found = []
    for name, (_, expr) in document.model.features.items():
        given = blind.visit(expr)
        if not given.type.is_bool:
            given = operators.proper(env, operators.number(env, given))
        found.append((name, given))
    return tuple(found)


def _where(env: Env, document: ast.Document) -> Term | None:
    if document.universe is None or document.universe.where is None:
        return None
    return operators.condition(env, env.visit(document.universe.where))


def _assumed(env: Env, document: ast.Document) -> dict[str, float]:
    assumed = {}
    for name, (key, expr) in document.assume.items():
        if name not in MARKET_FIELDS:
            advice = suggest(name, MARKET_FIELDS) or f"one of {', '.join(MARKET_FIELDS)}"
            env.error("unknown-name", f"`{name}` is not a field that data may lack", key.span, "", advice)
            continue
        found = operators.number(env, env.visit(expr))
        if found.type.kind == "error":
            continue
        if found.value is None:
            env.error("series-length", "what is assumed is a constant", expr.span, "changes with the candle")
        elif units.clash(names.FIELDS[name], found.type):
            env.error(
                "unit-mismatch", f"`{name}` is {names.FIELDS[name].named()}", expr.span, str(found.type), "",
                ((key.span, str(names.FIELDS[name])),),
            )  # fmt: skip
        else:
            assumed[name] = found.value
    return assumed


def _fires_exist(env: Env, sides: tuple[object, ...], document: ast.Document) -> None:
    """Tell where an exit waits for a side that the strategy does not have."""
    have = {block.side for block in document.sides}
    for block in document.sides:
        for _, given in block.exits.values():
            for other in ("long", "short"):
                if other not in have and f"{other}.fires" in given.expr.span.text:
                    message = f"this strategy has no `{other}:` side, so it never fires"
                    env.report(Severity.ERROR, "unknown-name", message, given.expr.span)
