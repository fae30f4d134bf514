"""Findings of the version before, moved to where their texts stand now.

Lint rules take longer than a keystroke may; until they have run again, what they found last stays in sight.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from dsl.errors import Diagnostic, Source, Span


def carried(found: Iterable[Diagnostic], source: Source) -> list[Diagnostic]:
    """Return the findings whose text an edit has not touched, with their places in the edited text."""
    kept = []
    edits: dict[int, tuple[int, int]] = {}
    for finding in found:
        before = finding.span.source.text
        if id(before) not in edits:
            edits[id(before)] = replaced(before, source.text)
        start, end = edits[id(before)]
        by = len(source.text) - len(before)
        if finding.span.end <= start:
            kept.append(_moved(finding, source, 0))
        elif finding.span.start >= end:
            kept.append(_moved(finding, source, by))
    return kept


def replaced(before: str, after: str) -> tuple[int, int]:
    """Return which characters of the text before an edit has replaced."""
    most = min(len(before), len(after))
    start = _same(before, after, most)
    end = _same(before[::-1], after[::-1], most - start)
    return start, len(before) - end


def _same(a: str, b: str, most: int) -> int:
    """Return how many characters two texts begin with alike, at most `most`: by halves, not one by one."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _moved(finding: Diagnostic, source: Source, by: int) -> Diagnostic:
    return replace(finding, span=Span(source, finding.span.start + by, finding.span.end + by), notes=(), fix=None)
