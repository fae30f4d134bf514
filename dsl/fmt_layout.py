"""The canonical layout of a YAML document: edits of its indentation, blanks and quotes, and of nothing else.

The text is never printed anew. Every token of the scanner keeps its place in the order; what stands between two of
them (blanks, line breaks, comments) is replaced, and so is what stands between the words of a sentence. (Longer than
most files: one pass over the tokens, whose steps share where they are.)
"""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from dsl import fmt_sentences
from dsl.document import Scalar, Table, compose
from dsl.errors import Source
from dsl.fmt_quotes import unquoted
from dsl.parts import ONLY_STRATEGY
from dsl.schema import LIBRARY, STRATEGY, Section

STEP = 2
APART = -1
_STRUCTURE = frozenset(("BlockMappingStart", "BlockSequenceStart", "BlockEnd", "Key", "StreamStart"))
_DIGIT = re.compile(r"[|>][+-]?([1-9])")


class CannotLayOut(Exception):
    """The document has something that the canonical layout says nothing about."""


def canonical(source: Source) -> str:
    """Return the text in its canonical layout. Its meaning is the same if the document has no errors.

    Raises CannotLayOut where the text is no document.
    """
    ends = "\r\n" if re.search(r"\r?\n", source.text + "\n")[0] == "\r\n" else "\n"  # type: ignore[index]
    plain = Source(source.path, re.sub(r"\r\n?", "\n", source.text))
    node, found = compose(plain)
    if not isinstance(node, Table) or found:
        raise CannotLayOut("it is not a document of keys and values")
    kinds = fmt_sentences.kinds(node, section_of(source.path, node))
    return _Layout(plain, _with_kinds(node, kinds)).text().replace("\n", ends)


def section_of(path: str, table: Table) -> Section | None:
    """Return the keys that a document may have; None for a test file, which has no sentences but series."""
    if path.endswith((".test.yaml", ".test.yml")):
        return None
    library = any(key in table for key in ("define", "params", "let")) and not ONLY_STRATEGY & set(table.entries)
    return LIBRARY if library else STRATEGY


def _with_kinds(node: object, given: dict[int, str]) -> dict[int, tuple[str, Scalar]]:
    """Return each scalar of a document by where its token begins, with the kind of its sentence ('' for a text)."""
    kinds: dict[int, tuple[str, Scalar]] = {}
    stack = [node]
    while stack:
        one = stack.pop()
        if isinstance(one, Scalar):
            kinds[one.text.start] = given.get(one.text.start, ""), one
        elif isinstance(one, Table):
            for entry in one.entries.values():
                stack += [entry.key, entry.value]
        else:
            stack += getattr(one, "items", ())
    return kinds


@dataclass(slots=True)
class _Block:
    """An open block: `sequence`: a list; the column of its keys or dashes, as written and as it shall be."""

    sequence: bool
    old: int
    new: int
    loose: bool = False
    """A list whose dashes stand under the key's first letter: the scanner opens no block for it."""


@dataclass(slots=True)
class _Column:
    """Blanks (start <= i < end) before something that stands under its like in the lines around."""

    start: int
    end: int
    at: int
    """The column of what follows, as written."""


@dataclass(slots=True)
class _Token:
    kind: str
    start: int
    end: int
    style: str = ""
    begins: bool = False
    """It begins an entry of the innermost block: it is a key, or the dash of a list."""


@dataclass(slots=True)
class _Edits:
    """Replacements in order of place. `lines`: where the first word of a line stands, and its new column."""

    source: str
    order: list[tuple[int, int]] = field(default_factory=list)
    made: dict[tuple[int, int], tuple[int, str]] = field(default_factory=dict)
    lines: dict[int, tuple[int, int]] = field(default_factory=dict)

    def replace(self, start: int, end: int, text: str, rank: int = 1) -> None:
        """Replace characters start <= i < end; of two that begin at one place the lower rank comes first."""
        if (start, rank) not in self.made:
            insort(self.order, (start, rank))
        self.made[start, rank] = end, text

    def column(self, at: int) -> int:
        """Return the column that the character at `at` gets, by the edits so far."""
        line = self.source.rfind("\n", 0, at) + 1
        first, column = self.lines.get(line, (line, 0))
        column += at - first
        for key in self.order[bisect_left(self.order, (first, 0)) : bisect_left(self.order, (at, 0))]:
            end, text = self.made[key]
            column += len(text) - (end - key[0])
        return column

    def applied(self) -> str:
        parts, at = [], 0
        for key in self.order:
            end, text = self.made[key]
            parts += [self.source[at : key[0]], text]
            at = end
        return "".join([*parts, self.source[at:]])


