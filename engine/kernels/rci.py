"""How nearly the last `length` values rise in order: 100 always, -100 falling always. Equal values share their rank.

State: 0 known values in a row, 1 place in the ring, 2 ... the ring of values. An unknown value empties the window.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, STATE, WHOLE, Floats, Truths, compiled


def rows(length: int) -> int:
    return 2 + length


@compiled(HERE, FLOAT, STATE, FLOAT, WHOLE)
def rci(here: Truths, source: Floats, state: Floats, out: Floats, length: int) -> None:
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
                rank = 0.0  # twice the rank, from 0
                for j in range(length):
                    if state[2 + j, s] < state[2 + at, s]:
                        rank += 2.0
                    elif state[2 + j, s] == state[2 + at, s] and j != at:
                        rank += 1.0
                total += (rank - 2.0 * i) * (rank - 2.0 * i)
            out[t, s] = 100.0 * (1.0 - 1.5 * total / (length * (length * length - 1.0)))
