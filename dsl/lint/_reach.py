"""What a side's `fire` makes of every mixture of conditions that hold and weights that add up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from dsl.check.checked import Condition, Side
from dsl.check.terms import Term
from dsl.lint._solve import possible, quantities

_MOST, _MOST_EXCLUSIVE = 5000, 12
_NUMBERS: Mapping[str, Callable[..., float]] = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "neg": lambda a: -a,
    "div": lambda a, b: a / b if b else float("nan"), "min": min, "max": max, "abs": abs,
    "clip": lambda x, low, high: min(max(x, low), high),
    "lt": lambda a, b: a < b, "le": lambda a, b: a <= b, "gt": lambda a, b: a > b, "ge": lambda a, b: a >= b,
    "eq": lambda a, b: a == b, "ne": lambda a, b: a != b,
}  # fmt: skip

State = tuple[float, frozenset[int]]
"""Sum of the weights that hold, and the named conditions that do."""


@dataclass(frozen=True)
class Reach:
    """A side with a `fire`, while every must holds."""

    side: Side

    @cached_property
    def free(self) -> tuple[Condition, ...]:
        return tuple(c for c in self.side.conditions if not c.must)

    @cached_property
    def total(self) -> float:
        return sum(c.weight for c in self.side.conditions)

    @cached_property
    def named(self) -> frozenset[int]:
        """The conditions that `fire` or `confidence` reads by their names."""
        own = {c.term.same for c in self.side.conditions}
        return frozenset(_read(self.side.fire, own) | _read(self.side.confidence, own))

    @property
    def reads_weights(self) -> bool:
        return self.side.fire is not None and self.side.fire.uncertain

    def states(self, without: Condition | None = None) -> set[State] | None:
        """Return every state that the free conditions can make, None if they are too many."""
        musts = [c for c in self.side.conditions if c.must]
        start = (sum(c.weight for c in musts), frozenset(c.term.same for c in musts) & self.named)
        free = [c for c in self.free if c is not without]
        if without is None and self.exclusive:
            if len(free) > _MOST_EXCLUSIVE:
                return None
            return set(self._mixtures(start, free, ()))
        found = {start}
        for condition in free:
            found |= {self.added(state, condition) for state in found}
            if len(found) > _MOST:
                return None
        return found

    def added(self, state: State, condition: Condition) -> State:
        names = state[1] | ({condition.term.same} & self.named)
        return round(state[0] + condition.weight, 9), names

    @cached_property
    def exclusive(self) -> frozenset[tuple[int, int]]:
        """The pairs of free conditions of which only one can hold."""
        found = set()
        for at, one in enumerate(self.free):
            for other in self.free[:at]:
                shared = quantities(one.term) & quantities(other.term)
                if shared and not possible((one.term, True), (other.term, True)):
                    found |= {(one.term.same, other.term.same), (other.term.same, one.term.same)}
        return frozenset(found)

    def _mixtures(self, state: State, left: list[Condition], held: tuple[int, ...]) -> Iterator[State]:
        if not left:
            yield state
            return
        first, rest = left[0], left[1:]
        yield from self._mixtures(state, rest, held)
        if not any((first.term.same, other) in self.exclusive for other in held):
            yield from self._mixtures(self.added(state, first), rest, (*held, first.term.same))

    def fires(self, state: State) -> bool | None:
        """Return whether the side fires there; None where other things decide."""
        weighted = 100 * state[0] / self.total if self.total else 100.0
        known: dict[int, bool] = {
            c.term.same: c.must or c.term.same in state[1]
            for c in self.side.conditions
            if c.must or c.term.same in self.named
        }
        confidence: float | None = weighted
        if self.side.confidence is not None:
            confidence = _value(self.side.confidence, known, None, weighted)
        assert self.side.fire is not None
        found = _value(self.side.fire, known, confidence, weighted)
        return None if found is None else bool(found)


def _read(term: Term | None, own: set[int]) -> set[int]:
    if term is None:
        return set()
    if term.same in own:
        return {term.same}
    return {same for part in term.args for same in _read(part, own)}


def _value(term: Term, known: dict[int, bool], confidence: float | None, weighted: float) -> float | None:
    """Return the value of an expression over the confidence and the conditions, None where it has others."""
    if term.same in known:
        return float(known[term.same])
    if term.op == "confidence":
        return confidence
    if term.op == "weighted":
        return weighted
    if term.op == "const":
        value = term.value or 0.0
        return value / 2 if term.type.is_bool else value
    args = [_value(part, known, confidence, weighted) for part in term.args]
    if term.op in ("and", "or"):
        decided = 0.0 if term.op == "and" else 1.0
        return decided if decided in args else None if None in args else 1.0 - decided
    if term.op == "if":
        test, then, otherwise = args
        return None if test is None else then if test else otherwise
    if None in args or not args:
        return None
    if term.op == "not":
        return 1.0 - (args[0] or 0.0)
    function = _NUMBERS.get(term.op)
    return None if function is None else float(function(*args))
