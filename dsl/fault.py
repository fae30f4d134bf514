"""A place where a text could not be read on, and how a finding about it is made."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dsl.errors import Diagnostic, Fix
from dsl.place import Text


@dataclass(frozen=True, slots=True)
class Fault:
    """A place where reading stopped. `word` is the text there, empty at the end; `accepts` are terminals."""

    start: str
    text: Text
    at: int
    word: str
    kind: str
    accepts: frozenset[str]

    @property
    def before(self) -> str:
        return self.text.value[: self.at]

    @property
    def rest(self) -> str:
        return self.text.value[self.at :]

    @property
    def previous(self) -> str:
        """The word, number or sign right before the place."""
        match = re.search(r"(\w+|[^\w\s])\s*$", self.before)
        return match[1] if match else ""

    @property
    def wants_value(self) -> bool:
        return "NAME" in self.accepts and "NUMBER" in self.accepts

    def told(
        self, message: str, help: str = "", start: int | None = None, end: int | None = None, write: str = ""
    ) -> Diagnostic:
        """Return the finding at the word, or at start <= i < end. `write`: what `--fix` puts there instead."""
        begin = self.at if start is None else start
        stop = (self.at + len(self.word) if end is None else end) if start is None or end is not None else begin + 1
        span = self.text.at(begin, stop)
        return Diagnostic("syntax", message, span, help=help, fix=Fix(span, write) if write else None)

    def apart(self, word: str, length: int) -> str:
        """Return a word as it replaces `length` characters at the place: with a blank where its neighbours touch it."""
        left = "" if not self.before or self.before[-1].isspace() else " "
        right = "" if not self.rest[length:] or self.rest[length].isspace() else " "
        return f"{left}{word}{right}"

    def over(self, match: re.Match[str], message: str, write: str, *, sure: bool = False) -> Diagnostic:
        """Return the finding on what a pattern found in the whole text, and what to write there."""
        fixed = write if sure else ""
        return self.told(message, f"write `{write}`" if write else "", match.start(), match.end(), fixed)
