"""Candles since the lowest of the last `length` values: 0 is the current one, the first of equals counts.

State: 0 known values in a row, 1 place in the ring, 2 age of the extreme, 3 the extreme, 4 ... the ring of values.
The ring is searched only when the extreme leaves the window. An unknown value empties the window.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, STATE, WHOLE, Floats, Truths, compiled


def rows(length: int) -> int:
    return 4 + length


@compiled(HERE, FLOAT, STATE, FLOAT, WHOLE)
def lowestbars(here: Truths, source: Floats, state: Floats, out: Floats, length: int) -> None:
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
            known, age, extreme = state[0, s] + 1.0, state[2, s] + 1.0, state[3, s]
            if known == 1.0 or value < extreme:
                age, extreme = 0.0, value
            elif age >= length:
                age, extreme = 0.0, value
                for at in range(place - 1, -1, -1):
                    if state[4 + at, s] <= extreme:
                        age, extreme = place - at, state[4 + at, s]
                for at in range(length - 1, place, -1):
                    if state[4 + at, s] <= extreme:
                        age, extreme = place + length - at, state[4 + at, s]
            state[4 + place, s] = value
            state[0, s], state[1, s], state[2, s], state[3, s] = min(known, length), place, age, extreme
            if known >= length:
                out[t, s] = age
