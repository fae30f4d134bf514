"""Functions, lets and params in words, for hovers and completion."""

from __future__ import annotations

from pathlib import Path

from dsl import ast
from dsl.catalogue import Function, catalogue
from dsl.check import outputs
from dsl.check.terms import Term
from dsl.compile import Placer
from dsl.lsp.analysis import Analysis
from dsl.schema import Field
from dsl.units import Type
from engine.domain.market import Timeframe
from engine.domain.primitive import Output
from engine.domain.strategy import Frame
from engine.plan.graph import Graph

PAGES = Path(__file__).resolve().parents[2] / "docs" / "functions"
"""Pages of functions, where the documentation is beside the program."""


def page(function: Function, warm: tuple[int, int] | None = None) -> str:
    """Return a function's page in Markdown: signature, meaning, units and bounds, warm-up, source, examples."""
    parts = [f"```\n{function.signature}\n```", function.about]
    if function.deprecated:
        parts.append(f"**Deprecated**: {function.deprecated}")
    given = [f"- `.{name}` {kind}" if name != "value" else f"- {kind}" for name, kind in gives(function)]
    if given:
        parts.append("Gives\n" + "\n".join(given))
    if warm is not None:
        parts.append(warm_up(warm))
    if function.reference:
        parts.append(f"Source: {function.reference}")
    if function.examples:
        parts.append("\n".join(f"    {example}" for example in function.examples))
    written = PAGES / f"{function.name}.md"
    if not function.library and written.is_file():
        parts.append(f"[Its page, with a picture]({written.as_uri()})")
    return "\n\n".join(part for part in parts if part)


def gives(function: Function) -> list[tuple[str, str]]:
    """Return the outputs of a function, each with its unit and bounds in words."""
    if function.definition is None:
        return [(o.name, _declared(o)) for o in function.outputs]
    if function.library:
        return [(o.name, "") for o in function.outputs]
    try:
        return [(name, shown(given)) for name, given in outputs(function, catalogue())]
    except RecursionError:
        return []


def _declared(output: Output) -> str:
    low, high = output.bounds
    text = "condition (true or false)" if output.boolean else output.unit
    if output.boolean or (low is None and high is None):
        return text
    return f"{text}, at least {low:g}" if high is None else f"{text}, {'' if low is None else f'{low:g}'} to {high:g}"


def shown(given: Type) -> str:
    """Return a type with its bounds: `index, 0 to 100`, `volume, at least 0`."""
    text = str(given)
    low, high = given.bounds
    if given.kind != "number" or given.percent or "," in text or given.constant:
        return text
    if low == float("-inf") and high == float("inf"):
        return text
    if high == float("inf"):
        return f"{text}, at least {low:g}"
    return f"{text}, at most {high:g}" if low == float("-inf") else f"{text}, {low:g} to {high:g}"


def warm_up(warm: tuple[int, int]) -> str:
    """Return a warm-up in words."""
    defined, converged = warm
    if defined <= 1 and converged <= 1:
        return "Known from the first candle."
    plural = "" if defined == 1 else "s"
    return f"Known after {defined} candle{plural}, converged (to 1e-6) after {converged}."


def warm_of(analysis: Analysis, term: Term) -> tuple[int, int] | None:
    """Return after how many candles a term is known and converged, on the strategy's first timeframe."""
    if term.held or term.uncertain or term.type.kind == "error":
        return None
    inner = term.args if term.type.kind == "record" else (term,)
    checked = analysis.checked
    frame = checked.timeframes[0] if checked and checked.timeframes else Timeframe.parse("1h")
    try:
        placer = Placer(Graph(), catalogue(), {})
        nodes = [placer.graph[placer.place(part, Frame(frame))] for part in inner]
    except (LookupError, RecursionError, ValueError):
        return None
    return max(node.defined for node in nodes), max(node.converged for node in nodes)


def let(analysis: Analysis, name: str, expr: ast.Expr) -> str:
    """Return a let in Markdown: what it stands for, its type and warm-up."""
    parts = [f"```\n{name}: {' '.join(expr.span.text.split())}\n```"]
    term = analysis.checked.lets.get(name) if analysis.checked else None
    if term is not None and term.type.kind != "error":
        parts.append(outputs_of(term) if term.type.kind == "record" else shown(term.type))
        warm = warm_of(analysis, term)
        parts += [warm_up(warm)] if warm and term.op != "const" else []
    return "\n\n".join(parts)


def outputs_of(term: Term) -> str:
    return "\n".join(f"- `.{name}` {shown(part.type)}" for name, part in zip(term.params, term.args, strict=True))


def param(name: str, given: ast.ParamValue) -> str:
    """Return a param in Markdown."""
    text = f"```\n{name}: {given.span.text}\n```\n\nA param"
    if given.low is None or given.high is None:
        return f"{text}, {given.default.span.text}."
    step = f", in steps of {given.step.span.text}" if given.step else ""
    return f"{text}: {given.default.span.text}; {given.low.span.text} to {given.high.span.text}{step}."


def key(field: Field) -> str:
    """Return a key of the schema in Markdown."""
    parts = [f"**{field.name}**{' (required)' if field.required else ''}", field.about]
    if field.examples:
        parts.append("\n".join(f"    {example}" for example in field.examples))
    return "\n\n".join(parts)
