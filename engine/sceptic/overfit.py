"""How much of the best of many may be luck: the deflated Sharpe ratio, and the probability of backtest overfitting.

Sources: D. H. Bailey and M. López de Prado, "The Deflated Sharpe Ratio" (Journal of Portfolio Management 40(5), 2014);
D. H. Bailey, J. M. Borwein, M. López de Prado and Q. J. Zhu, "The Probability of Backtest Overfitting" (Journal of
Computational Finance 20(4), 2017). The formulas are in docs/optimize.md.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from engine.domain.market import Floats

EULER = 0.5772156649015329
BLOCKS = 16
_NORMAL = NormalDist()
_AT_ONCE = 256
"""So many combinations are worked out at once: it bounds memory and changes nothing else."""


@dataclass(frozen=True, slots=True)
class Deflated:
    """`probability` that the true Sharpe ratio is above `threshold`, the best that `trials` without skill would show.

    `sharpe` and `threshold` are of one period, as are `skew` and `kurtosis` (3 for a normal one) of its returns.
    """

    probability: float
    sharpe: float
    threshold: float
    trials: int
    periods: int
    skew: float
    kurtosis: float


@dataclass(frozen=True, slots=True)
class Overfitting:
    """`probability` that the best in one half of history is in the worse half of the trials in the other half.

    `loss`: how often the best in one half lost in the other. `combinations` halves of `blocks` blocks were looked at.
    """

    probability: float
    loss: float
    blocks: int
    combinations: int


def expected_maximum(trials: int, deviation: float) -> float:
    """Return the Sharpe ratio to be expected of the best of `trials` independent ones whose true ratio is 0.

    `deviation` is the standard deviation of the ratios over the trials. One trial has nothing to be the best of: 0.
    """
    if trials < 2:
        return 0.0
    rare, rarer = _NORMAL.inv_cdf(1 - 1 / trials), _NORMAL.inv_cdf(1 - 1 / (trials * math.e))
    return deviation * ((1 - EULER) * rare + EULER * rarer)


def probabilistic_sharpe(sharpe: float, benchmark: float, periods: int, skew: float, kurtosis: float) -> float:
    """Return the probability that the true Sharpe ratio is above `benchmark`, given one measured over `periods`."""
    spread = 1 - skew * sharpe + (kurtosis - 1) / 4 * sharpe**2
    if spread <= 0 or periods < 2:
        return float("nan")
    return _NORMAL.cdf((sharpe - benchmark) * math.sqrt(periods - 1) / math.sqrt(spread))


def deflated_sharpe(returns: Floats, sharpes: Floats) -> Deflated | None:
    """Return the deflated Sharpe ratio of the chosen trial's `returns` (T,), given that of every trial, per period.

    None where the returns do not vary.
    """
    deviation = float(np.std(returns, ddof=1)) if len(returns) > 1 else 0.0
    if deviation <= 0:
        return None
    known = sharpes[np.isfinite(sharpes)]
    sharpe = float(np.mean(returns)) / deviation
    apart = (returns - np.mean(returns)) / np.std(returns)
    skew, kurtosis = float(np.mean(apart**3)), float(np.mean(apart**4))
    threshold = expected_maximum(len(known), float(np.std(known, ddof=1)) if len(known) > 1 else 0.0)
    probability = probabilistic_sharpe(sharpe, threshold, len(returns), skew, kurtosis)
    return Deflated(probability, sharpe, threshold, len(known), len(returns), skew, kurtosis)


def backtest_overfitting(returns: Floats, blocks: int = BLOCKS) -> Overfitting | None:
    """Return the probability of backtest overfitting by combinatorially symmetric cross-validation.

    `returns` (T, N): a column per trial. T is cut into an even number of equal blocks (the oldest rest is left out);
    every half of them is once what is known, the other half what comes. The figure of merit is the Sharpe ratio, 0
    where returns do not vary. None for fewer than two trials or eight periods.
    """
    periods, trials = returns.shape
    blocks = min(blocks, periods // 2) // 2 * 2
    if trials < 2 or blocks < 4:
        return None
    length = periods // blocks
    cut = returns[periods - blocks * length :].reshape(blocks, length, trials)
    sums, squares = cut.sum(axis=1), (cut**2).sum(axis=1)
    halves = np.array(
        [[i in chosen for i in range(blocks)] for chosen in itertools.combinations(range(blocks), blocks // 2)]
    )
    worse = lost = 0
    for start in range(0, len(halves), _AT_ONCE):
        known = halves[start : start + _AT_ONCE].astype(np.float64)
        count = length * blocks // 2
        before = _sharpes(known @ sums, known @ squares, count)
        after_sum = (1 - known) @ sums
        after = _sharpes(after_sum, (1 - known) @ squares, count)
        rows = np.arange(len(known))
        best = before.argmax(axis=1)
        own = after[rows, best][:, None]
        rank = (after < own).sum(axis=1) + ((after == own).sum(axis=1) + 1) / 2
        place = rank / (trials + 1)
        worse += int(np.count_nonzero(np.log(place / (1 - place)) <= 0))
        lost += int(np.count_nonzero(after_sum[rows, best] < 0))
    return Overfitting(worse / len(halves), lost / len(halves), blocks, len(halves))


def _sharpes(sums: Floats, squares: Floats, count: int) -> Floats:
    mean = sums / count
    variance = (squares - count * mean**2) / (count - 1)
    steady = variance <= 1e-18 * np.maximum(squares, 1e-300)
    return np.where(steady, 0.0, mean / np.sqrt(np.where(steady, 1.0, variance)))
