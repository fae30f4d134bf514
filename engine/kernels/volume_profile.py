"""Where the volume of the last `length` candles lies: its busiest price, and the prices around it that hold `share`.

The range of the window is cut into `bins` of one height. A candle spreads its volume evenly over its range. The
busiest bin (of equals the lowest) is the point of control; from it the value area grows by the busier of its two
neighbours (of equals the upper) until it holds `share` of the volume.
State: 0 known candles in a row, 1 place in the ring, then the rings of highs, lows and volumes. An unknown value
empties the window.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, REAL, STATE, WHOLE, Floats, Truths, compiled


def rows(length: int, bins: int, share: float) -> int:
    return 2 + 3 * length


@compiled(HERE, FLOAT, FLOAT, FLOAT, STATE, FLOAT, FLOAT, FLOAT, WHOLE, WHOLE, REAL)
def volume_profile(
    here: Truths, high: Floats, low: Floats, volume: Floats, state: Floats,
    control: Floats, upper: Floats, lower: Floats, length: int, bins: int, share: float,
) -> None:  # fmt: skip
    held = np.empty(bins)
    for t in range(here.shape[0]):
        for s in range(here.shape[1]):
            control[t, s] = upper[t, s] = lower[t, s] = np.nan
            if here[t, s] == 0:
                continue
            usable = np.isfinite(high[t, s]) and np.isfinite(low[t, s]) and np.isfinite(volume[t, s])
            if here[t, s] == 2 or not usable:
                state[0, s] = state[1, s] = 0.0
            if not usable:
                continue
            place = int(state[1, s])
            state[2 + place, s] = high[t, s]
            state[2 + length + place, s] = low[t, s]
            state[2 + 2 * length + place, s] = volume[t, s]
            oldest = place + 1 if place + 1 < length else 0
            state[1, s] = oldest
            if state[0, s] < length:
                state[0, s] += 1.0
            if state[0, s] < length:
                continue
            top, bottom = -np.inf, np.inf
            for i in range(length):
                top, bottom = max(top, state[2 + i, s]), min(bottom, state[2 + length + i, s])
            height = (top - bottom) / bins
            held[:] = 0.0
            total = 0.0
            for i in range(length):
                at = oldest + i if oldest + i < length else oldest + i - length
                a, b, amount = state[2 + length + at, s], state[2 + at, s], state[2 + 2 * length + at, s]
                total += amount
                if height <= 0.0:
                    continue
                begin, end = min(int((a - bottom) / height), bins - 1), min(int((b - bottom) / height), bins - 1)
                if begin == end or b <= a:
                    held[begin] += amount
                    continue
                for k in range(begin, end + 1):
                    under, over = max(a, bottom + k * height), min(b, bottom + (k + 1) * height)
                    if over > under:
                        held[k] += amount * ((over - under) / (b - a))
            if not total > 0.0:
                continue
            if height <= 0.0:
                control[t, s] = upper[t, s] = lower[t, s] = top
                continue
            busiest = 0
            for k in range(1, bins):
                if held[k] > held[busiest]:
                    busiest = k
            first = last = busiest
            inside = held[busiest]
            while inside < share * total and (first > 0 or last < bins - 1):
                above = held[last + 1] if last < bins - 1 else -1.0
                below = held[first - 1] if first > 0 else -1.0
                if above >= below:
                    last += 1
                    inside += above
                else:
                    first -= 1
                    inside += below
            control[t, s] = bottom + (busiest + 0.5) * height
            upper[t, s], lower[t, s] = bottom + (last + 1) * height, bottom + first * height
