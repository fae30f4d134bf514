"""The value below which `rank` percent of the last `length` values lie; `kind` 0 between two of them, 1 one of them.

Each value stands for the middle of its share of the ranks, so that 50 is the median, and the ends are flat.

State: 0 known values in a row, 1 place in the ring, 2 ... the ring of values, then the same values in order. An
unknown value empties the window.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, REAL, STATE, WHOLE, Floats, Truths, compiled


def rows(length: int, rank: float, kind: int) -> int:
    return 2 + 2 * length


@compiled(HERE, FLOAT, STATE, FLOAT, WHOLE, REAL, WHOLE)
def percentile(here: Truths, source: Floats, state: Floats, out: Floats, length: int, rank: float, kind: int) -> None:
    first = 2 + length
    for t in range(here.shape[0]):
        for s in range(here.shape[1]):
            out[t, s] = np.nan
            if here[t, s] == 0:
                continue
            value = source[t, s] + 0.0  # one zero, not two
            if here[t, s] == 2 or not np.isfinite(value):
                state[0, s] = state[1, s] = 0.0
            if not np.isfinite(value):
                continue
            place, count = int(state[1, s]), int(state[0, s])
            if count == length:
                i = first
                while state[i, s] != state[2 + place, s]:
                    i += 1
                while i < first + length - 1:
                    state[i, s] = state[i + 1, s]
                    i += 1
                count -= 1
            i = first + count
            while i > first and state[i - 1, s] > value:
                state[i, s] = state[i - 1, s]
                i -= 1
            state[i, s] = state[2 + place, s] = value
            state[1, s] = place + 1 if place + 1 < length else 0
            state[0, s] = count + 1
            if count + 1 < length:
                continue
            if kind == 1:
                out[t, s] = state[first + max(int(np.ceil(rank * length / 100.0)) - 1, 0), s]
                continue
            exact = min(max(rank * length / 100.0 - 0.5, 0.0), length - 1.0)
            below = int(exact)
            low, high = state[first + below, s], state[first + min(below + 1, length - 1), s]
            out[t, s] = low + (high - low) * (exact - below)
