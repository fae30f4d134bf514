"""The numbers of a set of trades. Every formula is named in docs/backtest.md; what cannot be known is None."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.domain.market import Floats
from engine.report import EVEN
from engine.statistics.trades import Trades

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of some trades. Ratios are of the entry (0.01 is 1 %), `_r` multiples of the risk, times ms.

    `win_rate` has break-even trades in its denominator. `payoff` is average win / average loss. `expectancy` is the
    mean result, `expectancy_ratio` (1 + payoff) * win rate - 1. `sqn` is mean R / its deviation * sqrt(trades).
    `quantiles_r` are at 5, 25, 50, 75 and 95 %. `streak` is the current one (negative: losses). `efficiency` is the
    mean share of the best open profit that winners kept, `pain` the mean worst open loss of winners. `drawdown` is
    the deepest fall of the running sum of results. `profit` is money, None without an account.
    """

    trades: int = 0
    wins: int = 0
    losses: int = 0
    even: int = 0
    win_rate: float | None = None
    target_rate: float | None = None
    result: float = 0.0
    profit: float | None = None
    expectancy: float | None = None
    expectancy_ratio: float | None = None
    median: float | None = None
    deviation: float | None = None
    average_win: float | None = None
    average_loss: float | None = None
    payoff: float | None = None
    profit_factor: float | None = None
    best: float | None = None
    worst: float | None = None
    result_r: float | None = None
    average_r: float | None = None
    quantiles_r: tuple[float, ...] | None = None
    sqn: float | None = None
    longest_wins: int = 0
    longest_losses: int = 0
    streak: int = 0
    hold_ms: float | None = None
    hold_wins_ms: float | None = None
    hold_losses_ms: float | None = None
    mfe: float | None = None
    mae: float | None = None
    mfe_r: float | None = None
    mae_r: float | None = None
    efficiency: float | None = None
    pain: float | None = None
    fees: float = 0.0
    funding: float = 0.0
    drawdown: float = 0.0
    ambiguous: int = 0


def outcomes(trades: Trades) -> Outcomes:
    """Return the numbers of these trades, in columns."""
    results = trades.result
    count = len(trades)
    if not count:
        return Outcomes()
    wins, losses = results > EVEN, results < -EVEN
    won, lost = results[wins], -results[losses]
    win_rate = len(won) / count
    payoff = _ratio(_mean(won), _mean(lost))
    in_r = trades.result_r[np.isfinite(trades.result_r)]
    hold = (trades.closed_at - trades.opened_at).astype(np.float64)
    kept = results[wins] / np.where(trades.mfe[wins] > 0, trades.mfe[wins], np.nan)
    longest_wins, longest_losses, streak = streaks(results)
    money = np.isfinite(trades.profit)
    return Outcomes(
        trades=count,
        wins=len(won),
        losses=len(lost),
        even=count - len(won) - len(lost),
        win_rate=win_rate,
        target_rate=float((trades.targets_hit > 0).mean()),
        result=math.fsum(results),
        profit=math.fsum(trades.profit[money]) if money.any() else None,
        expectancy=math.fsum(results) / count,
        expectancy_ratio=None if payoff is None else (1 + payoff) * win_rate - 1,
        median=float(np.median(results)),
        deviation=float(results.std(ddof=1)) if count > 1 else None,
        average_win=_mean(won),
        average_loss=_mean(lost),
        payoff=payoff,
        profit_factor=math.fsum(won) / math.fsum(lost) if len(lost) else None,
        best=float(results.max()),
        worst=float(results.min()),
        result_r=math.fsum(in_r) if len(in_r) else None,
        average_r=_mean(in_r),
        quantiles_r=tuple(float(x) for x in np.quantile(in_r, QUANTILES)) if len(in_r) else None,
        sqn=_sqn(in_r),
        longest_wins=longest_wins,
        longest_losses=longest_losses,
        streak=streak,
        hold_ms=_mean(hold),
        hold_wins_ms=_mean(hold[wins]),
        hold_losses_ms=_mean(hold[losses]),
        mfe=_mean(trades.mfe),
        mae=_mean(trades.mae),
        mfe_r=_mean(trades.mfe_r),
        mae_r=_mean(trades.mae_r),
        efficiency=_mean(kept),
        pain=_mean(trades.mae[wins]),
        fees=math.fsum(trades.fees),
        funding=math.fsum(trades.funding),
        drawdown=fall(results),
        ambiguous=int((trades.ambiguous > 0).sum()),
    )


def fall(results: Floats) -> float:
    """Return the deepest fall of the running sum, which begins at 0, below its highest point so far."""
    if not len(results):
        return 0.0
    total = np.concatenate(([0.0], np.cumsum(results)))
    return float((np.maximum.accumulate(total) - total).max())


def streaks(results: Floats) -> tuple[int, int, int]:
    """Return the longest run of wins, of losses, and the run at the end (negative: losses); break-even ends a run."""
    signs = np.where(results > EVEN, 1, np.where(results < -EVEN, -1, 0))
    if not len(signs):
        return 0, 0, 0
    starts = np.concatenate(([0], np.flatnonzero(np.diff(signs)) + 1))
    lengths = np.diff(np.append(starts, len(signs)))
    kinds = signs[starts]
    longest = [int(lengths[kinds == kind].max(initial=0)) for kind in (1, -1)]
    return longest[0], longest[1], int(lengths[-1] * kinds[-1])


def histogram_r(in_r: Floats, width: float = 0.5, reach: float = 10.0) -> tuple[tuple[float, int], ...]:
    """Return (lower edge, count) of bins of `width` R; what lies beyond `reach` is in the last bin of its end."""
    known = np.clip(in_r[np.isfinite(in_r)], -reach, reach - width / 2)
    if not len(known):
        return ()
    rows = np.floor(known / width + 1e-9).astype(np.int64)
    first = int(rows.min())
    counts = np.bincount(rows - first)
    return tuple((round((first + place) * width, 9), int(count)) for place, count in enumerate(counts))


def _mean(values: Floats) -> float | None:
    known = values[np.isfinite(values)]
    return math.fsum(known) / len(known) if len(known) else None


def _ratio(above: float | None, below: float | None) -> float | None:
    return above / below if above is not None and below else None


def _sqn(in_r: Floats) -> float | None:
    if len(in_r) < 2:
        return None
    deviation = float(in_r.std(ddof=1))
    return float(in_r.mean()) / deviation * math.sqrt(len(in_r)) if deviation > 0 else None
