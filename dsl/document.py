"""YAML, restricted, with the place of every key and value.

Scalars stay text: what `on`, `1_000` or `017` mean is decided by whoever reads them, never by YAML. Tags,
anchors, aliases, merge keys and a second document are refused; size, depth and number of nodes are bounded;
duplicate keys are findings that name both places. Strategies, libraries, tests and the configuration all come
through here, and dsl.reading reads typed values from the result.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dsl.errors import Diagnostic, Source, Span
from dsl.place import Text
from dsl.source import read_source

MAX_DEPTH = 32
MAX_NODES = 50_000
MAX_FAULTS = 10

_MARGIN = re.compile(r"^([^\s#:\-\[{\"'][^\s:]*)[^\n]*(?:\n(?![^\s#\-]).*)*", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value as written; `quoted`: it was in quotes or a block, so it can only be text."""

    text: Text
    quoted: bool

    @property
    def value(self) -> str:
        return self.text.value

    @property
    def span(self) -> Span:
        return self.text.span

    @property
    def empty(self) -> bool:
        """Nothing was written, or YAML's word for nothing."""
        return not self.quoted and self.value in ("", "~", "null")


@dataclass(frozen=True, slots=True)
class Entry:
    key: Scalar
    value: Node


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping, in the order written; of a duplicate key the first."""

    entries: dict[str, Entry]
    span: Span

    def __contains__(self, key: str) -> bool:
        return key in self.entries

    def get(self, key: str) -> Node | None:
        entry = self.entries.get(key)
        return entry.value if entry else None


@dataclass(frozen=True, slots=True)
class Listing:
    items: tuple[Node, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Unread:
    """A value that was refused; a finding has said why, so readers pass it over."""

    span: Span


Node = Scalar | Table | Listing | Unread


class _Refused(Exception):
    """Ends the composition of a document that cannot be read further."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def read_table(path: Path | Source) -> tuple[Table | None, Source, list[Diagnostic]]:
    """Read a file (or a source that is in memory) whose top level is a mapping.

    Returns the mapping (None if there is none), the source, and every finding so far.
    """
    source, found = (path, []) if isinstance(path, Source) else read_source(path)
    if found:
        return None, source, found
    node, found = compose(source)
    if node is None or isinstance(node, Table):
        return node, source, found
    what = "a list" if isinstance(node, Listing) else "a single value"
    message = f"this file holds {what}; it must hold keys and values"
    found.append(Diagnostic("wrong-type", message, _first_line(node.span), help="begin with `language: 1`"))
    return None, source, found


def compose(source: Source) -> tuple[Node | None, list[Diagnostic]]:
    """Return the document's top node, or None where it cannot be read, with findings in order of place.

    Where YAML breaks down, the part under the nearest key at the margin is taken out and the rest is read, so that
    one fault does not hide the others; the key that is lost is there as Unread.
    """
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text, faults, lost = source.text, list[Diagnostic](), list[Entry]()
    while True:
        found: list[Diagnostic] = []
        try:
            node = _Composer(source, yaml.parse(text, Loader=loader), found).document()
            return _with_lost(node, lost), [*faults, *found]
        except _Refused as refusal:
            return None, [*faults, *([] if faults and not text.strip() else [*found, refusal.diagnostic])]
        except yaml.YAMLError as error:
            from dsl.yaml_faults import explain

            fault = explain(source, text, error)
            faults.append(fault.finding)
            part = _margin_part(text, fault.at)
            if part is None or fault.at > part.end() or len(faults) == MAX_FAULTS:
                return None, faults
            lost.extend(_lost_entry(source, part))
            text = text[: part.start()] + re.sub(r"[^\r\n]", " ", part[0]) + text[part.end() :]


def _margin_part(text: str, at: int) -> re.Match[str] | None:
    """Return the key at the margin and all that is indented under it, where that is around or before `at`."""
    best = None
    for match in _MARGIN.finditer(text):
        if match.start() > at:
            break
        best = match
    return best


def _lost_entry(source: Source, part: re.Match[str]) -> list[Entry]:
    """Return the key of a part that was taken out, if it is one."""
    if not source.text.startswith(":", part.end(1)):
        return []
    place = Span(source, part.start(1), part.end(1))
    return [Entry(Scalar(Text(part[1], source, place.start, place.end), False), Unread(place))]


def _with_lost(node: Node, lost: list[Entry]) -> Node:
    if isinstance(node, Table):
        for entry in lost:
            node.entries.setdefault(entry.key.value, entry)
    return node


