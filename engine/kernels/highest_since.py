"""Highest value since an event, the event's candle included, among the last `length` candles.

Unknown where the event happened on none of them, was unknown after the last one known, or a value since is unknown.
State: 0 candles since the event, counted from 1 (0: not known), 1 the extreme, NaN once a value was unknown.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, STATE, TRUTH, WHOLE, Floats, Truths, compiled


def rows(length: int) -> int:
    return 2


@compiled(HERE, FLOAT, TRUTH, STATE, FLOAT, WHOLE)
def highest_since(here: Truths, source: Floats, event: Truths, state: Floats, out: Floats, length: int) -> None:
    for t in range(here.shape[0]):
        for s in range(here.shape[1]):
            out[t, s] = np.nan
            if here[t, s] == 0:
                continue
            value = source[t, s]
            if here[t, s] == 2 or event[t, s] == 1:
                state[0, s] = 0.0
            if event[t, s] == 2:
                state[0, s], state[1, s] = 1.0, value
            elif state[0, s] > 0.0:
                state[0, s] += 1.0
                if value > state[1, s] or value != value:
                    state[1, s] = value
            if 0.0 < state[0, s] <= length:
                out[t, s] = state[1, s]
