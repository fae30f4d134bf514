"""Stability: whether more history before the first decision would have changed anything.

An average that remembers for ever depends on where history begins, less and less. The plan declares for every node
after how many candles its start no longer matters to 1e-6 (`converged`). Here that is measured on the user's own
candles: values are computed from several late starts and compared with those from the very first candle, and
backtests that warm up for one, two and four times what is declared are compared with one that has all of history.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.backtest import backtest
from engine.decide import Settings
from engine.domain.market import Floats
from engine.domain.signal import Signal
from engine.domain.strategy import Plan
from engine.plan.evaluate import Evaluator, Values
from engine.plan.reads import rule_nodes
from engine.ports import Predictor
from engine.sceptic.walk import Ground, Part

TOLERANCE = 1e-6
FAR = 1e-5
"""A difference of averages is smaller than they are, and settles a little later to the same share of itself: a value
is late only where it is still so far apart after what is declared."""
TIMES = (1, 2, 4)
"""How often the declared warm-up."""

Told = Callable[[int, int], None]
Models = Mapping[str, Predictor]


@dataclass(frozen=True, slots=True)
class Settled:
    """A node that rules read: after how many candles of its timeframe it is declared to settle, and when it did.

    `measured` is the most over all starts and symbols; None where it had not by the end of what was looked at.
    `symbol` and `start` are where it took longest.
    """

    node: int
    text: str
    timeframe: str
    declared: int
    measured: int | None
    symbol: str
    start: int
    looked: int
    far: int = 0
    """The last candle on which it was more than FAR apart, 0 for none."""

    @property
    def late(self) -> bool:
        """Say whether it was still far apart on candles after those that are declared."""
        return self.far >= self.declared


@dataclass(frozen=True, slots=True)
class Warmed:
    """Backtests from several starts that warmed up for `times` the declared time against those that had everything.

    `signals` were made with all of history. `missing` were not made with less, `extra` only with less, `moved` at
    other prices or another confidence; each as (symbol, side, time, what).
    """

    times: int
    signals: int
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()

    @property
    def changed(self) -> int:
        return len(self.missing) + len(self.extra) + len(self.moved)


def warm_up(plan: Plan) -> int:
    """Return the declared warm-up (ms): the longest history that deciding needs to have settled."""
    sides = [side for rules in plan.strategies for part in rules.rules.values() for side in part]
    return max((plan.nodes[node].history_ms for side in sides for node in (side.fires, side.confidence)), default=0)


def starts(ground: Ground, length: int, count: int, seed: int) -> list[int]:
    """Return up to `count` times after which there are `length` ms of history, and some before, to begin at."""
    longest = ground.timeframes[-1]
    first, last = ground.first + longest.ms, ground.end - length
    if last <= first:
        return []
    drawn = np.random.default_rng(seed).integers(first, last, count).tolist()
    return sorted({longest.floor(time) for time in drawn})


def settled(
    ground: Ground, begins: Sequence[int], length: int, models: Models | None = None, told: Told | None = None
) -> list[Settled]:
    """Measure after how many candles every node that rules read agrees with the one that had all of history.

    Each start is followed for `length` ms. A number agrees within 1e-6 of itself or of its usual size.
    """
    nodes = sorted(node for node in rule_nodes(ground.plan) if ground.plan.nodes[node].op != "const")
    best: dict[int, Settled] = {}
    known = Evaluator(ground.plan, ground.scope.symbols, predictors=models, keep=nodes)
    here = ground.first
    for count, begin in enumerate(begins, start=1):
        for after, until in ground.cuts(here, begin, 1):
            known.skip(ground.block(after, until))
        here, snapshot = begin, known.snapshot()
        then = Evaluator(ground.plan, ground.scope.symbols, predictors=models, keep=nodes)
        tally = _Tally(ground, nodes)
        for after, until in ground.cuts(begin, begin + length, len(nodes)):
            block = ground.block(after, until)
            tally.add(known.advance(block), then.advance(block))
        known.restore(snapshot)
        for one in tally.settled(begin):
            before = best.get(one.node)
            if before is None or _slowness(one) > _slowness(before):
                best[one.node] = one
        if told is not None:
            told(count, len(begins))
    return [best[node] for node in nodes if node in best]


def _slowness(one: Settled) -> tuple[bool, int]:
    return one.late, one.looked if one.measured is None else one.measured


class _Tally:
    """Counts candles from one start, and the last on which a node did not agree, per symbol."""

    def __init__(self, ground: Ground, nodes: Sequence[int]) -> None:
        self._ground, self._nodes = ground, nodes
        self._seen: dict[int, Floats] = {}
        self._last: dict[int, Floats] = {}
        self._far: dict[int, Floats] = {}

    def add(self, known: Values, then: Values) -> None:
        for node in self._nodes:
            made = self._ground.plan.nodes[node]
            one, other = known.of(node), then.of(node)
            if not len(one):
                continue
            there = (known.here(made.frame) != 0)[:, : one.shape[1]]
            before = self._seen.get(node, np.zeros(one.shape[1]))
            count = before + np.cumsum(there, axis=0)
            for tolerance, known_last in ((TOLERANCE, self._last), (FAR, self._far)):
                last = np.where(there & _apart(one, other, tolerance), count, 0).max(axis=0)
                known_last[node] = np.maximum(known_last.get(node, np.zeros(one.shape[1])), last)
            self._seen[node] = count[-1]

    def settled(self, begin: int) -> list[Settled]:
        found = []
        for node, seen in self._seen.items():
            made, last = self._ground.plan.nodes[node], self._last[node]
            lane = int(np.argmax(np.where(last >= seen, seen + 1, last)))
            measured = None if last[lane] >= seen[lane] and seen[lane] > 0 else int(last[lane]) + 1
            symbol = made.frame.symbol or self._ground.scope.symbols[lane]
            found.append(
                Settled(
                    node, made.text or made.op, made.frame.timeframe.text, made.converged, measured, symbol, begin,
                    int(seen[lane]), int(self._far[node].max()),
                )
            )  # fmt: skip
        return found


def _apart(one: npt.NDArray[Any], other: npt.NDArray[Any], tolerance: float) -> npt.NDArray[np.bool_]:
    """Return where two values do not agree."""
    if one.dtype.kind != "f":
        different: npt.NDArray[np.bool_] = one != other
        return different
    usual = np.nanmean(np.abs(np.where(np.isnan(one).all(axis=0), 0.0, one)), axis=0)
    with np.errstate(invalid="ignore"):
        close = np.abs(one - other) <= tolerance * np.maximum(np.abs(one), usual)
    apart: npt.NDArray[np.bool_] = ~close & ~(np.isnan(one) & np.isnan(other))
    return apart


def warmed(
    ground: Ground,
    settings: Settings,
    begins: Sequence[int],
    length: int,
    models: Models | None = None,
    told: Told | None = None,
) -> list[Warmed]:
    """Compare the signals of backtests that begin to decide at each start and had warmed up for so long before.

    A start that has not so much history before it is left out of that row.
    """
    declared = warm_up(ground.plan)
    found = {times: Warmed(times, 0) for times in TIMES}
    for count, begin in enumerate(begins, start=1):
        end = min(begin + length, ground.end)
        possible = [times for times in TIMES if begin - times * declared > ground.first]
        if possible:
            whole = _signals(ground, settings, -(2**62), begin, end, models)
            for times in possible:
                less = _signals(ground, settings, begin - times * declared, begin, end, models)
                found[times] = _joined(found[times], whole, less)
        if told is not None:
            told(count, len(begins))
    return [found[times] for times in TIMES]


def _signals(
    ground: Ground, settings: Settings, after: int, begin: int, end: int, models: Models | None
) -> dict[str, Signal]:
    part = Part(ground.feed, after, end)
    result = backtest(ground.plan, part, ground.universe, settings, start=begin, end=end, predictors=models)
    return {position.id: position.signal for position in result.positions}


def _joined(row: Warmed, whole: Mapping[str, Signal], less: Mapping[str, Signal]) -> Warmed:
    both = [(signal, less[name]) for name, signal in whole.items() if name in less]
    moved = [f"{name(one)}: {what}" for one, other in both if (what := _moved(one, other))]
    return Warmed(
        row.times, row.signals + len(whole),
        (*row.missing, *(name(signal) for key, signal in whole.items() if key not in less)),
        (*row.extra, *(name(signal) for key, signal in less.items() if key not in whole)),
        (*row.moved, *moved),
    )  # fmt: skip


def name(signal: Signal) -> str:
    """Return a signal as people name it."""
    from datetime import UTC, datetime

    time = datetime.fromtimestamp(signal.close_time / 1000, UTC)
    return f"{time:%Y-%m-%d %H:%M} {signal.side} {signal.symbol} {signal.timeframe}"


def _moved(one: Signal, other: Signal) -> str:
    """Return in what two signals of one candle differ by more than 1e-6, '' where they do not."""
    pairs = [("entry", one.entry.price, other.entry.price), ("stop", one.stop, other.stop)]
    pairs += [
        (f"target {n}", a.price, b.price) for n, (a, b) in enumerate(zip(one.targets, other.targets, strict=True), 1)
    ]
    pairs.append(("confidence", one.confidence, other.confidence))
    return ", ".join(
        f"{what} {b} instead of {a}"
        for what, a, b in pairs
        if (a is None) != (b is None)
        or (a is not None and b is not None and abs(a - b) > TOLERANCE * max(abs(a), 1e-9))
    )
