"""The words and signs of a sentence, and what stands between two of them in the canonical form.

A sentence is cut into its words where it stands; only the blanks between them are replaced. Nothing is printed
anew, so numbers, quotes and line breaks stay as they were typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dsl.document import Listing, Node, Scalar, Table
from dsl.expressions import RESERVED
from dsl.schema import OWN_KEYS, Section

STARTS = {
    "assume": "expr", "params": "param", "let": "expr", "schedule": "schedule", "gaps": "gaps", "where": "expr",
    "features": "expr", "label": "label", "when": "condition", "fire": "expr", "confidence": "expr", "entry": "entry",
    "stop": "stop", "targets": "target", "exit": "exit", "trail": "trail", "expire": "duration",
    "cooldown": "cooldown", "returns": "expr", "bounds": "bounds", "settles": "expr",
}  # fmt: skip
"""The kind of sentence that a key of dsl.schema holds. `series` is the one that only test files have."""

COLUMNS = ("in", "step", "clamp", "take", "then", "after", "weight")
"""Words that people write under each other, in the order in which they follow on a line."""

_SERIES = frozenset(("open", "high", "low", "close", "volume"))
_WORD = re.compile(
    r"\"[^\"\n]*\"|'[^'\n]*'|[0-9]+(?:_[0-9]+)*(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?:%|[A-Za-z]+)?"
    r"|[A-Za-z_][A-Za-z0-9_]*|<=|>=|==|!=|[-+*/<>=(),.@\[\]]"
)
_SOFT = frozenset(
    ("above", "after", "at", "bar", "bars", "before", "below", "between", "clamp", "crosses", "every", "for", "in",
     "least", "limit", "market", "most", "on", "step", "stop", "take", "target", "then", "to", "weight", "within")
)  # fmt: skip
_TIGHT_AFTER = frozenset("([.@")
_TIGHT_BEFORE = frozenset(")],.@[")

Word = tuple[int, int]
"""Characters start <= i < end of a sentence."""


def sentences(table: Table, section: Section | None) -> Iterator[tuple[str, Scalar]]:
    """Yield (kind, text) for every sentence in a document; `section` is None for a test file."""
    if section is None:
        yield from _series(table)
        return
    fields = section.by_name
    for name, entry in table.entries.items():
        field = fields.get(name)
        if field is None:
            continue
        if field.inner is not None and isinstance(entry.value, Table):
            tables = [entry.value]
            if field.form == "definitions":
                inner = entry.value.entries.values()
                yield from (("signature", one.key) for one in inner if not one.key.value.startswith(OWN_KEYS))
                tables = [one.value for one in inner if isinstance(one.value, Table)]
            for given in tables:
                yield from sentences(given, field.inner)
        elif name in STARTS:
            yield from ((STARTS[name], scalar) for scalar in _scalars(entry.value))


def kinds(table: Table, section: Section | None) -> dict[int, str]:
    """Return the kind of each sentence by where its token begins."""
    return {scalar.text.start: kind for kind, scalar in sentences(table, section)}


def _scalars(node: Node) -> Iterator[Scalar]:
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Listing):
        yield from (item for item in node.items if isinstance(item, Scalar))
    elif isinstance(node, Table):
        named = ((name, entry.value) for name, entry in node.entries.items())
        yield from (value for name, value in named if isinstance(value, Scalar) and not name.startswith(OWN_KEYS))


def _series(node: Node) -> Iterator[tuple[str, Scalar]]:
    """Yield the made series of a test file, wherever they stand."""
    if isinstance(node, Listing):
        for item in node.items:
            yield from _series(item)
    elif isinstance(node, Table):
        for name, entry in node.entries.items():
            if name in _SERIES and isinstance(entry.value, Scalar):
                yield "series", entry.value
            elif name in ("series", "model") and isinstance(entry.value, Table):
                yield from (("series", scalar) for scalar in _scalars(entry.value))
            elif name in ("tests", "others"):
                yield from _series(entry.value)


def words(kind: str, text: str) -> list[Word]:
    """Return where each word and sign of a sentence stands; together they are all of it but its blanks."""
    if kind == "series" or (kind == "schedule" and text.strip()[:1] in "0123456789*"):
        form = re.compile(r"[^\s,]+|,") if kind == "series" else re.compile(r"\S+")
    else:
        form = _WORD
    found = [match.span() for match in form.finditer(text)]
    if sum(end - start for start, end in found) != len("".join(text.split())) + _inner_blanks(text, found):
        return [(len(text) - len(text.lstrip()), len(text.rstrip()))] if text.strip() else []
    return found


def _inner_blanks(text: str, found: list[Word]) -> int:
    """Count the blanks that stand inside words: in a symbol's quotes."""
    return sum(len(text[a:b]) - len("".join(text[a:b].split())) for a, b in found if text[a] in "\"'")


