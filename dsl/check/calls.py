"""Calls: which function is meant, which argument goes where, and what comes out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from dsl import ast, units
from dsl.catalogue import Function, Slot
from dsl.check import builtins, definitions, names, operators
from dsl.check.scope import Env, Scope, suggest
from dsl.check.terms import Term, mistake, term, truth
from dsl.elsewhere import argument_of, instead, method, translated
from dsl.errors import Severity, Source, Span
from dsl.units import BOOL, BY_NAME, Type, bounded
from engine.domain.primitive import Output

_KEEPING = "sma ema rma wma highest lowest back valuewhen highest_since lowest_since pivot_high pivot_low"
KEEP_BOUNDS = frozenset(_KEEPING.split(" "))
"""Primitives whose `same as` output never leaves the range of their input."""


def call(env: Env, node: ast.Call) -> Term:
    """Return what the call gives: a value, or a record of several outputs."""
    if node.name in builtins.BUILT_IN:
        return builtins.BUILT_IN[node.name](env, node)
    function, home = _find(env, node.name)
    if function is None:
        return _shift(env, node) or _unknown(env, node)
    if function.deprecated:
        env.report(
            Severity.WARNING,
            "deprecated-function",
            f"`{node.name}` is deprecated",
            node.name_span,
            "",
            function.deprecated,
        )
    bound = _bind(env, function, node, home)
    if bound is None:
        return mistake(node.span)
    if any(given.type.kind == "error" for given in bound.values()):
        return mistake(node.span)
    if any(given.uncertain for given in bound.values()):
        env.error("wrong-arguments", f"the confidence cannot stand inside `{node.name}`", node.span)
        return mistake(node.span)
    made = (
        _primitive(function, bound, node)
        if function.primitive
        else definitions.use(env, function, bound, node.span, home)
    )
    shown = tuple(given for given in bound.values() if given.op != "const")
    outputs = tuple(replace(a, shown=shown) for a in made.args) if made.op == "record" else made.args
    return replace(made, args=outputs, span=node.span, shown=shown)


def _find(env: Env, name: str) -> tuple[Function | None, Scope | None]:
    """Return the function, and the scope of the document that defines it (None: the standard library)."""
    library, _, short = name.rpartition(".")
    scope: Scope | None = env.scope
    while scope is not None:
        if library and library in scope.libraries:
            home = scope.libraries[library]
            return home.functions.get(short), home
        if not library and name in scope.functions:
            return scope.functions[name], scope
        scope = scope.outer
    return (None if library else env.world.catalogue.get(name)), None


def _shift(env: Env, node: ast.Call) -> Term | None:
    """Tell how `close.shift(1)` is written; `close.shift(-1)` would read the future. None where it is neither."""
    base, _, name = node.name.rpartition(".")
    ago = node.args[0].value if len(node.args) == 1 else None
    if name not in ("shift", "ref", "lag") or not (base in names.FIELDS or base in env.scope.names()) or ago is None:
        return None
    if isinstance(ago, ast.Unary) and ago.op == "-":
        env.error(
            "look-ahead", "a negative shift would read the future", ago.span, "",
            f"write `{base}[{ago.operand.span.text}]` for the past",
        )  # fmt: skip
    else:
        message, advice = f"`{base}` is a value and has no functions", f"write `{base}[{ago.span.text}]`"
        env.error("unknown-function", message, node.name_span, "", advice)
    return mistake(node.span)


def _unknown(env: Env, node: ast.Call) -> Term:
    for argument in node.args:
        env.visit(argument.value)
    library, _, _ = node.name.rpartition(".")
    if library:
        if library in env.scope.broken:
            return mistake(node.span)
        home = env.scope.libraries.get(library)
        if home is None and (library in names.FIELDS or library in env.scope.names()):
            better = method(node.name.rpartition(".")[2], library, [a.value.span.text for a in node.args])
            message = f"`{library}` is a value and has no functions"
            env.error("unknown-function", message, node.name_span, "", f"write `{better}`" if better else "")
            return mistake(node.span)
        if home is None and (other := instead(node.name)):
            env.error("unknown-function", f"there is no function `{node.name}`", node.name_span, "", other)
            return mistake(node.span)
        known = [f"{library}.{name}" for name in home.functions] if home else []
        message = f"library `{library}` has no such function" if home else f"there is no library `{library}`"
        help_text = suggest(node.name, known) or ("" if home else "name its file under `use:`")
        env.error("unknown-function", message, node.name_span, "", help_text)
        return mistake(node.span)
    known = [*env.world.catalogue.names(), *env.scope.functions]
    broken = env.world.catalogue.diagnostics(node.name)
    if broken:
        first = broken[0]
        env.error("unknown-function", f"the definition of `{node.name}` is broken: {first.message}", node.name_span)
    elif node.name in env.scope.names() or node.name in names.FIELDS:
        ago = node.args[0].value if len(node.args) == 1 else None
        better = f"{node.name}[{ago.span.text}]" if ago is not None and _constant(env, ago) else node.name
        env.error("unknown-function", f"`{node.name}` is not a function", node.name_span, "", f"write `{better}`")
    elif better := translated(node.name, [a.value.span.text for a in node.args]):
        message = f"there is no function `{node.name}`"
        env.error("unknown-function", message, node.name_span, "", f"write `{better}`")
    else:
        advice = instead(node.name) or suggest(node.name, known)
        advice = advice or "`engine indicators` lists the functions that there are"
        env.error("unknown-function", f"there is no function `{node.name}`", node.name_span, "", advice)
    return mistake(node.span)


@dataclass
class _Given:
    slot: Slot
    argument: ast.Argument | None = None


def _bind(env: Env, function: Function, node: ast.Call, home: Scope | None) -> dict[str, Term] | None:
    """Return each slot's term, None (and told) where the arguments do not fit."""
    given = {slot.name: _Given(slot) for slot in function.slots}
    free = _positions(env, function, node)
    misnamed = False
    for argument in node.args:
        if argument.name is not None:
            taken = given.get(argument.name)
            if taken is None:
                meant = argument_of(argument.name, given)
                advice = f"did you mean `{meant}`?" if meant else suggest(argument.name, given)
                advice = advice or f"it takes `{function.signature}`"
                span = argument.name_span or argument.value.span
                env.error("wrong-arguments", f"`{function.name}` has no argument `{argument.name}`", span, "", advice)
                misnamed = True
                continue
        else:
            slot = next(free, None)
            if slot is None:
                _too_many(env, function, node, argument)
                continue
            taken = given[slot.name]
        if taken.argument is not None:
            env.error("wrong-arguments", f"`{taken.slot.name}` is given twice", argument.value.span)
            continue
        taken.argument = argument
    if misnamed:
        return None
    bound = {name: _argument(env, function, entry, node, home) for name, entry in given.items()}
    kept = {name: found for name, found in bound.items() if found is not None}
    return kept if len(kept) == len(bound) else None


