"""Confidence intervals by resampling: how far a number would move if the same trades had come another way.

Seeded, so the same trades give the same intervals. Trades are drawn one by one with replacement; days of an equity
curve in blocks, so that runs of good and bad days stay together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.domain.market import Floats
from engine.report import EVEN
from engine.statistics.equity import YEAR_DAYS

SEED, DRAWS, LEAST = 20_250_407, 2_000, 10
"""Below ten trades (or days) an interval would say more about chance than about the strategy."""
_CHUNK = 4_000_000
"""How many numbers are drawn at once: it bounds memory."""


@dataclass(frozen=True, slots=True)
class Interval:
    """The middle 95 % of the resampled values. `above_zero` is the share of them above 0."""

    low: float
    high: float
    above_zero: float


def intervals(results: Floats, in_r: Floats, returns: Floats, seed: int = SEED) -> Mapping[str, Interval | None]:
    """Return intervals of `expectancy`, `win_rate`, `profit_factor` and `result` (from the results of trades), of
    `average_r`, and of `sharpe` (from daily returns); None where there is too little."""
    found = trade_intervals(
        results,
        {
            "expectancy": _row_mean,
            "win_rate": lambda drawn: (drawn > EVEN).mean(axis=1),
            "profit_factor": _profit_factor,
            "result": lambda drawn: drawn.sum(axis=1),
        },
        seed,
    )
    risked = trade_interval(in_r[np.isfinite(in_r)], _row_mean, seed)
    return {**found, "average_r": risked, "sharpe": block_interval(returns, _sharpe, seed)}


def trade_interval(values: Floats, number: Callable[[Floats], Floats], seed: int = SEED) -> Interval | None:
    """Return the interval of `number`, which takes drawn values (draws, n) and gives one value per draw."""
    return trade_intervals(values, {"": number}, seed)[""]


def trade_intervals(
    values: Floats, numbers: Mapping[str, Callable[[Floats], Floats]], seed: int = SEED
) -> dict[str, Interval | None]:
    """Return the interval of each number, all of them over the same draws."""
    count = len(values)
    if count < LEAST:
        return dict.fromkeys(numbers)
    random = np.random.default_rng(seed)
    size = max(1, _CHUNK // count)
    parts: dict[str, list[Floats]] = {name: [] for name in numbers}
    for begin in range(0, DRAWS, size):
        drawn = values[random.integers(0, count, (min(size, DRAWS - begin), count), dtype=np.int32)]
        for name, number in numbers.items():
            parts[name].append(number(drawn))
    return {name: _interval(np.concatenate(part)) for name, part in parts.items()}


def block_interval(values: Floats, number: Callable[[Floats], Floats], seed: int = SEED) -> Interval | None:
    """Return the interval of `number` over values drawn in circular blocks of n^(1/3) neighbours."""
    count = len(values)
    if count < LEAST:
        return None
    random = np.random.default_rng(seed)
    block = max(1, round(count ** (1 / 3)))
    starts = random.integers(0, count, (DRAWS, -(-count // block)))
    parts = []
    size = max(1, _CHUNK // count)
    for begin in range(0, DRAWS, size):
        rows = (starts[begin : begin + size, :, None] + np.arange(block)).reshape(-1, starts.shape[1] * block)
        parts.append(number(values[rows[:, :count] % count]))
    return _interval(np.concatenate(parts))


def _interval(drawn: Floats) -> Interval | None:
    known = drawn[np.isfinite(drawn)]
    if len(known) < DRAWS // 2:
        return None
    low, high = (float(x) for x in np.quantile(known, (0.025, 0.975)))
    return Interval(low, high, float((known > 0).mean()))


def _row_mean(drawn: Floats) -> Floats:
    found: Floats = drawn.mean(axis=1)
    return found


def _profit_factor(drawn: Floats) -> Floats:
    won: Floats = np.where(drawn > EVEN, drawn, 0).sum(axis=1)
    lost: npt.NDArray[np.float64] = -np.where(drawn < -EVEN, drawn, 0).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(lost > 0, won / lost, np.nan)


def _sharpe(drawn: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(drawn.mean(axis=1) / drawn.std(axis=1, ddof=1) * np.sqrt(YEAR_DAYS))
