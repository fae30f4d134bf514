"""The page of a function: what it is, a picture, its arguments and outputs with units and bounds, formula, example."""

from __future__ import annotations

from collections.abc import Sequence

from draw_functions import Line, picture
from formulas import BUILT_IN, FORMULAS, PLACED
from made_candles import SYMBOL, TIMEFRAME, bars, values

from dsl import ast
from dsl.catalogue import LIBRARY, Function, Slot, catalogue
from dsl.check import outputs
from dsl.errors import Source
from dsl.load import load_expression
from dsl.lsp.walk import expressions
from dsl.parser import parse
from dsl.place import Text
from dsl.units import OPEN, Type


def signature(function: Function) -> str:
    """Return the signature as it is written; a primitive's is put together."""
    return function.definition.signature.span.text if function.definition else function.signature


def results(function: Function) -> list[tuple[str, str]]:
    """Return (output, unit with bounds) of each output; a primitive's may be told by its argument."""
    types = dict(outputs(function, catalogue()))
    return [(o.name, o.unit if " " in o.unit else unit_text(types[o.name])) for o in function.outputs]


def unit_text(given: Type) -> str:
    if given.is_bool:
        return "condition"
    text = str(given)
    low, high = given.bounds
    if given.bounds == OPEN or "index," in text or given.unit.powers or (low == float("-inf") and high == float("inf")):
        return text
    if high == float("inf"):
        return f"{text}, at least {low:g}"
    return f"{text}, at most {high:g}" if low == float("-inf") else f"{text}, {low:g} to {high:g}"


def plain_call(function: Function) -> str:
    """Return a call with the defaults, and something plain where there is none."""
    given = [f"{slot.name}={stand_in(slot)}" for slot in function.slots if slot.default is None]
    return f"{function.name}({', '.join(given)})"


def stand_in(slot: Slot) -> str:
    if slot.name == "x":  # of the mathematics: a plain number
        return "0.5 * close / open"
    if slot.series:
        return "close > open" if slot.boolean else "close"
    return slot.choices[0] if slot.choices else f"{max(slot.low or 0, min(10, slot.high or 10)):g}"


def of_outputs(function: Function, call: str) -> list[str]:
    """Return an expression for each output of a call."""
    return [call if output.name == "value" else f"{call}.{output.name}" for output in function.outputs]


def warmup(function: Function) -> tuple[int, int]:
    """Return after how many candles the output that needs most is known, and settled. Raises ValueError."""
    nodes = []
    for text in of_outputs(function, plain_call(function)):
        plan, node, found = load_expression(text, "1h")
        if node is None:
            raise ValueError(f"{text}: {found[0].message}")
        nodes.append(plan.nodes[node])
    return max(node.defined for node in nodes), max(node.converged for node in nodes)


def follows(function: Function) -> str:
    return function.reference[:1].upper() + function.reference[1:].rstrip(".")


# -- the picture --


def shown_call(function: Function) -> str:
    """Return the call that the first example makes, by which the function is drawn; else a plain one."""
    for example in function.examples[:1]:
        expr, _ = parse("expr", Text.of(Source("<example>", example)))
        for part in expressions(expr):
            if isinstance(part, ast.Call) and part.name == function.name:
                return part.span.text
    return plain_call(function)


def drawing(function: Function) -> str:
    """Return the picture of a function. Raises ValueError where it cannot be evaluated."""
    call = shown_call(function)
    types = dict(outputs(function, catalogue()))
    lines = []
    for output, text in zip(function.outputs, of_outputs(function, call), strict=True):
        unit = output.unit if " " in output.unit else str(types[output.name]).split(",")[0]
        bounds = types[output.name].bounds
        name = "" if output.name == "value" else output.name
        lines.append(Line(name, unit, values(text), (float(bounds[0]), float(bounds[1]))))
    return picture(call, lines, function.examples[0] if function.examples else "")


# -- the page --


def page(function: Function, group: str, others: Sequence[str]) -> str:
    """Return docs/functions/NAME.md; `others` are the functions of its group."""
    parts = [f"# {function.name}", function.about]
    if function.deprecated:
        parts.append(f"**Deprecated**: {function.deprecated}.")
    parts.append(f"![{shown_call(function)} on candles](pictures/{function.name}.svg)")
    parts.append(f"```text\n{signature(function)}\n```")
    parts += [_arguments(function)] if function.slots else []
    parts += [_gives(function), _warm(function), *_formula(function)]
    if function.examples:
        shown = "\n".join(function.examples)
        parts.append(f"## Example\n\n```expr\n{shown}\n```\n\n" + "\n".join(map(_seen, function.examples)))
    if function.reference:
        parts.append(f"## Source\n\n{follows(function)}.")
    links = ", ".join(f"[{name}]({name}.md)" for name in others if name != function.name)
    parts.append(f"More under *{group}*: {links}. [All functions](../indicators.md)." if links else "")
    return "\n\n".join(part for part in parts if part) + "\n"