class _Composer:
    """Builds nodes from the events of a YAML parser."""

    def __init__(self, source: Source, events: Iterator[Any], found: list[Diagnostic]) -> None:
        self.source, self.events, self.found = source, events, found
        self.nodes = 0

    def document(self) -> Node:
        event = next(self.events)
        while event.__class__.__name__ in ("StreamStartEvent", "DocumentStartEvent"):
            event = next(self.events)
        if event.__class__.__name__ == "StreamEndEvent":
            raise self.refusal(0, 0, "the file is empty", "begin with `language: 1`")
        node = self.node(event, 1)
        for event in self.events:
            if event.__class__.__name__ == "DocumentStartEvent":
                start, end = event.start_mark.index, event.end_mark.index
                raise self.refusal(start, end, "a second document begins here", "write one document per file")
        return node

    def refusal(self, start: int, end: int, message: str, help: str = "") -> _Refused:
        return _Refused(Diagnostic("yaml-syntax", message, Span(self.source, start, end), help=help))

    def node(self, event: Any, depth: int) -> Node:
        kind = event.__class__.__name__
        start, end = event.start_mark.index, event.end_mark.index
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise self.refusal(start, end, f"this file has more than {MAX_NODES:,} values")
        if depth > MAX_DEPTH:
            raise self.refusal(start, start + 1, f"this is nested more than {MAX_DEPTH} deep")
        refused = self._refuse_marks(event, kind)
        if kind == "ScalarEvent":
            style = event.style or ""
            if style in ("|", ">"):
                end = start + len(self.source.text[start:end].rstrip())
            scalar = Scalar(Text(event.value, self.source, start, end, style), bool(style))
            return Unread(scalar.span) if refused else scalar
        if kind == "AliasEvent":
            return Unread(Span(self.source, start, end))
        inner = self._listing(event, depth) if kind == "SequenceStartEvent" else self._table(event, depth)
        return Unread(inner.span) if refused else inner

    def _refuse_marks(self, event: Any, kind: str) -> bool:
        """Refuse `*alias`, `&anchor` and `!tag`. Expressions that begin with these signs must be quoted."""
        start, end = event.start_mark.index, event.end_mark.index
        if kind == "AliasEvent":
            what, advice = "alias; aliases are refused", "put quotes around a text that begins with `*`"
        elif event.anchor is not None:
            (start, end), what = self._mark(start, f"&{event.anchor}"), "anchor; anchors are refused"
            advice = "repeat the value, or name it under `let:`"
        elif event.tag is not None:
            (start, end), what = self._mark(start, "!"), "tag; tags are refused"
            tagged = self.source.text.startswith("!!", start)
            advice = "remove it" if tagged else "for the opposite of a condition write `not x`"
        else:
            return False
        written = self.source.text[start:end]
        self.found.append(
            Diagnostic("yaml-syntax", f"`{written}` is a YAML {what}", Span(self.source, start, end), help=advice)
        )
        return True

    def _mark(self, start: int, sign: str) -> tuple[int, int]:
        """Return where an anchor or tag is written: at the event, or before it where the value is apart."""
        text = self.source.text
        before = text.rfind(sign, 0, start + len(sign))
        at = start if text.startswith(sign, start) else before if before >= 0 else start
        end = at + len(sign)
        while end < len(text) and not text[end].isspace() and text[end] not in ",]}":
            end += 1
        return at, end

    def _listing(self, event: Any, depth: int) -> Listing:
        items: list[Node] = []
        for inner in self.events:
            if inner.__class__.__name__ == "SequenceEndEvent":
                break
            items.append(self.node(inner, depth + 1))
        flow = bool(event.flow_style)
        end = inner.end_mark.index if flow or not items else items[-1].span.end
        if flow:
            items = [Unread(item.span) if cut else item for item, cut in zip(items, self._cuts(items), strict=True)]
        return Listing(tuple(items), Span(self.source, event.start_mark.index, end))

    def _table(self, event: Any, depth: int) -> Table:
        pairs: list[tuple[Node, Node]] = []
        for inner in self.events:
            if inner.__class__.__name__ == "MappingEndEvent":
                break
            key = self.node(inner, depth + 1)
            pairs.append((key, self.node(next(self.events), depth + 1)))
        last = max((value.span.end for _, value in pairs), default=event.start_mark.index)
        end = inner.end_mark.index if event.flow_style else last
        if event.flow_style:
            pairs = self._joined(pairs)
        entries: dict[str, Entry] = {}
        for key, value in pairs:
            if isinstance(key, Scalar):
                self._enter(entries, key, value)
            else:
                advice = "put quotes around a text that begins with `{` or `[`"
                self.found.append(Diagnostic("yaml-syntax", "a key must be a name", _first_line(key.span), help=advice))
        return Table(entries, Span(self.source, event.start_mark.index, end))

    def _joined(self, pairs: list[tuple[Node, Node]]) -> list[tuple[Node, Node]]:
        """Drop from a `{...}` the keys that are only pieces of a value which its own commas have cut."""
        values = [key if isinstance(value, Scalar) and value.empty else value for key, value in pairs]
        joined = []
        for (key, value), part, cut in zip(pairs, values, self._cuts(values), strict=True):
            if not cut:
                joined.append((key, value))
            elif part is not key:
                joined.append((key, Unread(value.span)))
        return joined

    def _cuts(self, parts: list[Node]) -> list[bool]:
        """Tell which parts of a `[...]` or `{...}` are pieces of a text with brackets that its own commas have cut."""
        cuts, depth = [], 0
        for part in parts:
            plain = isinstance(part, Scalar) and not part.quoted
            change = part.span.text.count("(") - part.span.text.count(")") if plain else 0
            if not depth and change > 0:
                advice = "put quotes around the whole text, or give each its own line"
                message = "a comma inside `[ ]` or `{ }` ends the text"
                self.found.append(Diagnostic("yaml-syntax", message, part.span, help=advice))
            cuts.append(depth > 0 or change > 0)
            depth = max(0, depth + change)
        return cuts

    def _enter(self, entries: dict[str, Entry], key: Scalar, value: Node) -> None:
        first = entries.get(key.value)
        if first is not None:
            self.found.append(
                Diagnostic(
                    "duplicate-key",
                    f"the key `{key.value}` stands here for the second time",
                    key.span,
                    help="keep one of them",
                    notes=((first.key.span, "here for the first time"),),
                )
            )
        elif key.value == "<<" and not key.quoted:
            message = "`<<` is a YAML merge key; merge keys are refused"
            self.found.append(Diagnostic("yaml-syntax", message, key.span, help="repeat the keys"))
        else:
            entries[key.value] = Entry(key, value)


def _first_line(span: Span) -> Span:
    return Span(span.source, span.start, span.start + len(span.text.split("\n")[0]))
