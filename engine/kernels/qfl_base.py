"""The last base of Quickfingers Luc: a low pivot from which the price really bounced.

A low pivot (`left`, `right`, as in pivot_low) is a base from the candle on which the price has risen by `bounce`
above it without having been lower since. It is broken by a lower low, and stays the last base until the next one,
for at most `within` candles. An unknown price forgets everything.
State: 0 known candles in a row, up to left + right + 1; 1 place in the rings; 2 to 4 the candidate: candles since
it (0: none), its level, the highest high since; 5 to 7 the same of the base; 8 candles since it was broken,
counted from 1 (0: it is not); 9 the lowest low since; then the rings of lows and highs.
Longer than other kernels: the life of a base is told in one place.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, REAL, STATE, TRUTH, WHOLE, Floats, Truths, compiled

RINGS = 10


def rows(left: int, right: int, bounce: float, within: int) -> int:
    return RINGS + 2 * (left + right + 1)


@compiled(
    HERE, FLOAT, FLOAT, FLOAT, STATE, FLOAT, FLOAT, FLOAT, FLOAT, TRUTH, TRUTH, FLOAT, FLOAT, WHOLE, WHOLE, REAL, WHOLE
)
def qfl_base(
    here: Truths, low: Floats, high: Floats, close: Floats, state: Floats,
    level: Floats, age: Floats, rise: Floats, drop: Floats, new: Truths, broken: Truths,
    broken_age: Floats, bottom: Floats,
    left: int, right: int, bounce: float, within: int,
) -> None:  # fmt: skip
    span = left + right + 1
    for t in range(here.shape[0]):
        for s in range(here.shape[1]):
            level[t, s] = age[t, s] = rise[t, s] = drop[t, s] = broken_age[t, s] = bottom[t, s] = np.nan
            new[t, s] = broken[t, s] = 1
            if here[t, s] == 0:
                continue
            hi, lo, end = high[t, s], low[t, s], close[t, s]
            known = np.isfinite(hi) and np.isfinite(lo) and np.isfinite(end)
            if here[t, s] == 2 or not known:
                state[:, s] = 0.0
            if not known:
                continue
            place = int(state[1, s])
            state[RINGS + place, s], state[RINGS + span + place, s] = lo, hi
            state[1, s] = place + 1 if place + 1 < span else 0
            if state[0, s] < span:
                state[0, s] += 1.0

            if state[5, s] > 0.0:
                state[5, s] += 1.0
                if state[8, s] > 0.0:
                    state[8, s] += 1.0
                    state[9, s] = min(state[9, s], lo)
                elif lo < state[6, s]:
                    state[8, s], state[9, s] = 1.0, lo
                else:
                    state[7, s] = max(state[7, s], hi)
                if state[5, s] > within:
                    state[5, s] = 0.0

            if state[2, s] > 0.0:
                state[2, s] += 1.0
                state[4, s] = max(state[4, s], hi)
                if lo < state[3, s] or state[2, s] > within:
                    state[2, s] = 0.0

            if state[0, s] == span:
                new[t, s] = 0
                candidate = state[RINGS + (place - right if place >= right else place - right + span), s]
                peak = -np.inf
                found = True
                for ago in range(span):
                    at = place - ago if place >= ago else place - ago + span
                    other = state[RINGS + at, s]
                    if (ago < right and other <= candidate) or (ago > right and other < candidate):
                        found = False
                        break
                    if ago < right:
                        peak = max(peak, state[RINGS + span + at, s])
                if found and right <= within:
                    state[2, s], state[3, s], state[4, s] = right, candidate, peak

            if state[2, s] > 0.0 and state[4, s] >= state[3, s] * (1.0 + bounce):
                state[5, s], state[6, s], state[7, s] = state[2, s], state[3, s], state[4, s]
                state[2, s] = state[8, s] = 0.0
                new[t, s] = 2

            if state[5, s] > 0.0:
                level[t, s], age[t, s] = state[6, s], state[5, s]
                broken[t, s] = 2 if state[8, s] > 0.0 else 0
                if state[8, s] > 0.0:
                    broken_age[t, s], bottom[t, s] = state[8, s] - 1.0, state[9, s]
                if state[6, s] > 0.0:
                    rise[t, s] = state[7, s] / state[6, s] - 1.0
                    drop[t, s] = 1.0 - end / state[6, s]
