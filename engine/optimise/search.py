"""Searches: which points are tried next. The same seed and the same answers give the same points, however often the
search was interrupted: every generation of the adaptive search draws with a seed of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.optimise.ranges import TRIES, Allowed, NothingAllowed, Point, Range, draws, grid, key, size

if TYPE_CHECKING:
    import optuna

METHODS = ("grid", "random", "tpe")
GENERATION = 32
"""Points that the adaptive search asks for at once. It does not depend on how many workers there are."""
STARTUP = 2 * GENERATION
"""So many random points come before it adapts."""

Costs = Sequence[float] | None
"""Figures of a point, less is better; None: not known, or too few trades."""


def fixed_points(method: str, ranges: Sequence[Range], trials: int | None, seed: int, allowed: Allowed) -> list[Point]:
    """Return the points of a search that does not adapt. Raises NothingAllowed, ValueError for a grid too large."""
    if method == "random":
        return draws(ranges, trials or 100, (seed, 1), allowed)
    whole = size(ranges)
    if whole is None:
        without = next(one.name for one in ranges if not one.count)
        raise ValueError(f"a grid needs steps, and {without} has none: write `step`, or use --method random")
    if trials is not None and whole > max(trials, 1) and whole > 100_000:
        raise ValueError(_too_large(whole))
    if trials is None and whole > 100_000:
        raise ValueError(_too_large(whole))
    points = grid(ranges, allowed)
    if trials is not None and len(points) > trials:
        raise ValueError(
            f"the grid has {len(points):,} points, --trials allows {trials:,}: take coarser steps or fewer params "
            "(--params), or use --method random"
        )
    return points


def _too_large(whole: int) -> str:
    return f"the grid has {whole:,} points: take coarser steps or fewer params (--params), or use --method random"


class Tpe:
    """A tree-structured Parzen estimator (Bergstra et al. 2011; several objectives: Ozaki et al. 2022), by optuna.

    `ask` gives a generation of points, `tell` takes what came of it. A generation begun is told as a whole.
    """

    def __init__(self, ranges: Sequence[Range], objectives: int, seed: int, allowed: Allowed) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._ranges, self._seed, self._allowed = ranges, seed, allowed
        self._study: optuna.Study = optuna.create_study(directions=["minimize"] * objectives)
        self._waiting: list[Any] = []
        self._generation = 0

    def ask(self, count: int) -> list[Point]:
        """Return the next points; some may have been asked for before. Raises NothingAllowed."""
        import warnings

        import optuna

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            self._study.sampler = optuna.samplers.TPESampler(
                seed=(self._seed * 1_000_003 + self._generation) % 2**32,
                n_startup_trials=STARTUP, multivariate=True, constant_liar=True,
            )  # fmt: skip
        points: list[Point] = []
        refused = 0
        while len(points) < count:
            trial = self._study.ask()
            point = self._suggested(trial)
            if self._allowed(point):
                points.append(point)
                self._waiting.append(trial)
                continue
            self._study.tell(trial, state=optuna.trial.TrialState.FAIL)
            refused += 1
            if refused > TRIES * (1 + len(points)):
                if not points:
                    raise NothingAllowed("no combination of the ranges meets the condition on the params")
                break
        self._generation += 1
        return points

    def tell(self, costs: Sequence[Costs]) -> None:
        """Take what came of the generation asked for last, in its order."""
        import optuna

        for trial, found in zip(self._waiting, costs, strict=True):
            if found is None:
                self._study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            else:
                self._study.tell(trial, list(found))
        self._waiting = []

    def _suggested(self, trial: Any) -> Point:
        point = {}
        for one in self._ranges:
            if one.step:
                point[one.name] = one.at(trial.suggest_int(one.name, 0, one.count - 1))
            else:
                point[one.name] = float(trial.suggest_float(one.name, one.low, one.high))
        return point


def better(costs: Sequence[Costs]) -> list[int]:
    """Return the places of the points that no other beats in every objective, best in the first one first."""
    known = [(tuple(found), place) for place, found in enumerate(costs) if found is not None]
    known.sort()
    front: list[tuple[tuple[float, ...], int]] = []
    for found, place in known:
        if not any(all(a <= b for a, b in zip(other, found, strict=True)) for other, _ in front):
            front.append((found, place))
    return [place for _, place in front]


__all__ = ["METHODS", "Costs", "Tpe", "better", "fixed_points", "key"]
