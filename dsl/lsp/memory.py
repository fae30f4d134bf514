"""Sentences that were parsed before, moved to where they stand now.

A keystroke changes one sentence of a file; the rest stands as it did, a few characters further on. Parsing is most of
the work of reading, so what was parsed is kept from one version of a text to the next.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from dsl.errors import Diagnostic, Source, Span
from dsl.parser import parse
from dsl.place import Text

Parsed = tuple[Any, list[Diagnostic]]


class Memory:
    """Parses sentences of one document; begin a new version with `turn`."""

    def __init__(self) -> None:
        self._before: dict[tuple[str, str], tuple[Parsed, int]] = {}
        self._now: dict[tuple[str, str], tuple[Parsed, int]] = {}

    def turn(self) -> None:
        """Forget what the version before last had and the last one did not."""
        self._before, self._now = self._now, {}

    def parse(self, start: str, text: Text) -> Parsed:
        """Do what dsl.parser.parse does."""
        whole = text.at(0, len(text.value))
        if whole.text != text.value:
            return parse(start, text)  # escapes or folded lines: places do not move as one
        key = (start, text.value)
        known = self._now.get(key) or self._before.get(key)
        if known is None:
            found = parse(start, text)
        else:
            (result, findings), at = known
            move = _Move(text.source, whole.start - at)
            found = move.of(result), [move.of(finding) for finding in findings]
        self._now[key] = found, whole.start
        return found


class _Move:
    """Copies a tree with every span moved into another source by a number of characters."""

    def __init__(self, source: Source, by: int) -> None:
        self.source, self.by = source, by

    def of(self, part: Any) -> Any:
        kind = part.__class__
        if kind is Span:
            return Span(self.source, part.start + self.by, part.end + self.by)
        if kind in _PLAIN:
            return part
        if kind is tuple or kind is list:
            return kind([self.of(item) for item in part])
        names = _FIELDS.get(kind)
        if names is None:
            names = _FIELDS[kind] = tuple(f.name for f in fields(kind)) if is_dataclass(kind) else ()
        values = [getattr(part, name) for name in names]
        return kind(*[v if v.__class__ in _PLAIN else self.of(v) for v in values]) if names else part


_PLAIN = frozenset((str, float, int, bool, type(None)))
_FIELDS: dict[type, tuple[str, ...]] = {}
