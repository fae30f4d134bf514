"""Sum of the last `length` values.

State: 0 candles seen; 2^k to 2^(k+1) - 1 the last 2^k sums of 2^k values (see engine.kernels).
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, STATE, WHOLE, Floats, Truths, compiled


def rows(length: int) -> int:
    return 2 << (length.bit_length() - 1)


@compiled(HERE, FLOAT, STATE, FLOAT, WHOLE)
def sum(here: Truths, source: Floats, state: Floats, out: Floats, length: int) -> None:
    for t in range(here.shape[0]):
        for s in range(here.shape[1]):
            out[t, s] = np.nan
            if here[t, s] == 0:
                continue
            if here[t, s] == 2:
                state[:, s] = 0.0
            now = int(state[0, s])
            state[0, s] += 1.0
            part, total, size = source[t, s], 0.0, 1
            while size <= length:
                row = size + (now & (size - 1))
                older = state[row, s]
                state[row, s] = part
                if length & size:
                    ago = length & (size - 1)
                    total += state[size + ((now - ago) & (size - 1)), s]
                part += older
                size *= 2
            if now + 1 >= length and np.isfinite(total):
                out[t, s] = total
