"""Conditions in a follower's words, with the values they had.

    lowest(rsi14, 3) <= low_rsi   ->   lowest RSI14 of 3 candles 27.4 ≤ low RSI 30

Of alternatives only those that hold are told. What cannot be put into words is shown as it was written,
with its values after it: a reason is never left out for being hard to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from templates.expression import Node, Unreadable, read
from templates.figures import CAPITALS, plain_number, readable

_SIGNS = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "==": "=", "!=": "≠"}
_FIELDS = {
    "close": "price",
    "hl2": "mid price",
    "quote_volume_24h": "24h volume",
    "fng": "Fear & Greed",
    "funding_rate": "funding rate",
    "volume": "volume",
}
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
    values = {_key(str(part["text"])): part["value"] for part in parts}
    ratios = frozenset(_key(str(part["text"])) for part in parts if part.get("unit") == "ratio")
    try:
        teller = _Teller(values, ratios)
        whole = read(str(condition["text"]))
        words = teller.tell(whole, whole=condition["truth"] == "true")
        verdicts = {_key(term.text) for term in _verdicts(whole)}
        rest = (str(part["text"]) for part in parts if _key(str(part["text"])) not in verdicts)
        return words if teller.told else words + teller.rest(rest)
    except Unreadable:
        shown = ", ".join(f"{part['text']} {readable(part['value'])}" for part in parts)
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
    """Says expressions; `values` are known by their text without spaces and brackets, `ratios` are shown in percent."""

    def __init__(self, values: Mapping[str, float | None], ratios: frozenset[str] = frozenset()) -> None:
        self._values, self._ratios = values, ratios
        self.told = False
        """Whether any value was said."""

    def rest(self, texts: Iterable[str]) -> str:
        """Return the first values under a condition whose own words hold none, in brackets."""
        shown = [f"{self._plain(node)} {readable(value)}" for node, value in self._measured(texts)]
        return f" ({', '.join(shown[:3])})" if shown else ""

    def _measured(self, texts: Iterable[str]) -> Iterator[tuple[Node, float]]:
        for text in texts:
            value, node = self._values.get(_key(text)), read(text)
            if value is not None and node.kind not in ("number", *_CONDITIONS):
                yield node, value

    def tell(self, node: Node, *, whole: bool = False) -> str:
        """Return a condition in words. `whole`: it is known to hold, so alternatives that fail are left out."""
        match node.kind:
            case "or":
                live = [part for part in node.of if not whole or self._fails(part) is not True] or list(node.of)
                if len(live) == 1:
                    return self.tell(live[0], whole=whole)
                return " or ".join(self._grouped(part, "and") for part in live)
            case "and":
                return ", ".join(self._grouped(part, "or", whole=whole) for part in node.of)
            case "not":
                return f"not ({self.tell(node.of[0])})"
            case "compare":
                return f"{self._side(node, 0)} {_SIGNS[node.word]} {self._side(node, 1)}"
            case "between":
                low, high = (self._side(node, place) for place in (1, 2))
                return f"{self._side(node, 0)} between {low} and {high}"
            case "cross":
                way = f" {node.word}" if node.word else ""
                return f"{self._side(node, 0)} crosses{way} {self._side(node, 1)}"
            case "window":
                joint = "for the last" if node.word == "for" else "within the last"
                return f"{self._grouped(node.of[0], 'or', 'and')} {joint} {self._plain(node.of[1])} candles"
            case "if":
                return f"{self._plain(node.of[1])} if {self.tell(node.of[0])}, else {self._plain(node.of[2])}"
        return self._plain(node)

    def _grouped(self, node: Node, *loose: str, whole: bool = False) -> str:
        """Return a condition in words, in brackets where it is still one of the `loose` kinds when told."""
        words = self.tell(node, whole=whole)
        return f"({words})" if node.kind in loose and (" or " in words or ", " in words) else words

    def _side(self, node: Node, place: int) -> str:
        """Return one side of a comparison with its value, as a percentage where the other side is one."""
        side = node.of[place]
        percent = _key(side.text) in self._ratios or any(_is_ratio(other) for other in node.of)
        words = self._plain(side)
        if side.kind == "number" or _key(side.text) not in self._values:
            return words
        self.told, value = True, self._values[_key(side.text)]
        shown = f"{readable(round(value * 100, 4))}%" if percent and value is not None else readable(value)
        return f"{words} {shown}"

    def _fails(self, node: Node) -> bool | None:
        """Tell from the known values whether a condition does not hold; None: they do not say."""
        if node.kind == "and":
            return True if any(self._fails(part) for part in node.of) else None
        if node.kind == "or":
            return True if all(self._fails(part) for part in node.of) else None
        if node.kind == "compare":
            left, right = (self._value(side) for side in node.of)
            return None if left is None or right is None else not _HOLDS[node.word](left, right)
        return True if self._values.get(_key(node.text)) == 0 else None

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
        return self.tell(node)

    def _nested(self, part: Node, outer: Node) -> str:
        loose = part.kind == "sum" and outer.kind in ("product", "minus")
        return f"({self._plain(part)})" if loose or part.kind == "if" else self._plain(part)

    def _call(self, node: Node) -> str:
        told = _PHRASES.get(node.word)
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
        capital = CAPITALS.get(head.lower())
        shown.append(f"{capital}{digits}" if capital else word)
    return " ".join(word for word in shown if word)


def _extreme(which: str, side: str) -> Callable[[Sequence[str], Sequence[str]], str]:
    def phrase(words: Sequence[str], texts: Sequence[str]) -> str:
        if len(words) == 1:
            return f"{words[0]}-candle {side}"
        if len(words) != 2:
            return ""
        return f"{words[1]}-candle {side}" if texts[0] == side else f"{which} {words[0]} of {words[1]} candles"

    return phrase


def _moving(way: str) -> Callable[[Sequence[str], Sequence[str]], str]:
    def phrase(words: Sequence[str], _: Sequence[str]) -> str:
        more = f" for {words[1]} candles" if len(words) > 1 and words[1] != "1" else ""
        return f"{words[0]} {way}{more}" if words else ""

    return phrase


def _sma(words: Sequence[str], texts: Sequence[str]) -> str:
    return f"average {words[0]} of {words[1]} candles" if len(words) == 2 and texts[0] != "close" else ""


def _change(words: Sequence[str], texts: Sequence[str]) -> str:
    numbers = [word for word in words if word.isdigit()]
    of = [word for word, text in zip(words, texts, strict=True) if not word.isdigit() and text != "close"]
    if len(numbers) != 1 or len(of) > 1:
        return ""
    return f"{numbers[0]}-candle change" + (f" of {of[0]}" if of else "")


_PHRASES: Mapping[str, Callable[[Sequence[str], Sequence[str]], str]] = {
    "lowest": _extreme("lowest", "low"),
    "highest": _extreme("highest", "high"),
    "rising": _moving("rising"),
    "falling": _moving("falling"),
    "sma": _sma,
    "roc": _change,
    "change": _change,
    "pct_change": _change,
    "abs": lambda words, _: f"|{words[0]}|" if words else "",
    "known": lambda words, _: f"{words[0]} is known" if words else "",
    "default": lambda words, _: words[0] if words else "",
    "min": lambda words, _: f"the lower of {' and '.join(words)}",
    "max": lambda words, _: f"the higher of {' and '.join(words)}",
    "clip": lambda words, _: words[0] if words else "",
    "barssince": lambda words, _: f"candles since ({words[0]})" if words else "",
    "valuewhen": lambda words, _: f"{words[1]} at the last “{words[0]}”" if len(words) > 1 else "",
    "at_least": lambda words, _: f"at least {words[0]} of: {'; '.join(words[1:])}" if words else "",
}
