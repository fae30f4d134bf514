"""Share in percent of the `length` values before the current one that are not above it.

State: 0 known values in a row, 1 place in the ring, 2 ... the ring of values. An unknown value empties the window.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, STATE, WHOLE, Floats, Truths, compiled


def rows(length: int) -> int:
    return 2 + length


@compiled(HERE, FLOAT, STATE, FLOAT, WHOLE)
def percentrank(here: Truths, source: Floats, state: Floats, out: Floats, length: int) -> None:
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
            if state[0, s] == length:
                below = 0
                for i in range(2, 2 + length):
                    if state[i, s] <= value:
                        below += 1
                out[t, s] = 100.0 * below / length
            else:
                state[0, s] += 1.0
            place = int(state[1, s])
            state[2 + place, s] = value
            state[1, s] = place + 1 if place + 1 < length else 0
