"""Texts whose every character knows its place in the file.

An expression stands inside a YAML scalar: plain, quoted, folded or literal. What the parser sees is the
scalar's value; what the reader must be shown is the file. `Text` maps one to the other, exactly, by walking
the raw characters and the value together.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from dsl.errors import Source, Span

_BREAKS = "\n\r\x85\u2028\u2029"
_WHITE = " \t" + _BREAKS
_ESCAPE_LENGTH = {"x": 4, "u": 6, "U": 10}

Cells = list[tuple[int, int]]


@dataclass(frozen=True)
class Text:
    """A value and where it was written: characters start <= i < end of `source`, quotes and header included.

    style: `` plain, `'` and `"` quoted, `|` literal, `>` folded.
    """

    value: str
    source: Source
    start: int
    end: int
    style: str = ""

    @staticmethod
    def of(source: Source) -> Text:
        """Return the whole of a source as one plain text."""
        return Text(source.text, source, 0, len(source.text))

    @property
    def span(self) -> Span:
        """The value's whole place; for a block scalar, its content without the line after it."""
        if self.style in ("|", ">") and self.value.strip():
            return self.at(0, len(self.value.rstrip()))
        return Span(self.source, self.start, self.end)

    def at(self, start: int, end: int) -> Span:
        """Return the place of characters start <= i < end of the value."""
        if self._shift is not None:
            return Span(self.source, start + self._shift, max(start, end) + self._shift)
        cells = self._cells
        first = cells[start][0] if start < len(cells) else (cells[-1][1] if cells else self.start)
        last = cells[min(end, len(cells)) - 1][1] if end > start and cells else first
        return Span(self.source, first, max(first, last))

    @cached_property
    def _shift(self) -> int | None:
        """What to add to an offset where the value stands in the file as it is."""
        quote = 1 if self.style in ("'", '"') else 0
        raw = self.source.text[self.start + quote : self.end - quote]
        return self.start + quote if raw == self.value else None

    @cached_property
    def _cells(self) -> Cells:
        walk = _block_cells if self.style in ("|", ">") else _flow_cells
        cells = walk(self)
        missing = len(self.value) - len(cells)
        if missing > 0:
            at = cells[-1][1] if cells else self.start
            cells.extend([(at, at)] * missing)
        return cells


def _flow_cells(text: Text) -> Cells:
    """Walk a plain or quoted scalar: folded lines, doubled quotes, escapes."""
    raw, quote = text.source.text, 1 if text.style else 0
    at, stop = text.start + quote, text.end - quote
    cells: Cells = []
    while at < stop:
        char = raw[at]
        if char in _WHITE:
            at = _fold(raw, at, stop, cells)
        elif char == "\\" and text.style == '"':
            at = _escape(raw, at, stop, cells)
        else:
            width = 2 if char == "'" and text.style == "'" else 1
            cells.append((at, at + width))
            at += width
    return cells


def _fold(raw: str, at: int, stop: int, cells: Cells) -> int:
    """Pass a run of white space: kept as it is, or one blank for one line break, k - 1 breaks for k."""
    end = at
    while end < stop and raw[end] in _WHITE:
        end += 1
    breaks = _breaks(raw, at, end)
    if not breaks:
        cells.extend((i, i + 1) for i in range(at, end))
    else:
        cells.extend(breaks[: max(1, len(breaks) - 1)])
    return end


def _escape(raw: str, at: int, stop: int, cells: Cells) -> int:
    """Pass a backslash and what it stands for; before a line break it joins the lines."""
    following = raw[at + 1] if at + 1 < stop else ""
    if following and following in _BREAKS:
        end = at + 1
        while end < stop and raw[end] in _WHITE:
            end += 1
        cells.extend(_breaks(raw, at + 1, end)[1:])
        return end
    end = min(stop, at + _ESCAPE_LENGTH.get(following, 2))
    cells.append((at, end))
    return end


def _breaks(raw: str, start: int, end: int) -> Cells:
    """Return the place of each line break; CR LF is one."""
    places: Cells = []
    at = start
    while at < end:
        width = 2 if raw.startswith("\r\n", at) else 1
        if raw[at] in _BREAKS:
            places.append((at, at + width))
        at += width
    return places


def _block_cells(text: Text) -> Cells:
    """Walk a literal or folded scalar line by line, without its indentation."""
    raw, value = text.source.text, text.value
    at = _line_end(raw, text.start, text.end)[1]
    indent = _indent(raw, at, text.end, value)
    cells: Cells = []
    while at < text.end and len(cells) < len(value):
        end, following = _line_end(raw, at, text.end)
        for i in range(min(at + indent, end), end):
            if len(cells) < len(value) and value[len(cells)] == raw[i]:
                cells.append((i, i + 1))
        if len(cells) < len(value) and value[len(cells)] in " " + _BREAKS:
            cells.append((end, following))
        at = following
    return cells


def _line_end(raw: str, at: int, stop: int) -> tuple[int, int]:
    """Return where the line of `at` ends and where the next begins."""
    while at < stop and raw[at] not in _BREAKS:
        at += 1
    return at, min(stop, at + (2 if raw.startswith("\r\n", at) else 1))


def _indent(raw: str, at: int, stop: int, value: str) -> int:
    """Return how many blanks before each line are not content."""
    first = next((line for line in value.splitlines() if line.strip()), "")
    kept = len(first) - len(first.lstrip(" "))
    while at < stop:
        end, following = _line_end(raw, at, stop)
        line = raw[at:end]
        if line.strip():
            return len(line) - len(line.lstrip(" ")) - kept
        at = following
    return 0
