"""Inlay hints: the unit of each let, and of what a definition returns."""

from __future__ import annotations

from lsprotocol.types import InlayHint, InlayHintKind

from dsl.lsp import describe
from dsl.lsp.analysis import Analysis


def hints(analysis: Analysis, start: int, end: int) -> list[InlayHint]:
    """Return the hints for lets that are written between two characters."""
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
