"""The symbols of a document, for an editor's outline and breadcrumbs."""

from __future__ import annotations

from lsprotocol.types import DocumentSymbol, SymbolKind

from dsl.lsp.analysis import Analysis
from dsl.lsp.outline import ITEM, Entry

_KINDS = {
    "let": SymbolKind.Variable, "params": SymbolKind.Constant, "when": SymbolKind.Event, "exit": SymbolKind.Event,
    "define": SymbolKind.Function, "features": SymbolKind.Field,
}  # fmt: skip


def document_symbols(analysis: Analysis) -> list[DocumentSymbol]:
    """Return the keys of a document, each with those under it."""
    if not analysis.kind:
        return []
    top: list[DocumentSymbol] = []
    open_: list[tuple[Entry, DocumentSymbol]] = []
    for entry in analysis.outline.entries:
        if entry.name == ITEM or not entry.name.strip():
            continue
        while open_ and entry.path[: len(open_[-1][0].path)] != open_[-1][0].path:
            open_.pop()
        made = _symbol(analysis, entry)
        (open_[-1][1].children if open_ else top).append(made)  # type: ignore[union-attr]
        for _, parent in open_:
            parent.range.end = made.range.end
        open_.append((entry, made))
    return top


def _symbol(analysis: Analysis, entry: Entry) -> DocumentSymbol:
    kind = _KINDS.get(entry.path[-2] if len(entry.path) > 1 else "", SymbolKind.Property)
    if len(entry.path) == 1:
        kind = SymbolKind.Namespace
    number = analysis.lines.number(entry.key_start)
    end = analysis.lines.starts[number] + len(analysis.lines.line(number))
    return DocumentSymbol(
        name=entry.name,
        detail=entry.value[:80] or None,
        kind=kind,
        range=analysis.lines.range(entry.key_start, end),
        selection_range=analysis.lines.range(entry.key_start, entry.key_end),
        children=[],
    )
