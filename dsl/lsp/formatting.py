"""Formatting: the canonical form of the whole text, as `engine fmt` writes it."""

from __future__ import annotations

from lsprotocol.types import TextEdit

from dsl.errors import Source
from dsl.fmt import format_source
from dsl.lsp.analysis import Analysis
from dsl.lsp.carry import replaced


def edits(analysis: Analysis) -> list[TextEdit]:
    """Return the edit that formats a text; none where it has errors, or is formatted."""
    if not analysis.kind:
        return []
    try:
        formatted = format_source(Source(str(analysis.path), analysis.text))
    except RecursionError:
        return []
    return [rewritten(analysis, formatted.after)] if formatted.changed else []


def rewritten(analysis: Analysis, after: str) -> TextEdit:
    """Return the edit that makes a text another, no longer than it must be: the cursor stays where it is."""
    start, end = replaced(analysis.text, after)
    return TextEdit(analysis.lines.range(start, end), after[start : len(after) - (len(analysis.text) - end)])
