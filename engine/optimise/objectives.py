"""Objectives: what a set of params is judged by, from the trades it made in a span.

A result is a ratio of its own entry, and results are added, as everywhere in this engine. A day's return is the sum
of the results of the trades that ended on that UTC day; ratios of a year are of the days of the span, times the
square root of 365 (crypto trades every day). What cannot be known is None: the set is then left out of the search.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.domain.market import Floats, Times
from engine.report import EVEN
from engine.statistics.outcomes import fall

DAY = 86_400_000
YEAR = 365


@dataclass(frozen=True, slots=True)
class Trades:
    """The trades that ended in a span (start, end], ms, a row each, in the order of their ends."""

    start: int
    end: int
    closed_at: Times
    result: Floats
    result_r: Floats

    def __len__(self) -> int:
        return len(self.closed_at)

    def daily(self) -> Floats:
        """Return the sum of results per UTC day of the span, days without an end too; (days,)."""
        first = self.start // DAY
        days = max(1, -(-self.end // DAY) - first)
        place = np.minimum((self.closed_at - 1) // DAY - first, days - 1)
        return np.bincount(place, self.result, days).astype(np.float64)


NOISE = 1e-15
"""A deviation below this is what rounding leaves of equal returns."""


@dataclass(frozen=True, slots=True)
class Objective:
    """One figure; `best` is +1 where more is better, -1 where less is."""

    name: str
    about: str
    best: int
    figure: Callable[[Trades], float | None]


def sharpe(returns: Floats) -> float | None:
    """Return mean over standard deviation (of a sample) of returns, of one period; None where nothing varies."""
    if len(returns) < 2:
        return None
    deviation = float(np.std(returns, ddof=1))
    return float(np.mean(returns)) / deviation if deviation > NOISE else None


def _result(trades: Trades) -> float:
    return math.fsum(trades.result)


def _expectancy(trades: Trades) -> float | None:
    return _result(trades) / len(trades) if len(trades) else None


def _profit_factor(trades: Trades) -> float | None:
    losses = -math.fsum(trades.result[trades.result < -EVEN])
    return math.fsum(trades.result[trades.result > EVEN]) / losses if losses else None


def _win_rate(trades: Trades) -> float | None:
    return int(np.count_nonzero(trades.result > EVEN)) / len(trades) if len(trades) else None


def _average_r(trades: Trades) -> float | None:
    known = trades.result_r[np.isfinite(trades.result_r)]
    return math.fsum(known) / len(known) if len(known) else None


def _sharpe(trades: Trades) -> float | None:
    found = sharpe(trades.daily())
    return None if found is None else found * math.sqrt(YEAR)


def _sortino(trades: Trades) -> float | None:
    returns = trades.daily()
    below = math.sqrt(float(np.mean(np.minimum(returns, 0.0) ** 2)))
    return float(np.mean(returns)) / below * math.sqrt(YEAR) if below > 0 else None


def _calmar(trades: Trades) -> float | None:
    deepest = fall(trades.result)
    years = (trades.end - trades.start) / (YEAR * DAY)
    return _result(trades) / years / deepest if deepest > 0 and years > 0 else None


OBJECTIVES: Mapping[str, Objective] = {
    one.name: one
    for one in (
        Objective("result", "the sum of all results", 1, _result),
        Objective("expectancy", "the mean result of a trade", 1, _expectancy),
        Objective("profit_factor", "wins over losses; unknown without a loss", 1, _profit_factor),
        Objective("win_rate", "wins over all trades", 1, _win_rate),
        Objective("average_r", "the mean result in multiples of the risk", 1, _average_r),
        Objective("sharpe", "mean over deviation of daily returns, of a year", 1, _sharpe),
        Objective("sortino", "mean over downward deviation of daily returns, of a year", 1, _sortino),
        Objective("calmar", "result of a year over the deepest fall", 1, _calmar),
        Objective("drawdown", "the deepest fall of the sum of results", -1, lambda trades: fall(trades.result)),
        Objective("trades", "how many trades ended", 1, lambda trades: float(len(trades))),
    )
}


def figures(trades: Trades) -> dict[str, float | None]:
    """Return every figure by its name."""
    return {name: one.figure(trades) for name, one in OBJECTIVES.items()}


def costs(found: Mapping[str, Any], names: tuple[str, ...]) -> tuple[float, ...] | None:
    """Return the figures of these objectives so that less is better, None where one is not known."""
    known = [found.get(name) for name in names]
    if any(value is None for value in known):
        return None
    return tuple(-OBJECTIVES[name].best * float(value) for name, value in zip(names, known, strict=True))  # type: ignore[arg-type]
