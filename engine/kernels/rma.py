"""Wilder's average, seeded with the mean of the first `length` values.

State: 0 values seen while seeding, 1 their sum, then the average.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, STATE, WHOLE, Floats, Truths, compiled


def rows(length: int) -> int:
    return 2


@compiled(HERE, FLOAT, STATE, FLOAT, WHOLE)
def rma(here: Truths, source: Floats, state: Floats, out: Floats, length: int) -> None:
    alpha = 1.0 / length
    if here.shape[1] == 1:  # the same for one symbol, with its state in registers
        seen, average = state[0, 0], state[1, 0]
        for t in range(here.shape[0]):
            result, value = np.nan, source[t, 0]
            if here[t, 0] == 2:
                seen = average = 0.0
            if here[t, 0] != 0 and np.isfinite(value):
                if seen >= length:
                    average += alpha * (value - average)
                    result = average
                else:
                    seen += 1.0
                    average += value
                    if seen == length:
                        average /= length
                        result = average
            out[t, 0] = result
        state[0, 0], state[1, 0] = seen, average
        return
    for t in range(here.shape[0]):
        for s in range(here.shape[1]):
            out[t, s] = np.nan
            if here[t, s] == 0:
                continue
            if here[t, s] == 2:
                state[0, s] = state[1, s] = 0.0
            value = source[t, s]
            if not np.isfinite(value):
                continue
            if state[0, s] < length:
                state[0, s] += 1.0
                state[1, s] += value
                if state[0, s] == length:
                    state[1, s] /= length
                    out[t, s] = state[1, s]
            else:
                state[1, s] += alpha * (value - state[1, s])
                out[t, s] = state[1, s]
