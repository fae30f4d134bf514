"""Ehlers' Hilbert transform of the price: the dominant cycle, its phase, and the trend without it.

The price, averaged over four candles, goes through filters tuned to the period found so far: in phase and quadrature,
whose turning gives the next period, 6 to 50 candles. The phase is that of the wave of this period that fits the last
candles; the trendline is the mean price over one period, averaged over four candles. The market is in a trend mode
unless sine and lead sine crossed within half a period, or the phase advances as a cycle does; it is also where the
averaged price is 1.5% or more from the trendline.
An unknown price is as if the candle were not there, its result unknown.
State: 0 candles seen; 1 to 12 the running values, in the order of the names below; then rings of 64: prices, averaged
prices, detrended ones, quadratures. (Longer than other kernels: one recursion, all of whose parts feed the next.)
"""

from __future__ import annotations

import numpy as np

from engine.kernels.jit import FLOAT, HERE, STATE, TRUTH, Floats, Truths, compiled

BEGIN = 12
"""Candles before the filters start, as in TA-Lib."""
DEFINED = 64
RING = 64
PERIOD, SMOOTH, I2, Q2, RE, IM, PHASE, SINE, LEAD, MEAN1, MEAN2, MEAN3, DAYS = range(1, 14)
PRICE, AVERAGED, DETRENDED, QUADRATURE = 14, 14 + RING, 14 + 2 * RING, 14 + 3 * RING
A, B = 0.0962, 0.5769


def rows() -> int:
    return 14 + 4 * RING


@compiled(HERE, FLOAT, STATE, *[FLOAT] * 7, TRUTH)
def hilbert(
    here: Truths, source: Floats, state: Floats, dc_period: Floats, dc_phase: Floats, in_phase: Floats,
    quadrature: Floats, sine: Floats, lead_sine: Floats, trendline: Floats, trending: Truths,
) -> None:  # fmt: skip
    degree = np.arctan(1.0) / 45.0
    last = RING - 1
    for t in range(here.shape[0]):
        for s in range(here.shape[1]):
            dc_period[t, s] = dc_phase[t, s] = in_phase[t, s] = quadrature[t, s] = np.nan
            sine[t, s] = lead_sine[t, s] = trendline[t, s] = np.nan
            trending[t, s] = 1
            if here[t, s] == 2:
                state[:, s] = 0.0
            if here[t, s] == 0 or not np.isfinite(source[t, s]):
                continue
            now = int(state[0, s])
            state[0, s] += 1.0
            state[PRICE + (now & last), s] = source[t, s]
            if now < BEGIN:
                continue
            averaged = 0.1 * (
                4.0 * source[t, s] + 3.0 * state[PRICE + ((now - 1) & last), s]
                + 2.0 * state[PRICE + ((now - 2) & last), s] + state[PRICE + ((now - 3) & last), s]
            )  # fmt: skip
            state[AVERAGED + (now & last), s] = averaged
            # four times the same filter: of the average, the detrended, the detrended three ago, the quadrature
            tuned = 0.075 * state[PERIOD, s] + 0.54
            state[DETRENDED + (now & last), s] = tuned * (
                A * averaged + B * state[AVERAGED + ((now - 2) & last), s]
                - B * state[AVERAGED + ((now - 4) & last), s] - A * state[AVERAGED + ((now - 6) & last), s]
            )  # fmt: skip
            q1 = tuned * (
                A * state[DETRENDED + (now & last), s] + B * state[DETRENDED + ((now - 2) & last), s]
                - B * state[DETRENDED + ((now - 4) & last), s] - A * state[DETRENDED + ((now - 6) & last), s]
            )  # fmt: skip
            state[QUADRATURE + (now & last), s] = q1
            i1 = state[DETRENDED + ((now - 3) & last), s]
            turned_i = tuned * (
                A * i1 + B * state[DETRENDED + ((now - 5) & last), s]
                - B * state[DETRENDED + ((now - 7) & last), s] - A * state[DETRENDED + ((now - 9) & last), s]
            )  # fmt: skip
            turned_q = tuned * (
                A * q1 + B * state[QUADRATURE + ((now - 2) & last), s]
                - B * state[QUADRATURE + ((now - 4) & last), s] - A * state[QUADRATURE + ((now - 6) & last), s]
            )  # fmt: skip
            i2 = 0.2 * (i1 - turned_q) + 0.8 * state[I2, s]
            q2 = 0.2 * (q1 + turned_i) + 0.8 * state[Q2, s]
            state[RE, s] = 0.2 * (i2 * state[I2, s] + q2 * state[Q2, s]) + 0.8 * state[RE, s]
            state[IM, s] = 0.2 * (i2 * state[Q2, s] - q2 * state[I2, s]) + 0.8 * state[IM, s]
            state[I2, s], state[Q2, s] = i2, q2
            before = period = state[PERIOD, s]
            if state[IM, s] != 0.0 and state[RE, s] != 0.0:
                period = 360.0 * degree / np.arctan(state[IM, s] / state[RE, s])
            period = max(min(period, 1.5 * before), 0.67 * before)
            period = max(min(period, 50.0), 6.0)
            period = 0.2 * period + 0.8 * before
            state[PERIOD, s] = period
            smooth = 0.33 * period + 0.67 * state[SMOOTH, s]
            state[SMOOTH, s] = smooth
            length = int(smooth + 0.5)
            real = imaginary = mean = 0.0
            for i in range(length):
                angle = i * (360.0 * degree) / length
                real += np.sin(angle) * state[AVERAGED + ((now - i) & last), s]
                imaginary += np.cos(angle) * state[AVERAGED + ((now - i) & last), s]
                mean += state[PRICE + ((now - i) & last), s]
            phase_before = phase = state[PHASE, s]
            if imaginary != 0.0:
                phase = np.arctan(real / imaginary) / degree
            elif real != 0.0:
                phase += 90.0 if real > 0.0 else -90.0
            phase += 90.0 + 360.0 / smooth
            if imaginary < 0.0:
                phase += 180.0
            if phase > 315.0:
                phase -= 360.0
            wave, lead = np.sin(phase * degree), np.sin((phase + 45.0) * degree)
            crossed = (wave > lead and state[SINE, s] <= state[LEAD, s]) or (
                wave < lead and state[SINE, s] >= state[LEAD, s]
            )
            state[PHASE, s], state[SINE, s], state[LEAD, s] = phase, wave, lead
            mean = mean / length if length > 0 else mean
            line = (4.0 * mean + 3.0 * state[MEAN1, s] + 2.0 * state[MEAN2, s] + state[MEAN3, s]) / 10.0
            state[MEAN3, s], state[MEAN2, s], state[MEAN1, s] = state[MEAN2, s], state[MEAN1, s], mean
            state[DAYS, s] = 1.0 if crossed else state[DAYS, s] + 1.0
            advance = phase - phase_before
            cycling = crossed or state[DAYS, s] < 0.5 * smooth
            cycling = cycling or 0.67 * 360.0 / smooth < advance < 1.5 * 360.0 / smooth
            if line != 0.0 and abs((averaged - line) / line) >= 0.015:
                cycling = False
            if now + 1 < DEFINED:
                continue
            dc_period[t, s], dc_phase[t, s] = smooth, phase
            in_phase[t, s], quadrature[t, s] = i1, q1
            sine[t, s], lead_sine[t, s], trendline[t, s] = wave, lead, line
            trending[t, s] = 0 if cycling else 2
