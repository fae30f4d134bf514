"""Conditions in a follower's words, with the values they had.

    lowest(rsi14, 3) <= low_rsi   ->   lowest RSI14 of 3 candles 27.4 ≤ low RSI 30

Of alternatives only those that hold are told, where the values say which do. What cannot be put into words is
shown as it was written, with its values after it: a reason is never left out for being hard to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from templates.expression import Node, Unreadable, read
from templates.figures import CAPITALS, plain_number, readable
from templates.phrases import MULTIPLES, PHRASES

_SIGNS = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "==": "=", "!=": "≠"}
_FIELDS = {
    "close": "price",
    "hl2": "mid price",
    "quote_volume_24h": "24h volume",
    "fng": "Fear & Greed",
    "funding_rate": "funding rate",
    "volume": "volume",
}
_LONG = {"hist": "histogram", "vol": "volume"}
_CONDITIONS = ("or", "and", "not", "compare", "between", "cross", "window")
_HOLDS: Mapping[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}


def explain(condition: Mapping[str, Any]) -> str:
    """Return what a condition of the wire form says, with the values under it."""
    parts = condition.get("parts") or ()
    try:
        teller = _Teller(parts)
        whole = read(str(condition["text"]))
        words = teller.tell(whole, whole=condition["truth"] == "true")
        verdicts = {_key(term.text) for term in _verdicts(whole)}
        rest = (str(part["text"]) for part in parts if _key(str(part["text"])) not in verdicts)
        return words if teller.told else words + teller.rest(rest)
    except Unreadable:
        shown = ", ".join(f"{part['text']} {readable(part['value'])}" for part in parts if part.get("unit") != "bool")
        return f"{condition['text']} ({shown})" if shown else str(condition["text"])


def _key(text: str) -> str:
    return re.sub(r"[\s()]+", "", text)


def _verdicts(node: Node) -> Iterator[Node]:
    """Yield the terms that stand as conditions of their own: their values are verdicts, no measures."""
    if node.kind in ("or", "and", "not", "window"):
        for part in node.of:
            yield from _verdicts(part)
    elif node.kind not in _CONDITIONS:
        yield node


class _Teller:
    """Says expressions from the parts of a condition, which are known by their text without spaces and brackets.

    A part that is a truth is 0 where it is false, None where it is unknown.
    """

    def __init__(self, parts: Sequence[Mapping[str, Any]] = ()) -> None:
        self._values: dict[str, float | None] = {_key(str(part["text"])): part["value"] for part in parts}
        self._units = {_key(str(part["text"])): part.get("unit", "") for part in parts}
        self.told = False
        """Whether any value was said."""

    def rest(self, texts: Iterable[str]) -> str:
        """Return the first values under a condition whose own words hold none, in brackets."""
        shown = [f"{self._plain(node)} {self._shown(node)}" for node in self._measured(texts)]
        return f" ({', '.join(shown[:3])})" if shown else ""

    def _measured(self, texts: Iterable[str]) -> Iterator[Node]:
        for text in texts:
            node, key = read(text), _key(text)
            measure = self._values[key] is not None and self._units[key] != "bool"
            if measure and node.kind not in ("number", *_CONDITIONS):
                yield node

    def tell(self, node: Node, *, whole: bool = False) -> str:
        """Return a condition in words. `whole`: it is known to hold, so alternatives that do not are left out."""
        match node.kind:
            case "or":
                live = self._live(node.of) if whole else node.of
                if len(live) == 1:
                    return self.tell(live[0], whole=whole)
                return " or ".join(self._grouped(part, "and") for part in live)
            case "and":
                return ", ".join(self._grouped(part, "or", whole=whole) for part in node.of)
            case "not":
                return f"not ({self.tell(node.of[0])})"
            case "compare":
                left, right = self._sides(node, 0, 1)
                return f"{left} {_SIGNS[node.word]} {right}"
            case "between":
                measured, low, high = self._sides(node, 0, 1, 2)
                return f"{measured} between {low} and {high}"
            case "cross":
                left, right = self._sides(node, 0, 1)
                return f"{left} crosses{f' {node.word}' if node.word else ''} {right}"
            case "window":
                joint = "for the last" if node.word == "for" else "within the last"
                return f"{self._grouped(node.of[0], 'or', 'and')} {joint} {self._plain(node.of[1])} candles"
            case "if":
                return self._either(node, whole=whole)
        return self._plain(node)

    def _live(self, alternatives: Sequence[Node]) -> Sequence[Node]:
        """Return the alternatives that are known to hold; where none is, those that are not known to fail; or all."""
        held = [part for part in alternatives if self._holds(part)]
        return held or [part for part in alternatives if not self._fails(part)] or alternatives

    def _either(self, node: Node, *, whole: bool) -> str:
        """Return a condition that depends on another. Of one that holds, the branch that does not was not taken."""
        asked, then, other = node.of
        if whole and self._fails(then):
            return self.tell(other, whole=True)
        if whole and self._fails(other):
            return self.tell(then, whole=True)
        return f"{self.tell(then)} if {self.tell(asked)}, else {self.tell(other)}"

    def _grouped(self, node: Node, *loose: str, whole: bool = False) -> str:
        """Return a condition in words, set apart where it is still one of the `loose` kinds when told."""
        words = self.tell(node, whole=whole)
        if node.kind not in loose or not (" or " in words or ", " in words):
            return words
        if node.kind == "or":
            return f"either {words}"
        inner = " and ".join(self._grouped(part, "or", whole=whole) for part in node.of)
        return f"({inner})"

    def _sides(self, node: Node, *places: int) -> list[str]:
        """Return the sides of a comparison with their values, with as many digits as tell them apart."""
        sides = [node.of[place] for place in places]
        known = [_key(side.text) for side in sides if side.kind != "number" and _key(side.text) in self._values]
        percent = any(_is_ratio(side) for side in sides) and not any(_is_multiple(side) for side in sides)
        self.told = self.told or bool(known)
        different = len({self._value(side) for side in sides})
        for digits in (4, 5, 6, 8, 10):
            shown = [self._shown(side, digits, percent=percent) for side in sides]
            if len(set(shown)) >= different:
                break
        plain = [self._plain(side) for side in sides]
        return [
            f"{words} {value}" if _key(side.text) in known else words
            for side, words, value in zip(sides, plain, shown, strict=True)
        ]

    def _shown(self, node: Node, digits: int = 4, *, percent: bool = False) -> str:
        """Return the value of a term as text: a ratio in percent, a multiple with its sign."""
        value = self._value(node)
        if value is None:
            return "unknown"
        if _is_multiple(node):
            return f"{readable(value, digits)}×"
        if percent or self._units.get(_key(node.text)) == "ratio":
            return f"{readable(round(value * 100, 10), digits)}%"
        return readable(value, digits)

    def _fails(self, node: Node) -> bool:
        """Tell whether the values say that a condition does not hold; unknown is not holding."""
        if node.kind == "and":
            return any(self._fails(part) for part in node.of)
        if node.kind == "or":
            return all(self._fails(part) for part in node.of)
        if node.kind == "compare":
            left, right = (self._value(side) for side in node.of)
            if left is not None and right is not None:
                return not _HOLDS[node.word](left, right)
            return any(side.kind != "number" and self._unknown(side) for side in node.of)
        return not self._values.get(_key(node.text), True)

    def _holds(self, node: Node) -> bool:
        """Tell whether the values say that a condition holds."""
        if node.kind == "and":
            return all(self._holds(part) for part in node.of)
        if node.kind == "or":
            return any(self._holds(part) for part in node.of)
        if node.kind == "compare":
            left, right = (self._value(side) for side in node.of)
            return left is not None and right is not None and _HOLDS[node.word](left, right)
        return bool(self._values.get(_key(node.text)))

    def _unknown(self, node: Node) -> bool:
        return self._values.get(_key(node.text), 0.0) is None

    def _value(self, node: Node) -> float | None:
        if node.kind == "number":
            return _number(node.word)
        return self._values.get(_key(node.text))

    def _plain(self, node: Node) -> str:
        """Return a term in words, without its value."""
        match node.kind:
            case "number":
                return _literal(node.word)
            case "name":
                return _FIELDS.get(node.word) or _words(node.word)
            case "call":
                return self._call(node)
            case "output":
                return self._output(node)
            case "index":
                count = node.of[1].text
                before = "previous " if count == "1" else ""
                return f"{before}{self._plain(node.of[0])}" + ("" if before else f" {count} candles ago")
            case "at":
                return f"{self._plain(node.of[0])} on {node.word}"
            case "sum" | "product":
                left, right = (self._nested(part, node) for part in node.of)
                return f"{left} {'×' if node.word == '*' else node.word.replace('-', '−')} {right}"
            case "minus":
                return f"−{self._nested(node.of[0], node)}"
            case "string":
                return node.word.strip("\"'")
            case "if":
                return f"{self._plain(node.of[1])} if {self.tell(node.of[0])}, else {self._plain(node.of[2])}"
        return self.tell(node)

    def _nested(self, part: Node, outer: Node) -> str:
        loose = part.kind == "sum" and outer.kind in ("product", "minus")
        return f"({self._plain(part)})" if loose or part.kind == "if" else self._plain(part)

    def _call(self, node: Node) -> str:
        told = PHRASES.get(node.word)
        if told is not None:
            phrase = told([self._plain(part) for part in node.of], [part.text for part in node.of])
            if phrase:
                return phrase
        lengths = [_literal(part.word) for part in node.of if part.kind == "number"]
        of = [self._plain(part) for part in node.of if part.kind != "number" and part.text not in ("close", "hlc3")]
        name = _words(node.word)
        joint = "" if len(lengths) == 1 and name in CAPITALS.values() else " "
        shown = f"{name}{joint}{'/'.join(lengths)}" if lengths else name
        return shown + (f" of {', '.join(of)}" if of else "")

    def _output(self, node: Node) -> str:
        inner = node.of[0]
        if inner.kind == "name" and inner.word == "time":
            return f"{node.word} (UTC)"
        if inner.kind == "name" and inner.word == "model":
            return f"the model's chance of {node.word}"
        if inner.kind == "call" and inner.word.lower() == node.word.lower():
            return self._plain(inner)
        return f"{self._plain(inner)} {_words(node.word)}"


def _is_multiple(node: Node) -> bool:
    return node.kind == "call" and node.word in MULTIPLES


def _is_ratio(node: Node) -> bool:
    chance = node.kind == "output" and node.of[0].text == "model"
    return chance or (node.kind == "number" and node.word.endswith("%"))


def _number(word: str) -> float | None:
    try:
        return float(word.rstrip("%")) / 100 if word.endswith("%") else float(word)
    except ValueError:
        return None


def _literal(word: str) -> str:
    value = _number(word)
    if value is None:
        return word
    return word if word.endswith("%") else readable(value) if abs(value) >= 10_000 else plain_number(value)


def _words(name: str) -> str:
    """Return `RSI14` for `rsi14`, `low RSI` for `low_rsi`."""
    shown = []
    for word in name.split("_"):
        head = word.rstrip("0123456789")
        digits = word[len(head) :]
        capital = CAPITALS.get(head.lower()) or _LONG.get(head)
        shown.append(f"{capital}{digits}" if capital else word)
    return " ".join(word for word in shown if word)
