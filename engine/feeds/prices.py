"""The arithmetic of made prices: noise with fat tails and clusters, swings, events, and candles from a path.

Everything is drawn from the generators that are passed in, so the same seed gives the same bits (with the
same numpy). Times are ms UTC, prices are natural logarithms until `bars` makes candles of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.domain.market import Floats, Times

DAY = 86_400_000


@dataclass(frozen=True, slots=True)
class Event:
    """A disturbance of a log price: (ms, log change) points, smooth between them, level outside.

    It is loud (volatility, volume) from its first point to its second, then fades over `fade` ms.
    """

    points: tuple[tuple[float, float], ...]
    fade: float

    def span(self, times: Times) -> slice:
        """Return where in `times` it matters."""
        end = max(self.points[-1][0], self.points[1][0] + 20 * self.fade)
        first, last = np.searchsorted(times, (self.points[0][0], end))
        return slice(int(first), int(last))

    def curve(self, times: Times) -> Floats:
        """Return the log change at each time."""
        at, level = np.array(self.points).T
        leg = np.clip(np.searchsorted(at, times, side="right") - 1, 0, len(at) - 2)
        part = np.clip((times - at[leg]) / (at[leg + 1] - at[leg]), 0.0, 1.0)
        return np.asarray(level[leg] + (level[leg + 1] - level[leg]) * part * part * (3 - 2 * part))

    def loudness(self, times: Times) -> Floats:
        """Return 0 before it, 1 in its first leg, then less and less."""
        first, second = self.points[0][0], self.points[1][0]
        past = np.maximum(times - second, 0.0) / self.fade
        return np.where(times <= first, 0.0, 1.0 / (1.0 + past * past))


def fat_noise(rng: np.random.Generator, steps: int, freedom: float = 4.0) -> Floats:
    """Return Student-t noise of unit variance, cut at 12 deviations."""
    noise = rng.standard_t(freedom, steps) / np.sqrt(freedom / (freedom - 2))
    return np.asarray(np.clip(noise, -12.0, 12.0))


def clustered(noise: Floats, alpha: float = 0.08, beta: float = 0.90) -> Floats:
    """Return the deviation (about 1) that a GARCH(1,1) process driven by `noise` has before each step."""
    rest = 1.0 - alpha - beta
    variance, out = 1.0, []
    for factor in (alpha * noise * noise + beta).tolist():
        out.append(variance)
        variance = rest + variance * factor
        if variance > 9.0:
            variance = 9.0
        elif variance < 0.3:
            variance = 0.3
    return np.asarray(np.sqrt(np.array(out)))


def swing(noise: Floats, half_life: float, start: float) -> Floats:
    """Return a mean-reverting path (AR 1) with that half-life in steps, from `start` on; unit noise, unit deviation.

    A doubling scan: log2(n) passes over the array instead of a loop over it.
    """
    keep = 0.5 ** (1.0 / half_life)
    path: Floats = noise * np.sqrt(1.0 - keep * keep)
    path[0] += keep * start
    reach = 1
    while reach < len(path) and keep**reach > 1e-18:
        path[reach:] = path[reach:] + keep**reach * path[:-reach]
        reach *= 2
    return path


def season(times: Times) -> Floats:
    """Return how busy the market is at these times: about 1, most from 13 to 17 h UTC, less at the weekend."""
    hour = (times % DAY) / 3_600_000
    weekend = (times // DAY + 3) % 7 >= 5
    peak = np.exp(-(((hour - 15.0) / 3.0) ** 2)) + 0.5 * np.exp(-(((hour - 1.5) / 2.0) ** 2))
    return np.asarray((0.8 + 0.7 * peak) * np.where(weekend, 0.75, 1.0))


def bursts(rng: np.random.Generator, steps: int, mean_gap: float, longest: int) -> Floats:
    """Return 1 and, for short spells on average `mean_gap` steps apart, 3 to 8."""
    out = np.ones(steps)
    for start in np.flatnonzero(rng.random(steps) < 1.0 / mean_gap).tolist():
        out[start : start + int(rng.integers(2, longest + 1))] = rng.uniform(3.0, 8.0)
    return out


def bars(
    rng: np.random.Generator, path: Floats, before: float, deviation: Floats, places: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return open, high, low and close for a path of log closes that comes from `before`.

    Extremes are those of a Brownian bridge with the given deviation per step. Prices are rounded to `places`
    decimals; each open is the close before it.
    """
    start = np.concatenate(([before], path[:-1]))
    move = path - start
    reach = -2.0 * deviation * deviation * np.log(rng.uniform(1e-12, 1.0, (2, len(path))))
    root = np.sqrt(move * move + reach)
    high, low = start + (move + root[0]) / 2, start + (move - root[1]) / 2
    opened, high, low, close = (np.rint(np.exp(x) * 10.0**places) / 10.0**places for x in (start, high, low, path))
    return opened, high, low, close
