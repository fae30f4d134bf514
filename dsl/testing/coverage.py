"""What the tests of a strategy saw: each condition and each boolean part under it true and false, each way taken.

Conditions are looked at on every candle that a case decides, whatever the case expects there. What a function of a
library is made of is the library's to test; a crossing is one sentence. Unknown is neither true nor false.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy.typing as npt

from dsl.errors import Span
from dsl.explain import Anatomy, Part, lay_open
from dsl.explain.otherwise import edge, if_it_held
from dsl.load import Loaded
from dsl.testing.cases import Case, Suite
from dsl.testing.feeds import as_given
from dsl.testing.run import Ran, Tested, run_suites, suites_in
from dsl.testing.ways import Way, taken, ways_of
from engine.domain.market import Timeframe
from engine.domain.strategy import ELEMENT_WISE, Plan
from engine.feeds.blocks import gather
from engine.feeds.scope import first_candle, survey
from engine.plan.evaluate import Evaluator
from engine.plan.operations import FALSE, TRUE, UNKNOWN


@dataclass(slots=True)
class Seen:
    """One condition (`name` is given) or a boolean part of one, and on how many candles it was what.

    `depth` counts from the condition. `span` is where it is written. `alike`: it has been listed before. `alone`: on so
    many candles a condition, and nothing else, kept its side from firing.
    """

    side: str
    name: str
    text: str
    depth: int
    span: Span | None
    true: int = 0
    false: int = 0
    unknown: int = 0
    alike: bool = False
    alone: int = 0

    @property
    def lacks(self) -> tuple[str, ...]:
        """Return the verdicts that it was never seen with: `true`, `false`."""
        if self.alike:
            return ()
        return tuple(word for word, count in (("true", self.true), ("false", self.false)) if not count)


@dataclass(slots=True)
class Coverage:
    """What the tests beside one strategy saw. `conditions` are in the document's order, each before its parts."""

    strategy: str
    path: Path
    conditions: tuple[Seen, ...]
    ways: dict[Way, int]
    cases: Counter[str] = field(default_factory=Counter)
    """Cases by timeframe."""

    @property
    def verdicts(self) -> tuple[int, int]:
        """Return how many verdicts were seen, and how many there are: two for each condition and part."""
        counted = [seen for seen in self.conditions if not seen.alike]
        return 2 * len(counted) - sum(len(seen.lacks) for seen in counted), 2 * len(counted)

    @property
    def taken(self) -> tuple[int, int]:
        """Return how many ways were taken, and how many there are."""
        return sum(1 for times in self.ways.values() if times), len(self.ways)

    @property
    def share(self) -> float:
        """Return the part of all verdicts and ways that was seen, 0 to 1."""
        (seen, verdicts), (went, ways) = self.verdicts, self.taken
        return (seen + went) / (verdicts + ways) if verdicts + ways else 1.0

    @property
    def whole(self) -> bool:
        return self.share == 1

    def unseen(self) -> Iterator[tuple[Seen, str]]:
        """Yield each condition or part with the verdict (`true` or `false`) that no test saw."""
        for seen in self.conditions:
            for word in seen.lacks:
                yield seen, word

    def untaken(self) -> Iterator[Way]:
        """Yield each way that no test took."""
        yield from (way for way, times in self.ways.items() if not times)


def coverage(path: Path) -> Coverage | None:
    """Return what the tests beside a strategy saw; None where there are none, or where they cannot be run."""
    tests = [suite for suite in suites_in([path]) if suite.is_file()]
    found = measure(tests)[1] if tests else ()
    return found[0] if found else None


def measure(
    paths: Sequence[Path], *, wanted: Callable[[Case], bool] = lambda case: True, fail_fast: bool = False
) -> tuple[Tested, tuple[Coverage, ...]]:
    """Run test files and folders of them, and count what they saw. `wanted`: see run_suites."""
    counters: dict[Path, _Counter] = {}

    def begin(suite: Suite, loaded: Loaded) -> None:
        counters[suite.path] = _Counter(suite, loaded)

    def watch(ran: Ran) -> None:
        counters[ran.suite.path].count(ran)

    tested = run_suites(paths, wanted=wanted, fail_fast=fail_fast, loaded_too=begin, watch=watch)
    return tested, tuple(counter.found for counter in counters.values())


