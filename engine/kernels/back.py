"""The value `ago` candles ago.

State: 0 candles seen, up to `ago`; 1 place in the ring, 2 ... the ring of values. A run of one symbol's candles is
copied; of several symbols, all that share their place are one loop, all others are stepped one by one.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, STATE, WHOLE, Floats, Truths, compiled


def rows(ago: int) -> int:
    return 2 + max(ago, 1)


@compiled(HERE, FLOAT, STATE, FLOAT, WHOLE)
def back(here: Truths, source: Floats, state: Floats, out: Floats, ago: int) -> None:
    count, lanes = here.shape
    if ago == 0:
        there, values, results = here.reshape(-1), source.reshape(-1), out.reshape(-1)
        for i in range(len(there)):
            value, candle = values[i], there[i]
            results[i] = value if candle != 0 else np.nan
        return
    if lanes == 1:
        there, values, results = here.reshape(count), source.reshape(count), out.reshape(count)
        ring = state[2:].reshape(ago)
        seen, place, t = int(state[0, 0]), int(state[1, 0]), 0
        while t < count:
            if there[t] == 0:
                results[t] = np.nan
                t += 1
                continue
            if there[t] == 2:
                seen = 0
            begun, t = t, t + 1
            while t < count and there[t] == 1:
                t += 1
            run = t - begun
            for i in range(min(run, ago)):
                at = place + i if place + i < ago else place + i - ago
                results[begun + i] = ring[at] if seen + i >= ago else np.nan
            if run > ago:
                results[begun + ago : t] = values[begun : t - ago]
            place = (place + run) % ago
            kept = min(run, ago)
            for i in range(kept):
                at = place - kept + i
                ring[at if at >= 0 else at + ago] = values[t - kept + i]
            seen = min(seen + run, ago)
        state[0, 0], state[1, 0] = seen, place
        return
    seen_by, places = state[0], state[1]
    ok = np.empty(lanes, np.bool_)
    for t in range(count):
        there, values, results = here[t], source[t], out[t]
        one, middle, other = places[0], places[lanes // 2], places[lanes - 1]
        common, shared = one if (one == middle) | (one == other) else middle, 0
        for s in range(lanes):
            ok[s] = (there[s] != 0) & (places[s] == common)
            shared += ok[s]
        if shared:
            ring, after = state[2 + int(common)], common + 1.0 if common + 1.0 < ago else 0.0
            for s in range(lanes):
                value, older, joined_in, candle, seen, own = values[s], ring[s], ok[s], there[s], seen_by[s], places[s]
                before = 0.0 if candle == 2 else seen
                results[s] = older if joined_in & (before >= ago) else np.nan
                ring[s] = value if joined_in else older
                places[s] = after if joined_in | (seen == 0.0) else own
                more = before + 1.0 if before < ago else before
                seen_by[s] = more if joined_in else seen
        if shared == lanes:
            continue
        for s in range(lanes):
            if ok[s]:
                continue
            results[s] = np.nan
            if there[s] == 0:
                continue
            if there[s] == 2:
                seen_by[s], places[s] = 0.0, common
            place = int(places[s])
            if seen_by[s] >= ago:
                results[s] = state[2 + place, s]
            else:
                seen_by[s] += 1.0
            state[2 + place, s] = values[s]
            places[s] = place + 1 if place + 1 < ago else 0
