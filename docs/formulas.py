"""What the primitives compute, written as one would on paper. Every other function is its own formula.

x is the source, x[1] its value on the candle before, n the length; sums and extremes are over the last n candles.
"""

FORMULAS: dict[str, str] = {
    "alma": (
        "w[k]  = exp(-(k - offset * (n - 1))² * sigma² / (2 * n²))   for the k-th oldest value, k = 0 .. n-1\n"
        "alma  = (w[n-1] * x[0] + ... + w[0] * x[n-1]) / (w[0] + ... + w[n-1])"
    ),
    "atan": ("the angle a, -pi/2 to pi/2, with tan(a) = x"),
    "back": "back(x, n) = x[n]",
    "barssince": "the least k in 0 .. n-1 for which condition[k] holds; unknown where there is none",
    "cos": ("cos(x), x in radians"),
    "count": "how many of condition[0] .. condition[n-1] hold",
    "count_since": "k = barssince(event, n)\nhow many of condition[0] .. condition[k] hold",
    "cum": "cum = x                where anchor holds\n    = cum[1] + x       elsewhere",
    "ema": "a   = 2 / (n + 1)\nema = ema[1] + a * (x - ema[1])\nthe first one: (x[0] + ... + x[n-1]) / n",
    "happened": "condition[0] or condition[1] or ... or condition[n-1]",
    "held": "condition[0] and condition[1] and ... and condition[n-1]",
    "highest": "max(x[0], ..., x[n-1])",
    "highest_since": "k = barssince(event, n)\nmax(x[0], ..., x[k])",
    "highestbars": "the k in 0 .. n-1 with x[k] = max(x[0], ..., x[n-1]); of equals the largest k",
    "hilbert": (
        "average    = (4 x[0] + 3 x[1] + 2 x[2] + x[3]) / 10\n"
        "H(y)       = (0.0962 y[0] + 0.5769 y[2] - 0.5769 y[4] - 0.0962 y[6]) * (0.075 * period[1] + 0.54)\n"
        "detrended  = H(average); quadrature = H(detrended); in_phase = detrended[3]\n"
        "I          = 0.2 * (in_phase - H(quadrature)) + 0.8 * I[1]\n"
        "Q          = 0.2 * (quadrature + H(in_phase)) + 0.8 * Q[1]\n"
        "re, im     = I * I[1] + Q * Q[1], I * Q[1] - Q * I[1], each smoothed by 0.2\n"
        "period     = 360 / atan(im / re), within 0.67 to 1.5 of the last and 6 to 50, smoothed by 0.2 and by 0.33\n"
        "phase      = that of the wave of `period` candles that fits the last averages, plus 90 and one candle\n"
        "trendline  = (4 m[0] + 3 m[1] + 2 m[2] + m[3]) / 10, m the mean of x over `period` candles\n"
        "trending   = sine and lead crossed at least half a period ago, and the phase does not advance by 0.67 to 1.5\n"
        "             of 360 / period; or average is 1.5% or more from the trendline"
    ),
    "hurst": (
        "r      = the last n of log(x[0] / x[1])\n"
        "RS(s)  = r in parts of s = n, n/2, n/4 ... (at least 8, at most 32 parts); the mean over the parts of\n"
        "         (highest - lowest of the sums of r - mean) / (standard deviation)\n"
        "exponent   = slope of log RS(s) over log s\n"
        "corrected  = slope of log(RS(s) - E(s) + sqrt(pi * s / 2)), E what chance alone gives:\n"
        "E(s)   = gamma((s-1)/2) / (sqrt(pi) * gamma(s/2)) * (sqrt((s-1)/1) + sqrt((s-2)/2) + ... + sqrt(1/(s-1)))"
    ),
    "linreg": (
        "line through the points (0, x[n-1]) ... (n-1, x[0]) with the least sum of squares: a + b * k\n"
        "linreg = a + b * (n - 1)"
    ),
    "lowest": "min(x[0], ..., x[n-1])",
    "lowest_since": "k = barssince(event, n)\nmin(x[0], ..., x[k])",
    "lowestbars": "the k in 0 .. n-1 with x[k] = min(x[0], ..., x[n-1]); of equals the largest k",
    "mad": "m   = (x[0] + ... + x[n-1]) / n\nmad = (|x[0] - m| + ... + |x[n-1] - m|) / n",
    "moments": (
        "m      = (x[0] + ... + x[n-1]) / n;   mk = ((x[0] - m)^k + ... + (x[n-1] - m)^k) / n\n"
        "skew      = m3 / m2^1.5 * sqrt(n * (n-1)) / (n-2)\n"
        "kurtosis  = (n-1) / ((n-2) * (n-3)) * ((n+1) * m4 / m2² - 3 * (n-1))"
    ),
    "percentile": (
        "s      = x[0] .. x[n-1] in rising order, s[1] the lowest\n"
        "linear:   p = rank / 100 * n + 0.5, within 1 and n; between s[floor(p)] and the next by the rest of p\n"
        "nearest:  s[ceil(rank / 100 * n)], at least s[1]"
    ),
    "percentrank": "100 * (how many of x[1] .. x[n] are <= x[0]) / n",
    "period_range": (
        "open, high, low: since the first candle of the day (week from Monday, month), UTC\n"
        "previous_...: of the whole one before; new = no candle of this one came before"
    ),
    "pivot_high": (
        "p = x[right] is a pivot where   p >= each of x[right+1] .. x[right+left]\n"
        "                          and   p >  each of x[0] .. x[right-1]\n"
        "price = p of the last one; age = candles since its candle; new = it is confirmed on this candle"
    ),
    "pivot_low": (
        "p = x[right] is a pivot where   p <= each of x[right+1] .. x[right+left]\n"
        "                          and   p <  each of x[0] .. x[right-1]\n"
        "price = p of the last one; age = candles since its candle; new = it is confirmed on this candle"
    ),
    "psar": (
        "in an uptrend:  line = min(line[1] + f * (top - line[1]), low[1], low[2])\n"
        "                top  = the highest high of the trend\n"
        "                f    = start, + step at each new top, at most maximum\n"
        "low <= line:    the trend turns, the next line begins at top\n"
        "in a downtrend: mirrored"
    ),
    "qfl_base": (
        "base   = the last low pivot (left, right) above which a high reached level * (1 + bounce) before a lower low\n"
        "level  = its low\n"
        "drop   = (level - close) / level\n"
        "broken = low < level since then; bottom = the lowest low since then"
    ),
    "rci": (
        "d[k]  = rank of x[k] among the n values (equal ones share) - its rank in time\n"
        "rci   = 100 * (1 - 6 * (d[0]² + ... + d[n-1]²) / (n * (n² - 1)))"
    ),
    "rma": "rma = rma[1] + (x - rma[1]) / n\nthe first one: (x[0] + ... + x[n-1]) / n",
    "sin": ("sin(x), x in radians"),
    "slope": "line through the points (0, x[n-1]) ... (n-1, x[0]) with the least sum of squares: a + b * k\nslope = b",
    "sma": "(x[0] + x[1] + ... + x[n-1]) / n",
    "stdev": (
        "m     = (x[0] + ... + x[n-1]) / n\n"
        "stdev = sqrt(((x[0] - m)² + ... + (x[n-1] - m)²) / n)         population\n"
        "      = sqrt(((x[0] - m)² + ... + (x[n-1] - m)²) / (n - 1))   sample"
    ),
    "sum": "x[0] + x[1] + ... + x[n-1]",
    "supertrend": (
        "upper = (high + low) / 2 + multiplier * atr(n); stays at upper[1] unless it is lower or close[1] > upper[1]\n"
        "lower = (high + low) / 2 - multiplier * atr(n); stays at lower[1] unless it is higher or close[1] < lower[1]\n"
        "up    : begins where close > upper, ends where close < lower\n"
        "line  = lower while up, else upper"
    ),
    "valuewhen": "k = candles since condition held, for the occurrence-th time back\nx[k] where k < n, else unknown",
    "volume_profile": (
        "lowest(low, n) .. highest(high, n) in `bins` of one height; each volume spread evenly over its candle\n"
        "poc      = middle of the busiest bin, of equals the lowest\n"
        "vah, val = top and bottom of the bins around it, the busier neighbour (of equals the upper) taken\n"
        "           one by one until they hold `share` of the volume"
    ),
    "vwap": "(x * volume, summed since the session began) / (volume, summed since the session began)",
    "wma": "(n * x[0] + (n-1) * x[1] + ... + 1 * x[n-1]) / (n + (n-1) + ... + 1)",
}

