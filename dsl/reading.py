"""Typed values from the nodes of a document; what does not fit becomes a finding, and reading goes on.

Used for strategies, libraries, tests and the configuration alike. Every method returns None (or an empty
collection) where the value cannot be had, after saying why.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from dsl.document import Entry, Listing, Node, Scalar, Table, Unread
from dsl.errors import Diagnostic, Fix, Severity, Span
from dsl.suggest import listing, nearest

_INTEGER = re.compile(r"[+-]?(0|[1-9][0-9]*(_[0-9]+)*)")
_NUMBER = re.compile(r"[+-]?(0|[1-9][0-9]*(_[0-9]+)*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_ELSEWHERE = {
    "buy": "long", "bull": "long", "sell": "short", "bear": "short", "description": "about", "stop_loss": "stop",
    "stoploss": "stop", "sl": "stop", "take_profit": "targets", "take_profits": "targets", "tp": "targets",
    "pairs": "symbols", "markets": "symbols", "conditions": "when", "rules": "when", "parameters": "params",
    "variables": "let", "indicators": "let", "trailing": "trail", "trailing_stop": "trail", "interval": "timeframes",
    "intervals": "timeframes",
}  # fmt: skip
"""Keys of other tools, and those that stand for them here."""
_KINDS = {Table: "keys and values", Listing: "a list"}


class Reader:
    """Reads nodes and collects findings."""

    def __init__(self, found: list[Diagnostic] | None = None) -> None:
        self.found: list[Diagnostic] = [] if found is None else found

    def refuse(
        self, name: str, message: str, span: Span, help: str = "", label: str = "", write: str | None = None
    ) -> None:
        """Note an error. `write`: what mends it, in place of what is there."""
        fix = Fix(span, write) if write else None
        self.found.append(Diagnostic(name, message, span, help=help, label=label, fix=fix))

    def warn(self, name: str, message: str, span: Span, help: str = "") -> None:
        """Note a warning."""
        self.found.append(Diagnostic(name, message, span, Severity.WARNING, help=help))

    # -- shapes --

    def table(self, node: Node | None, what: str) -> Table | None:
        """Return a mapping, or say that `what` must be one."""
        if isinstance(node, Table):
            return node
        self._wrong(node, f"{what} must hold keys and values")
        return None

    def items(self, node: Node | None, what: str) -> tuple[Node, ...]:
        """Return the items of a list; a single value stands for a list of one."""
        if isinstance(node, Listing):
            if not node.items:
                self.refuse("wrong-type", f"{what} must not be empty", node.span)
            return node.items
        if isinstance(node, Scalar) and not node.empty:
            return (node,)
        self._wrong(node, f"{what} must be a value or a list of values")
        return ()

    def scalar(self, node: Node | None, what: str) -> Scalar | None:
        """Return a single value that is not empty."""
        if isinstance(node, Scalar) and not node.empty and node.value.strip():
            return node
        self._wrong(node, f"{what} must be a single value")
        return None

    # -- values --

    def text(self, node: Node | None, what: str) -> str | None:
        """Return a value as its text."""
        scalar = self.scalar(node, what)
        return scalar.value.strip() if scalar else None

    def boolean(self, node: Node | None, what: str) -> bool | None:
        """Return true or false; `yes`, `on` and their like are refused."""
        scalar = self.scalar(node, what)
        if scalar is None:
            return None
        if not scalar.quoted and scalar.value in ("true", "false"):
            return scalar.value == "true"
        meant = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
        word = meant.get(scalar.value.lower(), scalar.value.lower())
        advice = f"write `{word}`" if word in ("true", "false") else ""
        self.refuse("wrong-type", f"{what} must be `true` or `false`", scalar.span, advice)
        return None

    def integer(self, node: Node | None, what: str, low: int | None = None, high: int | None = None) -> int | None:
        """Return a whole number within low and high. No octals, no sexagesimals."""
        number = self._number(node, what, _INTEGER, "a whole number", low, high)
        return None if number is None else int(number)

    def number(self, node: Node | None, what: str, low: float | None = None, high: float | None = None) -> float | None:
        """Return a number within low and high."""
        return self._number(node, what, _NUMBER, "a number", low, high)

    def choice(self, node: Node | None, what: str, choices: Sequence[str]) -> str | None:
        """Return one of `choices`."""
        scalar = self.scalar(node, what)
        if scalar is None or scalar.value in choices:
            return scalar.value if scalar else None
        said = scalar.value.strip().lower()
        meant = {"yes": "true", "no": "false", **_ELSEWHERE}.get(said, "")
        begun = [choice for choice in choices if len(said) > 1 and choice.lower().startswith(said)]
        advice = f"write `{meant}`" if meant in choices else _meant(scalar.value, choices)
        if not advice and len(begun) == 1:
            advice = f"did you mean `{begun[0]}`?"
        self.refuse("wrong-type", f"{what} must be {listing(choices)}", scalar.span, advice)
        return None

    def texts(self, node: Node | None, what: str) -> tuple[tuple[str, Span], ...]:
        """Return the texts of a list (or of a single value), each with its place; a second mention is refused."""
        seen: dict[str, Span] = {}
        for item in self.items(node, what):
            scalar = self.scalar(item, f"each of {what}")
            if scalar is None:
                continue
            value = scalar.value.strip()
            if value in seen:
                first = ((seen[value], "here for the first time"),)
                message = f"`{value}` stands here for the second time"
                self.found.append(Diagnostic("duplicate-key", message, scalar.span, notes=first))
            else:
                seen[value] = scalar.span
        return tuple(seen.items())

    # -- keys --

    def keys(
        self,
        table: Table,
        known: Mapping[str, bool],
        place: Span,
        *,
        elsewhere: Mapping[str, str] | None = None,
        own: str = "x-",
    ) -> dict[str, Entry]:
        """Check a mapping's keys and return the known ones.

        known: key -> whether it is required. place: where a missing key is reported. elsewhere: keys that belong to
        another part of the document, each with the advice to give. Keys beginning with `own` are passed over. A slip
        of a known key is reported and read as that key, so that what is in it is looked at too.
        """
        entries: dict[str, Entry] = {}
        for name, entry in table.entries.items():
            if name in known:
                entries[name] = entry
            elif not name.startswith(own):
                probably = self._unknown(name, entry.key.span, known, table, elsewhere or {})
                if probably:
                    entries.setdefault(probably, entry)
        for name, required in known.items():
            if required and name not in entries:
                advice = "begin with `language: 1`" if name == "language" else ""
                self.refuse("missing-key", f"the key `{name}` is missing", place, advice)
        return entries

    def _unknown(
        self, name: str, span: Span, known: Mapping[str, bool], table: Table, elsewhere: Mapping[str, str]
    ) -> str:
        """Report an unknown key; return the known key that was probably meant."""
        if name in elsewhere:
            self.refuse("unknown-key", f"the key `{name}` does not belong here", span, elsewhere[name])
            return ""
        free = [key for key in known if key not in table]
        slip = nearest(name, free)
        other = _ELSEWHERE.get(name.lower().replace("-", "_"), "")
        found = slip or (other if other in free else None)
        if found:
            advice = f"did you mean `{found}`?"
        elif near := nearest(name, [key for key in known if key in table]):
            advice = f"`{near}` is already there"
        else:
            advice = f"known here: {listing(known, 'and')}" if known else ""
        cut = found is not None and found.startswith(name) and len(found) > len(name) + 2
        alone = slip and not cut and not nearest(name, [key for key in free if key != found])
        self.refuse("unknown-key", f"unknown key `{name}`", span, advice, write=found if alone else None)
        return found or ""

    # -- within --

    def _number(
        self,
        node: Node | None,
        what: str,
        form: re.Pattern[str],
        kind: str,
        low: float | None,
        high: float | None,
    ) -> float | None:
        scalar = self.scalar(node, what)
        if scalar is None:
            return None
        if scalar.quoted or not form.fullmatch(scalar.value):
            advice, mended = _plainer(scalar, form)
            self.refuse("wrong-type", f"{what} must be {kind}", scalar.span, advice, write=mended)
            return None
        value = float(scalar.value)
        if abs(value) == float("inf"):
            reach = "finite"
        elif low is not None and high is not None and not low <= value <= high:
            reach = f"{low} to {high}"
        elif low is not None and value < low:
            reach = f"at least {low}"
        elif high is not None and value > high:
            reach = f"at most {high}"
        else:
            return value
        self.refuse("wrong-type", f"{what} must be {reach}", scalar.span)
        return None

    def _wrong(self, node: Node | None, message: str) -> None:
        if node is None or isinstance(node, Unread):
            return
        if isinstance(node, Scalar):
            label = "nothing is written here" if node.empty or not node.value.strip() else "a single value"
            self.refuse("wrong-type", message, node.span, label=label)
            return
        first = Span(node.span.source, node.span.start, node.span.start + len(node.span.text.split("\n")[0].rstrip()))
        braced = node.span.text[:1] in "[{"
        advice = "put quotes around a text that begins with `[` or `{`" if braced else ""
        if message.startswith("`universe`") and isinstance(node, Listing):
            advice = f"write `{{symbols: {first.text}}}`" if braced else "write them under `symbols:`"
        self.refuse("wrong-type", message, first, advice, label=_KINDS[type(node)])


def _meant(word: str, known: Iterable[str]) -> str:
    found = nearest(word, known)
    return f"did you mean `{found}`?" if found else ""


def _plainer(scalar: Scalar, form: re.Pattern[str]) -> tuple[str, str]:
    """Advise how a near-number is written; and what to write, where only one number can be meant."""
    value = scalar.value.strip()
    if form.fullmatch(value):
        return f"remove the quotes: `{value}`", value
    if re.fullmatch(r"[+-]?0[0-9]+", value):
        return f"a number does not begin with 0: `{value.lstrip('+-0') or '0'}`", ""
    if re.fullmatch(r"[1-9][0-9]{0,2}(,[0-9]{3})+", value):
        return f"thousands are grouped with `_`: `{value.replace(',', '_')}`", ""
    if re.fullmatch(r"[0-9]+,[0-9]+", value):
        mended = value.replace(",", ".")
        return f"the decimal sign is a point: `{mended}`", mended if form.fullmatch(mended) else ""
    return "", ""
