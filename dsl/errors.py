"""Diagnostics: a user's mistake is a value with a place; all of them are shown together."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property


class Severity(enum.IntEnum):
    """How bad. Only an ERROR keeps a strategy from being loaded."""

    INFO = 0
    WARNING = 1
    ERROR = 2


@dataclass(frozen=True)
class Source:
    """A text with a name. Lines and columns count from 1, columns in characters."""

    path: str
    text: str

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        for index, char in enumerate(self.text):
            if char == "\n":
                starts.append(index + 1)
        return starts

    def position(self, offset: int) -> tuple[int, int]:
        """Return (line, column), from 1, of the character at `offset`."""
        import bisect

        line = bisect.bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def line(self, number: int) -> str:
        """Return line `number` (from 1) without its end."""
        start = self._starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start : end if end >= 0 else len(self.text)].rstrip("\r")


@dataclass(frozen=True, slots=True)
class Span:
    """Characters start <= i < end of a source."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        return self.source.position(self.start)[1]

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    def __str__(self) -> str:
        return f"{self.source.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Fix:
    """An edit that mends a finding: what stands at `span` is replaced by `text`.

    same: the file means the same afterwards. Otherwise it means what was probably meant, and somebody must ask for it.
    """

    span: Span
    text: str
    same: bool = False


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: a stable `name`, what is wrong, where, and how to mend it.

    `label` stands under the caret; `notes` are further places with a reason each; `fix` is there where it is safe.
    """

    name: str
    message: str
    span: Span
    severity: Severity = Severity.ERROR
    label: str = ""
    help: str = ""
    notes: Sequence[tuple[Span, str]] = ()
    fix: Fix | None = None

    def __post_init__(self) -> None:
        """Keep what is said on one line, whatever it quotes: no line breaks, no control characters."""
        for field in ("message", "label", "help"):
            said = getattr(self, field)
            if not said.isprintable():
                plain = "".join(char if char.isprintable() else " " for char in said)
                object.__setattr__(self, field, " ".join(plain.split()))


def without_echoes(findings: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Return the findings without remarks on how a name is written where the name itself is unknown."""
    unknown = {(f.span.source.path, f.span.start, f.span.end) for f in findings if f.name.startswith("unknown-")}
    return [f for f in findings if f.name != "syntax" or (f.span.source.path, f.span.start, f.span.end) not in unknown]
