"""Mean absolute distance of the last `length` values from their mean.

State: 0 known values in a row, 1 place in the ring, 2 ... the ring of values. An unknown value empties the window.
The mean is taken as a distance from the newest value: equal values then deviate by exactly 0.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, STATE, WHOLE, Floats, Truths, compiled


def rows(length: int) -> int:
    return 2 + length


@compiled(HERE, FLOAT, STATE, FLOAT, WHOLE)
def mad(here: Truths, source: Floats, state: Floats, out: Floats, length: int) -> None:
    for t in range(here.shape[0]):
        for s in range(here.shape[1]):
            out[t, s] = np.nan
            if here[t, s] == 0:
                continue
            value = source[t, s]
            if here[t, s] == 2 or not np.isfinite(value):
                state[0, s] = state[1, s] = 0.0
            if not np.isfinite(value):
                continue
            place = int(state[1, s])
            state[2 + place, s] = value
            oldest = place + 1 if place + 1 < length else 0
            state[1, s] = oldest
            if state[0, s] < length:
                state[0, s] += 1.0
            if state[0, s] < length:
                continue
            mean = 0.0
            for i in range(oldest, length):
                mean += state[2 + i, s] - value
            for i in range(oldest):
                mean += state[2 + i, s] - value
            mean = value + mean / length
            total = 0.0
            for i in range(oldest, length):
                total += abs(state[2 + i, s] - mean)
            for i in range(oldest):
                total += abs(state[2 + i, s] - mean)
            if np.isfinite(total):
                out[t, s] = total / length