class _Counter:
    """Counts over the cases of one suite."""

    def __init__(self, suite: Suite, loaded: Loaded) -> None:
        self._loaded = loaded
        self._open: dict[Timeframe, Anatomy] = {}
        rules = loaded.plan.strategies[0]
        self._strategy = rules.id
        listed = [seen for seen, _ in _listed(self._anatomy(next(iter(rules.rules))))]
        self.found = Coverage(rules.id, suite.strategy, tuple(listed), dict.fromkeys(ways_of(rules), 0))

    def count(self, ran: Ran) -> None:
        """Add what one case saw."""
        for way, times in taken(ran.result.events).items():
            if way in self.found.ways:
                self.found.ways[way] += times
        self.found.cases[ran.timeframe.text] += 1
        anatomy = self._anatomy(ran.timeframe)
        of = _reader(ran, anatomy)
        for seen, (_, part) in zip(self.found.conditions, _listed(anatomy), strict=True):
            truths = of(part.node)
            seen.true += int((truths == TRUE).sum())
            seen.false += int((truths == FALSE).sum())
            seen.unknown += int((truths == UNKNOWN).sum())
        named = {(seen.side, seen.name): seen for seen in self.found.conditions if seen.depth == 0}
        for side in anatomy.sides:
            silent, would = of(side.rules.fires) != TRUE, if_it_held(anatomy.plan, side.rules, of)
            for rule in side.rules.conditions:
                seen = named[str(side.rules.side), rule.name]
                seen.alone += int((silent & (would(rule.node) == TRUE)).sum())

    def _anatomy(self, timeframe: Timeframe) -> Anatomy:
        if timeframe not in self._open:
            self._open[timeframe] = lay_open(self._loaded, self._strategy, timeframe)
        return self._open[timeframe]


def _reader(ran: Ran, anatomy: Anatomy) -> Callable[[int], npt.NDArray[Any]]:
    """Return what gives a node's values on the candles that the case decides."""
    plan = as_given(replace(anatomy.plan, strategies=ran.plan.strategies), ran.case)
    scope = survey(plan, ran.feed, {ran.rules.id: (ran.case.symbol,)})
    first = first_candle(ran.feed, scope) or 0
    block = gather(ran.feed, scope.symbols, scope.timeframes, first, ran.result.end, scope.series)
    wanted = {part.node for _, part in _listed(anatomy)} | {side.rules.fires for side in anatomy.sides}
    wanted |= {node for side in anatomy.sides for node in edge(plan, side.rules)}
    values = Evaluator(replace(plan, strategies=()), scope.symbols, keep=wanted).advance(block)
    lane = values.lane(ran.case.symbol)
    there = block.panels[ran.timeframe].here[:, lane] != 0
    decided = there & (values.close_time(ran.timeframe) > ran.result.start)

    def of(node: int) -> npt.NDArray[Any]:
        found: npt.NDArray[Any] = values.of(node)
        column: npt.NDArray[Any] = found[decided, lane if found.shape[1] > 1 else 0]
        return column

    return of


def _listed(anatomy: Anatomy) -> Iterator[tuple[Seen, Part]]:
    """Yield everything that is to be seen true and false, with its node; what was listed before is alike."""
    known = set(_fixed(anatomy.plan))
    for side in anatomy.sides:
        name = str(side.rules.side)
        for rule, part in zip(side.rules.conditions, side.conditions, strict=True):
            yield from _walk(part, name, rule.name, 0, known)
        if side.fire is not None:
            fire = Part(side.fire.text, "fire", side.fire.node, True)
            yield from _walk(fire, name, "fire", 0, known)
    if anatomy.where is not None:
        yield from _walk(anatomy.where, "", "where", 0, known)


def _fixed(plan: Plan) -> Iterator[int]:
    """Yield the nodes that no candle can change: a field that is assumed, say, compared with a constant."""
    found: set[int] = set()
    for place, node in enumerate(plan.nodes):
        if node.op == "const" or (node.inputs and node.op in ELEMENT_WISE and found.issuperset(node.inputs)):
            found.add(place)
            yield place


def _walk(part: Part, side: str, name: str, depth: int, known: set[int]) -> Iterator[tuple[Seen, Part]]:
    """Yield a condition and the booleans under it, through what is computed from them, but not into functions."""
    if part.op == "const":
        return
    if part.boolean:
        if part.node in known and not name:
            return
        yield Seen(side, name, part.text, depth, part.span, alike=part.node in known), part
        known.add(part.node)
        depth += 1
        if part.call or part.crossing:
            return
    for inner in part.parts:
        yield from _walk(inner, side, "", depth, known)
