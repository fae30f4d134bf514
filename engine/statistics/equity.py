"""The numbers of an equity curve, on daily returns of its regular grid. Formulas and conventions: docs/backtest.md."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.domain.market import Floats, Times

DAY = 86_400_000
YEAR_DAYS = 365
"""Crypto trades every day: ratios are annualised over 365 days."""
LEAST_DAYS = 2
"""A deviation needs at least two daily returns."""


@dataclass(frozen=True, slots=True)
class Fall:
    """A drawdown: `depth` as a ratio of the peak (of a curve in stakes: in stakes), from `peak_at` over `trough_at`
    to `recovered_at` (ms; None: not yet)."""

    depth: float
    peak_at: int
    trough_at: int
    recovered_at: int | None


@dataclass(frozen=True, slots=True)
class EquityNumbers:
    """What a curve did. `change` is end - begin in its own unit, `total` the same as a ratio of the base.

    `sharpe` is the mean daily return / its deviation (ddof 1) * sqrt(365), `sortino` the mean / downside deviation
    (root of the mean square of negative returns over all days) * sqrt(365), `calmar` CAGR / max drawdown; the
    risk-free rate is 0. `under_water` is the share of the time below an earlier peak, `longest_under_water` the
    longest such time (ms). `exposure` is the share of the time in which anything was held, `average_exposure` the
    mean value held as a ratio of the equity (None for a curve in stakes). None: not known.
    """

    change: float = 0.0
    total: float | None = None
    days: float = 0.0
    cagr: float | None = None
    volatility: float | None = None
    sharpe: float | None = None
    sortino: float | None = None
    calmar: float | None = None
    max_drawdown: Fall | None = None
    ulcer: float | None = None
    under_water: float = 0.0
    longest_under_water: int = 0
    exposure: float = 0.0
    average_exposure: float | None = None
    best_day: float | None = None
    worst_day: float | None = None
    positive_days: float | None = None


def equity_numbers(
    time: Times, value: Floats, base: float, exposure: Floats | None = None, held: float = 0.0
) -> EquityNumbers:
    """Return the numbers of a curve on a regular grid (ms).

    `base` is the capital it began with; 0: a sum of results in stakes, whose daily changes are its returns and which
    has neither CAGR nor Calmar, because there is nothing that it would be a ratio of. `exposure` is the value held at
    each point, `held` the share of the time in which anything was.
    """
    if len(time) < 2:
        return EquityNumbers()
    days = float(time[-1] - time[0]) / DAY
    returns = daily_returns(time, value, base)
    deepest = deepest_fall(time, value, base)
    falls = falls_of(value, base)
    cagr = _cagr(float(value[-1]), base, days)
    sharpe, sortino = sharpe_of(returns), sortino_of(returns)
    positive = value > 0
    return EquityNumbers(
        change=float(value[-1] - value[0]),
        total=float(value[-1] / base - 1) if base else None,
        days=days,
        cagr=cagr,
        volatility=float(returns.std(ddof=1)) * math.sqrt(YEAR_DAYS) if len(returns) >= LEAST_DAYS else None,
        sharpe=sharpe,
        sortino=sortino,
        calmar=cagr / deepest.depth if cagr is not None and deepest is not None else None,
        max_drawdown=deepest,
        ulcer=math.sqrt(float(np.square(falls).mean())),
        under_water=float((falls > 0).mean()),
        longest_under_water=_longest(falls > 0) * int(time[1] - time[0]),
        exposure=held,
        average_exposure=(
            float((exposure[positive] / value[positive]).mean())
            if base and exposure is not None and positive.any()
            else None
        ),
        best_day=float(returns.max()) if len(returns) else None,
        worst_day=float(returns.min()) if len(returns) else None,
        positive_days=float((returns > 0).mean()) if len(returns) else None,
    )


def daily_returns(time: Times, value: Floats, base: float) -> Floats:
    """Return the return of each whole or begun UTC day: of compounded curves the ratio, of sums the change.

    A day after the equity has come to nothing has no return.
    """
    days = (time[1:] - 1) // DAY  # a value at midnight closes the day before
    ends = value[1:][np.flatnonzero(np.diff(days, append=days[-1] + 1))]
    begins = np.concatenate((value[:1], ends[:-1]))
    if not base:
        return np.asarray(ends - begins)
    alive = begins > 0
    return np.asarray(ends[alive] / begins[alive] - 1)


def sharpe_of(returns: Floats) -> float | None:
    """Return mean / deviation (ddof 1) * sqrt(365) of daily returns; None where there is no deviation."""
    if len(returns) < LEAST_DAYS:
        return None
    deviation = float(returns.std(ddof=1))
    return float(returns.mean()) / deviation * math.sqrt(YEAR_DAYS) if deviation > 1e-15 else None


def sortino_of(returns: Floats) -> float | None:
    """Return mean / downside deviation * sqrt(365) of daily returns; None without a negative day."""
    if len(returns) < LEAST_DAYS:
        return None
    downside = math.sqrt(float(np.square(np.minimum(returns, 0)).mean()))
    return float(returns.mean()) / downside * math.sqrt(YEAR_DAYS) if downside > 1e-15 else None


def falls_of(value: Floats, base: float) -> Floats:
    """Return at each point how far the value is below its highest so far: a ratio of it, of sums the difference."""
    peak = np.maximum.accumulate(value)
    fallen = peak - value
    return np.asarray(fallen / peak if base else fallen)


def deepest_fall(time: Times, value: Floats, base: float) -> Fall | None:
    """Return the deepest drawdown, None where the curve never fell."""
    falls = falls_of(value, base)
    trough = int(falls.argmax())
    if falls[trough] <= 0:
        return None
    peak = int(value[: trough + 1].argmax())
    again = np.flatnonzero(value[trough:] >= value[peak])
    back = int(time[trough + again[0]]) if len(again) else None
    return Fall(float(falls[trough]), int(time[peak]), int(time[trough]), back)


def _cagr(end: float, base: float, days: float) -> float | None:
    if not base or days <= 0 or end <= 0:
        return None
    try:
        return float((end / base) ** (YEAR_DAYS / days) - 1)
    except OverflowError:
        return None


def _longest(below: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int:
    """Return the length of the longest run of true."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], below, [False]))))
    return int((edges[1::2] - edges[::2]).max(initial=0))