def _too_many(env: Env, function: Function, node: ast.Call, argument: ast.Argument) -> None:
    message = f"`{function.name}` takes {_count(function)}, and here are {len(node.args)}"
    advice = f"it is `{function.signature}`"
    if len(node.args) <= len(function.slots):
        message = f"`{function.name}` begins with a constant, so its source is left out, and one argument is too many"
        advice = f"begin with the source: `{function.signature}`"
    env.error("wrong-arguments", message, argument.value.span, "one too many", advice)


def _count(function: Function) -> str:
    required = sum(slot.default is None for slot in function.slots)
    most = len(function.slots)
    plural = "" if most == 1 else "s"
    return f"{most} argument{plural}" if required == most else f"{required} to {most} arguments"


def _positions(env: Env, function: Function, node: ast.Call) -> Iterator[Slot]:
    """Yield the slots that arguments without a name fill; a constant first leaves the usual sources out."""
    slots = list(function.slots)
    first = node.args[0] if node.args and node.args[0].name is None else None
    if first is not None and slots and slots[0].series and slots[0].default is not None and _constant(env, first.value):
        while slots and slots[0].series and slots[0].default is not None:
            slots.pop(0)
    return iter(slots)


def _constant(env: Env, expr: ast.Expr) -> bool:
    match expr:
        case ast.Number():
            return True
        case ast.Unary():
            return _constant(env, expr.operand)
        case ast.Binary():
            return _constant(env, expr.left) and _constant(env, expr.right)
        case ast.Name() if expr.name not in names.FIELDS:
            scope: Scope | None = env.scope
            while scope is not None:
                if expr.name in scope.bound:
                    return scope.bound[expr.name].value is not None
                if expr.name in scope.lets:
                    return names.let(replace(env, scope=scope), expr.name).value is not None
                scope = scope.outer
    return False


