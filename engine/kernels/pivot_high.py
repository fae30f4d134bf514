"""The last confirmed high pivot: a value not behind the `left` before it and beyond the `right` after it.

Of equal values the last is the pivot. It is known `right` candles late; forgotten after `within` candles. An
unknown value forgets everything: what it hides might have been a pivot.
State: 0 known values in a row up to left + right + 1, 1 place in the ring, 2 candles since the pivot (0: none),
3 its value, 4 ... the ring of values.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, STATE, TRUTH, WHOLE, Floats, Truths, compiled


def rows(left: int, right: int, within: int) -> int:
    return 5 + left + right


@compiled(HERE, FLOAT, STATE, FLOAT, FLOAT, TRUTH, WHOLE, WHOLE, WHOLE)
def pivot_high(
    here: Truths,
    source: Floats,
    state: Floats,
    price: Floats,
    age: Floats,
    new: Truths,
    left: int,
    right: int,
    within: int,
) -> None:
    span = left + right + 1
    for t in range(here.shape[0]):
        for s in range(here.shape[1]):
            price[t, s], age[t, s], new[t, s] = np.nan, np.nan, 1
            if here[t, s] == 0:
                continue
            value = source[t, s]
            if here[t, s] == 2 or not np.isfinite(value):
                state[0, s] = state[2, s] = 0.0
            if not np.isfinite(value):
                continue
            place = int(state[1, s])
            state[4 + place, s] = value
            state[1, s] = place + 1 if place + 1 < span else 0
            if state[0, s] < span:
                state[0, s] += 1.0
            if state[2, s] > 0.0:
                state[2, s] += 1.0
            if state[0, s] == span:
                middle = place - right if place >= right else place - right + span
                candidate = state[4 + middle, s]
                found = True
                for ago in range(span):
                    other = state[4 + (place - ago if place >= ago else place - ago + span), s]
                    if (ago < right and other >= candidate) or (ago > right and other > candidate):
                        found = False
                        break
                new[t, s] = 2 if found else 0
                if found:
                    state[2, s], state[3, s] = right, candidate
            if state[2, s] > within:
                state[2, s] = 0.0
            if state[2, s] > 0.0:
                price[t, s], age[t, s] = state[3, s], state[2, s]
