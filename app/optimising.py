"""An optimisation from its layout to its verdict: trials, windows, hold-out, and how little the best may mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from app.failure import Failure
from app.sweep import Ground, Outcome, Task, run
from engine.optimise import objectives
from engine.optimise.objectives import DAY, OBJECTIVES
from engine.optimise.ranges import Allowed, Point, Range, key, neighbours
from engine.optimise.search import GENERATION, Costs, Tpe, better, fixed_points
from engine.optimise.study import Study
from engine.optimise.windows import Layout, Span
from engine.sceptic.overfit import Deflated, Overfitting, backtest_overfitting, deflated_sharpe

CHUNK = 48
"""So many sets of params are compiled into one plan at most."""
LEAST = 8
"""And so few, so that what is done is told and kept often."""
REACH = 3
"""So many steps on each side of the best are tried, one param at a time."""
SEARCH = "search"
TRIALS = 100
"""So many sets are tried where it is not said."""

Runner = Callable[[Callable[[Task], list[Outcome]], Sequence[Task]], Iterator[tuple[int, list[Outcome]]]]
Told = Callable[[int, str], None]
Figures = Mapping[str, float | None]


@dataclass(frozen=True)
class Job:
    """What is asked for. `trials` None: all of a grid, else 100. `allowed`: the condition on the params."""

    ground: Ground
    ranges: tuple[Range, ...]
    defaults: Point
    layout: Layout
    method: str
    objectives: tuple[str, ...]
    trials: int | None
    seed: int
    least: int
    allowed: Allowed
    jobs: int = 1


@dataclass(frozen=True)
class Trial:
    """A set of params and its figures on the span of the search; number 0 is the strategy as it is written."""

    number: int
    point: Point
    figures: Figures | None
    fault: str = ""
    costs: Costs = None

    @property
    def rank(self) -> tuple[float, ...]:
        """Return what sets are sorted by, best first; of sets that can be judged."""
        return tuple(self.costs or ())


@dataclass(frozen=True)
class Step:
    """A window of the walk forward: the set that was best on its train span, there and on its test span."""

    train: Span
    test: Span
    point: Point | None
    trained: Figures | None
    tested: Figures | None


@dataclass(frozen=True)
class Opened:
    """The hold-out: the figures of the chosen set and of the one as written. `before`: how often it was opened."""

    span: Span
    chosen: Figures
    written: Figures
    before: int


@dataclass(frozen=True)
class Verdict:
    """All that an optimisation found. `front`: the trials that none beats, the first of them is the best."""

    trials: tuple[Trial, ...]
    front: tuple[Trial, ...]
    steps: tuple[Step, ...]
    near: tuple[tuple[str, Trial], ...]
    deflated: Deflated | None
    overfitting: Overfitting | None
    hold_out: Opened | None

    @property
    def best(self) -> Trial:
        return self.front[0]


@dataclass
class Sweep:
    """Works a job off into a study. What the study has is not run again."""

    job: Job
    study: Study
    runner: Runner
    told: Told = lambda done, text: None
    done: int = 0
    total: int = 0
    _known: dict[tuple[str, tuple[float, ...]], Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for record in self.study.of("set"):
            self._known[record["on"], key(record["params"])] = record
        layout = self.job.layout
        self._spans = {SEARCH: layout.search}
        for number, window in enumerate(layout.windows, start=1):
            self._spans[f"train {number}"], self._spans[f"test {number}"] = window.train, window.test
        if layout.hold_out is not None:
            self._spans["hold-out"] = layout.hold_out

        tuned, extra = self.job.ranges, len(self.job.layout.windows) + (2 if layout.hold_out else 0)
        self._points = None if self.job.method == "tpe" else self._with_defaults(
            fixed_points(self.job.method, tuned, self.job.trials, self.job.seed, self.job.allowed)
        )  # fmt: skip
        sets = len(self._points) if self._points is not None else (self.job.trials or TRIALS) + 1
        self.total = sets * (1 + len(layout.windows)) + extra + len(neighbours(tuned, self.job.defaults, REACH))

    @property
    def trains(self) -> list[str]:
        return [f"train {number}" for number in range(1, len(self.job.layout.windows) + 1)]

    def verdict(self) -> Verdict:
        """Do all that is left to do and return what was found. Raises Failure where no set can be judged.

        `told` hears how many of `total` runs of a set over a span are done.
        """
        points = self._search()
        trials = [self._trial(number, point, SEARCH) for number, point in enumerate(points)]
        front = [trials[place] for place in better([trial.costs for trial in trials])]
        if not front:
            raise Failure(self._nothing(trials))
        best = front[0].point
        steps = tuple(self._steps(points))
        near = self._near(best)
        opened = self._hold_out(best)
        self._tell(self.total - self.done)
        return Verdict(
            tuple(trials), tuple(front), steps, near, *self._doubts(trials, front[0]), opened
        )  # fmt: skip

    # -- the search --

    def _search(self) -> list[Point]:
        """Run the search on its span, and where points are fixed on every train span; return its points."""
        if self._points is None:
            return self._adapt(SEARCH)
        self._run(self._points, [SEARCH, *self.trains])
        return self._points

    def _with_defaults(self, points: Sequence[Point]) -> list[Point]:
        own = key(self.job.defaults)
        return [self.job.defaults, *(point for point in points if key(point) != own)]

    def _adapt(self, on: str) -> list[Point]:
        """Run the adaptive search on one span, generation after generation; return its points."""
        job = self.job
        seed = job.seed + (0 if on == SEARCH else int(on.split()[1]))
        search = Tpe(job.ranges, len(job.objectives), seed, job.allowed)
        self._run([job.defaults], [on])
        asked: dict[tuple[float, ...], Point] = {}
        left = job.trials or TRIALS
        while left > 0:
            points = search.ask(min(GENERATION, left))
            left -= len(points)
            self._run(points, [on])
            search.tell([self._trial(0, point, on).costs for point in points])
            asked |= {key(point): point for point in points}
        return self._with_defaults(list(asked.values()))

    def _run(self, points: Sequence[Point], on: Sequence[str]) -> None:
        """Run what the study does not have of these points on these spans, and write it down as it comes."""
        unique = {key(point): point for point in points}
        missing = [p for name, p in unique.items() if any((where, name) not in self._known for where in on)]
        self._tell((len(points) - len(missing)) * len(on))
        size = min(CHUNK, max(LEAST, -(-len(missing) // (self.job.jobs * 8))))
        chunks = [missing[start : start + size] for start in range(0, len(missing), size)]
        spans = tuple(self._spans[where] for where in on)
        tasks = [Task(self.job.ground, tuple(chunk), spans, on[0] == SEARCH) for chunk in chunks]
        for place, outcomes in self.runner(run, tasks):
            self._keep(chunks[place], outcomes, on)
            self._tell(len(chunks[place]) * len(on))

    def _keep(self, points: Sequence[Point], outcomes: Sequence[Outcome], on: Sequence[str]) -> None:
        records = []
        for point, outcome in zip(points, outcomes, strict=True):
            for place, where in enumerate(on):
                record: dict[str, Any] = {"kind": "set", "on": where, "params": dict(point)}
                if "fault" in outcome:
                    record["fault"] = outcome["fault"]
                else:
                    record["figures"] = outcome["spans"][place]
                    if place == 0 and "daily" in outcome:
                        record["daily"] = outcome["daily"]
                records.append(record)
        before = len(self.study.records)
        self.study.add(records)
        for record in self.study.records[before:]:
            self._known[record["on"], key(record["params"])] = record

    def _tell(self, count: int) -> None:
        self.done = min(self.done + count, self.total)
        self.told(self.done, "")

    def _trial(self, number: int, point: Point, on: str) -> Trial:
        record = self._known[on, key(point)]
        found = record.get("figures")
        if found is None:
            return Trial(number, point, None, record["fault"])
        enough = (found["trades"] or 0) >= self.job.least
        return Trial(number, point, found, costs=objectives.costs(found, self.job.objectives) if enough else None)

    def _nothing(self, trials: Sequence[Trial]) -> str:
        faults = [trial.fault for trial in trials if trial.fault]
        if len(faults) == len(trials):
            return f"none of {len(trials)} sets of params is a strategy; the first: {faults[0]}"
        most = max(trial.figures["trades"] or 0 for trial in trials if trial.figures is not None)
        if most < self.job.least:
            return (
                f"too few trades: the most that any of {len(trials)} sets made is {most:.0f}, and --min-trades asks "
                f"for {self.job.least}; give more candles or symbols, wider ranges, or a lower --min-trades"
            )
        return (
            f"{', '.join(self.job.objectives)} cannot be known for any of {len(trials)} sets; choose another objective"
        )

    # -- what the best is worth --

    def _steps(self, points: Sequence[Point]) -> Iterator[Step]:
        for number, window in enumerate(self.job.layout.windows, start=1):
            train, test = f"train {number}", f"test {number}"
            if self.job.method == "tpe":
                points = self._adapt(train)
            trials = [self._trial(place, point, train) for place, point in enumerate(points)]
            front = better([trial.costs for trial in trials])
            if not front:
                yield Step(window.train, window.test, None, None, None)
                continue
            best = trials[front[0]]
            self._run([best.point], [test])
            yield Step(window.train, window.test, best.point, best.figures, self._figures(best.point, test))

    def _near(self, best: Point) -> tuple[tuple[str, Trial], ...]:
        found = [(name, point) for name, point in neighbours(self.job.ranges, best, REACH) if self.job.allowed(point)]
        self._run([point for _, point in found], [SEARCH])
        return tuple((name, self._trial(-1, point, SEARCH)) for name, point in found)

    def _doubts(self, trials: Sequence[Trial], best: Trial) -> tuple[Deflated | None, Overfitting | None]:
        daily = {t.number: self._known[SEARCH, key(t.point)]["daily"] for t in trials if t.figures is not None}
        returns = np.array(list(daily.values())).T
        sharpes = np.array([objectives.sharpe(column) or 0.0 for column in returns.T])
        own = np.array(daily[best.number])
        return deflated_sharpe(own, sharpes), backtest_overfitting(returns)

    def _hold_out(self, best: Point) -> Opened | None:
        """Open the hold-out for the best set, once. That it was opened is written down before it is looked at."""
        span = self.job.layout.hold_out
        if span is None:
            return None
        opened = list(self.study.of("hold-out opened"))
        own = [record for record in opened if key(record["params"]) == key(best)]
        if not own:
            self.study.add([{"kind": "hold-out opened", "params": dict(best)}])
        before = opened.index(own[0]) if own else len(opened)
        self._run([best, self.job.defaults], ["hold-out"])
        return Opened(span, self._figures(best, "hold-out"), self._figures(self.job.defaults, "hold-out"), before)

    def _figures(self, point: Point, on: str) -> Figures:
        found: Figures = self._known[on, key(point)]["figures"]
        return found


def joined(steps: Sequence[Step]) -> dict[str, float | None]:
    """Return what the walk forward made on its test spans: sums of results and trades, and the part of the train's.

    `efficiency` is the result a day on the test spans over that on the train spans (Pardo's walk-forward
    efficiency), None where nothing was won in training.
    """
    known = [step for step in steps if step.tested is not None and step.trained is not None]
    out = sum((step.tested or {}).get("result") or 0.0 for step in known)
    trades = sum((step.tested or {}).get("trades") or 0.0 for step in known)
    days = sum(step.test[1] - step.test[0] for step in known) / DAY
    rates = [((step.trained or {}).get("result") or 0.0) / ((step.train[1] - step.train[0]) / DAY) for step in known]
    trained = sum(rates) / len(rates) if rates else 0.0
    return {
        "result": out, "trades": trades, "days": days,
        "efficiency": out / days / trained if trained > 0 and days else None,
    }  # fmt: skip


def named(point: Point, ranges: Sequence[Range]) -> str:
    """Return a set of params as people read it."""
    from dsl.tuning import written

    units = {one.name: one.unit for one in ranges}
    return ", ".join(f"{name} {written(value, units[name])}" for name, value in point.items() if name in units)


__all__ = ["OBJECTIVES", "Job", "Opened", "Step", "Sweep", "Trial", "Verdict", "joined", "named"]
