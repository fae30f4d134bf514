"""`engine indicators`: the functions of the strategy language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from app.cli import options, show
from app.failure import Failure

if TYPE_CHECKING:
    from dsl.catalogue import Function


@click.command()
@click.argument("names", nargs=-1)
@options.as_json
def command(names: tuple[str, ...], as_json: bool) -> None:
    """List the functions of the strategy language; with NAMES, tell all about these."""
    from dsl.catalogue import catalogue

    functions = catalogue()
    if unknown := [name for name in names if name not in functions]:
        from dsl.suggest import nearest

        near = nearest(unknown[0], functions.names())
        raise Failure(f"there is no function {unknown[0]!r}" + (f"; did you mean {near}?" if near else ""))
    chosen = [function for function in functions if not names or function.name in names]
    if as_json:
        show.as_json([_facts(function) for function in chosen])
    elif names:
        for function in chosen:
            _page(function)
    else:
        rows = [(f.signature, ", ".join(_output(o) for o in f.outputs), f.about) for f in chosen]
        show.table(("function", "gives", "what it is"), rows)
        show.say(f"{len(chosen)} functions; `engine indicators NAME` tells all about one")


def _output(output: Any) -> str:
    unit = "bool" if output.boolean else output.unit
    return f".{output.name}" + (f" {unit}" if unit else "") if output.name != "value" else unit or "value"


def _facts(function: Function) -> dict[str, Any]:
    defined, converged = _warmup(function)
    return {
        "name": function.name,
        "kind": function.kind,
        "signature": function.signature,
        "about": function.about,
        "reference": function.reference,
        "outputs": [
            {"name": o.name, "unit": "bool" if o.boolean else o.unit, "low": o.bounds[0], "high": o.bounds[1]}
            for o in function.outputs
        ],
        "defined_after": defined,
        "converged_after": converged,
        "examples": list(function.examples),
    }


def _warmup(function: Function) -> tuple[int | None, int | None]:
    """Return the warm-up with the function's own defaults; None where an argument must be given."""
    from dsl.load import load_expression

    if any(slot.default is None for slot in function.slots):
        return None, None
    output = f".{function.outputs[0].name}" if function.outputs[0].name != "value" else ""
    plan, node, _ = load_expression(f"{function.name}(){output}", "1h")
    return (plan.nodes[node].defined, plan.nodes[node].converged) if node is not None else (None, None)


def _page(function: Function) -> None:
    show.say(f"{function.signature}\n    {function.about}")
    if function.reference:
        show.say(f"    source: {function.reference}")
    for output in function.outputs:
        low, high = output.bounds
        bounds = f", {'' if low is None else f'{low:g}'} to {'' if high is None else f'{high:g}'}"
        show.say(f"    gives {_output(output)}{bounds if (low, high) != (None, None) else ''}")
    defined, converged = _warmup(function)
    if defined is not None:
        show.say(f"    known after {defined} candles, converged after {converged}")
    for example in function.examples:
        show.say(f"    example: {example}")
    show.say()
