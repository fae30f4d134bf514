"""Numbers as sums of what cannot be taken apart: `close - 1.01 * ema(close, 25) + 3`.

A quantity (an *atom*) is a term that is no sum, difference or multiple by a constant. A call is one, whatever it is
made of, because its declared bounds say more than its parts. `back` and `@` are moved inward: `(a - b)[1]` is
`a[1] - b[1]`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from dsl.check.terms import Term, term
from dsl.units import level

_INWARD = frozenset({"add", "sub", "neg", "mul", "div", "lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not", "if"})
_MEANS = {"hl2": ("high", "low"), "hlc3": ("high", "low", "close"), "ohlc4": ("open", "high", "low", "close")}


@dataclass(frozen=True, slots=True)
class Linear:
    """Sum of weight x quantity over `weights` (by the quantity's `same`), and a constant."""

    weights: dict[int, float]
    constant: float

    def plus(self, other: Linear, times: float = 1.0) -> Linear:
        weights = dict(self.weights)
        for atom, weight in other.weights.items():
            weights[atom] = weights.get(atom, 0.0) + times * weight
        kept = {atom: weight for atom, weight in weights.items() if abs(weight) > 1e-12}
        return Linear(kept, self.constant + times * other.constant)

    def scaled(self, times: float) -> Linear:
        return Linear({}, 0.0).plus(self, times)


Atoms = dict[int, Term]


def linear(given: Term, atoms: Atoms) -> Linear | None:
    """Return a number as a sum of quantities, which are added to `atoms`; None where it is unknown for certain."""
    value = given.value
    if value is not None:
        return Linear({}, value) if math.isfinite(value) else None
    given = inward(given)
    made = _parts(given, atoms) if given.shown is None else None
    return made or atom(given, atoms)


def atom(given: Term, atoms: Atoms) -> Linear:
    """Return a quantity taken as it is."""
    known = atoms.get(given.same)
    if known is not None:
        low, high = known.type.bounds
        bounds = max(low, given.type.bounds[0]), min(high, given.type.bounds[1])
        given = known if bounds == known.type.bounds else known.typed(replace(known.type, bounds=bounds))
    atoms[given.same] = given
    return Linear({given.same: 1.0}, 0.0)


def _parts(given: Term, atoms: Atoms) -> Linear | None:
    if given.op == "field" and given.params[0] in _MEANS:
        fields = _MEANS[str(given.params[0])]
        total = Linear({}, 0.0)
        for name in fields:
            total = total.plus(atom(term("field", (), level(), given.span, (name,)), atoms), 1 / len(fields))
        return total
    if given.op not in ("add", "sub", "neg", "mul", "div"):
        return None
    if given.op == "neg":
        inner = linear(given.args[0], atoms)
        return inner.scaled(-1.0) if inner else None
    left, right = given.args
    if given.op in ("add", "sub"):
        a, b = linear(left, atoms), linear(right, atoms)
        return a.plus(b, 1.0 if given.op == "add" else -1.0) if a and b else None
    if given.op == "mul" and left.value is not None:
        left, right = right, left
    times = right.value
    if times is None or not math.isfinite(times) or (given.op == "div" and not times):
        return None
    inner = linear(left, atoms)
    return inner.scaled(times if given.op == "mul" else 1 / times) if inner else None


def inward(given: Term) -> Term:
    """Return `(a - b)[1]` as `a[1] - b[1]`, the same for `@` and for conditions."""
    if given.op not in ("back", "at"):
        return given
    inner = inward(given.args[0])
    if inner.op not in _INWARD or inner.shown is not None:
        return given
    return rewrapped(inner, tuple(wrapped(part, given) for part in inner.args))


def wrapped(part: Term, around: Term) -> Term:
    """Return `part` under the `back` or `@` of `around`; a constant stays."""
    return part if part.op == "const" else term(around.op, (part,), part.type, part.span, around.params)


def rewrapped(given: Term, args: tuple[Term, ...]) -> Term:
    return term(given.op, args, given.type, given.span, given.params)


def core(given: Term) -> tuple[Term, tuple[Term, ...]]:
    """Return what stands under all `back` and `@`, and those, outermost first."""
    around: list[Term] = []
    while given.op in ("back", "at"):
        around.append(given)
        given = given.args[0]
    return given, tuple(around)
