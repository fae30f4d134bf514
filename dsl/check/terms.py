"""Terms: checked expressions. Names are resolved, definitions laid open, types and units known.

A term does not know its frame: the same term is placed on every timeframe of a strategy by dsl.compile.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from dsl.errors import Span
from dsl.units import BOOL, ERROR, Type

Params = tuple[float | str, ...]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Term:
    """One operation over terms. `op` is a node's operation, or one of these that compile resolves:

    at (params: timeframe or '', symbol or '') · record (params: names of its args) · position (params: field)
    at_entry · fires (params: side) · confidence · weighted · crosses (params: above | below).

    `same` is one number for equal structure, wherever it is written.
    `held`: it touches the position. `uncertain`: it reads the confidence. `recursive`: it reads prev().
    `shown` are the terms that explain it in place of its inside (the arguments of a call).
    """

    op: str
    args: tuple[Term, ...]
    params: Params
    type: Type
    span: Span
    same: int
    held: bool = False
    uncertain: bool = False
    recursive: bool = False
    shown: tuple[Term, ...] | None = None

    def __repr__(self) -> str:
        return f"<{self.op}: {self.text}>"

    @property
    def value(self) -> float | None:
        """The value of a constant (truths 0 1 2), else None."""
        return float(self.params[0]) if self.op == "const" else None

    @property
    def text(self) -> str:
        return " ".join(self.span.text.split())

    def at(self, span: Span) -> Term:
        """Return it as referred to from another place. Names are read often: this is half the price of `replace`."""
        return Term(
            self.op, self.args, self.params, self.type, span, self.same,
            self.held, self.uncertain, self.recursive, self.shown,
        )  # fmt: skip

    def typed(self, given: Type) -> Term:
        return replace(self, type=given)


def term(op: str, args: tuple[Term, ...], given: Type, span: Span, params: Params = ()) -> Term:
    """Return the operation over `args`, folded if all of them are constants."""
    if given.kind == "error":
        return mistake(span)
    folded = fold(op, args)
    if folded is not None and given.is_bool:
        return truth(folded, span)
    if folded is not None:
        return constant(folded, given, span)
    return Term(
        op, args, params, given, span, _same(op, args, params),
        held=any(a.held for a in args), uncertain=any(a.uncertain for a in args),
        recursive=any(a.recursive for a in args),
    )  # fmt: skip


def constant(value: float, given: Type, span: Span) -> Term:
    params = (float(value),)
    given = replace(given, constant=True, bounds=(value, value))
    return Term("const", (), params, given, span, _same("const", (), params))


def truth(value: float, span: Span) -> Term:
    params = (float(value),)
    return Term("const", (), params, replace(BOOL, constant=True), span, _same("truth", (), params))


def mistake(span: Span) -> Term:
    """Return the term of an expression whose mistake has been told."""
    return Term("const", (), (math.nan,), ERROR, span, -1)


def _same(op: str, args: tuple[Term, ...], params: Params) -> int:
    key = (op, tuple(a.same for a in args), tuple(repr(p) for p in params))
    return _SEEN.setdefault(key, len(_SEEN))


_SEEN: dict[tuple[str, tuple[int, ...], tuple[str, ...]], int] = {}


def fold(op: str, args: tuple[Term, ...]) -> float | None:
    """Return the value of an operation over constants, None if it is not one; unknown is NaN, of truths 1."""
    function = _FOLDS.get(op)
    if function is None or not args:
        return None
    values = [a.value for a in args]
    if any(value is None or a.type.kind == "error" for a, value in zip(args, values, strict=True)):
        return None
    numbers = [value for value in values if value is not None]
    if any(math.isnan(value) for value in numbers):
        return math.nan if op not in _COMPARISONS else 1.0
    try:
        result = float(function(*numbers))
    except (ZeroDivisionError, ValueError, OverflowError):
        return math.nan
    return result if math.isfinite(result) else math.nan


_COMPARISONS: dict[str, Callable[..., float]] = {
    "lt": lambda a, b: 2.0 * (a < b), "le": lambda a, b: 2.0 * (a <= b), "gt": lambda a, b: 2.0 * (a > b),
    "ge": lambda a, b: 2.0 * (a >= b), "eq": lambda a, b: 2.0 * (a == b), "ne": lambda a, b: 2.0 * (a != b),
}  # fmt: skip
_FOLDS: dict[str, Callable[..., float]] = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "div": lambda a, b: a / b,
    "neg": lambda a: -a, "abs": abs, "floor": math.floor, "min": min, "max": max,
    "sqrt": math.sqrt, "log": math.log, "exp": math.exp,
    "clip": lambda x, low, high: min(max(x, low), high), "sign": lambda a: (a > 0) - (a < 0),
    "and": min, "or": max, "not": lambda a: 2.0 - a, **_COMPARISONS,
}  # fmt: skip
