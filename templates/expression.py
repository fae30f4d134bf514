"""Reads the expression of a condition well enough to say it in words.

Not a second parser of the strategy language: it takes the text of conditions that were already compiled,
knows no names, checks nothing, and whoever calls it shows the text as it is where it cannot be read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?(?:%|[smhdwR]\b)?)"
    r"|(?P<name>[A-Za-z_]\w*)|(?P<string>\"[^\"]*\"|'[^']*')|(?P<sign><=|>=|==|!=|[-+*/<>()\[\],.@=]))"
)
_COMPARE = ("<", "<=", ">", ">=", "==", "!=")
_DEEPEST = 60


class Unreadable(ValueError):
    """The text is not an expression that this reader knows."""


@dataclass(frozen=True, slots=True)
class Node:
    """One expression. `kind` is number name string call output index at compare cross between window not
    and or sum product minus if; `word` its sign or name; `of` its parts; `text` how it was written."""

    kind: str
    word: str
    of: tuple[Node, ...]
    text: str


@lru_cache(maxsize=1024)
def read(text: str) -> Node:
    """Return the expression. Raises Unreadable."""
    reader = _Reader(text)
    node = reader.expression()
    if reader.peek():
        raise Unreadable(text)
    return node


class _Reader:
    def __init__(self, text: str) -> None:
        self._text, self._tokens, self._at, self._depth = text, self._split(text), 0, 0

    @staticmethod
    def _split(text: str) -> list[tuple[str, str, int, int]]:
        tokens, place = [], 0
        while text[place:].strip():
            match = _TOKEN.match(text, place)
            if match is None:
                raise Unreadable(text)
            tokens.append(
                (str(match.lastgroup), match[str(match.lastgroup)], match.start(match.lastgroup or 0), match.end())
            )
            place = match.end()
        return tokens

    def peek(self, ahead: int = 0) -> str:
        at = self._at + ahead
        return self._tokens[at][1] if at < len(self._tokens) else ""

    def _kind(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    def _take(self, *wanted: str) -> str:
        word = self.peek()
        if not word or (wanted and word not in wanted):
            raise Unreadable(self._text)
        self._at += 1
        return word

    def _node(self, start: int, kind: str, word: str, *of: Node) -> Node:
        first, last = self._tokens[start][2], self._tokens[self._at - 1][3]
        return Node(kind, word, of, self._text[first:last])

    def expression(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Unreadable(self._text)
        start = self._at
        if self.peek() == "if":
            self._take()
            condition = self.expression()
            self._take("then")
            then = self.expression()
            self._take("else")
            node = self._node(start, "if", "", condition, then, self.expression())
        else:
            node = self._joined("or", "and")
        self._depth -= 1
        return node

    def _joined(self, word: str, tighter: str) -> Node:
        start = self._at
        parts = [self._joined("and", "") if tighter else self._negation()]
        while self.peek() == word:
            self._take()
            parts.append(self._joined("and", "") if tighter else self._negation())
        return parts[0] if len(parts) == 1 else self._node(start, word, word, *parts)

    def _negation(self) -> Node:
        start = self._at
        if self.peek() == "not":
            self._take()
            return self._node(start, "not", "", self._negation())
        node = self._comparison()
        while self.peek() in ("for", "within"):
            word = self._take()
            count = self._sum()
            self._take("bars", "bar")
            node = self._node(start, "window", word, node, count)
        return node

    def _comparison(self) -> Node:
        start = self._at
        left = self._sum()
        if self.peek() in _COMPARE:
            sign = self._take()
            return self._node(start, "compare", sign, left, self._sum())
        if self.peek() == "between":
            self._take()
            low = self._sum()
            self._take("and")
            return self._node(start, "between", "", left, low, self._sum())
        if self.peek() == "crosses":
            self._take()
            way = self._take() if self.peek() in ("above", "below") else ""
            return self._node(start, "cross", way, left, self._sum())
        return left

    def _sum(self) -> Node:
        start = self._at
        node = self._product()
        while self.peek() in ("+", "-"):
            sign = self._take()
            node = self._node(start, "sum", sign, node, self._product())
        return node

    def _product(self) -> Node:
        start = self._at
        node = self._factor()
        while self.peek() in ("*", "/"):
            sign = self._take()
            node = self._node(start, "product", sign, node, self._factor())
        return node

    def _factor(self) -> Node:
        start = self._at
        if self.peek() == "-":
            self._take()
            return self._node(start, "minus", "-", self._factor())
        node = self._primary()
        while self.peek() in (".", "[", "@"):
            sign = self._take()
            if sign == ".":
                node = self._node_of(start, "output", node)
            elif sign == "[":
                count = self.expression()
                self._take("]")
                node = self._node(start, "index", "", node, count)
            else:
                node = self._node_of(start, "at", node)
        return node

    def _node_of(self, start: int, kind: str, node: Node) -> Node:
        word = self._take()
        if kind == "output" and self.peek() == "(":  # a library's function: LIBRARY.NAME(…)
            return self._call(start, word)
        return self._node(start, kind, word.strip("\"'"), node)

    def _primary(self) -> Node:
        start, kind = self._at, self._kind()
        if self.peek() == "(":
            self._take()
            inner = self.expression()
            self._take(")")
            return inner
        word = self._take()
        if kind == "name" and self.peek() == "(":
            return self._call(start, word)
        if kind not in ("number", "name", "string"):
            raise Unreadable(self._text)
        return self._node(start, kind, word)

    def _call(self, start: int, name: str) -> Node:
        self._take("(")
        arguments: list[Node] = []
        while self.peek() != ")":
            if arguments:
                self._take(",")
            if self._kind() == "name" and self.peek(1) == "=":
                self._at += 2
            arguments.append(self.expression())
        self._take(")")
        return self._node(start, "call", name, *arguments)
