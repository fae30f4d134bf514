"""Inlay hints: the unit of each let, and of what a definition returns."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol.types import InlayHint, InlayHintKind

from dsl.catalogue import catalogue, of_definition
from dsl.check import outputs
from dsl.lsp import describe
from dsl.lsp.analysis import Analysis


def hints(analysis: Analysis, start: int, end: int) -> list[InlayHint]:
    """Return the hints for lets, and for results of functions, that are written between two characters."""
    if analysis.kind == "library":
        return [*_of_functions(analysis, start, end)]
    checked = analysis.checked
    if checked is None:
        return []
    found = []
    for name, (_, expr) in analysis.document.lets.items():
        term = checked.lets.get(name)
        if term is None or not start <= expr.span.end <= end or term.type.kind in ("error", "bool"):
            continue
        text = ", ".join(f".{p}" for p in term.params) if term.type.kind == "record" else describe.shown(term.type)
        place = analysis.lines.position(expr.span.end)
        found.append(InlayHint(place, text, InlayHintKind.Type, padding_left=True))
    return found


def _of_functions(analysis: Analysis, start: int, end: int) -> Iterator[InlayHint]:
    """Yield the unit of each result of the functions of a library."""
    for definition in analysis.document.defines.values():
        if not any(start <= expr.span.end <= end for _, expr in definition.returns.values()):
            continue
        try:
            given = dict(outputs(of_definition(definition), catalogue()))
        except RecursionError:
            continue
        for name, (_, expr) in definition.returns.items():
            if name in given and given[name].kind not in ("error", "bool"):
                place = analysis.lines.position(expr.span.end)
                yield InlayHint(place, describe.shown(given[name]), InlayHintKind.Type, padding_left=True)
