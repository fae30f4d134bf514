"""Standard deviation of the last `length` values; `kind` 0 divides by n (population), 1 by n - 1 (sample).

State: 0 candles seen; then two blocks of partial results of 2^k values each (see engine.kernels): their mean, and
the sum of squared distances from it. They are joined as in Chan, Golub and LeVeque 1979, which keeps all digits
of a small deviation around a large price, and gives exactly 0 for equal values.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, STATE, WHOLE, Floats, Truths, compiled


def rows(length: int, kind: int) -> int:
    return 4 << (length.bit_length() - 1)


@compiled(HERE, FLOAT, STATE, FLOAT, WHOLE, WHOLE)
def stdev(here: Truths, source: Floats, state: Floats, out: Floats, length: int, kind: int) -> None:
    half = state.shape[0] // 2
    for t in range(here.shape[0]):
        for s in range(here.shape[1]):
            out[t, s] = np.nan
            if here[t, s] == 0:
                continue
            if here[t, s] == 2:
                state[:, s] = 0.0
            now = int(state[0, s])
            state[0, s] += 1.0
            mean, squares = source[t, s], 0.0
            all_mean, all_squares, count, size = 0.0, 0.0, 0, 1
            while size <= length:
                row = size + (now & (size - 1))
                older_mean, older_squares = state[row, s], state[half + row, s]
                state[row, s], state[half + row, s] = mean, squares
                if length & size:
                    at = size + ((now - count) & (size - 1))
                    step = all_mean - state[at, s]
                    if count == 0:
                        step = 0.0
                    all_squares += state[half + at, s] + step * step * (size * count / (size + count))
                    all_mean = state[at, s] + step * (count / (size + count))
                    count += size
                step = mean - older_mean
                squares += older_squares + step * step * (size * 0.5)
                mean = older_mean + step * 0.5
                size *= 2
            if now + 1 >= length and np.isfinite(all_mean):
                value = np.sqrt(all_squares / (length - kind))
                if np.isfinite(value):
                    out[t, s] = value
