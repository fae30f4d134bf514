"""Average price since the start of the session, weighted by volume; `per` 0 is the UTC day, 1 the week from Monday.

A candle belongs to the session in which it lies: the one that closes at midnight to the day that ends. Unknown in
the session in which the series starts (its beginning was not seen), and from an unknown price or volume on.
State: 0 the session's number, counted from 1 (0: none yet), 1 whether its beginning was seen, 2 the sum of
price * volume, 3 the sum of volume, both NaN once unknown.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, STATE, WHOLE, Floats, Times, Truths, compiled

DAY = 86_400_000
MONDAY = 4 * DAY


def rows(per: int) -> int:
    return 4


@compiled(HERE, "i8[::1]", FLOAT, FLOAT, STATE, FLOAT, WHOLE)
def vwap(here: Truths, time: Times, source: Floats, volume: Floats, state: Floats, out: Floats, per: int) -> None:
    for t in range(here.shape[0]):
        session = (time[t] - 1) // DAY + 1 if per == 0 else (time[t] - 1 - MONDAY) // (7 * DAY) + 2
        for s in range(here.shape[1]):
            out[t, s] = np.nan
            if here[t, s] == 0:
                continue
            if here[t, s] == 2:
                state[0, s] = state[1, s] = 0.0
            if state[0, s] != session:
                state[1, s] = 1.0 if state[0, s] > 0.0 else 0.0
                state[0, s] = session
                state[2, s] = state[3, s] = 0.0
            state[2, s] += source[t, s] * volume[t, s]
            state[3, s] += volume[t, s]
            if state[1, s] == 1.0:
                value = state[2, s] / state[3, s]
                if np.isfinite(value):
                    out[t, s] = value
