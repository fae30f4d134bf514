"""The truncation test: whether anything at or before a time T changes when there is nothing after T.

Values: one evaluator goes over history in long blocks; another is given the same candles only up to T1, then up to T2,
and so on, for every cut T. What it says of a candle it says without anything after the next cut, so a value that looks
ahead differs just before a cut. Decisions: a whole backtest is run over a feed that ends at T, and everything it tells
up to T is compared with what the backtest over all of it told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.backtest import Result, backtest
from engine.decide import Settings
from engine.domain.event import Event, SignalFired
from engine.domain.market import Timeframe
from engine.plan.evaluate import Evaluator, Values
from engine.ports import Predictor
from engine.sceptic.walk import Ground, Part

Told = Callable[[int, int], None]
Models = Mapping[str, Predictor]


@dataclass(frozen=True, slots=True)
class Leak:
    """A node whose value on a candle depends on what comes after it: `known` with everything, `then` without.

    `time` is the candle's close, `cut` where history ended; `candles` counts the candles that differ.
    """

    node: int
    text: str
    symbol: str
    timeframe: str
    time: int
    cut: int
    known: float
    then: float
    candles: int


@dataclass(frozen=True, slots=True)
class Change:
    """Something that was told up to a time `cut` with history ending there and not otherwise, or the other way."""

    cut: int
    time: int
    text: str
    only: str


def signal_times(result: Result) -> list[int]:
    """Return when signals were made, each time once."""
    return sorted({event.time for event in result.events if isinstance(event, SignalFired)})


def choose(ground: Ground, signals: Sequence[int], most: int, random: int, seed: int) -> list[int]:
    """Return the times of `most` signals at most, spread over all of them, and as many random ones as asked for."""
    chosen = [
        signals[place] for place in np.linspace(0, len(signals) - 1, min(most, len(signals))).astype(int).tolist()
    ]
    finest = min(ground.timeframes)
    drawn = np.random.default_rng(seed).integers(ground.first, ground.end, random).tolist()
    return sorted({*chosen, *(max(finest.floor(time), ground.first + 1) for time in drawn)})


def leaks(ground: Ground, cuts: Iterable[int], models: Models | None = None, told: Told | None = None) -> list[Leak]:
    """Compare the value of every node on every candle with what it is when history ends at the next cut.

    Returns a leak per node that differs, inputs before what reads them: the first is where it begins.
    """
    plan = ground.plan
    every = range(len(plan.nodes))
    known = Evaluator(plan, ground.scope.symbols, predictors=models, keep=every)
    then = Evaluator(plan, ground.scope.symbols, predictors=models, keep=every)
    waiting = [cut for cut in sorted(set(cuts)) if ground.first < cut <= ground.end]
    found: dict[int, Leak] = {}
    for after, until in ground.cuts(ground.first, ground.end, len(plan.nodes)):
        whole = known.advance(ground.block(after, until))
        inside = [cut for cut in waiting if after < cut < until]
        begin, rows = after, dict.fromkeys(ground.timeframes, 0)
        for cut in [*inside, until]:
            part = then.advance(ground.block(begin, cut))
            _compare(ground, whole, part, rows, cut, found)
            begin = cut
        if told is not None:
            told(until - ground.first, ground.end - ground.first)
    return [found[node] for node in sorted(found)]


def _compare(
    ground: Ground, whole: Values, part: Values, rows: dict[Timeframe, int], cut: int, found: dict[int, Leak]
) -> None:
    """Compare a part with its rows of the whole, and move `rows` on."""
    begins = dict(rows)
    for timeframe in ground.timeframes:
        rows[timeframe] += len(part.close_time(timeframe))
    for node, made in enumerate(ground.plan.nodes):
        start, stop = begins.get(made.frame.timeframe, 0), rows.get(made.frame.timeframe, 0)
        if start == stop:
            continue
        one, other = whole.of(node)[start:stop], part.of(node)
        wrong = differing(one, other)
        if not wrong.any():
            continue
        count = int(np.count_nonzero(wrong))
        if node in found:
            found[node] = replace(found[node], candles=found[node].candles + count)
            continue
        row, lane = (int(place[0]) for place in np.nonzero(wrong))
        symbol = made.frame.symbol or ground.scope.symbols[lane]
        time = int(part.close_time(made.frame.timeframe)[row])
        values = float(one[row, lane]), float(other[row, lane])
        found[node] = Leak(node, made.text or made.op, symbol, made.frame.timeframe.text, time, cut, *values, count)


def differing(one: npt.NDArray[np.generic], other: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
    """Return where two arrays are not the same to the bit; unknown is the same as unknown."""
    different: npt.NDArray[np.bool_] = one != other
    if one.dtype.kind == "f":
        different &= (one == one) | (other == other)
    return different


def changes(
    ground: Ground,
    settings: Settings,
    whole: Result,
    cuts: Sequence[int],
    models: Models | None = None,
    told: Told | None = None,
) -> list[Change]:
    """Run a backtest that ends at each cut; return what it told up to there and the whole did not, and vice versa."""
    found: list[Change] = []
    for count, cut in enumerate(cuts, start=1):
        if cut > ground.begin:
            part = Part(ground.feed, -(2**62), cut)
            try:
                ended = backtest(
                    ground.plan, part, ground.universe, settings, start=ground.begin, end=cut, predictors=models
                ).events
            except ValueError:  # it has no candles yet
                ended = ()
            found += _changed(cut, [event for event in whole.events if event.time <= cut], ended)
        if told is not None:
            told(count, len(cuts))
    return found


def _changed(cut: int, before: Sequence[Event], ended: Sequence[Event]) -> list[Change]:
    # By their texts, in which an unknown number is equal to itself.
    one, other = {repr(event): event for event in before}, {repr(event): event for event in ended}
    told = [(event, "with all candles") for text, event in one.items() if text not in other]
    told += [(event, "with candles up to there") for text, event in other.items() if text not in one]
    told.sort(key=lambda pair: pair[0].time)
    return [Change(cut, event.time, f"{event.kind} {event.id}", only) for event, only in told]
