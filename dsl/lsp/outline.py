"""The keys of a text by its lines, whether YAML can read it or not.

While a file is being written it is broken most of the time. What an editor needs to know, which key the cursor
is under and what has been written before it, is in the indentation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_KEY = re.compile(r"""("[^"]*"|'[^']*'|[^\s"'\[\]{}#&*!|>%@,-][^\n#]*?|-[^\s][^\n#]*?):(?=[ \t\r\n]|$)""")
_BLOCK = re.compile(r"[|>][+\-0-9]*[ \t]*(?:#.*)?$")
_LINE = re.compile("[^\r\n]*")
_BREAK = re.compile("\r\n|\n|\r")
ITEM = "-"


@dataclass(slots=True)
class Entry:
    """A key or an item of a list. `path`: the keys it is under and its own; an item is `-`.

    key_start <= i < key_end is the key as written, without quotes; `value_start` where its value begins on its line,
    `value` the value's first line; `style`: `|` where that begins a block.
    """

    path: tuple[str, ...]
    indent: int
    key_start: int
    key_end: int
    value_start: int
    value: str
    style: str = ""

    @property
    def name(self) -> str:
        return self.path[-1]


@dataclass(slots=True)
class Outline:
    """Every entry that begins a line (or follows `- `), in order."""

    text: str
    entries: list[Entry] = field(default_factory=list)

    def under(self, *path: str) -> list[Entry]:
        """Return the entries right under a path."""
        return [e for e in self.entries if len(e.path) == len(path) + 1 and e.path[:-1] == path]


def outline(text: str, until: int | None = None) -> tuple[Outline, list[Entry]]:
    """Read the lines that begin before `until`; return the outline and the entries that are open there."""
    result = Outline(text)
    open_: list[Entry] = []
    at, stop = 0, len(text) if until is None else until
    while at <= stop:
        match = _LINE.match(text, at)
        assert match is not None
        line, end = match[0], match.end()
        if line.strip() and not line.lstrip().startswith("#"):
            _line(result, open_, line, at)
        following = _BREAK.match(text, end)
        if following is None:
            break
        at = following.end()
    return result, open_


def _line(result: Outline, open_: list[Entry], line: str, at: int) -> None:
    indent = len(line) - len(line.lstrip(" "))
    if open_ and open_[-1].value and indent > open_[-1].indent:
        return  # the value goes on
    content = line[indent:]
    while content.startswith("- ") or content == "-":
        close(open_, indent, item=True)
        blanks = len(content) - len(content[1:].lstrip(" "))
        start = at + indent + blanks
        content = content[blanks:]
        _enter(result, open_, Entry(_path(open_, ITEM), indent, at + indent, at + indent + 1, start, ""))
        indent += blanks
    close(open_, indent)
    match = _KEY.match(content)
    if match is None:
        if open_ and open_[-1].name == ITEM and open_[-1].value_start == at + indent:
            open_[-1].value = content
        return
    start, end = match.start(1), match.start(1) + len(match[1].rstrip())
    if content[0] in "\"'":
        start, end = start + 1, max(start + 1, end - 1)
    rest = content[match.end() :]
    value = rest.lstrip(" \t")
    value_start = at + indent + match.end() + len(rest) - len(value)
    value = "" if value.startswith("#") else value
    style = "|" if _BLOCK.match(value) else ""
    name = content[start:end]
    entry = Entry(_path(open_, name), indent, at + indent + start, at + indent + end, value_start, value, style)
    _enter(result, open_, entry)


def close(open_: list[Entry], indent: int, *, item: bool = False) -> None:
    """End the entries that a line of this indent ends; an item may stand at the indent of the key it belongs to."""
    while open_ and (
        open_[-1].indent > indent or (open_[-1].indent == indent and not (item and open_[-1].name != ITEM))
    ):
        open_.pop()


def _enter(result: Outline, open_: list[Entry], entry: Entry) -> None:
    open_.append(entry)
    result.entries.append(entry)


def _path(open_: list[Entry], name: str) -> tuple[str, ...]:
    return (*(open_[-1].path if open_ else ()), name)
