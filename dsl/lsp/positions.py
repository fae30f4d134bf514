"""Places in a text, as characters and as an editor counts them: lines from 0, columns in UTF-16 units.

A line ends at LF, CR LF or CR, and nowhere else (Python's splitlines knows more ends than the protocol).
"""

from __future__ import annotations

import re
from bisect import bisect_right

from lsprotocol.types import Position, PositionEncodingKind, Range

from dsl.errors import Span

_BREAK = re.compile("\r\n|\n|\r")


class Lines:
    """The lines of one text. `encoding`: what the client counts columns in."""

    def __init__(self, text: str, encoding: PositionEncodingKind | str = PositionEncodingKind.Utf16) -> None:
        self.text, self.encoding = text, encoding
        self.starts = [0, *(match.end() for match in _BREAK.finditer(text))]
        self.plain = text.isascii()

    def line(self, number: int) -> str:
        """Return line `number`, from 0, without its end; empty beyond the last."""
        if not 0 <= number < len(self.starts):
            return ""
        end = self.starts[number + 1] if number + 1 < len(self.starts) else len(self.text)
        return self.text[self.starts[number] : end].rstrip("\r\n")

    def number(self, offset: int) -> int:
        """Return the line, from 0, of a character."""
        return bisect_right(self.starts, offset) - 1

    def offset(self, position: Position) -> int:
        """Return the character at a position; one beyond a line's end is that end."""
        if position.line >= len(self.starts):
            return len(self.text)
        line = self.line(position.line)
        return self.starts[position.line] + self._characters(line, position.character)

    def position(self, offset: int) -> Position:
        """Return the position of a character."""
        number = self.number(offset)
        start = self.starts[number]
        return Position(number, self._units(self.text[start:offset]))

    def range(self, start: int, end: int) -> Range:
        return Range(self.position(start), self.position(max(start, end)))

    def of(self, span: Span) -> Range:
        """Return the range of a span of this text; what lies beyond its end is its end."""
        length = len(self.text)
        return self.range(min(span.start, length), min(span.end, length))

    def _units(self, part: str) -> int:
        if self.plain or self.encoding == PositionEncodingKind.Utf32:
            return len(part)
        if self.encoding == PositionEncodingKind.Utf8:
            return len(part.encode("utf-8", "surrogatepass"))
        return len(part) + sum(ord(char) > 0xFFFF for char in part)

    def _characters(self, line: str, units: int) -> int:
        if self.plain or self.encoding == PositionEncodingKind.Utf32:
            return min(units, len(line))
        passed = 0
        for index, char in enumerate(line):
            if passed >= units:
                return index
            passed += self._units(char)
        return len(line)
