"""Stops, targets and added entries as distances from the entry, in sums that can be compared for every entry."""

from __future__ import annotations

from dataclasses import dataclass, field

from dsl import units
from dsl.check.checked import Clamped, Level, Side
from dsl.check.terms import Term, term
from dsl.errors import Span
from dsl.lint._eliminate import Constraint, solvable
from dsl.lint._linear import Atoms, Linear, linear
from dsl.lint._solve import bounds, known
from dsl.units import level

_RISK = -1
"""The key of the distance to the stop, which no quantity has."""


@dataclass
class Money:
    """A side's distances from the entry: `risk` to the stop, `reward(place)` to a target.

    Each is a quantity of its own; `facts` say what is known of it.
    """

    side: Side
    span: Span
    atoms: Atoms = field(default_factory=dict)
    facts: list[Constraint] = field(default_factory=list)
    entry: Linear = field(init=False)
    risk: Linear = field(init=False)
    _free: int = -2

    def __post_init__(self) -> None:
        price = self.side.entry.price
        quoted = linear(price, self.atoms) if price is not None else None
        close = term("field", (), level(), self.span, ("close",))
        self.entry = quoted or linear(close, self.atoms) or Linear({}, 0.0)
        self.risk = Linear({_RISK: 1.0}, 0.0)
        self.facts += [below(self.entry.scaled(-1.0), strict=True), below(self.risk.scaled(-1.0), strict=True)]
        if self.side.stop is not None:
            self._place(self.side.stop, self.risk, -1)

    @property
    def sign(self) -> int:
        return 1 if self.side.side == "long" else -1

    def reward(self, place: Clamped) -> Linear:
        """Return the distance of a target."""
        self._free -= 1
        reward = Linear({self._free: 1.0}, 0.0)
        self.facts.append(below(reward.scaled(-1.0), strict=True))
        self._place(place, reward, 1)
        return reward

    def distance(self, given: Level, way: int) -> Linear | None:
        """Return how far a level is from the entry (way 1: in favour, -1: against), None where no sum says it."""
        value = given.term.value
        if given.kind == "percent":
            return self.entry.scaled(value) if value is not None else None
        if given.kind == "r":
            times = _multiple(given.term)
            return self.risk.scaled(times) if times is not None else None
        found = linear(given.term, self.atoms)
        if found is None or given.kind == "distance":
            return found
        return found.plus(self.entry, -1.0).scaled(float(way * self.sign))

    def _place(self, place: Clamped, here: Linear, way: int) -> None:
        """Say what is known of a distance: what it is, or between what it is held."""
        own = self.distance(place.level, way)
        if place.clamp is None:
            if own is not None:
                self.facts += equal(here, own)
            return
        low, high = (self.distance(bound, way) for bound in place.clamp)
        if low is not None:
            self.facts.append(below(low.plus(here, -1.0)))
        if high is not None:
            self.facts.append(below(here.plus(high, -1.0)))
        if own is None or low is None or high is None:
            return
        if not self.can(below(own.plus(low, -1.0), strict=True)) and not self.can(
            below(high.plus(own, -1.0), strict=True)
        ):
            self.facts += equal(here, own)

    def can(self, *more: Constraint) -> bool:
        """Return False where nothing at all could make these so."""
        return solvable([*self.facts, *bounds(self.atoms), *known(self.atoms), *more])


def below(total: Linear, *, strict: bool = False) -> Constraint:
    """Return `total <= 0` (or `< 0`)."""
    return total.weights, total.constant, strict


def equal(a: Linear, b: Linear) -> list[Constraint]:
    return [below(a.plus(b, -1.0)), below(b.plus(a, -1.0))]


def _multiple(given: Term) -> float | None:
    return given.value if given.type.unit == units.RISK else None
