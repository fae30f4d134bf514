"""What may be written at a place: the keys of a section, a sentence of the grammar, or a plain value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from dsl.lsp.outline import ITEM, Entry, close, outline
from dsl.schema import LIBRARY, STRATEGY, Field, Section
from dsl.testing.keys import TESTS

SENTENCES: Mapping[str, str] = {
    "schedule": "schedule", "gaps": "gaps", "where": "expr", "assume": "expr", "params": "param", "let": "expr",
    "features": "expr", "label": "label", "when": "condition", "fire": "expr", "confidence": "expr",
    "entry": "entry", "stop": "stop", "targets": "target", "exit": "exit", "trail": "trail", "expire": "duration",
    "cooldown": "cooldown", "returns": "expr", "bounds": "bounds", "settles": "expr",
    "example": "expr",
}  # fmt: skip
"""Key of the schema -> the sentence of the grammar that it holds."""
NAMED = ("named", "outputs", "definitions", "entries")
TABLES = ("table", "tables", "count")
"""Forms under which the keys of another section stand."""
_BREAKS = re.compile(r"[ \t]*(?:\r\n|\n|\r)[ \t]*")


@dataclass(frozen=True, slots=True)
class Spot:
    """A place. `path`: the keys it is under, without items of lists.

    `section`: the keys that may be written here. `field`: the key whose value is here; `start`: the sentence of the
    grammar it holds ('' where it is none). `before`: what is written of the key or the value up to the place.
    `taken`: keys that are there already.
    """

    path: tuple[str, ...]
    before: str
    section: Section | None = None
    field: Field | None = None
    start: str = ""
    taken: frozenset[str] = frozenset()
    flow: bool = False
    item: bool = False


def spot(text: str, offset: int, kind: str) -> Spot:
    """Return what may be written at a character of a strategy, library or test file."""
    begin = max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1
    open_ = outline(text, begin - 1)[1] if begin else []
    line = text[begin:offset]
    path, before, is_key, flow, item = _line_place(line, begin, text, open_)
    keys = tuple(key for key in path if key != ITEM)
    section, field = resolve(keys, kind)
    if is_key and (field is None or field.form in NAMED) and section is not None:
        taken = _taken(text, path, begin) if not flow else frozenset()
        return Spot(keys, before, None if field else section, field, "", taken, flow, item)
    if is_key and field is not None and field.form in TABLES and field.inner is not None:
        return Spot(keys, before, field.inner, None, "", frozenset(), flow, item)
    start = SENTENCES.get(field.name, "") if field is not None and kind != "test" else ""
    if field is not None and field.form in NAMED and keys[-1] == field.name and field.form != "outputs":
        start = ""
    return Spot(keys, before, None, field, start, frozenset(), flow, item)


def _line_place(line: str, begin: int, text: str, open_: list[Entry]) -> tuple[tuple[str, ...], str, bool, bool, bool]:
    """Return the path at the end of `line`, what is written there, and whether it is a key, in `{ }`, an item."""
    indent = len(line) - len(line.lstrip(" "))
    if open_ and open_[-1].value and (indent > open_[-1].indent or (not line.strip() and open_[-1].style)):
        entry = open_[-1]
        return _value(entry.path, text[entry.value_start : begin] + line, entry.style)
    found, _ = outline(line)
    content, here = line[indent:], list(open_)
    for entry in found.entries:
        close(here, entry.indent, item=entry.name == ITEM)
        here.append(Entry((*_top(here), entry.name), entry.indent, 0, 0, entry.value_start, entry.value, entry.style))
    if found.entries and found.entries[-1].name != ITEM:
        last = found.entries[-1]
        return _value(here[-1].path, line[last.value_start :] if last.value_start < len(line) else "", last.style)
    if found.entries:
        return _value(here[-1].path, line[found.entries[-1].value_start :], "")
    close(here, indent, item=content.startswith("-"))
    if content.startswith("-"):
        return (*_top(here), ITEM), content[1:].lstrip(), False, False, True
    return _top(here), content, True, False, False


def _top(entries: list[Entry]) -> tuple[str, ...]:
    return entries[-1].path if entries else ()


def _value(path: tuple[str, ...], raw: str, style: str) -> tuple[tuple[str, ...], str, bool, bool, bool]:
    """Return the place at the end of a value as it is written so far."""
    item = path[-1] == ITEM
    if style:
        _, _, raw = raw.partition("\n")
        return path, _BREAKS.sub(" ", raw.lstrip()), False, False, item
    if raw[:1] in ("{", "["):
        return _flow(path, raw)
    if raw[:1] in ("'", '"'):
        return path, _BREAKS.sub(" ", raw[1:]), False, False, item
    return path, _BREAKS.sub(" ", raw), item and bool(re.fullmatch(r"[a-z_]*", raw)), False, item


def _flow(path: tuple[str, ...], raw: str) -> tuple[tuple[str, ...], str, bool, bool, bool]:
    """Return the place at the end of an unfinished `{...}` or `[...]`."""
    stack: list[tuple[str, tuple[str, ...]]] = []
    part, key, quote = "", path, ""
    for char, following in zip(raw, raw[1:] + "\0", strict=True):
        if quote:
            quote = "" if char == quote else quote
            part += char
        elif char in "{[" and not part.strip():
            stack.append((char, key))
            key, part = (*key, ITEM) if char == "[" else key, ""
        elif char in "}]" and stack and part.count("[") == part.count("]"):
            _, key = stack.pop()
            part = ""
        elif char == "," and stack:
            key, part = (*stack[-1][1], *((ITEM,) if stack[-1][0] == "[" else ())), ""
        elif char == ":" and following in " \0" and stack and stack[-1][0] == "{":
            key, part = (*stack[-1][1], part.strip().strip("'\"")), ""
        else:
            quote = char if char in "'\"" and not part.strip() else ""
            part += char
    in_map = bool(stack) and stack[-1][0] == "{" and key == stack[-1][1]
    return key, _BREAKS.sub(" ", part.lstrip()).lstrip("'\""), in_map, True, key[-1:] == (ITEM,)


def resolve(keys: tuple[str, ...], kind: str) -> tuple[Section | None, Field | None]:
    """Return the section that a path of keys is in, and the key of the schema whose value is there.

    Under a key that holds names of the user's choice, that key stays the field.
    """
    section: Section | None = {"library": LIBRARY, "test": TESTS}.get(kind, STRATEGY)
    field: Field | None = None
    named = False
    for key in keys:
        if field is not None and field.form in NAMED and not named:
            named = True
            if field.form == "definitions":
                section, field, named = field.inner, None, False
            continue
        if named or section is None:
            return None, None
        field = section.by_name.get(key)
        if field is None:
            return None, None
        if field.form in TABLES:
            section, field = field.inner, None
    return section, field


def _taken(text: str, path: tuple[str, ...], begin: int) -> frozenset[str]:
    """Return the keys that the mapping of a path has on other lines; in a list, those of the item a line is in."""
    everything, _ = outline(text)
    end = min((at for at in (text.find("\n", begin), text.find("\r", begin)) if at >= 0), default=len(text))
    items = [e.key_start for e in everything.entries if e.path == path] if path[-1:] == (ITEM,) else []
    first = max((at for at in items if at <= end), default=0)
    until = min((at for at in items if at > end), default=len(text) + 1)
    return frozenset(
        entry.name
        for entry in everything.under(*path)
        if first <= entry.key_start < until and not begin <= entry.key_start <= end
    )
