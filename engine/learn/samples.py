"""Samples: what a model is shown and what it should have said, candle by candle, from the real evaluation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.domain.market import Floats, Timeframe, Times
from engine.domain.strategy import ModelSpec, Plan, StrategyRules
from engine.feeds.blocks import gather
from engine.learn.labels import UNKNOWN, Labels, Outcomes, first_touch
from engine.plan.evaluate import Evaluator, Values
from engine.plan.steps import numbers
from engine.ports import Feed

_CHUNK_MS = 14 * 86_400_000  # so much is evaluated at once, which bounds the memory


@dataclass(frozen=True, slots=True)
class Samples:
    """N samples in order of time. `features` is (N, F), without unknown values, columns named by `names`.

    `outcome` is NEITHER, UP or DOWN; `time` the close that the sample was taken at; `known_at` the close at
    which its outcome was certain.
    """

    names: tuple[str, ...]
    features: Floats
    outcome: Outcomes
    time: Times
    known_at: Times

    def __len__(self) -> int:
        return len(self.time)

    def take(self, chosen: npt.NDArray[np.bool_]) -> Samples:
        """Return the chosen ones."""
        return Samples(
            self.names, self.features[chosen], self.outcome[chosen], self.time[chosen], self.known_at[chosen]
        )


def split(samples: Samples, cut: int) -> tuple[Samples, Samples]:
    """Return those whose outcome was certain at `cut`, and those taken after it.

    Nothing of the first part knows anything of the second: what overlaps the cut belongs to neither.
    """
    return samples.take(samples.known_at <= cut), samples.take(samples.time > cut)


def collect(
    plan: Plan,
    rules: StrategyRules,
    spec: ModelSpec,
    feed: Feed,
    symbols: Sequence[str],
    after: int,
    until: int,
    progress: Callable[[float], None] = lambda _: None,
) -> Samples:
    """Take a sample at each candle of these symbols that closed in (after, until], on all of the model's timeframes.

    Samples with an unknown feature (warm-up, holes) or an unknown outcome are left out. `progress` is told the
    part done, 0 to 1. Raises FeedError.
    """
    lone = replace(rules, rules={}, universe=replace(rules.universe, where={}))
    every = tuple(dict.fromkeys((*symbols, *rules.uses_symbols)))
    evaluator = Evaluator(Plan(plan.nodes, (lone,), plan.hash), every)
    needed = sorted(timeframes(plan, spec))
    parts: dict[Timeframe, list[_Part]] = {timeframe: [] for timeframe in spec.features}
    for start in range(after, until, _CHUNK_MS):
        block = gather(feed, every, needed, start, min(start + _CHUNK_MS, until), rules.uses_series)
        values = evaluator.advance(block)
        for timeframe, features in spec.features.items():
            panel = block.panels[timeframe]
            prices = {name: panel.fields[name] for name in ("high", "low", "close")}
            parts[timeframe].append(_Part(panel.close_time, prices, _columns(values, features, panel.here.shape)))
        progress((min(start + _CHUNK_MS, until) - after) / (until - after))
    return _merged([_sampled(parts[t], lane, spec) for t in spec.features for lane in range(len(symbols))], spec)


def timeframes(plan: Plan, spec: ModelSpec) -> set[Timeframe]:
    """Return every timeframe whose candles the model's features read."""
    todo = [node for features in spec.features.values() for _, node in features]
    seen: set[int] = set()
    while todo:
        node = todo.pop()
        if node not in seen:
            seen.add(node)
            todo += plan.nodes[node].inputs
    return {plan.nodes[node].frame.timeframe for node in seen} | set(spec.features)


@dataclass(frozen=True, slots=True)
class _Part:
    """One chunk of one timeframe: times (T,), prices and features (T, S)."""

    close_time: Times
    prices: Mapping[str, Floats]
    features: Sequence[Floats]


def _columns(values: Values, features: Sequence[tuple[str, int]], shape: tuple[int, ...]) -> list[Floats]:
    return [np.broadcast_to(numbers(values.of(node)), shape) for _, node in features]


def _sampled(parts: Sequence[_Part], lane: int, spec: ModelSpec) -> tuple[Floats, Labels, Times]:
    """Return features, labels and times of one symbol and timeframe, over the candles that exist."""
    time = np.concatenate([part.close_time for part in parts])
    high, low, close = (
        np.concatenate([part.prices[name][:, lane] for part in parts]) for name in ("high", "low", "close")
    )
    here = np.isfinite(close)
    labels = first_touch(time[here], high[here], low[here], close[here], spec.up, spec.down, spec.within)
    shown = [np.concatenate([part.features[place][:, lane] for part in parts]) for place in range(len(_names(spec)))]
    return np.column_stack(shown)[here], labels, time[here]


def _names(spec: ModelSpec) -> tuple[str, ...]:
    return tuple(name for name, _ in next(iter(spec.features.values())))


def _merged(parts: Sequence[tuple[Floats, Labels, Times]], spec: ModelSpec) -> Samples:
    features = np.concatenate([part[0] for part in parts])
    outcome = np.concatenate([part[1].outcome for part in parts])
    known_at = np.concatenate([part[1].known_at for part in parts])
    time = np.concatenate([part[2] for part in parts])
    order = np.argsort(time, kind="stable")
    order = order[(outcome[order] != UNKNOWN) & np.isfinite(features[order]).all(axis=1)]
    return Samples(_names(spec), features[order], outcome[order], time[order], known_at[order])
