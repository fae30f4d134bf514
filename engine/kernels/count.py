"""How many of the last `length` candles a condition held on; unknown where it was unknown on one of them.

State: 0 candles seen up to `length`, 1 place in the ring, 2 how often true, 3 how often unknown, 4 ... the ring.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, STATE, TRUTH, WHOLE, Floats, Truths, compiled


def rows(length: int) -> int:
    return 4 + length


@compiled(HERE, TRUTH, STATE, FLOAT, WHOLE)
def count(here: Truths, condition: Truths, state: Floats, out: Floats, length: int) -> None:
    for t in range(here.shape[0]):
        for s in range(here.shape[1]):
            out[t, s] = np.nan
            if here[t, s] == 0:
                continue
            if here[t, s] == 2:
                state[:, s] = 0.0
            place = int(state[1, s])
            if state[0, s] == length:
                leaves = state[4 + place, s]
                if leaves == 2.0:
                    state[2, s] -= 1.0
                elif leaves == 1.0:
                    state[3, s] -= 1.0
            else:
                state[0, s] += 1.0
            enters = condition[t, s]
            if enters == 2:
                state[2, s] += 1.0
            elif enters == 1:
                state[3, s] += 1.0
            state[4 + place, s] = enters
            state[1, s] = place + 1 if place + 1 < length else 0
            if state[0, s] == length and state[3, s] == 0.0:
                out[t, s] = state[2, s]
