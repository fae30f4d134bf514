"""`engine indicators`: the functions of the strategy language."""

from __future__ import annotations

import math
from dataclasses import dataclass
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
        rows = [(f.signature, ", ".join(map(str, _outputs(f))), f.about) for f in chosen]
        show.table(("function", "gives", "what it is"), rows)
        show.say(f"{len(chosen)} functions; `engine indicators NAME` tells all about one")


@dataclass(frozen=True)
class _Output:
    name: str
    unit: str
    low: float | None
    high: float | None

    def __str__(self) -> str:
        return self.unit if self.name == "value" else f".{self.name} {self.unit}"

    @property
    def bounds(self) -> str:
        if self.low is None and self.high is None:
            return ""
        if self.low is None or self.high is None:
            return f", at least {self.low:g}" if self.low is not None else f", at most {self.high:g}"
        return f", {self.low:g} to {self.high:g}"


def _outputs(function: Function) -> list[_Output]:
    """Return what a function gives: as declared, or, of a definition, as it follows from its parts."""
    if function.definition is None:
        given = [(o.name, "bool" if o.boolean else o.unit, o.bounds) for o in function.outputs]
        return [_Output(name, unit or "number", *bounds) for name, unit, bounds in given]
    from dsl.catalogue import catalogue
    from dsl.check import outputs

    found = []
    for name, kind in outputs(function, catalogue()):
        low, high = (bound if math.isfinite(bound) and not kind.is_bool else None for bound in kind.bounds)
        found.append(_Output(name, "bool" if kind.is_bool else str(kind).partition(",")[0], low, high))
    return found


def _facts(function: Function) -> dict[str, Any]:
    defined, converged = _warmup(function)
    return {
        "name": function.name,
        "kind": function.kind,
        "signature": function.signature,
        "about": function.about,
        "reference": function.reference,
        "outputs": [{"name": o.name, "unit": o.unit, "low": o.low, "high": o.high} for o in _outputs(function)],
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
    for output in _outputs(function):
        show.say(f"    gives {output}{output.bounds}")
    defined, converged = _warmup(function)
    if defined is not None:
        show.say(f"    known after {defined} candles, converged after {converged}")
    for example in function.examples:
        show.say(f"    example: {example}")
    show.say()
