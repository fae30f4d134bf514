"""Relative strength index: both of Wilder's averages in one walk.

State: 0 whether there was a candle, 1 its value, 2 moves seen while seeding, 3 and 4 sums, then averages, of the moves
up and down.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, STATE, WHOLE, Floats, Truths, compiled, fma


def rows(length: int) -> int:
    return 5


@compiled(HERE, FLOAT, STATE, FLOAT, WHOLE)
def rsi(here: Truths, source: Floats, state: Floats, out: Floats, length: int) -> None:
    alpha = 1.0 / length
    count, lanes = here.shape
    if lanes == 1:
        there, values, results = here.reshape(count), source.reshape(count), out.reshape(count)
        before, seen, up, down = state[1, 0] if state[0, 0] != 0.0 else np.nan, state[2, 0], state[3, 0], state[4, 0]
        for t in range(count):
            results[t] = np.nan
            if there[t] == 0:
                continue
            if there[t] == 2:
                before, seen, up, down = np.nan, 0.0, 0.0, 0.0
            value = values[t]
            move = value - before
            before = value
            state[0, 0] = 1.0
            if move - move != 0.0:
                continue
            rise, fall = move if move > 0.0 else 0.0, -move if -move > 0.0 else 0.0
            if seen >= length:
                up, down = fma(alpha, rise - up, up), fma(alpha, fall - down, down)
            else:
                seen += 1.0
                up += rise
                down += fall
                if seen < length:
                    continue
                up, down = up / length, down / length
            total = up + down
            result = 100.0 * up / total
            results[t] = result if (result - result == 0.0) & (total - total == 0.0) else np.nan
        state[1, 0], state[2, 0], state[3, 0], state[4, 0] = before, seen, up, down
        return
    began, befores, seen_by, ups, downs = state[0], state[1], state[2], state[3], state[4]
    for t in range(count):
        there, values, results = here[t], source[t], out[t]
        settled = True
        for s in range(lanes):
            settled &= (there[s] != 2) & ((there[s] == 0) | (seen_by[s] >= length))
        if settled:
            for s in range(lanes):
                value, before, up, down, candle = values[s], befores[s], ups[s], downs[s], there[s]
                move = value - before
                known = (candle != 0) & (move - move == 0.0)
                rise, fall = move if move > 0.0 else 0.0, -move if -move > 0.0 else 0.0
                new_up, new_down = fma(alpha, rise - up, up), fma(alpha, fall - down, down)
                total = new_up + new_down
                result = 100.0 * new_up / total
                befores[s] = value if candle != 0 else before
                ups[s], downs[s] = new_up if known else up, new_down if known else down
                results[s] = result if known & (result - result == 0.0) & (total - total == 0.0) else np.nan
            continue
        for s in range(lanes):
            results[s] = np.nan
            if there[s] == 0:
                continue
            if there[s] == 2:
                began[s] = seen_by[s] = ups[s] = downs[s] = 0.0
            value = values[s]
            move = value - befores[s] if began[s] != 0.0 else np.nan
            began[s], befores[s] = 1.0, value
            if move - move != 0.0:
                continue
            rise, fall = move if move > 0.0 else 0.0, -move if -move > 0.0 else 0.0
            if seen_by[s] >= length:
                ups[s], downs[s] = fma(alpha, rise - ups[s], ups[s]), fma(alpha, fall - downs[s], downs[s])
            else:
                seen_by[s] += 1.0
                ups[s] += rise
                downs[s] += fall
                if seen_by[s] < length:
                    continue
                ups[s], downs[s] = ups[s] / length, downs[s] / length
            total = ups[s] + downs[s]
            result = 100.0 * ups[s] / total
            if (result - result == 0.0) & (total - total == 0.0):
                results[s] = result
