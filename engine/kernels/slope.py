"""Rise per candle of the least-squares line through the last `length` values.

State: 0 candles seen; then two blocks of partial results of 2^k values each (see engine.kernels): their mean, and
the sum of (place - mean place) * (value - mean value), joined like the squares of a standard deviation.
The first row of the second block counts the candles by which they are found. Three forms give the same bits: one
symbol's run without a hole is joined level by level, whole arrays at a time; of several symbols, all that share their
count are one loop per level; all others are stepped one by one.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, STATE, WHOLE, Floats, Truths, compiled

RUN = 512
"""A longer run is cut: its partial results stay in the cache of the first level."""
SELDOM = 64
"""After so many candles a symbol that fell behind for a missing candle is brought back to the count of the others."""


def rows(length: int) -> int:
    return 4 << (length.bit_length() - 1)


@compiled(HERE, FLOAT, STATE, FLOAT, WHOLE)
def slope(here: Truths, source: Floats, state: Floats, out: Floats, length: int) -> None:
    candles, lanes = here.shape
    half = state.shape[0] // 2
    spread = length * (length * float(length) - 1.0) / 12.0
    if lanes == 1 and candles > 1:
        there, values, results = here.reshape(candles), source.reshape(candles), out.reshape(candles)
        many = min(candles, RUN)
        widest = many + half
        one_a, one_b, two_a, two_b = np.empty(widest), np.empty(widest), np.empty(widest), np.empty(widest)
        window_a, window_b = np.empty(many), np.empty(many)
        ring_a, ring_b = state[:half].reshape(half), state[half:].reshape(half)
        t = 0
        while t < candles:
            if there[t] == 0:
                results[t] = np.nan
                t += 1
                continue
            if there[t] == 2:
                ring_a[0] = 0.0
            run = min(many, candles - t)
            piece = there[t + 1 : t + run]
            broken = False
            for i in range(len(piece)):
                broken |= piece[i] != 1
            if broken:
                run = 1
                while there[t + run] == 1:
                    run += 1
            now, size, count = int(ring_b[0]), 1, 0
            # each array holds what the ring remembers, oldest first, and behind it what the run adds
            part_a, part_b, next_a, next_b = one_a, one_b, two_a, two_b
            fresh = values[t : t + run]
            part_a[1 : 1 + run] = fresh
            for i in range(run):
                part_b[1 + i] = 0.0
            while size <= length:
                for i in range(size):
                    at = size + ((now + i) & (size - 1))
                    part_a[i], part_b[i] = ring_a[at], ring_b[at]
                if length & size:
                    piece_a, piece_b = (
                        part_a[size - count : size - count + run],
                        part_b[size - count : size - count + run],
                    )
                    if count == 0:
                        for i in range(run):
                            window_a[i], window_b[i] = piece_a[i], piece_b[i]
                    else:
                        for i in range(run):
                            all_a, all_b, at_a, at_b = window_a[i], window_b[i], piece_a[i], piece_b[i]
                            step = all_a - at_a
                            all_b += at_b + step * (size * count * 0.5)
                            all_a = at_a + step * (count / (size + count))
                            window_a[i], window_b[i] = all_a, all_b
                    count += size
                if 2 * size <= length:
                    late_a, late_b = part_a[size : size + run], part_b[size : size + run]
                    into_a, into_b = next_a[2 * size : 2 * size + run], next_b[2 * size : 2 * size + run]
                    for i in range(run):
                        newer_a, newer_b, older_a, older_b = late_a[i], late_b[i], part_a[i], part_b[i]
                        step = newer_a - older_a
                        newer_b += older_b + step * (size * size * 0.5)
                        newer_a = older_a + step * 0.5
                        into_a[i], into_b[i] = newer_a, newer_b
                for i in range(max(0, run - size), run):
                    at = size + ((now + i) & (size - 1))
                    ring_a[at], ring_b[at] = part_a[size + i], part_b[size + i]
                part_a, part_b, next_a, next_b = next_a, next_b, part_a, part_b
                size *= 2
            unknown = min(run, max(0, length - 1 - int(ring_a[0])))
            given = results[t : t + run]
            for i in range(run):
                all_a, all_b = window_a[i], window_b[i]
                value = all_b / spread
                given[i] = value if value - value + all_a - all_a == 0.0 else np.nan
            given[:unknown] = np.nan
            ring_a[0] += run
            ring_b[0] += run
            t += run
        return
    seen, phase = state[0], state[half]
    news_a, news_b, alls_a, alls_b = np.empty(lanes), np.empty(lanes), np.empty(lanes), np.empty(lanes)
    ok, moved = np.empty(lanes, np.bool_), np.empty(half)
    for t in range(candles):
        there, given, results = here[t], source[t], out[t]
        one, middle, other = phase[0], phase[lanes // 2], phase[lanes - 1]
        common, shared = one if (one == middle) | (one == other) else middle, 0
        for s in range(lanes):
            ok[s] = (there[s] != 0) & (phase[s] == common)
            shared += ok[s]
            results[s] = np.nan
        if shared:
            now, size, count = int(common), 1, 0
            for s in range(lanes):
                value = given[s]
                news_a[s], news_b[s] = value, 0.0
                alls_a[s], alls_b[s] = 0.0, 0.0
            while size <= length:
                row = size + (now & (size - 1))
                olds_a, olds_b = state[row], state[half + row]
                at = size + ((now - count) & (size - 1))
                if length & size:
                    pieces_a, pieces_b = (news_a, news_b) if count == 0 else (state[at], state[half + at])
                    if count == 0:
                        for s in range(lanes):
                            alls_a[s], alls_b[s] = pieces_a[s], pieces_b[s]
                    else:
                        for s in range(lanes):
                            all_a, all_b, at_a, at_b = alls_a[s], alls_b[s], pieces_a[s], pieces_b[s]
                            step = all_a - at_a
                            all_b += at_b + step * (size * count * 0.5)
                            all_a = at_a + step * (count / (size + count))
                            alls_a[s], alls_b[s] = all_a, all_b
                    count += size
                for s in range(lanes):
                    newer_a, newer_b, older_a, older_b = news_a[s], news_b[s], olds_a[s], olds_b[s]
                    joined_in = ok[s]
                    olds_a[s] = newer_a if joined_in else older_a
                    olds_b[s] = newer_b if joined_in else older_b
                    step = newer_a - older_a
                    newer_b += older_b + step * (size * size * 0.5)
                    newer_a = older_a + step * 0.5
                    news_a[s], news_b[s] = newer_a, newer_b
                size *= 2
            for s in range(lanes):
                candle, joined_in, before, own, all_a, all_b = there[s], ok[s], seen[s], phase[s], alls_a[s], alls_b[s]
                after = (0.0 if candle == 2 else before) + 1.0
                value = all_b / spread
                known = joined_in & (after >= length) & (value - value + all_a - all_a == 0.0)
                results[s] = value if known else np.nan
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
                for block in range(0, 2 * half, half):
                    size = 1
                    while size <= length:
                        for i in range(size):
                            moved[i] = state[block + size + i, s]
                        for i in range(size):
                            state[block + size + ((i + int(common - phase[s])) & (size - 1)), s] = moved[i]
                        size *= 2
                phase[s] = common
            now, size, count, all_a, all_b, value = int(phase[s]), 1, 0, 0.0, 0.0, given[s]
            newer_a, newer_b = value, 0.0
            while size <= length:
                row = size + (now & (size - 1))
                older_a, older_b = state[row, s], state[half + row, s]
                state[row, s], state[half + row, s] = newer_a, newer_b
                if length & size:
                    at = size + ((now - count) & (size - 1))
                    at_a, at_b = state[at, s], state[half + at, s]
                    if count == 0:
                        all_a, all_b = at_a, at_b
                    else:
                        step = all_a - at_a
                        all_b += at_b + step * (size * count * 0.5)
                        all_a = at_a + step * (count / (size + count))
                    count += size
                step = newer_a - older_a
                newer_b += older_b + step * (size * size * 0.5)
                newer_a = older_a + step * 0.5
                size *= 2
            seen[s] += 1.0
            phase[s] += 1.0
            value = all_b / spread
            if seen[s] >= length and value - value + all_a - all_a == 0.0:
                results[s] = value
