"""A line `multiplier` average ranges away from the middle of the candle, which only ever tightens within a trend.

The range is Wilder's average of the true range, seeded with the mean of the first `length`, the first of which is
high - low; the first trend is down: both as ta.supertrend of TradingView. A candle with an unknown price is as if
it were not there, its result unknown.
State: 0 candles seen, up to `length`; 1 the sum of ranges, then their average; 2 the last close; 3 the upper and
4 the lower band; 5 the trend, 1 up, -1 down, 0 none yet.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, REAL, STATE, TRUTH, WHOLE, Floats, Truths, compiled


def rows(length: int, multiplier: float) -> int:
    return 6


@compiled(HERE, FLOAT, FLOAT, FLOAT, STATE, FLOAT, TRUTH, WHOLE, REAL)
def supertrend(
    here: Truths, high: Floats, low: Floats, close: Floats, state: Floats, line: Floats, up: Truths,
    length: int, multiplier: float,
) -> None:  # fmt: skip
    for t in range(here.shape[0]):
        for s in range(here.shape[1]):
            line[t, s], up[t, s] = np.nan, 1
            if here[t, s] == 0:
                continue
            if here[t, s] == 2:
                state[:, s] = 0.0
            hi, lo, end = high[t, s], low[t, s], close[t, s]
            if not (np.isfinite(hi) and np.isfinite(lo) and np.isfinite(end)):
                continue
            last = state[2, s]
            reach = hi - lo if state[0, s] == 0.0 else max(hi, last) - min(lo, last)
            state[2, s] = end
            if state[0, s] < length:
                state[0, s] += 1.0
                state[1, s] += reach
                if state[0, s] < length:
                    continue
                state[1, s] /= length
            else:
                state[1, s] += (reach - state[1, s]) / length
            upper = (hi + lo) / 2.0 + multiplier * state[1, s]
            lower = (hi + lo) / 2.0 - multiplier * state[1, s]
            trend = state[5, s]
            if trend == 0.0:
                trend = -1.0
            else:
                if upper > state[3, s] and last <= state[3, s]:
                    upper = state[3, s]
                if lower < state[4, s] and last >= state[4, s]:
                    lower = state[4, s]
                if trend < 0.0 and end > upper:
                    trend = 1.0
                elif trend > 0.0 and end < lower:
                    trend = -1.0
            state[3, s], state[4, s], state[5, s] = upper, lower, trend
            line[t, s] = lower if trend > 0.0 else upper
            up[t, s] = 2 if trend > 0.0 else 0
