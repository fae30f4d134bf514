"""Skewness and kurtosis of the last `length` values, corrected for their number.

State: 0 known values in a row, 1 place in the ring, 2 ... the ring of values. An unknown value empties the window.
The mean is taken as a distance from the newest value: equal values then have no spread at all.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, STATE, WHOLE, Floats, Truths, compiled


def rows(length: int) -> int:
    return 2 + length


@compiled(HERE, FLOAT, STATE, FLOAT, FLOAT, WHOLE)
def moments(here: Truths, source: Floats, state: Floats, skew: Floats, kurtosis: Floats, length: int) -> None:
    n = float(length)
    for t in range(here.shape[0]):
        for s in range(here.shape[1]):
            skew[t, s] = kurtosis[t, s] = np.nan
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
            mean = 0.0
            for i in range(length):
                at = oldest + i if oldest + i < length else oldest + i - length
                mean += state[2 + at, s] - value
            mean = value + mean / n
            second = third = fourth = 0.0
            for i in range(length):
                at = oldest + i if oldest + i < length else oldest + i - length
                off = state[2 + at, s] - mean
                second += off * off
                third += off * off * off
                fourth += off * off * off * off
            second, third, fourth = second / n, third / n, fourth / n
            one = third / (second * np.sqrt(second)) * np.sqrt(n * (n - 1.0)) / (n - 2.0)
            two = (n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * (fourth / (second * second)) - 3.0 * (n - 1.0))
            if np.isfinite(one) and np.isfinite(two):
                skew[t, s], kurtosis[t, s] = one, two
