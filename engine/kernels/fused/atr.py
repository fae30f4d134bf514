"""Average true range: the range and Wilder's average of it in one walk.

State: 0 whether there was a candle, 1 its close, 2 ranges seen while seeding, 3 their sum, then the average.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, STATE, WHOLE, Floats, Truths, compiled, fma


def rows(length: int) -> int:
    return 4


@compiled(HERE, FLOAT, FLOAT, FLOAT, STATE, FLOAT, WHOLE)
def atr(here: Truths, high: Floats, low: Floats, close: Floats, state: Floats, out: Floats, length: int) -> None:
    alpha = 1.0 / length
    count, lanes = here.shape
    if lanes == 1:
        there, results = here.reshape(count), out.reshape(count)
        highs, lows, closes = high.reshape(count), low.reshape(count), close.reshape(count)
        before, seen, average = state[1, 0] if state[0, 0] != 0.0 else np.nan, state[2, 0], state[3, 0]
        for t in range(count):
            if there[t] == 0:
                results[t] = np.nan
                continue
            if there[t] == 2:
                before, seen, average = np.nan, 0.0, 0.0
            top, bottom, end = highs[t], lows[t], closes[t]
            last = before if before == before else end
            reach = (top if top > last else last) - (bottom if bottom < last else last)
            known = (top == top) & (bottom == bottom) & (last == last) & (reach - reach == 0.0)
            before = end
            state[0, 0] = 1.0
            if known & (seen >= length):
                average = fma(alpha, reach - average, average)
            elif known:
                seen += 1.0
                average += reach
                if seen == length:
                    average = average / length
            results[t] = average if known & (seen >= length) else np.nan
        state[1, 0], state[2, 0], state[3, 0] = before, seen, average
        return
    began, befores, seen_by, averages = state[0], state[1], state[2], state[3]
    for t in range(count):
        there, highs, lows, closes, results = here[t], high[t], low[t], close[t], out[t]
        settled = True
        for s in range(lanes):
            settled &= (there[s] != 2) & ((there[s] == 0) | (seen_by[s] >= length))
        if settled:
            for s in range(lanes):
                top, bottom, end, before, candle = highs[s], lows[s], closes[s], befores[s], there[s]
                average = averages[s]
                last = before if before == before else end
                reach = (top if top > last else last) - (bottom if bottom < last else last)
                known = (candle != 0) & (top == top) & (bottom == bottom) & (last == last) & (reach - reach == 0.0)
                after = fma(alpha, reach - average, average)
                befores[s] = end if candle != 0 else before
                averages[s] = after if known else average
                results[s] = after if known else np.nan
            continue
        for s in range(lanes):
            results[s] = np.nan
            if there[s] == 0:
                continue
            if there[s] == 2:
                began[s] = seen_by[s] = averages[s] = 0.0
            top, bottom, end = highs[s], lows[s], closes[s]
            last = befores[s] if (began[s] != 0.0) & (befores[s] == befores[s]) else end
            reach = (top if top > last else last) - (bottom if bottom < last else last)
            known = (top == top) & (bottom == bottom) & (last == last) & (reach - reach == 0.0)
            began[s], befores[s] = 1.0, end
            if not known:
                continue
            if seen_by[s] >= length:
                averages[s] = fma(alpha, reach - averages[s], averages[s])
            else:
                seen_by[s] += 1.0
                averages[s] += reach
                if seen_by[s] < length:
                    continue
                averages[s] = averages[s] / length
            results[s] = averages[s]
