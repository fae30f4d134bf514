"""Average of the last `length` values under a bell: its middle at `offset` of the window, its width length / sigma.

State: 0 known values in a row, 1 place in the ring, 2 ... the ring of values. An unknown value empties the window.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, REAL, STATE, WHOLE, Floats, Truths, compiled


def rows(length: int, offset: float, sigma: float) -> int:
    return 2 + length


@compiled(HERE, FLOAT, STATE, FLOAT, WHOLE, REAL, REAL)
def alma(here: Truths, source: Floats, state: Floats, out: Floats, length: int, offset: float, sigma: float) -> None:
    weights, norm = np.empty(length), 0.0
    for i in range(length):
        away = (i - offset * (length - 1)) * sigma / length
        weights[i] = np.exp(-0.5 * away * away)
        norm += weights[i]
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
            total = 0.0
            for i in range(length):
                at = oldest + i if oldest + i < length else oldest + i - length
                total += weights[i] * state[2 + at, s]
            if np.isfinite(total / norm):
                out[t, s] = total / norm
