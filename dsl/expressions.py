"""Syntax trees of the grammar -> expressions of dsl.ast, and the few rules of writing that the grammar leaves open.

One method per rule of `grammar.lark`, under the rule's name. Where a text breaks a rule but its meaning is plain
(`close[-1]`, `close@1h[1]`, `RSI(14)`), the finding is noted and the mended expression goes on, so that the same
mistake is told once.
"""

from __future__ import annotations

from typing import Any

from dsl import ast
from dsl.elsewhere import known_elsewhere
from dsl.errors import Diagnostic, Span
from dsl.place import Text

Node = Any
"""A tree or a token of lark: trees are made by the grammar, so their shape is what its rules say."""

UNIT_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
RESERVED = frozenset(
    ["and", "or", "not", "if", "then", "else", "between", "crosses", "for", "within", "true", "false", "must"]
)
"""Words that cannot be names, because a sentence could then be read in two ways."""
_FOREIGN = ("ta", "talib", "math", "np", "pd", "strategy", "request", "indicators")


def milliseconds(text: str) -> int:
    """Read `15m`. The grammar has seen to its form."""
    digits = text.rstrip("msdhw")
    return int(digits) * UNIT_MS[str(text[len(digits) :])]


class Expressions:
    """Builds the expressions of one text; findings are added to `found`."""

    def __init__(self, text: Text, found: list[Diagnostic]) -> None:
        self.text, self.found = text, found

    # -- tools --

    def build(self, tree: Node) -> Any:
        return getattr(self, tree.data)(tree)

    def span(self, part: Node) -> Span:
        meta = part.meta if hasattr(part, "meta") else part
        return self.text.at(meta.start_pos, meta.end_pos)

    def written(self, tree: Node) -> str:
        """Return the text of a part, with its parentheses."""
        meta = tree.meta
        return self.text.value[meta.container_start_pos : meta.container_end_pos]

    def refuse(self, name: str, message: str, span: Span, help: str = "", label: str = "") -> None:
        self.found.append(Diagnostic(name, message, span, help=help, label=label))

    def amount(self, token: Node) -> ast.Number:
        """Read a literal: plain, percent, multiple of R, duration."""
        text, span = token.replace("_", ""), self.span(token)
        whole = text.lstrip("-").rstrip("%Rsmhdw").partition(".")[0].partition("e")[0]
        if len(whole) > 1 and whole.startswith("0"):
            self.refuse("syntax", "a number does not begin with 0", span, help=f"write `{text.lstrip('0') or '0'}`")
        if token.type == "PERCENT":
            value, unit = float(text[:-1] + "e-2"), "%"
        elif token.type == "R":
            value, unit = float(text[:-1]), "R"
        elif token.type == "DURATION":
            value, unit = float(milliseconds(text)), "ms"
        else:
            value, unit = float(text), ""
        if value == float("inf"):
            self.refuse("syntax", "this number is too large", span)
        return ast.Number(span, value, unit)

    def identifier(self, token: Node) -> str:
        """Read a name; names are lower case."""
        if token != token.lower():
            lower = str(token).lower()
            self.refuse(
                "syntax", f"names are written in lower case, not as `{token}`", self.span(token), f"write `{lower}`"
            )
            return lower
        return str(token)

    # -- leaves --

    def name(self, tree: Node) -> ast.Expr:
        token = tree.children[0]
        word = self.identifier(token)
        if word in ("true", "false"):
            return ast.Boolean(self.span(token), word == "true")
        if word in RESERVED:
            self.refuse("syntax", f"`{word}` is a word of the language; a value is expected here", self.span(token))
        return ast.Name(self.span(token), word)

    def number(self, tree: Node) -> ast.Number:
        token = tree.children[0]
        return self.amount(token)

    def boolean(self, tree: Node) -> ast.Boolean:
        return ast.Boolean(self.span(tree), tree.children[0] == "true")

    def literal(self, tree: Node) -> ast.Number:
        """A literal with its sign."""
        sign, token = tree.children
        number = self.amount(token)
        return ast.Number(self.span(tree), -number.value if sign else number.value, number.unit)

    # -- names with parts --

    def dotted(self, tree: Node) -> ast.Expr:
        base, name = tree.children
        base_name = ast.Name(self.span(base), self.identifier(base))
        return ast.Attribute(self.span(tree), base_name, self.identifier(name), self.span(name))

    def output(self, tree: Node) -> ast.Expr:
        base, name = tree.children
        inner = self.build(base)
        word, place = self.identifier(name), self.span(name)
        if isinstance(inner, ast.At | ast.Index) and not _parenthesised(base):
            tail = self.written(base)[len(self.written(base.children[0])) :]
            better = f"{self.written(base.children[0])}.{word}{tail}"
            self.refuse("syntax", "the output is taken first, then the candle", place, help=f"write `{better}`")
            return _rewrap(inner, ast.Attribute(inner.base.span, inner.base, word, place))
        return ast.Attribute(self.span(tree), inner, word, place)

    def call(self, tree: Node) -> ast.Call:
        name, arguments = tree.children
        return ast.Call(self.span(tree), self.identifier(name), self.span(name), self._arguments(arguments))

    def library_call(self, tree: Node) -> ast.Call:
        library, name, arguments = tree.children
        place = Span(self.text.source, self.span(library).start, self.span(name).end)
        if library.lower() in _FOREIGN and known_elsewhere(str(name)):
            full = str(name).lower()
        elif library.lower() in _FOREIGN and library.lower() not in ("strategy", "request"):
            self.refuse(
                "syntax",
                f"functions have no prefix here: `{str(name).lower()}(...)`, not `{library}.{name}(...)`",
                place,
                help=f"remove `{library}.`" if name == name.lower() else f"write `{str(name).lower()}`",
            )
            full = str(name).lower()
        else:
            full = f"{self.identifier(library)}.{self.identifier(name)}"
        return ast.Call(self.span(tree), full, place, self._arguments(arguments))

    def _arguments(self, tree: Node | None) -> tuple[ast.Argument, ...]:
        return tuple(self.build(part) for part in tree.children) if tree is not None else ()

    def positional(self, tree: Node) -> ast.Argument:
        return ast.Argument(self.build(tree.children[0]))

    def named(self, tree: Node) -> ast.Argument:
        name, value = tree.children
        return ast.Argument(self.build(value), self.identifier(name), self.span(name))

    # -- other candles --

    def index(self, tree: Node) -> ast.Expr:
        base, ago = tree.children
        inner, steps = self.build(base), self.build(ago)
        if isinstance(steps, ast.Unary) and steps.op == "-":
            self.refuse(
                "look-ahead",
                "a negative index would read the future",
                steps.span,
                label="candles count backwards from the present one, which is 0",
                help=f"write `{self.written(base)}[{steps.operand.span.text}]` for the past",
            )
            steps = steps.operand
        if isinstance(inner, ast.At) and not _parenthesised(base):
            target = self.written(base)[len(self.written(base.children[0])) :]
            better = f"{self.written(base.children[0])}[{steps.span.text}]{target}"
            place = Span(self.text.source, self.span(base).end, self.span(tree).end)
            self.refuse("syntax", "the index goes inside, before the `@`", place, help=f"write `{better}`")
            return _rewrap(inner, ast.Index(inner.base.span, inner.base, steps))
        return ast.Index(self.span(tree), inner, steps)

    def at_timeframe(self, tree: Node) -> ast.At:
        base, target = tree.children
        if target.startswith("0"):
            self.refuse("syntax", f"`{target}` is not a timeframe", self.span(target), help="write it as in `@1h`")
        return ast.At(self.span(tree), self.build(base), str(target), None, self.span(target))

    def at_symbol(self, tree: Node) -> ast.At:
        base, target = tree.children
        symbol = str(target)[1:-1]
        if not symbol.strip():
            self.refuse("syntax", "the symbol is missing", self.span(target), help='write it as in `@"BTC/USDT"`')
        return ast.At(self.span(tree), self.build(base), None, symbol, self.span(target))

    # -- operators --

    def unary(self, tree: Node) -> ast.Unary:
        operator, operand = tree.children
        return ast.Unary(self.span(tree), str(operator), self.build(operand))

    def binary(self, tree: Node) -> ast.Binary:
        left, operator, right = tree.children
        return ast.Binary(self.span(tree), str(operator), self.build(left), self.build(right), self.span(operator))

    def between(self, tree: Node) -> ast.Between:
        return ast.Between(self.span(tree), *(self.build(part) for part in tree.children))

    def crosses(self, tree: Node) -> ast.Crosses:
        left, direction, right = tree.children
        return ast.Crosses(self.span(tree), str(direction or "any"), self.build(left), self.build(right))

    def held(self, tree: Node) -> ast.Window:
        condition, bars = tree.children
        return ast.Window(self.span(tree), "for", self.build(condition), self.build(bars))

    def happened(self, tree: Node) -> ast.Window:
        condition, bars = tree.children
        return ast.Window(self.span(tree), "within", self.build(condition), self.build(bars))

    def choice(self, tree: Node) -> ast.If:
        return ast.If(self.span(tree), *(self.build(part) for part in tree.children))


def _parenthesised(tree: Node) -> bool:
    return bool(tree.meta.container_start_pos < tree.meta.start_pos)


def _rewrap(outer: ast.At | ast.Index, base: ast.Expr) -> ast.Expr:
    """Return `outer` around another base."""
    if isinstance(outer, ast.At):
        return ast.At(outer.span, base, outer.timeframe, outer.symbol, outer.target_span)
    return ast.Index(outer.span, base, outer.ago)
