"""Candles since a condition last held, among the last `length` candles: 0 is the current one.

Unknown where it held on none of them, or was unknown after the last that is known.
State: 0 candles since it held, counted from 1; 0 where that is not known.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, STATE, TRUTH, WHOLE, Floats, Truths, compiled


def rows(length: int) -> int:
    return 1


@compiled(HERE, TRUTH, STATE, FLOAT, WHOLE)
def barssince(here: Truths, condition: Truths, state: Floats, out: Floats, length: int) -> None:
    for t in range(here.shape[0]):
        for s in range(here.shape[1]):
            out[t, s] = np.nan
            if here[t, s] == 0:
                continue
            if here[t, s] == 2 or condition[t, s] == 1:
                state[0, s] = 0.0
            if condition[t, s] == 2:
                state[0, s] = 1.0
            elif state[0, s] > 0.0:
                state[0, s] += 1.0
            if 0.0 < state[0, s] <= length:
                out[t, s] = state[0, s] - 1.0
