"""Line, signal and histogram of the moving average convergence divergence: its three averages in one walk.

State: values seen while seeding, and their sum, then the average: 0 and 1 of the fast one, 2 and 3 of the slow one,
4 and 5 of the signal.
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, STATE, WHOLE, Floats, Truths, compiled, fma


def rows(fast: int, slow: int, signal: int) -> int:
    return 6


@compiled(HERE, FLOAT, STATE, FLOAT, FLOAT, FLOAT, WHOLE, WHOLE, WHOLE)
def macd(
    here: Truths,
    source: Floats,
    state: Floats,
    line: Floats,
    average: Floats,
    hist: Floats,
    fast: int,
    slow: int,
    signal: int,
) -> None:
    count, lanes = here.shape
    by_fast, by_slow, by_signal = 2.0 / (fast + 1), 2.0 / (slow + 1), 2.0 / (signal + 1)
    seen_fast, fasts, seen_slow, slows, seen_signal, signals = (
        state[0],
        state[1],
        state[2],
        state[3],
        state[4],
        state[5],
    )
    candles, prices = here.reshape(-1), source.reshape(-1)
    differences, signal_line, rests = line.reshape(-1), average.reshape(-1), hist.reshape(-1)
    t = 0
    while t < count:
        there, values, lines, averages, hists = here[t], source[t], line[t], average[t], hist[t]
        settled = True
        for s in range(lanes):
            ready = (seen_fast[s] >= fast) & (seen_slow[s] >= slow) & (seen_signal[s] >= signal)
            settled &= (there[s] != 2) & (ready | ((there[s] == 0) & (lanes > 1)))
        if settled and lanes == 1:
            one, other, mean = fasts[0], slows[0], signals[0]
            while t < count and candles[t] != 2:
                value = prices[t]
                differences[t] = signal_line[t] = rests[t] = np.nan
                if (candles[t] != 0) & (value - value == 0.0):
                    one, other = fma(by_fast, value - one, one), fma(by_slow, value - other, other)
                    gap = one - other
                    if gap - gap == 0.0:
                        mean = fma(by_signal, gap - mean, mean)
                        rest = gap - mean
                        differences[t], signal_line[t] = gap, mean
                        rests[t] = rest if rest - rest == 0.0 else np.nan
                t += 1
            fasts[0], slows[0], signals[0] = one, other, mean
            continue
        t += 1
        if settled:
            for s in range(lanes):
                value, candle, one, other, mean = values[s], there[s], fasts[s], slows[s], signals[s]
                known = (candle != 0) & (value - value == 0.0)
                new_one, new_other = fma(by_fast, value - one, one), fma(by_slow, value - other, other)
                gap = new_one - new_other
                both = known & (gap - gap == 0.0)
                new_mean = fma(by_signal, gap - mean, mean)
                fasts[s], slows[s] = new_one if known else one, new_other if known else other
                signals[s] = new_mean if both else mean
                rest = gap - new_mean
                lines[s], averages[s] = gap if both else np.nan, new_mean if both else np.nan
                hists[s] = rest if both & (rest - rest == 0.0) else np.nan
            continue
        for s in range(lanes):
            lines[s] = averages[s] = hists[s] = np.nan
            if there[s] == 0:
                continue
            if there[s] == 2:
                state[:, s] = 0.0
            value = values[s]
            if value - value != 0.0:
                continue
            for seen, means, length, alpha in (
                (seen_fast, fasts, fast, by_fast),
                (seen_slow, slows, slow, by_slow),
            ):
                if seen[s] >= length:
                    means[s] = fma(alpha, value - means[s], means[s])
                else:
                    seen[s] += 1.0
                    means[s] += value
                    if seen[s] == length:
                        means[s] = means[s] / length
            gap = fasts[s] - slows[s]
            if seen_fast[s] < fast or seen_slow[s] < slow or gap - gap != 0.0:
                continue
            lines[s] = gap
            if seen_signal[s] >= signal:
                signals[s] = fma(by_signal, gap - signals[s], signals[s])
            else:
                seen_signal[s] += 1.0
                signals[s] += gap
                if seen_signal[s] < signal:
                    continue
                signals[s] = signals[s] / signal
            averages[s] = signals[s]
            rest = gap - signals[s]
            hists[s] = rest if rest - rest == 0.0 else np.nan
