"""What the primitives compute, written as one would on paper. Every other function is its own formula.

x is the source, x[1] its value on the candle before, n the length; sums and extremes are over the last n candles.
"""

FORMULAS: dict[str, str] = {
    "back": "back(x, n) = x[n]",
    "barssince": "the least k in 0 .. n-1 for which condition[k] holds; unknown where there is none",
    "count": "how many of condition[0] .. condition[n-1] hold",
    "count_since": "k = barssince(event, n)\nhow many of condition[0] .. condition[k] hold",
    "cum": "cum = x                where anchor holds\n    = cum[1] + x       elsewhere",
    "ema": "a   = 2 / (n + 1)\nema = ema[1] + a * (x - ema[1])\nthe first one: (x[0] + ... + x[n-1]) / n",
    "happened": "condition[0] or condition[1] or ... or condition[n-1]",
    "held": "condition[0] and condition[1] and ... and condition[n-1]",
    "highest": "max(x[0], ..., x[n-1])",
    "highest_since": "k = barssince(event, n)\nmax(x[0], ..., x[k])",
    "highestbars": "the k in 0 .. n-1 with x[k] = max(x[0], ..., x[n-1]); of equals the largest k",
    "linreg": (
        "line through the points (0, x[n-1]) ... (n-1, x[0]) with the least sum of squares: a + b * k\n"
        "linreg = a + b * (n - 1)"
    ),
    "lowest": "min(x[0], ..., x[n-1])",
    "lowest_since": "k = barssince(event, n)\nmin(x[0], ..., x[k])",
    "lowestbars": "the k in 0 .. n-1 with x[k] = min(x[0], ..., x[n-1]); of equals the largest k",
    "mad": "m   = (x[0] + ... + x[n-1]) / n\nmad = (|x[0] - m| + ... + |x[n-1] - m|) / n",
    "percentrank": "100 * (how many of x[1] .. x[n] are <= x[0]) / n",
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
    "rma": "rma = rma[1] + (x - rma[1]) / n\nthe first one: (x[0] + ... + x[n-1]) / n",
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
    "vwap": "(x * volume, summed since the session began) / (volume, summed since the session began)",
    "wma": "(n * x[0] + (n-1) * x[1] + ... + 1 * x[n-1]) / (n + (n-1) + ... + 1)",
}