def _argument(env: Env, function: Function, given: _Given, node: ast.Call, home: Scope | None) -> Term | None:
    slot = given.slot
    if given.argument is None:
        if slot.default is None:
            kind = "series" if slot.series else "constant"
            message = f"`{function.name}` needs `{slot.name}`"
            env.error(
                "wrong-arguments", message, node.span, f"no {kind} `{slot.name}`", f"it is `{function.signature}`"
            )
            return None
        return _default(env, slot, node.span, home)
    expr = given.argument.value
    if slot.choices:
        return _choice(env, function, slot, expr)
    if not slot.series:
        return _parameter(env, function, slot, expr)
    found = env.inside(function.name).visit(expr)
    if function.primitive is None:
        if found.type.kind == "record":
            operators.several(env, found)
            return mistake(expr.span)
        return found
    return operators.condition(env, found) if slot.boolean else operators.proper(env, operators.number(env, found))


def _default(env: Env, slot: Slot, span: Span, home: Scope | None) -> Term:
    if isinstance(slot.default, ast.Expr):
        scope = Scope(outer=home)
        return replace(env, scope=scope, windowed="").visit(slot.default)
    if isinstance(slot.default, str):
        return names.name(env, _field(slot.default))
    value = float(slot.default or 0.0)
    if slot.boolean:
        return truth(value, span)
    return names.literal(env, ast.Number(span, value))


@cache
def _field(name: str) -> ast.Name:
    return ast.Name(Span(Source("", name), 0, len(name)), name)


def _choice(env: Env, function: Function, slot: Slot, expr: ast.Expr) -> Term:
    if isinstance(expr, ast.Name) and expr.name in slot.choices:
        return names.literal(env, ast.Number(expr.span, float(slot.choices.index(expr.name))))
    word = expr.name if isinstance(expr, ast.Name) else ""
    advice = suggest(word, slot.choices) or f"write one of {', '.join(slot.choices)}"
    env.error("wrong-arguments", f"`{slot.name}` of `{function.name}` is one of a few words", expr.span, "", advice)
    return mistake(expr.span)


def _parameter(env: Env, function: Function, slot: Slot, expr: ast.Expr) -> Term:
    found = operators.number(env, env.visit(expr))
    if found.type.kind == "error":
        return found
    what = f"`{slot.name}` of `{function.name}`"
    value = found.value
    if value is None:
        env.error(
            "series-length", f"{what} is a constant or a param, never a series", expr.span, "changes with the candle",
            f"it is `{function.signature}`",
        )  # fmt: skip
        return mistake(expr.span)
    if slot.whole and not value.is_integer():
        env.error("wrong-arguments", f"{what} is a whole number", expr.span)
        return mistake(expr.span)
    low, high = bounded((slot.low, slot.high))
    if not low <= value <= high:
        env.error("wrong-arguments", f"{what} is {low:g} to {high:g}", expr.span, f"is {value:g}")
        return mistake(expr.span)
    return found


def _primitive(function: Function, bound: dict[str, Term], node: ast.Call) -> Term:
    primitive = function.primitive
    assert primitive is not None
    inputs = tuple(bound[given.name] for given in primitive.inputs)
    params = tuple(bound[given.name].value or 0.0 for given in primitive.parameters)
    types = [_output_type(output, function, bound) for output in primitive.outputs]
    if len(types) == 1:
        return term(primitive.name, inputs, types[0], node.span, params)
    whole = term(primitive.name, inputs, Type("record"), node.span, params)
    outputs = tuple(term("output", (whole,), given, node.span, (float(i),)) for i, given in enumerate(types))
    return definitions.record(outputs, tuple(output.name for output in primitive.outputs), node.span)


def _output_type(output: Output, function: Function, bound: dict[str, Term]) -> Type:
    if output.boolean or output.unit == "bool":
        return BOOL
    relation, _, source = output.unit.rpartition(" ")
    if relation == "same as":
        given = replace(bound[source].type, constant=False)
        if function.name == "sum" and given.weight is not None:
            given = replace(given, weight=given.weight * (bound["length"].value or 1.0 if "length" in bound else 1.0))
        if function.name == "cum":
            given = replace(given, weight=None)
        if function.name not in KEEP_BOUNDS:
            given = replace(given, bounds=units.OPEN)
    elif relation == "distance of":
        given = units.distance_of(bound[source].type)
    else:
        unit = BY_NAME.get(output.unit, units.ANY)
        given = (
            units.level()
            if output.unit == "price"
            else Type(unit=unit, weight=0.0 if output.unit == "distance" else None)
        )
    return given if output.bounds == (None, None) else replace(given, bounds=bounded(output.bounds))
