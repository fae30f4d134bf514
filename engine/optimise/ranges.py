"""Ranges: the values that params may take, and walks over them. A point is a value per param.

Values are counted in decimals from the low end, so that the fourth step of 0.1 is 0.4 and what is found can be
written down and read again as the same number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

Point = Mapping[str, float]
Allowed = Callable[[Point], bool]
TRIES = 200
"""So many draws in a row may be refused before a condition on the params counts as one that nothing meets."""


class NothingAllowed(ValueError):
    """No point that was looked at meets the condition on the params."""


@dataclass(frozen=True, slots=True)
class Range:
    """One param: its value as written, and from where to where it may move. `step` 0: anything between.

    Percentages are ratios, durations milliseconds; `unit` is `` `` `%` `R` or `ms`, as it is written.
    """

    name: str
    default: float
    low: float
    high: float
    step: float = 0.0
    unit: str = ""

    @property
    def count(self) -> int:
        """How many values there are; 0 where they are not counted."""
        if not self.step:
            return 0
        return int((Decimal(repr(self.high)) - Decimal(repr(self.low))) // Decimal(repr(self.step))) + 1

    def at(self, place: int) -> float:
        """Return the value at a place of the grid, from 0."""
        return float(Decimal(repr(self.low)) + place * Decimal(repr(self.step)))

    def place(self, value: float) -> int:
        """Return the place of the grid that is nearest to a value."""
        return min(max(round((value - self.low) / self.step), 0), self.count - 1)

    def values(self) -> list[float]:
        return [self.at(place) for place in range(self.count)]

    def drawn(self, random: np.random.Generator) -> float:
        """Return a value, each as likely as any other."""
        if self.step:
            return self.at(int(random.integers(self.count)))
        return float(random.uniform(self.low, self.high))

    def beside(self, value: float, reach: int) -> list[float]:
        """Return up to `reach` values on each side of one, itself left out; without a step, twentieths of the range."""
        if self.step:
            here = self.place(value)
            return [self.at(p) for p in range(max(0, here - reach), min(self.count, here + reach + 1)) if p != here]
        away = (self.high - self.low) / 20
        found = (value + offset * away for offset in range(-reach, reach + 1) if offset)
        return [near for near in found if self.low <= near <= self.high]


def key(point: Point) -> tuple[float, ...]:
    """Return what tells two points of the same ranges apart."""
    return tuple(point[name] for name in sorted(point))


def size(ranges: Sequence[Range]) -> int | None:
    """Return how many points the grid has, None where a range is not counted."""
    counts = [one.count for one in ranges]
    return math.prod(counts) if all(counts) else None


def grid(ranges: Sequence[Range], allowed: Allowed) -> list[Point]:
    """Return every point of the grid that is allowed; the last range moves fastest. Raises NothingAllowed."""
    found = [point for point in _combined(ranges) if allowed(point)]
    if not found:
        raise NothingAllowed("no combination of the ranges meets the condition on the params")
    return found


def _combined(ranges: Sequence[Range]) -> Iterator[Point]:
    points: list[dict[str, float]] = [{}]
    for one in ranges:
        points = [{**point, one.name: value} for point in points for value in one.values()]
    return iter(points)


def draws(ranges: Sequence[Range], count: int, seed: Sequence[int], allowed: Allowed) -> list[Point]:
    """Return `count` different random points that are allowed, fewer only where there are fewer.

    Raises NothingAllowed.
    """
    random = np.random.default_rng(list(seed))
    found: dict[tuple[float, ...], Point] = {}
    refused = 0
    while len(found) < count and refused < TRIES * 10:
        point = {one.name: one.drawn(random) for one in ranges}
        if key(point) in found or not allowed(point):
            refused += 1
            continue
        found[key(point)], refused = point, 0
    whole = size(ranges)
    if len(found) < count and whole is not None and whole <= 100_000:
        # Few are left, or few are allowed: what chance did not meet is looked up.
        rest = [point for point in _combined(ranges) if key(point) not in found and allowed(point)]
        chosen = random.permutation(len(rest))[: count - len(found)]
        found |= {key(rest[place]): rest[place] for place in chosen.tolist()}
    if not found:
        raise NothingAllowed("no combination of the ranges meets the condition on the params")
    return list(found.values())


def neighbours(ranges: Sequence[Range], best: Point, reach: int) -> list[tuple[str, Point]]:
    """Return the points that differ from the best in one param, up to `reach` steps away, with its name."""
    return [
        (one.name, {**best, one.name: value}) for one in ranges for value in one.beside(best[one.name], reach)
    ]  # fmt: skip
