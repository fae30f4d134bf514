"""Params as an optimiser sees them: their ranges, many variants in one plan, and the values written back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from dsl import ast
from dsl.catalogue import catalogue
from dsl.check import Libraries, check_strategy
from dsl.compile import compile_strategy, finish
from dsl.document import read_table
from dsl.errors import Severity, Source
from dsl.fmt import format_source
from dsl.read import read_document
from engine.domain.strategy import Plan, StrategyRules
from engine.optimise.ranges import Point, Range
from engine.plan.graph import Graph


class NotTunable(ValueError):
    """What keeps a strategy from being optimised, as one line."""


def ranges(document: ast.Document, only: Sequence[str] = ()) -> tuple[Range, ...]:
    """Return the params that have a range, `only` some of them by name. Raises NotTunable."""
    for name in only:
        if name not in document.params:
            known = ", ".join(document.params) or "none"
            raise NotTunable(f"{document.id} has no param {name}; it has {known}")
    found = []
    for name, (_, given) in document.params.items():
        if only and name not in only:
            continue
        if given.low is None or given.high is None:
            if only:
                raise NotTunable(f"the param {name} has no range: write `{name}: {given.span.text} in LOW to HIGH`")
            continue
        step = given.step.value if given.step is not None else 0.0
        one = Range(name, given.default.value, given.low.value, given.high.value, step, given.default.unit)
        if one.high > one.low:
            found.append(one)
    if not found:
        raise NotTunable(
            f"{document.id} has no params with a range: write `params:` with lines such as "
            "`length: 14 in 5 to 30 step 1`"
        )
    return tuple(found)


class Variants:
    """Compiles variants of one document from its syntax tree: nothing is read or parsed again."""

    def __init__(self, document: ast.Document) -> None:
        self.document = document
        self._functions, self._libraries = catalogue(), Libraries()

    def plan(self, points: Sequence[Point]) -> tuple[Plan, list[str]]:
        """Return one plan with a strategy per point, and per point why it is none ('' where it is).

        Strategies are called `ID#0`, `ID#1` ... by the place of their point.
        """
        graph = Graph()
        made: list[StrategyRules] = []
        faults: list[str] = []
        for place, point in enumerate(points):
            named = replace(self.document, id=f"{self.document.id}#{place}")
            checked, found = check_strategy(named, self._functions, self._libraries, values=point)
            wrong = next((one for one in found if one.severity is Severity.ERROR), None)
            faults.append(f"{wrong.span}: {wrong.message}" if wrong is not None else "")
            if wrong is None:
                made.append(compile_strategy(checked, graph, self._functions))
        return finish(graph, tuple(made)), faults


def condition(document: ast.Document, text: str) -> Callable[[Point], bool]:
    """Return what says whether a point meets a condition on the params, as in `fast < slow`. Raises NotTunable."""
    from dsl.check.document import world
    from dsl.check.params import constants
    from dsl.check.scope import Env, Scope
    from dsl.parser import parse_expression

    expr, found = parse_expression(text)
    if expr is None or found:
        raise NotTunable(f"the condition `{text}`: {found[0].message if found else 'cannot be read'}")

    def holds(point: Point) -> bool:
        shared = world(catalogue())
        outside = Env(shared, Scope())
        term = replace(outside, scope=Scope(bound=constants(outside, document, point))).visit(expr)
        wrong = next((one for one in shared.findings.list if one.severity is Severity.ERROR), None)
        if wrong is not None:
            raise NotTunable(f"the condition `{text}`: {wrong.message}")
        if term.value is None or not term.type.is_bool:
            raise NotTunable(f"the condition `{text}` is not about the params alone")
        return term.value > 0

    holds({})
    return holds


def written(value: float, unit: str) -> str:
    """Return a value as the language writes it: the same number when it is read again."""
    if unit == "ms":
        for letter, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)):
            if value % size == 0:
                return f"{int(value // size)}{letter}"
    number = Decimal(repr(float(value))) * (100 if unit == "%" else 1)
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text + (unit if unit in ("%", "R") else "")


def next_version(version: str) -> str:
    """Return the version after this one, whose meaning is another: `1.4.2` becomes `1.5.0`. Raises NotTunable."""
    match = re.fullmatch(r"(\d+)\.(\d+)(?:\.(\d+))?", version)
    if match is None:
        raise NotTunable(f"the version {version!r} is not written as 1.0.0, so there is no next one")
    return f"{match[1]}.{int(match[2]) + 1}.0"


def rewritten(path: Path, values: Mapping[str, float], evidence: Sequence[str]) -> str:
    """Return the text of a strategy with these values of its params and its next version; all the rest as it is.

    `evidence` stands above `params:` as a comment. Raises NotTunable.
    """
    document, found = read_document(path)
    table, source, _ = read_table(path)
    if table is None or any(one.severity is Severity.ERROR for one in found):
        raise NotTunable(f"{path} cannot be read")
    edits = []
    for name, value in values.items():
        number = document.params[name][1].default
        edits.append((number.span.start, number.span.end, written(value, number.unit)))
    version = table.entries["version"].value.span
    edits.append((version.start, version.end, version.text.replace(document.version, next_version(document.version))))
    start = _line_start(source, table.entries["params"].key.span.start)
    edits.append((start, start, "".join(f"# {line}\n" for line in evidence)))
    text = source.text
    canonical = not format_source(source).changed
    for begin, end, new in sorted(edits, reverse=True):
        text = text[:begin] + new + text[end:]
    # A text in the canonical form stays in it, whatever the lengths of the new values move.
    return format_source(Source(source.path, text)).after if canonical else text


def _line_start(source: Source, offset: int) -> int:
    return source.text.rfind("\n", 0, offset) + 1
