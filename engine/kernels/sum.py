"""Sum of the last `length` values.

State: 0 candles seen; 2^k to 2^(k+1) - 1 the last 2^k sums of 2^k values (see engine.kernels). A run of candles without
a hole is added up level by level, whole arrays at a time, where there are enough of them to pay for it. The additions
behind each value are the same, in the same order, in either form.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, STATE, WHOLE, Floats, Truths, compiled

FEW = 16
"""Fewer candles at once are stepped one by one."""
RUN = 1_024
"""A longer run is cut: its sums stay in the cache of the first level."""


def rows(length: int) -> int:
    return 2 << (length.bit_length() - 1)


@compiled(HERE, FLOAT, STATE, FLOAT, WHOLE)
def sum(here: Truths, source: Floats, state: Floats, out: Floats, length: int) -> None:
    if here.shape[0] < FEW:
        for t in range(here.shape[0]):
            for s in range(here.shape[1]):
                out[t, s] = np.nan
                if here[t, s] == 0:
                    continue
                if here[t, s] == 2:
                    state[:, s] = 0.0
                now = int(state[0, s])
                state[0, s] += 1.0
                value, window, size = source[t, s], 0.0, 1
                while size <= length:
                    row = size + (now & (size - 1))
                    older = state[row, s]
                    state[row, s] = value
                    if length & size:
                        ago = length & (size - 1)
                        window += state[size + ((now - ago) & (size - 1)), s]
                    value += older
                    size *= 2
                if now + 1 >= length and np.isfinite(window):
                    out[t, s] = window
        return
    buffer = min(here.shape[0], RUN)
    part, longer, total = np.empty(buffer), np.empty(buffer), np.empty(buffer)
    for s in range(here.shape[1]):
        t = 0
        while t < here.shape[0]:
            if here[t, s] == 0:
                out[t, s] = np.nan
                t += 1
                continue
            if here[t, s] == 2:
                state[:, s] = 0.0
            part[0], total[0], count = source[t, s], 0.0, 1
            while count < RUN and t + count < here.shape[0] and here[t + count, s] == 1:
                part[count], total[count] = source[t + count, s], 0.0
                count += 1
            now, size = int(state[0, s]), 1
            state[0, s] += count
            while size <= length:
                if length & size:
                    ago = length & (size - 1)
                    for i in range(min(ago, count)):
                        total[i] += state[size + ((now + i - ago) & (size - 1)), s]
                    if count > ago:
                        later, earlier = total[ago:count], part[: count - ago]
                        for i in range(len(later)):
                            later[i] += earlier[i]
                if 2 * size <= length:
                    for i in range(min(size, count)):
                        longer[i] = part[i] + state[size + ((now + i) & (size - 1)), s]
                    if count > size:
                        joined, late, early = longer[size:count], part[size:count], part[: count - size]
                        for i in range(len(joined)):
                            joined[i] = late[i] + early[i]
                for i in range(max(0, count - size), count):
                    state[size + ((now + i) & (size - 1)), s] = part[i]
                part, longer = longer, part
                size *= 2
            for i in range(count):
                known = now + i + 1 >= length and np.isfinite(total[i])
                out[t + i, s] = total[i] if known else np.nan
            t += count
