"""Labels: did the price rise by so much before it fell by so much, within so many candles?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.domain.market import Floats, Times

UNKNOWN, NEITHER, UP, DOWN = -1, 0, 1, 2

Outcomes = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Labels:
    """Per candle what happened (UNKNOWN, NEITHER, UP or DOWN), and the close time at which that was certain.

    `known_at` is the close of the last candle of the horizon, whatever was touched before it; where that
    candle is not there, the outcome is UNKNOWN and `known_at` is the largest time there is.
    """

    outcome: Outcomes
    known_at: Times


def first_touch(
    close_time: Times, high: Floats, low: Floats, close: Floats, up: float, down: float, within: int
) -> Labels:
    """Label candles, oldest first, by which level the next `within` of them touch first.

    `up` and `down` are ratios of the candle's close, down negative. Only candles that exist count. A candle that
    touches both levels leaves open which came first and is NEITHER: it may count for no side. The last `within`
    candles are UNKNOWN even where a level was touched already: to know only those would favour touches.
    """
    count = len(close)
    outcome = np.full(count, UNKNOWN, np.int8)
    known_at = np.full(count, np.iinfo(np.int64).max)
    decided = count - within
    if decided <= 0:
        return Labels(outcome, known_at)
    upper, lower = close[:decided] * (1 + up), close[:decided] * (1 + down)
    first_up, first_down = np.full((2, decided), within + 1)
    for ahead in range(within, 0, -1):
        first_up[high[ahead : ahead + decided] >= upper] = ahead
        first_down[low[ahead : ahead + decided] <= lower] = ahead
    outcome[:decided] = np.select([first_up < first_down, first_down < first_up], [UP, DOWN], NEITHER)
    known_at[:decided] = close_time[within:]
    return Labels(outcome, known_at)
