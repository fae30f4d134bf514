"""Functions that no library at hand has in our form, written out again in numpy from their publications.

Each takes candles and gives one value per candle, NaN where it cannot be known.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np

from tests.dsl.library.data import Bars, Floats

NAN = float("nan")


def windows(x: Floats, n: int, function: Callable[[Floats], Floats]) -> Floats:
    """Return function(windows, one row each) at the last candle of each window of n."""
    out = np.full(len(x), NAN)
    out[n - 1 :] = function(np.lib.stride_tricks.sliding_window_view(x, n))
    return out


def sma(x: Floats, n: int) -> Floats:
    return windows(x, n, lambda w: w.mean(axis=1))


def total(x: Floats, n: int) -> Floats:
    return windows(x, n, lambda w: w.sum(axis=1))


def top(x: Floats, n: int) -> Floats:
    return windows(x, n, lambda w: w.max(axis=1))


def bottom(x: Floats, n: int) -> Floats:
    return windows(x, n, lambda w: w.min(axis=1))


def smoothed(x: Floats, n: int, alpha: float) -> Floats:
    """Return an exponential average that starts from the mean of the first n known values."""
    out = np.full(len(x), NAN)
    first = int(np.isfinite(x).argmax()) + n - 1
    out[first] = x[first - n + 1 : first + 1].mean()
    for i in range(first + 1, len(x)):
        out[i] = out[i - 1] + alpha * (x[i] - out[i - 1])
    return out


def ema(x: Floats, n: int) -> Floats:
    return smoothed(x, n, 2 / (n + 1))


def rma(x: Floats, n: int) -> Floats:
    return smoothed(x, n, 1 / n)


def before(x: Floats, n: int = 1) -> Floats:
    return np.concatenate((np.full(n, NAN), x[:-n]))


def true_range(b: Bars) -> Floats:
    close = before(b.close)
    close[0] = b.close[0]
    return np.maximum(b.high, close) - np.minimum(b.low, close)


def rsi(x: Floats, n: int) -> Floats:
    move = x - before(x)
    up, down = rma(np.maximum(move, 0), n), rma(np.maximum(-move, 0), n)
    return 100 * up / (up + down)


def line_end(x: Floats, n: int) -> Floats:
    weights = np.array([(4 * n - 2 - 6 * k) / (n * (n + 1)) for k in range(n)])[::-1]  # of least squares, oldest first
    return windows(x, n, lambda w: w @ weights)


def around_line(x: Floats, n: int) -> Floats:
    """Return the standard deviation of the values in each window from the line through them."""
    k = np.arange(n)

    def spread(w: Floats) -> Floats:
        fits = np.polynomial.polynomial.polyfit(k, w.T, 1)
        return (w - (fits[0][:, None] + fits[1][:, None] * k)).std(axis=1)

    return windows(x, n, spread)


def laguerre(b: Bars, gamma: float) -> Floats:
    stage = np.full(4, b.close[0])
    out = []
    for x in b.close:
        last = stage.copy()
        stage[0] = (1 - gamma) * x + gamma * last[0]
        for k in (1, 2, 3):
            stage[k] = -gamma * stage[k - 1] + last[k - 1] + gamma * last[k]
        out.append(stage @ [1, 2, 2, 1] / 6)
    return np.array(out)


def super_smoother(x: Floats, n: int) -> Floats:
    a = math.exp(-math.sqrt(2) * math.pi / n)
    b = 2 * a * math.cos(math.sqrt(2) * math.pi / n)
    out = x.copy()
    start = int(np.isfinite(x).argmax()) + 1
    for i in range(start, len(x)):
        older = out[i - 2] if i - 2 >= start else x[i - 1]
        out[i] = (1 - b + a * a) * (x[i] + x[i - 1]) / 2 + b * out[i - 1] - a * a * older
    return out


def decycler(b: Bars, n: int) -> Floats:
    angle = 2 * math.pi / n
    alpha = (math.cos(angle) + math.sin(angle) - 1) / math.cos(angle)
    out = b.close.copy()
    for i in range(1, len(out)):
        out[i] = alpha / 2 * (b.close[i] + b.close[i - 1]) + (1 - alpha) * out[i - 1]
    return out


def highpass(x: Floats, n: int) -> Floats:
    angle = 0.707 * 2 * math.pi / n
    alpha = (math.cos(angle) + math.sin(angle) - 1) / math.cos(angle)
    out = np.zeros(len(x))
    for i in range(2, len(x)):
        out[i] = (1 - alpha / 2) ** 2 * (x[i] - 2 * x[i - 1] + x[i - 2]) + 2 * (1 - alpha) * out[i - 1]
        out[i] -= (1 - alpha) ** 2 * out[i - 2]
    return out


def flexed(b: Bars, n: int, straight: bool) -> Floats:
    """Return trendflex, or with `straight` reflex."""
    smooth = super_smoother(b.close, n // 2)
    off = np.full(len(smooth), NAN)
    for i in range(n, len(smooth)):
        slope = (smooth[i - n] - smooth[i]) / n if straight else 0.0
        off[i] = sum(smooth[i] + count * slope - smooth[i - count] for count in range(1, n + 1)) / n
    power = np.full(len(off), off[n] ** 2)
    for i in range(n + 1, len(off)):
        power[i] = 0.04 * off[i] ** 2 + 0.96 * power[i - 1]
    return off / np.sqrt(power)


def cyber_cycle(b: Bars, alpha: float) -> Floats:
    x = (b.high + b.low) / 2
    smooth = (x + 2 * before(x) + 2 * before(x, 2) + before(x, 3)) / 6
    out = np.zeros(len(x))
    for i in range(5, len(x)):
        out[i] = (1 - alpha / 2) ** 2 * (smooth[i] - 2 * smooth[i - 1] + smooth[i - 2])
        out[i] += 2 * (1 - alpha) * out[i - 1] - (1 - alpha) ** 2 * out[i - 2]
    return out


def instantaneous_trend(b: Bars, alpha: float) -> Floats:
    x = (b.high + b.low) / 2
    out = x.copy()
    for i in range(2, len(x)):
        out[i] = (alpha - alpha**2 / 4) * x[i] + alpha**2 / 2 * x[i - 1] - (alpha - 0.75 * alpha**2) * x[i - 2]
        out[i] += 2 * (1 - alpha) * out[i - 1] - (1 - alpha) ** 2 * out[i - 2]
    return out


def frama(b: Bars, n: int) -> Floats:
    half, middle = n // 2, (b.high + b.low) / 2
    late = (top(b.high, half) - bottom(b.low, half)) / half
    whole = (top(b.high, n) - bottom(b.low, n)) / n
    dimension = (np.log(late + before(late, half)) - np.log(whole)) / math.log(2)
    speed = np.clip(np.exp(-4.6 * (dimension - 1)), 0.01, 1)
    out = middle.copy()
    for i in range(n - 1, len(out)):
        out[i] = speed[i] * middle[i] + (1 - speed[i]) * out[i - 1]
    return out


def permutation_entropy(b: Bars, n: int) -> Floats:
    orders = list(itertools.permutations(range(3)))
    kinds = np.array([orders.index(tuple(np.argsort(b.close[i - 2 : i + 1], kind="stable"))) for i in range(2, len(b))])

    def entropy(w: Floats) -> Floats:
        shares = np.stack([(w == k).mean(axis=1) for k in range(6)], axis=1)
        logs = np.log(np.where(shares > 0, shares, 1.0))
        return -(shares * logs).sum(axis=1) / math.log(6)

    return np.concatenate(([NAN, NAN], windows(kinds.astype(float), n, entropy)))


def inertia(b: Bars) -> Floats:
    spread = windows(b.close, 10, lambda w: w.std(axis=1))
    rises = b.close > before(b.close)
    up, down = rma(spread * rises, 14), rma(spread * ~rises, 14)
    return line_end(100 * up / (up + down), 20)


def wave_trend(b: Bars) -> Floats:
    typical = (b.high + b.low + b.close) / 3
    mean = ema(typical, 10)
    return ema((typical - mean) / (0.015 * ema(abs(typical - mean), 10)), 21)


def vfi(b: Bars) -> Floats:
    typical = (b.high + b.low + b.close) / 3
    moves = np.log(typical) - before(np.log(typical))
    least = 0.2 * windows(moves, 30, lambda w: w.std(axis=1)) * b.close
    usual = before(sma(b.volume, 130))
    move = typical - before(typical)
    sign = np.where(move > least, 1.0, np.where(move < -least, -1.0, 0.0))
    return ema(total(np.minimum(b.volume, 2.5 * usual) * sign, 130) / usual, 3)


def twiggs(b: Bars) -> Floats:
    high, low = np.maximum(b.high, before(b.close)), np.minimum(b.low, before(b.close))
    return rma(b.volume * (2 * b.close - high - low) / (high - low), 21) / rma(b.volume, 21)


def yang_zhang(b: Bars, n: int) -> Floats:
    k = 0.34 / (1.34 + (n + 1) / (n - 1))
    gaps, bodies = np.log(b.open / before(b.close)), np.log(b.close / b.open)
    inside = rogers_satchell(b, n) ** 2
    spread = [windows(x, n, lambda w: w.var(axis=1, ddof=1)) for x in (gaps, bodies)]
    return np.sqrt(spread[0] + k * spread[1] + (1 - k) * inside)


def rogers_satchell(b: Bars, n: int) -> Floats:
    up, down = np.log(b.high / b.close) * np.log(b.high / b.open), np.log(b.low / b.close) * np.log(b.low / b.open)
    return np.sqrt(sma(up + down, n))


def garman_klass(b: Bars, n: int) -> Floats:
    squares = 0.5 * np.log(b.high / b.low) ** 2 - (2 * math.log(2) - 1) * np.log(b.close / b.open) ** 2
    return np.sqrt(sma(squares, n))


def signed(b: Bars, x: Floats) -> Floats:
    return np.sign(b.close - before(b.close)) * x


def reaches(b: Bars) -> Floats:
    return np.maximum(np.maximum(b.high - before(b.high), before(b.low) - b.low), 0)


def demarker(b: Bars, n: int) -> Floats:
    up, down = np.maximum(b.high - before(b.high), 0), np.maximum(before(b.low) - b.low, 0)
    return sma(up, n) / (sma(up, n) + sma(down, n))


def trend_intensity(b: Bars, n: int) -> Floats:
    off = b.close - sma(b.close, n)
    return 100 * total(np.maximum(off, 0), n // 2) / total(abs(off), n // 2)


def rmi(b: Bars, n: int, momentum: int) -> Floats:
    move = b.close - before(b.close, momentum)
    up, down = rma(np.maximum(move, 0), n), rma(np.maximum(-move, 0), n)
    return 100 * up / (up + down)


def wma(x: Floats, n: int) -> Floats:
    weights = np.arange(1, n + 1)
    return windows(x, n, lambda w: w @ weights / weights.sum())


def divergence(b: Bars, sign: int, hidden: bool) -> Floats:
    """Return where low prices (`sign` 1) or high ones (-1) and the RSI disagree; mirrored, peaks are troughs."""
    source, price, side = sign * rsi(b.close, 14), sign * (b.low if sign > 0 else b.high), 5
    out = np.where(np.isfinite(source), 0.0, NAN)
    troughs: list[int] = []
    for now in range(14 + 2 * side, len(b)):
        i = now - side
        old, new = source[i - side : i], source[i + 1 : now + 1]
        if not ((source[i] <= old).all() and (source[i] < new).all()):
            continue
        troughs.append(i)
        if len(troughs) > 1 and now - (troughs[-2] + side) < 100:
            last = troughs[-2]
            lower, higher = price[i] < price[last], source[i] > source[last]
            other = price[i] > price[last] and source[i] < source[last]
            out[now] = float(other if hidden else lower and higher)
        else:
            out[now] = NAN
    return out


def range_filter(b: Bars) -> Floats:
    reach = 3 * ema(ema(abs(b.close - before(b.close)), 100), 199)
    out = np.full(len(b), NAN)
    start = int(np.isfinite(reach).argmax())
    last = b.close[start]
    for i in range(start, len(b)):
        x = b.close[i]
        last = max(last, x - reach[i]) if x > last else min(last, x + reach[i])
        out[i] = last
    return out


def impulse(b: Bars, sign: int) -> Floats:
    average, line = ema(b.close, 13), ema(b.close, 12) - ema(b.close, 26)
    hist = line - ema(line, 9)
    known = np.isfinite(before(hist))
    both = (sign * (average - before(average)) > 0) & (sign * (hist - before(hist)) > 0)
    one = (sign * (average - before(average)) <= 0) & np.isfinite(before(average))  # false already, whatever hist says
    return np.where(known, both.astype(float), np.where(one, 0.0, NAN))


def squeeze(b: Bars) -> Floats:
    spread = windows(b.close, 20, lambda w: w.std(axis=1))
    reach, middle, average = 1.5 * rma(true_range(b), 20), ema(b.close, 20), sma(b.close, 20)
    inside = (average + 2 * spread < middle + reach) & (average - 2 * spread > middle - reach)
    return np.where(np.isfinite(average), inside.astype(float), NAN)
