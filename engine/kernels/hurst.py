"""Hurst exponent of the last `length` logarithmic returns by rescaled range; `corrected` for its bias in few values.

The returns are cut into 1, 2, 4 ... 32 equal parts of at least 8, the oldest that are left over dropped. The mean
rescaled range of the parts grows with a power of their size: the slope of its logarithm. Parts without any move
count as 0. The correction takes from each mean what chance alone gives (Anis and Lloyd) and adds its limit.
State: 0 known values in a row, 1 place in the ring, 2 the last value, 3 ... the ring of returns. An unknown value, or
one not above 0, empties the window.
"""

from __future__ import annotations

import math

import numpy as np

from engine.kernels.jit import FLOAT, HERE, STATE, WHOLE, Floats, Truths, compiled


def rows(length: int) -> int:
    return 3 + length


@compiled(HERE, FLOAT, STATE, FLOAT, FLOAT, WHOLE)
def hurst(here: Truths, source: Floats, state: Floats, exponent: Floats, corrected: Floats, length: int) -> None:
    sets = 1
    while sets < 6 and length // (1 << sets) >= 8:
        sets += 1
    shift, size_log = np.empty(sets), np.empty(sets)
    for k in range(sets):
        n = length // (1 << k)
        inner = 0.0
        for j in range(1, n):
            inner += np.sqrt((n - j) / j)
        if n <= 340:
            factor = np.exp(math.lgamma((n - 1.0) / 2.0) - 0.5 * np.log(np.pi) - math.lgamma(n / 2.0))
        else:
            factor = np.sqrt(2.0 / (np.pi * n))
        shift[k] = np.sqrt(np.pi * n / 2.0) - factor * inner
        size_log[k] = np.log(float(n))
    values = np.empty(length)
    for t in range(here.shape[0]):
        for s in range(here.shape[1]):
            exponent[t, s] = corrected[t, s] = np.nan
            if here[t, s] == 0:
                continue
            value = source[t, s]
            usable = np.isfinite(value) and value > 0.0
            if here[t, s] == 2 or not usable:
                state[0, s] = state[1, s] = 0.0
            if not usable:
                continue
            before, state[2, s] = state[2, s], value
            if state[0, s] == 0.0:
                state[0, s] = 1.0
                continue
            place = int(state[1, s])
            state[3 + place, s] = np.log(value / before)
            oldest = place + 1 if place + 1 < length else 0
            state[1, s] = oldest
            if state[0, s] <= length:
                state[0, s] += 1.0
            if state[0, s] <= length:
                continue
            for i in range(length):
                values[i] = state[3 + (oldest + i if oldest + i < length else oldest + i - length), s]
            x_sum = xx_sum = y_sum = xy_sum = z_sum = xz_sum = 0.0
            for k in range(sets):
                parts = 1 << k
                n = length // parts
                start = length - n * parts
                total = 0.0
                for _ in range(parts):
                    mean = 0.0
                    for i in range(start, start + n):
                        mean += values[i]
                    mean /= n
                    walk, squares, top, bottom = 0.0, 0.0, -np.inf, np.inf
                    for i in range(start, start + n):
                        off = values[i] - mean
                        walk += off
                        squares += off * off
                        top, bottom = max(top, walk), min(bottom, walk)
                    spread = np.sqrt(squares / n)
                    if spread > 0.0:
                        total += (top - bottom) / spread
                    start += n
                x, y, z = size_log[k], np.log(total / parts), np.log(total / parts + shift[k])
                x_sum += x
                xx_sum += x * x
                y_sum += y
                xy_sum += x * y
                z_sum += z
                xz_sum += x * z
            below = sets * xx_sum - x_sum * x_sum
            one, two = (sets * xy_sum - x_sum * y_sum) / below, (sets * xz_sum - x_sum * z_sum) / below
            if np.isfinite(one) and np.isfinite(two):
                exponent[t, s], corrected[t, s] = one, two
