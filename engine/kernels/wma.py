"""Mean of the last `length` values, weighted 1 for the oldest to `length` for the newest.

State: 0 candles seen; then two blocks of partial results of 2^k values each (see engine.kernels): their sum,
and their sum weighted 1 2 3 ... from the oldest. Joined, the newer part's weights rise by the older's size.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, STATE, WHOLE, Floats, Truths, compiled


def rows(length: int) -> int:
    return 4 << (length.bit_length() - 1)


@compiled(HERE, FLOAT, STATE, FLOAT, WHOLE)
def wma(here: Truths, source: Floats, state: Floats, out: Floats, length: int) -> None:
    half = state.shape[0] // 2
    weights = length * (length + 1) / 2.0
    for t in range(here.shape[0]):
        for s in range(here.shape[1]):
            out[t, s] = np.nan
            if here[t, s] == 0:
                continue
            if here[t, s] == 2:
                state[:, s] = 0.0
            now = int(state[0, s])
            state[0, s] += 1.0
            plain = weighted = source[t, s]
            total, total_weighted, size = 0.0, 0.0, 1
            while size <= length:
                row = size + (now & (size - 1))
                older, older_weighted = state[row, s], state[half + row, s]
                state[row, s], state[half + row, s] = plain, weighted
                if length & size:
                    at = size + ((now - (length & (size - 1))) & (size - 1))
                    total_weighted += state[half + at, s] + size * total
                    total += state[at, s]
                weighted += older_weighted + size * plain
                plain += older
                size *= 2
            if now + 1 >= length and np.isfinite(total_weighted):
                out[t, s] = total_weighted / weights
