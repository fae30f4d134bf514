"""Parabolic stop and reverse: a line that follows the trend ever faster and turns where the price meets it.

The first direction is that of the larger move between the first two candles, as in TA-Lib. A candle with an
unknown price is as if it were not there, its result unknown.
State: 0 candles seen, up to 2; 1 whether the trend is up; 2 the line for the next candle; 3 the extreme of the
trend; 4 the acceleration; 5 and 6 the low and the high of the candle before.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, REAL, STATE, TRUTH, Floats, Truths, compiled


def rows(start: float, step: float, maximum: float) -> int:
    return 7


@compiled(HERE, FLOAT, FLOAT, STATE, FLOAT, TRUTH, REAL, REAL, REAL)
def psar(
    here: Truths, high: Floats, low: Floats, state: Floats, line: Floats, up: Truths,
    start: float, step: float, maximum: float,
) -> None:  # fmt: skip
    for t in range(here.shape[0]):
        for s in range(here.shape[1]):
            line[t, s], up[t, s] = np.nan, 1
            if here[t, s] == 0:
                continue
            if here[t, s] == 2:
                state[:, s] = 0.0
            hi, lo = high[t, s], low[t, s]
            if not (np.isfinite(hi) and np.isfinite(lo)):
                continue
            last_low, last_high = state[5, s], state[6, s]
            state[5, s], state[6, s] = lo, hi
            if state[0, s] == 0.0:
                state[0, s] = 1.0
                continue
            if state[0, s] == 1.0:
                state[0, s] = 2.0
                fall, rise = last_low - lo, hi - last_high
                rising = not (fall > 0.0 and fall > rise)
                state[1, s] = 1.0 if rising else 0.0
                state[2, s] = last_low if rising else last_high
                state[3, s] = hi if rising else lo
                state[4, s] = start
                last_low, last_high = lo, hi
            rising, sar, extreme, pace = state[1, s] == 1.0, state[2, s], state[3, s], state[4, s]
            if (rising and lo <= sar) or (not rising and hi >= sar):
                rising = not rising
                sar = min(extreme, last_low, lo) if rising else max(extreme, last_high, hi)
                extreme, pace = (hi if rising else lo), start
                line[t, s] = sar
            else:
                line[t, s] = sar
                if (rising and hi > extreme) or (not rising and lo < extreme):
                    extreme = hi if rising else lo
                    pace = min(pace + step, maximum)
            sar += pace * (extreme - sar)
            sar = min(sar, last_low, lo) if rising else max(sar, last_high, hi)
            up[t, s] = 2 if rising else 0
            state[1, s], state[2, s], state[3, s], state[4, s] = 1.0 if rising else 0.0, sar, extreme, pace
