"""Sum of the last `length` values.

State: 0 candles seen; 2^k to 2^(k+1) - 1 the last 2^k sums of 2^k values (see engine.kernels); the last row counts the
candles by which they are found, which symbols share as far as no candle is missing. The additions behind each value
are the same, in the same order, in every form: one symbol's run of candles without a hole is added up level by level,
whole arrays at a time; of several symbols, all that share their count are one loop per level; all others are stepped
one by one.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, STATE, WHOLE, Floats, Truths, compiled

RUN = 2_048
"""A longer run is cut: its sums stay in the cache of the first level."""
SELDOM = 64
"""After so many candles a symbol that fell behind for a missing candle is brought back to the count of the others."""


def rows(length: int) -> int:
    return (2 << (length.bit_length() - 1)) + 1


@compiled(HERE, FLOAT, STATE, FLOAT, WHOLE)
def sum(here: Truths, source: Floats, state: Floats, out: Floats, length: int) -> None:
    count, lanes = here.shape
    last = state.shape[0] - 1
    if lanes == 1 and count > 1:
        there, values, results = here.reshape(count), source.reshape(count), out.reshape(count)
        buffer = min(count, RUN)
        first, second, total = np.empty(buffer), np.empty(buffer), np.empty(buffer)
        ring = state.reshape(last + 1)
        t = 0
        while t < count:
            if there[t] == 0:
                results[t] = np.nan
                t += 1
                continue
            if there[t] == 2:
                ring[0] = 0.0
            run = min(buffer, count - t)
            piece = there[t + 1 : t + run]
            broken = False
            for i in range(len(piece)):
                broken |= piece[i] != 1
            if broken:
                run = 1
                while there[t + run] == 1:
                    run += 1
            now, size, added = int(ring[last]), 1, False
            part, longer = first[:run], second[:run]
            part[:] = values[t : t + run]
            while size <= length:
                if length & size:
                    ago = length & (size - 1)
                    begun = min(ago, run)
                    for i in range(begun):
                        piece_before = ring[size + ((now + i - ago) & (size - 1))]
                        total[i] = (total[i] if added else 0.0) + piece_before
                    later, earlier = total[begun:run], part[: run - begun]
                    if added:
                        for i in range(len(later)):
                            later[i] += earlier[i]
                    else:
                        for i in range(len(later)):
                            later[i] = 0.0 + earlier[i]
                    added = True
                if 2 * size <= length:
                    begun = min(size, run)
                    for i in range(begun):
                        longer[i] = part[i] + ring[size + ((now + i) & (size - 1))]
                    joined, late, early = longer[begun:run], part[begun:run], part[: run - begun]
                    for i in range(len(joined)):
                        joined[i] = late[i] + early[i]
                for i in range(max(0, run - size), run):
                    ring[size + ((now + i) & (size - 1))] = part[i]
                part, longer = longer, part
                size *= 2
            unknown = min(run, max(0, length - 1 - int(ring[0])))
            given = results[t : t + run]
            for i in range(run):
                whole = total[i]
                value = whole
                given[i] = value if whole - whole == 0.0 else np.nan
            given[:unknown] = np.nan
            ring[0] += run
            ring[last] += run
            t += run
        return
    seen, phase = state[0], state[last]
    value, window, ok = np.empty(lanes), np.empty(lanes), np.empty(lanes, np.bool_)
    moved = np.empty(state.shape[0])
    for t in range(count):
        there, given, results = here[t], source[t], out[t]
        one, middle, other = phase[0], phase[lanes // 2], phase[lanes - 1]
        common, shared = one if (one == middle) | (one == other) else middle, 0
        for s in range(lanes):
            ok[s] = (there[s] != 0) & (phase[s] == common)
            shared += ok[s]
            results[s] = np.nan
        if shared:
            now, size = int(common), 1
            for s in range(lanes):
                value[s], window[s] = given[s], 0.0
            while size <= length:
                ring = state[size + (now & (size - 1))]
                for s in range(lanes):
                    older, newer, joined_in = ring[s], value[s], ok[s]
                    ring[s] = newer if joined_in else older
                    value[s] = newer + older
                if length & size:
                    ago = length & (size - 1)
                    past = state[size + ((now - ago) & (size - 1))]
                    for s in range(lanes):
                        window[s] += past[s]
                size *= 2
            for s in range(lanes):
                candle, joined_in, before, total_s, own = there[s], ok[s], seen[s], window[s], phase[s]
                after = (0.0 if candle == 2 else before) + 1.0
                known = joined_in & (after >= length) & (total_s - total_s == 0.0)
                value_s = total_s
                results[s] = value_s if known else np.nan
                phase[s] = common + 1.0 if joined_in | (before == 0.0) else own
                seen[s] = after if joined_in else before
        if shared == lanes:
            continue
        for s in range(lanes):
            if ok[s] or there[s] == 0:
                continue
            if there[s] == 2:
                seen[s], phase[s] = 0.0, common
            elif phase[s] != common and int(seen[s]) % SELDOM == 0:
                size = 1
                while size <= length:
                    for i in range(size):
                        moved[i] = state[size + i, s]
                    for i in range(size):
                        state[size + ((i + int(common - phase[s])) & (size - 1)), s] = moved[i]
                    size *= 2
                phase[s] = common
            now, size, newer, total_s = int(phase[s]), 1, given[s], 0.0
            while size <= length:
                row = size + (now & (size - 1))
                older = state[row, s]
                state[row, s] = newer
                if length & size:
                    ago = length & (size - 1)
                    total_s += state[size + ((now - ago) & (size - 1)), s]
                newer += older
                size *= 2
            seen[s] += 1.0
            phase[s] += 1.0
            if seen[s] >= length and total_s - total_s == 0.0:
                results[s] = total_s
