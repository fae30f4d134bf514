"""Rise per candle of the least-squares line through the last `length` values.

State: 0 candles seen; then two blocks of partial results of 2^k values each (see engine.kernels): their mean, and
the sum of (place - mean place) * (value - mean value), joined like the squares of a standard deviation.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, STATE, WHOLE, Floats, Truths, compiled


def rows(length: int) -> int:
    return 4 << (length.bit_length() - 1)


@compiled(HERE, FLOAT, STATE, FLOAT, WHOLE)
def slope(here: Truths, source: Floats, state: Floats, out: Floats, length: int) -> None:
    half = state.shape[0] // 2
    spread = length * (length * float(length) - 1.0) / 12.0
    for t in range(here.shape[0]):
        for s in range(here.shape[1]):
            out[t, s] = np.nan
            if here[t, s] == 0:
                continue
            if here[t, s] == 2:
                state[:, s] = 0.0
            now = int(state[0, s])
            state[0, s] += 1.0
            mean, product = source[t, s], 0.0
            all_mean, all_product, count, size = 0.0, 0.0, 0, 1
            while size <= length:
                row = size + (now & (size - 1))
                older_mean, older_product = state[row, s], state[half + row, s]
                state[row, s], state[half + row, s] = mean, product
                if length & size:
                    at = size + ((now - count) & (size - 1))
                    step = all_mean - state[at, s]
                    if count == 0:
                        step = 0.0
                    all_product += state[half + at, s] + step * (size * count * 0.5)
                    all_mean = state[at, s] + step * (count / (size + count))
                    count += size
                step = mean - older_mean
                product += older_product + step * (size * size * 0.5)
                mean = older_mean + step * 0.5
                size *= 2
            if now + 1 >= length:
                slope = all_product / spread
                value = slope
                if np.isfinite(value):
                    out[t, s] = value
