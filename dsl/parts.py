"""What every part of a document is read with: its keys, its sentences, and names with a sentence each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dsl import ast
from dsl.document import Entry, Listing, Node, Scalar, Table
from dsl.errors import Diagnostic, Span
from dsl.expressions import RESERVED
from dsl.parser import parse
from dsl.place import Text
from dsl.reading import Reader
from dsl.schema import LIBRARY, OWN_KEYS, STRATEGY, Section

Parse = Callable[[str, Text], tuple[Any, list[Diagnostic]]]

_EVERY = "*"
"""Among names that could not be read: all of them, because their part could not be read."""

SIDES = ("long", "short")
ONLY_STRATEGY = frozenset(STRATEGY.by_name) - frozenset(LIBRARY.by_name)
_SIDE_KEYS = frozenset(STRATEGY.by_name["long"].inner.by_name)  # type: ignore[union-attr]


class PartReader(Reader):
    """Reads parts of a document and collects findings. `sentences_by` parses one sentence (dsl.parser.parse)."""

    sentences_by: Parse = staticmethod(parse)

    def section(self, table: Table, section: Section, place: Span) -> dict[str, Entry]:
        """Check the keys of a mapping against its section."""
        known = {field.name: field.required for field in section.fields}
        elsewhere = {} if section.title in SIDES else dict.fromkeys(_SIDE_KEYS, "put it under `long:` or `short:`")
        if section is STRATEGY:
            elsewhere["define"] = "functions are defined in a library document, which `use:` brings in"
        if section is LIBRARY or section.title in SIDES:
            elsewhere |= dict.fromkeys(ONLY_STRATEGY - set(known), "it belongs to the top of a strategy")
        return self.keys(table, known, place, elsewhere=elsewhere)

    def sentence(self, entry: Entry | None, start: str, what: str) -> Any:
        """Read one sentence of the grammar; None where there is none or it cannot be read."""
        return self.parse(entry.value, start, what) if entry else None

    def sentences(self, entry: Entry | None, start: str, what: str) -> tuple[Any, ...]:
        """Read a sentence, or a list of them."""
        if entry is None:
            return ()
        items = self.items(entry.value, what)
        read = [self.parse(item, start, f"each of {what}") for item in items]
        return tuple(sentence for sentence in read if sentence is not None)

    def named(self, entry: Entry | None, start: str, what: str, broken: set[str] | None = None) -> dict[str, Any]:
        """Read names with a sentence each; names whose sentence cannot be read are added to `broken`."""
        table = self._names(entry.value, what) if entry else None
        if entry and table is None and broken is not None:
            broken.add(_EVERY)
        read: dict[str, Any] = {}
        for name, inner in table.entries.items() if table else ():
            if name.startswith(OWN_KEYS):
                continue
            key = self.key(inner.key)
            sentence = self.parse(inner.value, start, f"`{name}`")
            if sentence is not None and key is not None:
                read[key.text] = (key, sentence)
            elif broken is not None:
                broken.add(key.text if key else name)
        return read

    def _names(self, node: Node, what: str) -> Table | None:
        """Return a mapping of names, or say that it must be one, and how a list of `- name: ...` is written."""
        item = node.items[0] if isinstance(node, Listing) and node.items else None
        if isinstance(item, Scalar) and isinstance(node, Listing):
            message = f"{what} holds names, not a list"
            self.refuse("wrong-type", message, item.span, f"give each a name, as in `dip: {item.value.strip()}`")
            return None
        if not isinstance(item, Table) or not item.entries:
            return self.table(node, what)
        name = next(iter(item.entries))
        first = item.entries[name].key.span
        place = Span(first.source, node.span.start, max(first.end, node.span.start))
        self.refuse("wrong-type", f"{what} holds names, not a list", place, f"write `{name}: ...` without `-`")
        return None

    def parse(self, node: Node, start: str, what: str) -> Any:
        """Read a value as the sentence `start` of the grammar; None where it cannot be read."""
        scalar = self.scalar(node, what)
        if scalar is None:
            return None
        result, findings = self.sentences_by(start, scalar.text)
        self.found.extend(findings)
        return result

    def key(self, key: Scalar) -> ast.Key | None:
        """Check a name of the user's choice; a slip with a plain meaning is mended, None where there is none."""
        name = key.value
        if name in RESERVED:
            self.refuse("wrong-type", f"`{name}` is a word of the language and cannot be a name", key.span)
            return None
        if not (name.isascii() and name.isidentifier() and name == name.lower()):
            better = "".join(c if c.isalnum() and c.isascii() else "_" for c in name.lower()).strip("_")
            mended = better if better.isidentifier() and better not in RESERVED else ""
            message = "a name has lower-case letters, digits and `_`, and begins with a letter"
            self.refuse("wrong-type", message, key.span, f"write `{mended}`" if mended else "")
            return ast.Key(mended, key.span) if mended else None
        return ast.Key(name, key.span)

    def written(self, parts: dict[str, Entry], key: str) -> str:
        """Return the text of a key, empty where there is none."""
        return (self.text(parts[key].value, f"`{key}`") or "") if key in parts else ""


def frozen(broken: set[str]) -> frozenset[str]:
    """Return names that could not be read as a document keeps them."""
    return ast.EveryName() if _EVERY in broken else frozenset(broken)


def section_of(key: str, section: Section = STRATEGY) -> Section:
    """Return the keys that a key's mapping may have."""
    inner = section.by_name[key].inner
    assert inner is not None
    return inner