def _arguments(function: Function) -> str:
    rows = ["| argument | takes | default | range |", "|---|---|---|---|"]
    for slot in function.slots:
        written, _, default = slot.text.partition(" of ")[0].partition(" in ")[0].partition("=")
        takes = "a condition on each candle" if slot.boolean else "a value on each candle"
        if not slot.series:
            takes = "a constant or param" if not slot.choices else "a word"
        limits = " or ".join(f"`{word}`" for word in slot.choices)
        if slot.low is not None and slot.high is not None and not slot.choices:
            limits = f"{slot.low:g} to {slot.high:g}"
        rows.append(f"| `{written}` | {takes} | {f'`{default}`' if default else 'must be given'} | {limits} |")
    return "\n".join(rows)


def _gives(function: Function) -> str:
    found = results(function)
    if [name for name, _ in found] == ["value"]:
        return f"Gives: **{found[0][1]}**."
    return "\n".join(["| output | gives |", "|---|---|", *(f"| `.{name}` | {unit} |" for name, unit in found)])


def _warm(function: Function) -> str:
    known, settled = warmup(function)
    return (
        f"With these defaults it is known from candle {known} of the history on, and from candle {settled} on it no "
        "longer matters (to 1e-6) where the history begins."
    )


def _formula(function: Function) -> list[str]:
    if function.kind == "definition":
        text = (LIBRARY / f"{function.name}.yaml").read_text(encoding="utf-8")
        return [f"## Formula\n\nThe definition is what the engine runs:\n\n```yaml\n{text}```"]
    formula = FORMULAS.get(function.name)
    return [f"## Formula\n\n```text\n{formula}\n```"] if formula else []


def _seen(example: str) -> str:
    """Return what an example comes to on the made market."""
    given, market = values(example), f"{len(bars()):,} candles of the made market ({SYMBOL}, {TIMEFRAME})"
    if given.dtype == bool:
        return f"- `{example}` holds on {int(given.sum()):,} of {market}."
    known = given[given == given]
    if not len(known):
        return f"- `{example}` is unknown on all {market}."
    return f"- `{example}` goes from {known.min():.4g} to {known.max():.4g} over {market}."


# -- what is built in --


def built_in_page(function: Function, others: Sequence[str]) -> str:
    """Return the page of a built-in function. Raises KeyError for one that docs/formulas.py does not have."""
    written, formula, example = BUILT_IN[function.name]
    parts = [f"# {function.name}", function.about, PLACED.get(function.name, "")]
    if function.name not in PLACED:
        parts.append(f"![{example} on candles](pictures/{function.name}.svg)")
    parts.append(f"```text\n{written}\n```")
    gives = "condition" if function.outputs[0].boolean else "number" if function.outputs[0].unit == "number" else ""
    parts.append(f"Gives: **{gives or 'what it is given, with its unit'}**.")
    if function.name not in (*PLACED, "default", "known"):
        parts.append("It is built in, and known as soon as what it is given is known.")
    parts.append(f"## Formula\n\n```text\n{formula}\n```")
    kind = "text" if function.name in PLACED else "expr"
    seen = "" if function.name in PLACED else f"\n\n{_seen(example)}"
    parts.append(f"## Example\n\n```{kind}\n{example}\n```{seen}")
    links = ", ".join(f"[{name}]({name}.md)" for name in others if name != function.name)
    parts.append(f"More that is *built in*: {links}. [All functions](../indicators.md).")
    return "\n\n".join(part for part in parts if part) + "\n"


def built_in_drawing(function: Function) -> str:
    """Return the picture of a built-in function's example."""
    example = BUILT_IN[function.name][2]
    expr, _ = parse("expr", Text.of(Source("<example>", example)))
    calls = (part for part in expressions(expr) if isinstance(part, ast.Call) and part.name == function.name)
    call = next(calls).span.text
    return picture(call, [Line("", "price" if function.name in ("min", "max") else "", values(call))], example)
