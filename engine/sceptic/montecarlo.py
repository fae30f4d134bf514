"""Monte Carlo: what the same trades could have looked like, in another order, drawn again, or filled a little worse.

One history is one path out of many. `shuffled` keeps every trade and changes the order: the result stays, the depth
of the fall does not. `drawn` draws as many trades with replacement (Efron's bootstrap; in blocks of consecutive ones
where they hang together). `perturbed` fills every trade worse by chance, misses some, and enters others later. All
are seeded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.domain.market import Floats, Followed
from engine.ports import Feed
from engine.statistics.trades import Trades

WAYS = ("shuffled", "drawn", "perturbed")
_CELLS = 2_000_000
"""So many results are held at once: it bounds memory and changes nothing else."""

Draw = Callable[[np.random.Generator, int], Floats]
"""Returns results of trades, (runs, trades), in order; NaN for one that was missed."""


@dataclass(frozen=True, slots=True)
class Noise:
    """How fills may be worse. `slippage` is the deviation of a normal draw whose size is paid at entry and at exit
    (a ratio of the price), `missed` the chance that a trade is not made, `delay` the most candles by which an entry
    is late, each as likely."""

    slippage: float = 0.0005
    missed: float = 0.05
    delay: int = 1


@dataclass(frozen=True, slots=True)
class Account:
    """How results become equity. `share` 0: results are added, in stakes. Else each trade stakes that share of the
    equity, one after another in the order of their ends. `ruin` is the loss, a ratio of what it began with (of a
    stake where results are added), at which the game is over."""

    share: float = 0.0
    ruin: float = 0.5


@dataclass(frozen=True, slots=True)
class Spread:
    """What many runs of one way came to: `result` and `drawdown` (both (runs,)), and the share of runs ruined."""

    way: str
    result: Floats
    drawdown: Floats
    ruined: float

    @property
    def lost(self) -> float:
        """Return the share of runs that ended below where they began."""
        return float(np.mean(self.result < 0))


def paths(results: Floats, account: Account) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """Return the final result, the deepest fall and whether it was ruined, of every row of results (runs, trades).

    With a share both are ratios: of the beginning, and of the highest point so far. Without, both are in stakes.
    A trade that was missed (NaN) changes nothing.
    """
    known = np.nan_to_num(results, nan=0.0)
    if account.share:
        equity = np.cumprod(np.maximum(1 + account.share * known, 0.0), axis=1)
        start = 1.0
    else:
        equity, start = np.cumsum(known, axis=1), 0.0
    whole = np.concatenate((np.full((len(equity), 1), start), equity), axis=1)
    peak = np.maximum.accumulate(whole, axis=1)
    fall = ((peak - whole) / (peak if account.share else 1.0)).max(axis=1)
    return whole[:, -1] - start, fall, whole.min(axis=1) <= start - account.ruin


def simulate(way: str, draw: Draw, runs: int, trades: int, account: Account, seed: int) -> Spread:
    """Return what `runs` draws come to. The same seed gives the same, whatever the memory."""
    random = np.random.default_rng([seed, WAYS.index(way)])
    size = max(1, _CELLS // max(trades, 1))
    result, fall, ruined = np.empty(runs), np.empty(runs), np.empty(runs, bool)
    for start in range(0, runs, size):
        cut = slice(start, min(start + size, runs))
        result[cut], fall[cut], ruined[cut] = paths(draw(random, cut.stop - start), account)
    return Spread(way, result, fall, float(ruined.mean()))


def shuffled(results: Floats) -> Draw:
    """Return the draw of every trade once, in any order."""

    def draw(random: np.random.Generator, runs: int) -> Floats:
        order: Floats = random.permuted(np.broadcast_to(results, (runs, len(results))), axis=1)
        return order

    return draw


def drawn(results: Floats, block: int = 1) -> Draw:
    """Return the draw of as many trades with replacement, `block` consecutive ones at a time, round the end."""
    count = len(results)

    def draw(random: np.random.Generator, runs: int) -> Floats:
        starts = random.integers(0, count, (runs, -(-count // block)))
        places = (starts[:, :, None] + np.arange(block)).reshape(runs, -1)[:, :count] % count
        found: Floats = results[places]
        return found

    return draw


def perturbed(trades: Trades, noise: Noise, late: Floats | None = None) -> Draw:
    """Return the draw of every trade in its order, filled worse.

    `late` (delay, trades) has the entry price one, two ... candles later, NaN where the trade had ended by then: such
    a trade is missed. None: no entry is late.
    """
    sign = np.where(trades.side == "long", 1.0, -1.0)
    gross = sign * (trades.exit - trades.entry) / trades.entry
    paid = gross - trades.result
    choices = np.vstack(
        (trades.result, *(sign * (trades.exit - row) / row - paid for row in (late if late is not None else ())))
    )
    columns = np.arange(len(trades))

    def draw(random: np.random.Generator, runs: int) -> Floats:
        shape = (runs, len(trades))
        made = choices[random.integers(0, len(choices), shape), columns]
        made = (
            made - np.abs(random.normal(0.0, noise.slippage, shape)) - np.abs(random.normal(0.0, noise.slippage, shape))
        )
        return np.where(random.random(shape) < noise.missed, np.nan, made)

    return draw


def late_entries(
    trades: Trades, feed: Feed, follow: Mapping[str, Followed], delay: int, span: tuple[int, int]
) -> Floats | None:
    """Return (delay, trades): the open of the candle one, two ... after that of the entry, NaN after the trade's end.

    `follow` has per symbol the candles that positions were followed on, `span` (start, end] is the backtest's. Raises
    FeedError.
    """
    if not delay:
        return None
    found = np.full((delay, len(trades)), np.nan)
    for symbol in np.unique(trades.symbol).tolist():
        step = follow[symbol].finest
        candles = feed.candles(symbol, step, span[0] - step.ms, span[1])
        opens = candles.close_time - step.ms
        rows = np.flatnonzero(trades.symbol == symbol)
        for away in range(1, delay + 1):
            place = opens.searchsorted(trades.opened_at[rows] + away * step.ms)
            entered = np.append(opens, 2**62)[place]
            alive = entered < trades.closed_at[rows]
            found[away - 1, rows[alive]] = candles.open[place[alive]]
    return found
