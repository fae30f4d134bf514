"""Value on the candle on which a condition held, the `occurrence`-th back from now, among the last `length` candles.

Occurrence 0 is the latest. Unknown where it held too seldom, or was unknown on a candle after that one.
State: 0 candles seen, 1 occurrences remembered; then their candles' numbers, latest first; then their values.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, STATE, TRUTH, WHOLE, Floats, Truths, compiled


def rows(occurrence: int, length: int) -> int:
    return 2 + 2 * (occurrence + 1)


@compiled(HERE, TRUTH, FLOAT, STATE, FLOAT, WHOLE, WHOLE)
def valuewhen(
    here: Truths, condition: Truths, source: Floats, state: Floats, out: Floats, occurrence: int, length: int
) -> None:
    values = 3 + occurrence
    for t in range(here.shape[0]):
        for s in range(here.shape[1]):
            out[t, s] = np.nan
            if here[t, s] == 0:
                continue
            if here[t, s] == 2 or condition[t, s] == 1:
                state[1, s] = 0.0
            state[0, s] += 1.0
            if condition[t, s] == 2:
                for i in range(occurrence, 0, -1):
                    state[2 + i, s] = state[1 + i, s]
                    state[values + i, s] = state[values + i - 1, s]
                state[2, s], state[values, s] = state[0, s], source[t, s]
                if state[1, s] <= occurrence:
                    state[1, s] += 1.0
            if state[1, s] > occurrence and state[0, s] - state[2 + occurrence, s] < length:
                out[t, s] = state[values + occurrence, s]
