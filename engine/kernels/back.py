"""The value `ago` candles ago.

State: 0 candles seen, 1 place in the ring, 2 ... the ring of values.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, STATE, WHOLE, Floats, Truths, compiled


def rows(ago: int) -> int:
    return 2 + max(ago, 1)


@compiled(HERE, FLOAT, STATE, FLOAT, WHOLE)
def back(here: Truths, source: Floats, state: Floats, out: Floats, ago: int) -> None:
    for t in range(here.shape[0]):
        for s in range(here.shape[1]):
            out[t, s] = np.nan
            if here[t, s] == 0:
                continue
            if here[t, s] == 2:
                state[0, s] = state[1, s] = 0.0
            if ago == 0:
                out[t, s] = source[t, s]
                continue
            place = int(state[1, s])
            if state[0, s] >= ago:
                out[t, s] = state[2 + place, s]
            else:
                state[0, s] += 1.0
            state[2 + place, s] = source[t, s]
            state[1, s] = place + 1 if place + 1 < ago else 0
