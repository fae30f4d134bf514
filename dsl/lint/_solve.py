"""Can these conditions hold (or fail) together? Answered from bounds, from sums and from shared expressions.

Conditions are taken apart into comparisons of sums; one choice of the alternatives after the other is tried; whether
the comparisons of a choice have a solution is found by eliminating one quantity after the other (dsl.lint._eliminate).
Where that would take too long the answer is "they can": nothing is said then.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from dsl.check.terms import Term, constant, term
from dsl.lint._eliminate import Constraint, solvable
from dsl.lint._linear import Atoms, Linear, core, inward, linear, wrapped
from dsl.units import BOOL

_CHOICES, _REMEMBERED, _QUANTITIES = 100, 50_000, 40
_SUMS = frozenset({"add", "sub", "neg", "mul", "div"})
_FLIPPED = {"lt": "ge", "le": "gt", "gt": "le", "ge": "lt", "eq": "ne", "ne": "eq"}
_ABOVE = {("high", "close"), ("high", "open"), ("high", "low"), ("close", "low"), ("open", "low")}

Goal = tuple[Term, bool]
Choice = list[list[Goal]]


def possible(*goals: Goal) -> bool:
    """Return False where the goals, (condition, whether it holds), certainly exclude each other."""
    key = frozenset((given.same, wanted) for given, wanted in goals)
    if key not in _ANSWERS:
        if len(_ANSWERS) > _REMEMBERED:
            _ANSWERS.clear()
        _ANSWERS[key] = _Search().run(list(goals), [], {}, [], {})
    return _ANSWERS[key]


_ANSWERS: dict[frozenset[tuple[int, bool]], bool] = {}


def implies(given: Term, other: Term) -> bool:
    """Return whether `other` holds wherever `given` does."""
    return not possible((given, True), (other, False))


def quantities(given: Term) -> frozenset[int]:
    """Return what a condition is about: its quantities and the ones that these bound, and its opaque conditions."""
    if given.same not in _ABOUT:
        if len(_ABOUT) > _REMEMBERED:
            _ABOUT.clear()
        found: set[int] = set()
        atoms: Atoms = {}
        _about(given, found, atoms)
        known(atoms)
        candles = {-2 - hash(_frame(a)) % (1 << 30) for a in atoms.values() if core(a)[0].op == "field"}
        _ABOUT[given.same] = frozenset(found | set(atoms) | candles)
    return _ABOUT[given.same]


_ABOUT: dict[int, frozenset[int]] = {}


def _about(given: Term, found: set[int], atoms: Atoms) -> None:
    given = inward(given)
    if not given.type.is_bool:
        linear(given, atoms)
        return
    if given.same in found:
        return
    found.add(given.same)
    for part in given.args:
        _about(part, found, atoms)


class _Search:
    def __init__(self) -> None:
        self.left = _CHOICES

    def run(
        self, goals: list[Goal], choices: list[Choice], truths: dict[int, bool], sums: list[Constraint], atoms: Atoms
    ) -> bool:
        self.left -= 1
        if self.left < 0:
            return True
        choices = list(choices)
        while goals:
            given, wanted = goals.pop()
            given = inward(given)
            if given.value is not None:
                if given.value != (2.0 if wanted else 0.0):
                    return False
            elif given.op in _FLIPPED and not given.args[0].type.is_bool:
                if not _compared(given, wanted, choices, sums, atoms):
                    return False
            else:
                if truths.setdefault(given.same, wanted) is not wanted:
                    return False
                _opened(given, wanted, goals, choices)
        facts = known(atoms)  # which adds quantities, whose bounds count too
        if not solvable([*sums, *bounds(atoms), *facts]):
            return False
        if not choices:
            return True
        first, *rest = choices
        return any(self.run(list(one), rest, dict(truths), list(sums), dict(atoms)) for one in first)


def _compared(given: Term, wanted: bool, choices: list[Choice], sums: list[Constraint], atoms: Atoms) -> bool:
    """Add what a comparison says; return False where it can be neither true nor false."""
    op = given.op if wanted else _FLIPPED[given.op]
    if op == "ne":
        choices.append([[(term(way, given.args, BOOL, given.span), True)] for way in ("lt", "gt")])
        return True
    first, second = given.args
    if op in ("gt", "ge") and first.op == "abs" and first.shown is None and second.value is not None:
        inner, other = first.args[0], constant(-second.value, second.type, second.span)
        away = [(op, inner, second), ("lt" if op == "gt" else "le", inner, other)]
        choices.append([[(term(way, (a, b), BOOL, given.span), True)] for way, a, b in away])
        return True
    left, right = linear(first, atoms), linear(second, atoms)
    if left is None or right is None:
        return False
    above = left.plus(right, -1.0)
    if op in ("lt", "le", "eq"):
        sums.append((above.weights, above.constant, op == "lt"))
    if op in ("gt", "ge", "eq"):
        below = above.scaled(-1.0)
        sums.append((below.weights, below.constant, op == "gt"))
    return True


def _opened(given: Term, wanted: bool, goals: list[Goal], choices: list[Choice]) -> None:
    """Add what follows from a condition that holds, or does not."""
    if given.op == "not":
        goals.append((given.args[0], not wanted))
    elif given.op in ("and", "or"):
        if wanted is (given.op == "and"):
            goals.extend((part, wanted) for part in given.args)
        else:
            choices.append([[(part, wanted)] for part in given.args])
    elif given.op == "if":
        test, then, otherwise = given.args
        choices.append([[(test, True), (then, wanted)], [(test, False), (otherwise, wanted)]])
    elif (given.op == "held" and wanted) or (given.op == "happened" and not wanted):
        goals.append((given.args[0], wanted))


def bounds(atoms: Atoms) -> list[Constraint]:
    found: list[Constraint] = []
    for same, given in atoms.items():
        low, high = given.type.bounds
        if low != float("-inf"):
            found.append(({same: -1.0}, low, _is_price(given)))
        if high != float("inf"):
            found.append(({same: 1.0}, -high, False))
    return found


def _is_price(given: Term) -> bool:
    """Whether it is a price of a candle, which is above 0."""
    inner, _ = core(given)
    return inner.op == "field" and inner.params[0] in ("open", "high", "low", "close")


def known(atoms: Atoms) -> list[Constraint]:
    """Return what holds between quantities: low <= close <= high, x <= highest(x), a <= max(a, b).

    The quantities that the given ones bound are added to `atoms`.
    """
    found: list[Constraint] = []
    for given in list(atoms.values()):
        inner, around = core(given)
        if inner.op not in ("highest", "lowest", "max", "min", "abs") or len(atoms) > _QUANTITIES:
            continue
        whole = Linear({given.same: 1.0}, 0.0)
        sign = 1.0 if inner.op in ("highest", "max", "abs") else -1.0
        for part in inner.args:
            for frame in reversed(around):
                part = wrapped(part, frame)
            below = linear(part, atoms)
            if below is not None:
                rest = below.plus(whole, -1.0).scaled(sign)
                found.append((rest.weights, rest.constant, False))
            if below is not None and inner.op == "abs":
                rest = below.scaled(-1.0).plus(whole, -1.0)
                found.append((rest.weights, rest.constant, False))
    return found + _made(atoms) + _candles(atoms) + _longer(atoms)


_CALLS = 6
"""Beyond so many calls in one question what they are made of is not looked at."""


def _made(atoms: Atoms) -> list[Constraint]:
    """Outputs of calls are compared by what they are made of: the upper band is no lower than the middle."""
    calls = [(same, given) for same, given in atoms.items() if given.shown is not None and given.op in _SUMS]
    if not 0 < len(calls) <= _CALLS or len(atoms) > _QUANTITIES:
        return []
    found: list[Constraint] = []
    for same, given in calls:
        parts = linear(replace(given, shown=None), atoms)
        if parts is None:
            continue
        rest = parts.plus(Linear({same: 1.0}, 0.0), -1.0)
        for side in (rest, rest.scaled(-1.0)):
            found.append((side.weights, side.constant, False))
    return found


def _candles(atoms: Atoms) -> list[Constraint]:
    fields: dict[object, dict[str, int]] = {}
    for same, given in atoms.items():
        inner, _ = core(given)
        if inner.op == "field":
            fields.setdefault(_frame(given), {})[str(inner.params[0])] = same
    return [
        ({here[below]: 1.0, here[above]: -1.0}, 0.0, False)
        for here in fields.values()
        for above, below in _ABOVE
        if above in here and below in here
    ]


def _longer(atoms: Atoms) -> list[Constraint]:
    """The highest of more candles is no lower."""
    spans: dict[tuple[object, ...], list[tuple[float, int]]] = {}
    for same, given in atoms.items():
        inner, _ = core(given)
        if inner.op in ("highest", "lowest") and len(inner.params) == 1:
            key = inner.op, inner.args[0].same, _frame(given)
            spans.setdefault(key, []).append((float(inner.params[0]), same))
    found: list[Constraint] = []
    for kind, lengths in spans.items():
        for (_, less), (_, more) in pairwise(sorted(lengths)):
            below, above = (less, more) if kind[0] == "highest" else (more, less)
            found.append(({below: 1.0, above: -1.0}, 0.0, False))
    return found


def _frame(given: Term) -> tuple[object, ...]:
    return tuple((around.op, around.params) for around in core(given)[1])
