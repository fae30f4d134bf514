"""freqtrade's figures for the same trades, by its own conventions, for those who compare.

They are not comparable with the ratios of others: its Sharpe and Sortino divide by the deviation per trade, not per
day, and its drawdown is of closed trades. Where it gives 0, 100 or -100 for what is not defined, here it is None.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.domain.market import Floats


@dataclass(frozen=True, slots=True)
class FreqtradeNumbers:
    """Figures over `days` from the profits of closed trades (money, in the order of their ends) and a start."""

    win_rate: float | None = None
    profit_factor: float | None = None
    expectancy: float | None = None
    expectancy_ratio: float | None = None
    sharpe: float | None = None
    sortino: float | None = None
    calmar: float | None = None
    max_drawdown: float | None = None
    max_drawdown_ratio: float | None = None
    cagr: float | None = None


def freqtrade_numbers(profits: Floats, start: float, days: float) -> FreqtradeNumbers:
    """Return the figures. A draw counts in the denominator of the win rate and as a loss of 0 in none of the sums."""
    count = len(profits)
    if not count or days <= 0 or start <= 0:
        return FreqtradeNumbers()
    won, lost = profits[profits > 0], profits[profits < 0]
    win_rate = len(won) / count
    average_win = float(won.mean()) if len(won) else 0.0
    average_loss = -float(lost.mean()) if len(lost) else 0.0
    ratios = profits / start
    per_day = math.fsum(ratios) / days
    balance = start + np.cumsum(profits)
    peaks = np.maximum.accumulate(np.concatenate(([start], balance)))[1:]
    fallen = peaks - balance
    relative = float((fallen / peaks).max())
    year = math.sqrt(365)
    end = float(balance[-1])
    return FreqtradeNumbers(
        win_rate=win_rate,
        profit_factor=float(won.sum() / -lost.sum()) if len(lost) else None,
        expectancy=win_rate * average_win - len(lost) / count * average_loss,
        expectancy_ratio=(1 + average_win / average_loss) * win_rate - 1 if average_loss else None,
        sharpe=_over(per_day, float(ratios.std())) if count > 1 else None,
        sortino=_over(per_day, float((lost / start).std())) if len(lost) > 1 else None,
        calmar=per_day * 100 / relative * year if relative > 0 else None,
        max_drawdown=float(fallen.max()),
        max_drawdown_ratio=relative,
        cagr=(end / start) ** (365 / days) - 1 if end > 0 else None,
    )


def _over(per_day: float, deviation: float) -> float | None:
    return per_day / deviation * math.sqrt(365) if deviation > 0 else None
