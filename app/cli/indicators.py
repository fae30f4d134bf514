"""`engine indicators`: the functions of the strategy language."""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill, shorten
from typing import TYPE_CHECKING, Any

import click

from app.cli import options, show
from app.failure import Failure

if TYPE_CHECKING:
    from dsl.catalogue import Function


@click.command()
@click.argument("words", nargs=-1)
@options.as_json
def command(words: tuple[str, ...], as_json: bool) -> None:
    """List the functions of the strategy language, or find some.

    WORDS that are names of functions tell all about these. Others are looked for in names, descriptions, sources and
    groups: `engine indicators volume`, `engine indicators ehlers`, `engine indicators CDLHAMMER`.
    """
    from dsl.catalogue import catalogue
    from dsl.groups import HIDDEN

    functions = catalogue()
    named = bool(words) and all(word in functions for word in words)
    if named:
        chosen = [function for word in dict.fromkeys(words) if (function := functions.get(word))]
    else:
        chosen = [f for f in functions if f.name not in HIDDEN and all(_speaks_of(f, word) for word in words)]
    if not chosen:
        from dsl.suggest import nearest

        wrong = next(word for word in words if word not in functions)
        near = nearest(wrong, functions.names())
        raise Failure(f"there is no function {wrong!r}" + (f"; did you mean {near}?" if near else ""))
    if as_json:
        show.as_json([_facts(function) for function in chosen])
    elif named:
        for function in chosen:
            _page(function)
    else:
        _list(chosen)
        plural = "function" if len(chosen) == 1 else "functions"
        show.say(f"{len(chosen)} {plural}. `engine indicators NAME` tells all about one, WORD finds some.")


def _speaks_of(function: Function, word: str) -> bool:
    """Return whether a function's name, group, description or source has the word, however it is written."""
    text = f"{function.name} {_group(function)} {function.about} {function.reference}"
    return word.lower() in text.lower()


def _group(function: Function) -> str:
    from dsl.groups import GROUPS

    if function.kind == "builtin":
        return "Built in"
    return next((title for title, names in GROUPS.items() if function.name in names.split()), "Others")


def _list(functions: Sequence[Function]) -> None:
    """Print names with the first sentence of each, as far as a line of the terminal goes, under their groups."""
    from dsl.groups import GROUPS

    width = min(_width(), 120)
    by_name = {function.name: function for function in functions}
    groups = {title: [n for n in names.split() if n in by_name] for title, names in GROUPS.items()}
    for title in ("Others", "Built in"):
        groups[title] = [f.name for f in functions if _group(f) == title]
    left = max(map(len, by_name)) + 2
    for title, names in groups.items():
        if names:
            show.say(title)
        for name in names:
            sentence = _first_sentence(by_name[name].about)
            show.say(f"  {name:{left}}{shorten(sentence, width - left - 2, placeholder=' …')}")
        if names:
            show.say()


def _first_sentence(about: str) -> str:
    return re.split(r"(?<=[.:;])\s", about, maxsplit=1)[0].rstrip(".:;")


def _width() -> int:
    return shutil.get_terminal_size((80, 24)).columns


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
    _say(function.signature, first="")
    _say(function.about)
    if function.reference:
        _say(f"source: {function.reference}")
    for output in _outputs(function):
        _say(f"gives {output}{output.bounds}")
    defined, converged = _warmup(function)
    if defined is not None:
        _say(f"known after {defined} candles, converged after {converged}")
    for example in function.examples:
        _say(f"example: {example}")
    show.say()


def _say(text: str, first: str = "    ") -> None:
    """Print a paragraph within a line of the terminal."""
    width = max(40, min(_width(), 100))
    show.say(
        fill(text, width, initial_indent=first, subsequent_indent="      ", break_long_words=False,
             break_on_hyphens=False)
    )  # fmt: skip
