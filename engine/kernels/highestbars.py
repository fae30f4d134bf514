"""Candles since the highest of the last `length` values: 0 is the current one, the first of equals counts.

State: 0 known values in a row, 1 place in the ring, 2 age of the extreme, 3 the extreme, 4 ... the ring of values.
The ring is searched only when the extreme leaves the window. An unknown value empties the window.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, STATE, WHOLE, Floats, Truths, compiled


def rows(length: int) -> int:
    return 4 + length


@compiled(HERE, FLOAT, STATE, FLOAT, WHOLE)
def highestbars(here: Truths, source: Floats, state: Floats, out: Floats, length: int) -> None:
    for t in range(here.shape[0]):
        for s in range(here.shape[1]):
            out[t, s] = np.nan
            if here[t, s] == 0:
                continue
            value = source[t, s]
            if here[t, s] == 2 or not np.isfinite(value):
                state[0, s] = 0.0
            if not np.isfinite(value):
                continue
            place = int(state[1, s]) + 1
            if place >= length:
                place = 0
            state[1, s] = place
            state[4 + place, s] = value
            if state[0, s] < length:
                state[0, s] += 1.0
            if state[0, s] == 1.0 or value > state[3, s]:
                state[2, s], state[3, s] = 0.0, value
            else:
                state[2, s] += 1.0
                if state[2, s] >= length:
                    state[2, s], state[3, s] = 0.0, value
                    for age in range(1, length):
                        at = place - age
                        if at < 0:
                            at += length
                        if state[4 + at, s] >= state[3, s]:
                            state[2, s], state[3, s] = age, state[4 + at, s]
            if state[0, s] == length:
                out[t, s] = state[2, s]
