"""How often a condition held since an event, the event's candle included, among the last `length` candles.

Unknown where the event happened on none of them, was unknown after the last one known, or the condition since is.
State: 0 candles since the event, counted from 1 (0: not known), 1 the count, NaN once the condition was unknown.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, STATE, TRUTH, WHOLE, Floats, Truths, compiled


def rows(length: int) -> int:
    return 2


@compiled(HERE, TRUTH, TRUTH, STATE, FLOAT, WHOLE)
def count_since(here: Truths, condition: Truths, event: Truths, state: Floats, out: Floats, length: int) -> None:
    for t in range(here.shape[0]):
        for s in range(here.shape[1]):
            out[t, s] = np.nan
            if here[t, s] == 0:
                continue
            if here[t, s] == 2 or event[t, s] == 1:
                state[0, s] = 0.0
            if event[t, s] == 2:
                state[0, s], state[1, s] = 1.0, 0.0
            elif state[0, s] > 0.0:
                state[0, s] += 1.0
            if condition[t, s] == 2:
                state[1, s] += 1.0
            elif condition[t, s] == 1:
                state[1, s] = np.nan
            if 0.0 < state[0, s] <= length:
                out[t, s] = state[1, s]
