"""Exponential average, seeded with the mean of the first `length` values.

State: 0 values seen while seeding, 1 their sum, then the average.
One symbol is walked with its state in registers. Of several, a candle that is there for all that have begun is one
loop without branches, which the compiler turns into vectors.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, STATE, WHOLE, Floats, Truths, compiled, fma


def rows(length: int) -> int:
    return 2


@compiled(HERE, FLOAT, STATE, FLOAT, WHOLE)
def ema(here: Truths, source: Floats, state: Floats, out: Floats, length: int) -> None:
    alpha = 2.0 / (length + 1)
    rows, lanes = here.shape
    if lanes == 1:
        seen, average, t = state[0, 0], state[1, 0], 0
        while t < rows:
            value, result = source[t, 0], np.nan
            if here[t, 0] == 2:
                seen = average = 0.0
            if here[t, 0] != 0 and value - value == 0.0:
                if seen >= length:
                    result = average = fma(alpha, value - average, average)
                else:
                    seen += 1.0
                    average += value
                    if seen == length:
                        result = average = average / length
            out[t, 0] = result
            t += 1
            while seen >= length and t < rows and here[t, 0] == 1 and source[t, 0] - source[t, 0] == 0.0:
                average = fma(alpha, source[t, 0] - average, average)
                out[t, 0] = average
                t += 1
        state[0, 0], state[1, 0] = seen, average
        return
    seen_by, averages = state[0], state[1]
    for t in range(rows):
        there, values, results = here[t], source[t], out[t]
        settled = True
        for s in range(lanes):
            settled &= (there[s] != 2) & ((there[s] == 0) | (seen_by[s] >= length))
        if settled:
            for s in range(lanes):
                value, before, candle = values[s], averages[s], there[s]
                after = fma(alpha, value - before, before)
                known = (candle != 0) & (value - value == 0.0)
                averages[s] = after if known else before
                results[s] = after if known else np.nan
            continue
        for s in range(lanes):
            value, results[s] = values[s], np.nan
            if there[s] == 2:
                seen_by[s] = averages[s] = 0.0
            if there[s] == 0 or value - value != 0.0:
                continue
            if seen_by[s] >= length:
                results[s] = averages[s] = fma(alpha, value - averages[s], averages[s])
                continue
            seen_by[s] += 1.0
            averages[s] += value
            if seen_by[s] == length:
                results[s] = averages[s] = averages[s] / length
