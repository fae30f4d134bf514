"""Open, high and low of the running day, week or month (`per` 0, 1, 2, UTC), and the four prices of the one before.

A candle belongs to the period in which it lies: the one that closes at midnight to the day that ends. The period in
which the series starts is unknown, its beginning was not seen; so is, from an unknown price on, the period it lies in.
`fresh` is true on the first candle of a period, unknown on the first candle of the series.
State: 0 the period's number, counted from 1 (0: none yet), 1 whether its beginning was seen, 2 open, 3 high, 4 low,
5 close so far, NaN once unknown, 6 to 9 the same of the period before.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, STATE, TRUTH, WHOLE, Floats, Times, Truths, compiled

DAY = 86_400_000
MONDAY = 4 * DAY


def rows(per: int) -> int:
    return 10


@compiled(HERE, "i8[::1]", *[FLOAT] * 4, STATE, *[FLOAT] * 7, TRUTH, WHOLE)
def period_range(
    here: Truths, time: Times, opened: Floats, high: Floats, low: Floats, close: Floats, state: Floats,
    first: Floats, top: Floats, bottom: Floats, first_before: Floats, top_before: Floats, bottom_before: Floats,
    last_before: Floats, fresh: Truths, per: int,
) -> None:  # fmt: skip
    for t in range(here.shape[0]):
        day = (time[t] - 1) // DAY
        period = day + 1
        if per == 1:
            period = (time[t] - 1 - MONDAY) // (7 * DAY) + 2
        elif per == 2:  # years begin in March, so that the leap day is the last of one
            since = day + 719_468
            era = since // 146_097
            rest = since - era * 146_097
            year = (rest - rest // 1_460 + rest // 36_524 - rest // 146_096) // 365
            inside = rest - (365 * year + year // 4 - year // 100)
            period = 12 * (era * 400 + year) + (5 * inside + 2) // 153 + 1
        for s in range(here.shape[1]):
            first[t, s] = top[t, s] = bottom[t, s] = np.nan
            first_before[t, s] = top_before[t, s] = bottom_before[t, s] = last_before[t, s] = np.nan
            fresh[t, s] = 1
            if here[t, s] == 0:
                continue
            if here[t, s] == 2:
                state[:, s] = 0.0
            began = state[0, s] != period
            if state[0, s] == 0.0:
                state[1:, s] = np.nan
                state[1, s] = 0.0
            else:
                fresh[t, s] = 2 if began else 0
            if began:
                for i in range(4):
                    state[6 + i, s] = state[2 + i, s] if state[1, s] == 1.0 else np.nan
                state[1, s] = 1.0 if state[0, s] > 0.0 else 0.0
                state[0, s] = period
                state[2, s], state[3, s], state[4, s] = opened[t, s], high[t, s], low[t, s]
            else:  # an unknown price makes its column unknown, whatever follows
                state[3, s] = (
                    state[3, s] + 0.0 * high[t, s] if high[t, s] <= state[3, s] else high[t, s] + 0.0 * state[3, s]
                )
                state[4, s] = (
                    state[4, s] + 0.0 * low[t, s] if low[t, s] >= state[4, s] else low[t, s] + 0.0 * state[4, s]
                )
            state[5, s] = close[t, s]
            if state[1, s] == 1.0:
                first[t, s], top[t, s], bottom[t, s] = state[2, s], state[3, s], state[4, s]
            first_before[t, s], top_before[t, s] = state[6, s], state[7, s]
            bottom_before[t, s], last_before[t, s] = state[8, s], state[9, s]