BUILT_IN: dict[str, tuple[str, str, str]] = {
    "min": ("min(a, b, ...)", "the least of a, b, ...", "min(open, close) > ema(close, 20)"),
    "max": ("max(a, b, ...)", "the greatest of a, b, ...", "max(open, close) < ema(close, 20)"),
    "clip": ("clip(x, low, high)", "low where x < low, high where x > high, else x", "clip(rsi(close, 14), 30, 70)"),
    "abs": ("abs(x)", "x where x >= 0, else -x", "abs(roc(close, 5)) > 2%"),
    "sign": ("sign(x)", "1 where x > 0, -1 where x < 0, else 0", "sign(close - open) != sign(close[1] - open[1])"),
    "floor": ("floor(x)", "the greatest whole number that is not above x", "floor(close / 10) > floor(close[1] / 10)"),
    "sqrt": ("sqrt(x)", "the s >= 0 with s * s = x; unknown where x < 0", "sqrt(volume) > sma(sqrt(volume), 20)"),
    "log": ("log(x)", "the y with exp(y) = x; unknown where x <= 0", "log(close / close[1])"),
    "exp": ("exp(x)", "2.71828... to the power of x", "exp(-barssince(close > highest(high, 20)[1], 200) / 10)"),
    "default": ("default(x, y)", "x where it is known, else y", "default(fng, 50) < 30"),
    "known": (
        "known(x)",
        "true where a field, external series or model has a value; never unknown",
        "known(fng) and fng < 30",
    ),
    "at_least": (
        "at_least(n, a, b, ...)",
        "true where n of a, b, ... hold, false where n can no longer hold, unknown where it hangs on unknown ones",
        "at_least(2, close > open, volume > volume[1], rising(close, 3))",
    ),
    "at_entry": ("at_entry(x)", "the value of x on the candle of the signal", "atr(14) > 2 * at_entry(atr(14))"),
    "prev": (
        "prev(name, start)",
        "the let `name` of this definition on the candle before; `start` on the first candle",
        "average: prev(average, source) + (source - prev(average, source)) / length",
    ),
}
"""Of each built-in function how it is written, what it computes, and an example."""
PLACED = {
    "at_entry": "Only in `exit`, `trail` and `then`: elsewhere there is no signal that it could look back to.",
    "prev": "Only in a definition that declares `settles`, the candles after which its start no longer matters.",
}
"""Built-in functions that have a meaning only in some places."""