def texts(kind: str, text: str) -> tuple[str, ...]:
    """Return the words of a sentence: what it says, without how it is laid out."""
    return tuple(text[start:end] for start, end in words(kind, text))


def gaps(kind: str, text: str, found: list[Word]) -> list[str]:
    """Return what stands before each word but the first: a blank or nothing."""
    said = [text[start:end] for start, end in found]
    if kind == "series":
        return ["" if word == "," else " " for word in said[1:]]
    if kind == "schedule":
        return [" "] * (len(said) - 1)
    values = _values(kind, text, found, said)
    between = []
    for i in range(1, len(said)):
        before, word = said[i - 1], said[i]
        sign = before in ("-", "+") and not (i >= 2 and values[i - 2])
        calls = word == "(" and values[i - 1] and before != ")"
        tight = before in _TIGHT_AFTER or word in _TIGHT_BEFORE or sign or calls or "=" in (before, word)
        between.append("" if tight else " ")
    return between


def _values(kind: str, text: str, found: list[Word], said: list[str]) -> list[bool]:
    """Tell of each word whether a value ends with it, so that `-` after it subtracts and `(` after a name calls.

    Words such as `to` or `above` may be names too; the grammar is asked where that matters.
    """
    values = [word[0].isalnum() or word[0] in "_)]\"'" for word in said]
    doubtful = [i for i, word in enumerate(said[:-1]) if word in _SOFT and said[i + 1] in ("-", "+", "(")]
    names = _names(kind, text) if doubtful else frozenset[int]()
    for i, word in enumerate(said):
        if word in RESERVED:
            values[i] = word in ("true", "false")
        elif word in _SOFT:
            values[i] = found[i][0] in names if i in doubtful else False
    return values


def _names(kind: str, text: str) -> frozenset[int]:
    """Return where the grammar reads a name."""
    from lark.exceptions import LarkError

    from dsl.grammar import grammar

    try:
        tokens = list(grammar().parse_interactive(text, start=kind).exhaust_lexer())
    except LarkError:
        return frozenset()
    return frozenset(int(token.start_pos or 0) for token in tokens if token.type == "NAME")


def spaced(kind: str, text: str) -> str:
    """Return a sentence that stands on one line in its canonical form."""
    found = words(kind, text)
    if not found:
        return text
    parts = [text[slice(*found[0])]]
    for (start, end), gap in zip(found[1:], gaps(kind, text, found), strict=True):
        parts += [gap, text[start:end]]
    return "".join(parts)


def column(kind: str, text: str, found: list[Word]) -> dict[str, int]:
    """Return the words of COLUMNS that begin a part of the sentence, with the index of each."""
    wanted = {
        "condition": ("weight",), "param": ("in", "step"), "target": ("clamp", "take", "then"),
        "exit": ("take",), "trail": ("after",), "cooldown": ("after",), "entry": ("take",),
    }.get(kind, ())  # fmt: skip
    depth, found_at = 0, {}
    for i, (start, end) in enumerate(found):
        word = text[start:end]
        depth += (word in "([") - (word in ")]")
        if depth == 0 and word in wanted and i and i + 1 < len(found):
            found_at[word] = i
    return found_at