class _Layout:
    """One pass over the tokens of a document."""

    def __init__(self, source: Source, scalars: dict[int, tuple[str, Scalar]]) -> None:
        self.source, self.raw, self.scalars = source, source.text, scalars
        self.edits = _Edits(source.text)
        self.blocks: list[_Block] = []
        self.flow = 0
        self.flow_base = 0
        self.values: dict[int, list[_Column]] = {}
        self.words: dict[tuple[int, str], list[_Column]] = {}
        self.comments: list[_Column] = []
        self.table = self.opened = 0
        self.tables: list[int] = []
        self.before: _Token | None = None
        self.open_before: list[_Block] = []

    def text(self) -> str:
        for token in self._tokens():
            self._gap(token)
            if token.kind == "Scalar":
                self._scalar(token)
            if token.kind in ("FlowMappingStart", "FlowSequenceStart"):
                self._open_flow(token)
            self.before, self.open_before = token, list(self.blocks)
        self._align()
        text = self.edits.applied()
        return text if text.endswith("\n") or not text else text + "\n"

    # -- tokens and blocks --

    def _tokens(self) -> Iterator[_Token]:
        """Yield the tokens that are written, keeping `blocks` as it is at each."""
        import yaml

        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        key = False
        for token in yaml.scan(self.raw, Loader=loader):
            kind = type(token).__name__.removesuffix("Token")
            start, end = token.start_mark.index, token.end_mark.index
            if kind in ("Anchor", "Alias", "Tag", "Directive") or (kind == "Key" and end > start):
                raise CannotLayOut(f"it has `{self.raw[start:end]}`, which has no place in the canonical layout")
            if kind in _STRUCTURE:
                key = kind == "Key"
                self._structure(kind, token.start_mark.column)
                continue
            if kind == "BlockEntry" and not self.flow and not (self.blocks and self.blocks[-1].sequence):
                self._open(True, token.start_mark.column, loose=True)
            style = (getattr(token, "style", "") or "") if kind == "Scalar" else ""
            if kind == "FlowMappingEnd" or kind == "FlowSequenceEnd":
                self.flow -= 1
            yield _Token(kind, start, self._end(start, end, style), style, key or kind == "BlockEntry")
            key = False

    def _end(self, start: int, end: int, style: str) -> int:
        """Return where a scalar ends: a block without the blank lines after it, unless it keeps them."""
        if style not in ("|", ">"):
            return end
        header = self.raw[start : self.raw.find("\n", start)].split("#")[0]
        if "+" in header:
            return end
        return start + len(re.sub(r"(\n[ \t]*)+\Z", "", self.raw[start:end]))

    def _structure(self, kind: str, column: int) -> None:
        if kind in ("Key", "BlockEnd") and not self.flow and self.blocks and self.blocks[-1].loose:
            self._close()
        if kind == "BlockEnd":
            self._close()
        elif kind in ("BlockMappingStart", "BlockSequenceStart"):
            self._open(kind == "BlockSequenceStart", column)

    def _open(self, sequence: bool, column: int, *, loose: bool = False) -> None:
        new = self.blocks[-1].new + STEP if self.blocks else 0
        self.blocks.append(_Block(sequence, column, new, loose))
        self.tables.append(self.table)
        self.opened += 1
        self.table = self.opened

    def _close(self) -> None:
        self.blocks.pop()
        self.table = self.tables.pop()

    def _open_flow(self, token: _Token) -> None:
        if not self.flow:
            line = self.raw.rfind("\n", 0, token.start) + 1
            begins = not self.raw[line : token.start].strip()
            inner = begins or not self.blocks or self.blocks[-1].sequence
            self.flow_base = self._content() - (0 if inner else STEP)
        self.flow += 1

    def _content(self) -> int:
        """Return the column of what stands on a line of its own inside the innermost block."""
        return self.blocks[-1].new + STEP if self.blocks else 0

    # -- between two tokens --

    def _gap(self, token: _Token) -> None:
        start = self.before.end if self.before else 0
        gap = self.raw[start : token.start]
        fresh = not start or self.raw[start - 1] == "\n"
        if fresh or "\n" in gap or token.kind == "StreamEnd":
            self._lines(start, gap, token, fresh)
        else:
            self._same_line(start, token)

    def _same_line(self, start: int, token: _Token) -> None:
        assert self.before is not None
        before = self.before.kind
        inner = before in ("FlowMappingStart", "FlowSequenceStart")
        closing = token.kind in ("FlowMappingEnd", "FlowSequenceEnd", "FlowEntry", "Value")
        if before == "Value" and not self.flow and not closing:
            column = token.start - (self.raw.rfind("\n", 0, start) + 1)
            self.values.setdefault(self.table, []).append(_Column(start, token.start, column))
        self.edits.replace(start, token.start, "" if inner or closing else " ", 0)

    def _lines(self, start: int, gap: str, token: _Token, fresh: bool) -> None:
        """Lay out a gap with line breaks: blank lines, comments, and the indentation of the next token.

        fresh: the gap begins at the beginning of a line.
        """
        first, *rest = ["", *gap.split("\n")] if fresh else gap.split("\n")
        text = "" if fresh else "\n"
        begin = start
        if comment := first.strip():
            begin = start + len(first) - len(first.lstrip())
            self.comments.append(_Column(start, begin, begin - (self.raw.rfind("\n", 0, begin) + 1)))
            self.edits.replace(start, begin, first[: begin - start], 0)
            text = comment + text
        new = self._column(token)
        lines = self._between(rest if token.kind == "StreamEnd" else rest[:-1], token, new, bool(start))
        if token.kind == "StreamEnd":
            while lines and not lines[-1]:
                lines.pop()
        else:
            self.edits.lines[self.raw.rfind("\n", 0, token.start) + 1] = (token.start, new)
        text += "".join(line + "\n" for line in lines)
        self.edits.replace(begin, token.start, text + " " * new, 0 if begin == start else 1)

    def _between(self, given: list[str], token: _Token, new: int, started: bool) -> list[str]:
        """Return comments where they belong, and at most one blank line between two lines."""
        old = token.start - (self.raw.rfind("\n", 0, token.start) + 1)
        depth = self.flow + (token.kind in ("FlowMappingEnd", "FlowSequenceEnd"))
        lines: list[str] = []
        for line in given:
            comment = line.strip()
            if comment:
                written = len(line) - len(line.lstrip())
                column = self.flow_base + STEP * depth if depth else self._comment_column(written, old, new)
                lines.append(" " * column + comment)
            elif lines[-1] if lines else started:
                lines.append("")
        return lines

    def _column(self, token: _Token) -> int:
        """Return the column of a token that begins a line."""
        if self.flow:
            return self.flow_base + STEP * self.flow
        if token.kind in ("FlowMappingEnd", "FlowSequenceEnd"):
            return self.flow_base
        if token.kind in ("StreamEnd", "DocumentStart", "DocumentEnd") or not self.blocks:
            return 0
        top = self.blocks[-1]
        return top.new if token.begins else top.new + STEP

    def _comment_column(self, written: int, old: int, new: int) -> int:
        """Return where a comment on its own line goes: with the innermost block that is not right of it."""
        best = new
        for block in self.open_before:
            if old < block.old <= written and block.new > new:
                best = block.new
        return best

    # -- scalars --

    def _scalar(self, token: _Token) -> None:
        kind, scalar = self.scalars.get(token.start, ("", None))
        raw = self.raw[token.start : token.end]
        if token.style in ("|", ">"):
            self._block_lines(token, bool(kind))
        elif "\n" in raw:
            self._flow_lines(token)
        if scalar is None:
            return
        if "\n" not in raw and token.style:
            self._quoted(token, kind, scalar)
        elif kind:
            self._respace(token, kind, scalar)

    def _quoted(self, token: _Token, kind: str, scalar: Scalar) -> None:
        """Lay out a sentence in quotes, and drop the quotes where YAML does not need them."""
        value = fmt_sentences.spaced(kind, scalar.value) if kind else scalar.value
        key = bool(re.match(r"[ \t]*:(\s|\Z)", self.raw[token.end : token.end + 40]))
        bare = unquoted(value, bool(self.flow), key)
        if bare is not None:
            self.edits.replace(token.start, token.end, bare)
            for word in fmt_sentences.column(kind, value, fmt_sentences.words(kind, value)) if kind else ():
                self.words.setdefault((self.table, word), []).append(_Column(token.start, token.start, APART))
        elif kind and scalar.value == self.raw[token.start + 1 : token.end - 1]:
            self.edits.replace(token.start + 1, token.end - 1, value)
        elif kind:
            self._respace(token, kind, scalar)

    def _respace(self, token: _Token, kind: str, scalar: Scalar) -> None:
        """Set the blanks between the words of a sentence; line breaks stay."""
        text = scalar.value
        found = fmt_sentences.words(kind, text)
        columns = {i: word for word, i in fmt_sentences.column(kind, text, found).items()}
        one_line = "\n" not in self.raw[token.start : token.end] and not self.flow
        for i, blank in enumerate(fmt_sentences.gaps(kind, text, found), 1):
            start = scalar.text.at(found[i - 1][0], found[i - 1][1]).end
            end = scalar.text.at(found[i][0], found[i][1]).start
            if "\n" in self.raw[start:end]:
                continue
            if one_line and i in columns:
                column = end - (self.raw.rfind("\n", 0, end) + 1)
                self.words.setdefault((self.table, columns[i]), []).append(_Column(start, end, column))
            self.edits.replace(start, end, blank, 0)

    def _flow_lines(self, token: _Token) -> None:
        """Indent the lines after the first of a plain or quoted text; they keep their order from left to right."""
        starts = [m.end() for m in re.finditer("\n", self.raw[token.start : token.end])]
        lines = [token.start + start for start in starts]
        words = [self._first(line, token.end) for line in lines]
        shown = [(line, word) for line, word in zip(lines, words, strict=True) if self.raw[word : word + 1] != "\n"]
        line = self.raw.rfind("\n", 0, token.start) + 1
        target = self.flow_base + STEP * (self.flow + 1) if self.flow else self._content()
        if not self.raw[line : token.start].strip():
            shift = self._column(token) - (token.start - line)
        else:
            shift = target - min((word - line for line, word in shown), default=target)
        for line, word in zip(lines, words, strict=True):
            blanks = re.search(r"[ \t]*\Z", self.raw[: line - 1])
            before = line - 1 - (len(blanks[0]) if blanks else 0)
            if self.raw[before - 1 : before] == "\\" and token.style == '"':
                before = line - 1
            if self.raw[word : word + 1] == "\n":
                self.edits.replace(before, word, "\n")
                continue
            new = max(target, word - line + shift)
            self.edits.lines[line] = (word, new)
            self.edits.replace(before, word, "\n" + " " * new)

    def _first(self, line: int, stop: int) -> int:
        """Return where the first word of a line stands."""
        at = line
        while at < stop and self.raw[at] in " \t":
            at += 1
        return at

    def _block_lines(self, token: _Token, sentence: bool) -> None:
        """Indent the lines of a literal or folded text all alike; what a text says at the end of a line stays."""
        header, _, content = self.raw[token.start : token.end].partition("\n")
        digit = _DIGIT.match(header)
        top = self.blocks[-1]
        if digit:
            old, new = top.old + int(digit[1]), top.new + int(digit[1])
        else:
            shown = next((line for line in content.split("\n") if line.strip(" ")), "")
            old, new = len(shown) - len(shown.lstrip(" ")), top.new + STEP
        at = token.start + len(header)
        self.edits.replace(token.start + len(header.rstrip()), at, "")
        for line in content.split("\n"):
            start = at + 1
            at = start + len(line)
            kept = line.rstrip() if sentence else line
            if not line.strip(" ") and (sentence or len(line) <= old):
                self.edits.replace(start, at, "")
                continue
            self.edits.replace(start, start + min(old, len(line)), " " * new)
            if len(kept) < len(line):
                self.edits.replace(start + len(kept), at, "")

    # -- columns --

    def _align(self) -> None:
        """Keep under each other what was; where nothing was, one blank is enough."""
        for columns in self.values.values():
            for run in _runs(columns):
                self._set(run, lone=1)
        for word in fmt_sentences.COLUMNS:
            for (_, name), columns in self.words.items():
                if name == word:
                    for run in _runs(columns):
                        self._set(run, lone=1)
        lines = [self.raw.count("\n", 0, column.start) for column in self.comments]
        for run in _runs(self.comments, lines):
            self._set(run, lone=max(1, run[0].end - run[0].start))

    def _set(self, run: list[_Column], lone: int) -> None:
        widest = max(column.end - column.start for column in run)
        if len(run) == 1 or widest <= 1:
            for column in run:
                self.edits.replace(column.start, column.end, " " * lone, 0)
            return
        least = min(column.end - column.start for column in run)
        places = [self.edits.column(column.start) for column in run]
        target = max(places) + max(1, least)
        for column, place in zip(run, places, strict=True):
            self.edits.replace(column.start, column.end, " " * (target - place), 0)


def _runs(columns: list[_Column], lines: list[int] | None = None) -> Iterator[list[_Column]]:
    """Yield the columns that stand under each other, one group after the other; with `lines`, on lines that touch.

    What stands APART divides a group and is in none.
    """
    run: list[_Column] = []
    for i, column in enumerate(columns):
        if run and (column.at != run[-1].at or column.at == APART or (lines and lines[i] != lines[i - 1] + 1)):
            yield run
            run = []
        if column.at != APART:
            run.append(column)
    if run:
        yield run
