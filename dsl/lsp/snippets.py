"""Whole pieces of a document, with places to fill in: a strategy in an empty file, a side, a test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lsprotocol.types import CompletionItem, CompletionItemKind, InsertTextFormat

from dsl.json_schema import SNIPPETS
from dsl.lsp.spot import Spot


def pieces(place: Spot, empty: bool) -> Iterator[CompletionItem]:
    """Yield the pieces that may stand at a place of keys; `empty`: nothing else is in the file."""
    assert place.section is not None
    if place.flow:
        return
    if empty and not place.path and place.section.title in SNIPPETS:
        yield _piece(place.section.title, place.section.about, "\n".join(_block(SNIPPETS[place.section.title])), "")
        return
    if place.item and place.section.title in SNIPPETS:
        text = "\n".join(_block(SNIPPETS[place.section.title]))
        yield _piece(place.section.title, place.section.about, text, "")
    for field in place.section.fields:
        body = SNIPPETS.get(field.inner.title) if field.inner is not None and field.form == "table" else None
        if body is not None and field.name not in place.taken:
            lines = [f"{field.name}:", *(f"  {line}" for line in _block(body))]
            yield _piece(f"{field.name}: with all it needs", field.about, "\n".join(lines), field.name)


def _piece(label: str, about: str, text: str, word: str) -> CompletionItem:
    return CompletionItem(
        label=label,
        kind=CompletionItemKind.Snippet,
        detail=about,
        filter_text=word or label,
        insert_text=text,
        insert_text_format=InsertTextFormat.Snippet,
        sort_text="2",
    )


def _block(body: Mapping[str, Any]) -> Iterator[str]:
    """Yield a mapping as lines of YAML; the editor moves them to where the first one stands."""
    for key, value in body.items():
        if isinstance(value, Mapping):
            yield f"{key}:"
            yield from (f"  {line}" for line in _block(value))
        elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
            yield f"{key}:"
            for item in value:
                first, *rest = _block(item)
                yield f"  - {first}"
                yield from (f"    {line}" for line in rest)
        elif isinstance(value, list):
            yield f"{key}: [{', '.join(map(str, value))}]"
        else:
            yield f"{key}: {value}"
