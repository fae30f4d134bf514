"""Whether a condition held on each of the last `length` candles: false as soon as one is false.

Candles before the start are unknown.
State: 0 candles seen, up to `length`; 1 and 2: candles since the last that decides, and since the last unknown
one, counted from 1 (0: none).
"""

from __future__ import annotations

from engine.kernels.jit import HERE, STATE, TRUTH, WHOLE, Floats, Truths, compiled


def rows(length: int) -> int:
    return 3


@compiled(HERE, TRUTH, STATE, TRUTH, WHOLE)
def held(here: Truths, condition: Truths, state: Floats, out: Truths, length: int) -> None:
    for t in range(here.shape[0]):
        for s in range(here.shape[1]):
            out[t, s] = 1
            if here[t, s] == 0:
                continue
            if here[t, s] == 2:
                state[0, s] = state[1, s] = state[2, s] = 0.0
            if state[0, s] < length:
                state[0, s] += 1.0
            for row, truth in ((1, 0), (2, 1)):
                if condition[t, s] == truth:
                    state[row, s] = 1.0
                elif state[row, s] > 0.0:
                    state[row, s] += 1.0
            if 0.0 < state[1, s] <= length:
                out[t, s] = 0
            elif state[0, s] == length and not 0.0 < state[2, s] <= length:
                out[t, s] = 2
