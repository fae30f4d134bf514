"""What each primitive means, said so plainly that it is obviously right, and slowly.

Every function gets the candles of one symbol since its start, oldest first, one list per input (numbers with NaN
for unknown; truths None for unknown), and answers for the last of them. `times` are close times in ms.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import fmean

NAN = float("nan")
Numbers = Sequence[float]
Truths = Sequence[bool | None]
DAY = 86_400_000


def known(values: Numbers) -> bool:
    return all(math.isfinite(v) for v in values)


def window(values: Numbers, length: int) -> Numbers | None:
    """Return the last `length` values if there are so many and all are known."""
    last = values[-length:]
    return last if len(last) == length and known(last) else None


def over(length: int, values: Numbers, function: Callable[[Numbers], float]) -> tuple[float]:
    last = window(values, length)
    return (NAN if last is None else function(last),)


def average(values: Numbers, length: int, alpha: float) -> tuple[float]:
    seen = [v for v in values if math.isfinite(v)]
    if not math.isfinite(values[-1]) or len(seen) < length:
        return (NAN,)
    result = fmean(seen[:length])
    for value in seen[length:]:
        result = alpha * value + (1 - alpha) * result
    return (result,)


def line(values: Numbers) -> tuple[float, float]:
    """Return (slope, end) of the least-squares line."""
    n = len(values)
    middle, mean = (n - 1) / 2, fmean(values)
    slope = math.fsum((i - middle) * (v - mean) for i, v in enumerate(values)) / math.fsum(
        (i - middle) ** 2 for i in range(n)
    )
    return slope, mean + slope * (n - 1) / 2


def stdev(values: Numbers, kind: int) -> float:
    mean = fmean(values)
    if len(values) <= kind:
        return NAN
    return math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (len(values) - kind))


def earliest(values: Numbers, extreme: float) -> float:
    return float(len(values) - 1 - list(values).index(extreme))


def held(condition: Truths, length: int) -> tuple[bool | None]:
    last = [None] * (length - len(condition)) + list(condition[-length:])
    return (False if False in last else None if None in last else True,)


def happened(condition: Truths, length: int) -> tuple[bool | None]:
    last = [None] * (length - len(condition)) + list(condition[-length:])
    return (True if True in last else None if None in last else False,)


def last_event(event: Truths, length: int) -> int | None:
    """Return how many candles ago the event last happened, if that is known and within the window."""
    for ago, happens in enumerate(reversed(event)):
        if happens is None or ago >= length:
            return None
        if happens:
            return ago
    return None


def valuewhen(condition: Truths, source: Numbers, occurrence: int, length: int) -> tuple[float]:
    left = occurrence
    for ago in range(min(length, len(condition))):
        if condition[-1 - ago] is None:
            return (NAN,)
        if condition[-1 - ago]:
            if left == 0:
                return (source[-1 - ago],)
            left -= 1
    return (NAN,)


def since(source: Numbers, event: Truths, length: int, function: Callable[[Numbers], float]) -> tuple[float]:
    ago = last_event(event, length)
    values = [] if ago is None else source[-1 - ago :]
    return (function(values) if values and known(values) else NAN,)


def count_since(condition: Truths, event: Truths, length: int) -> tuple[float]:
    ago = last_event(event, length)
    seen = [None] if ago is None else condition[-1 - ago :]
    return (NAN if None in seen else float(seen.count(True)),)


def cum(source: Numbers, anchor: Truths) -> tuple[float]:
    ago = last_event(anchor, len(anchor))
    values = [NAN] if ago is None else source[-1 - ago :]
    return (math.fsum(values) if known(values) else NAN,)


def vwap(times: Sequence[int], source: Numbers, volume: Numbers, per: int) -> tuple[float]:
    # a candle lies where it began to close: one ms before; 1970-01-05 was a Monday
    sessions = [(t - 1 - 4 * DAY) // (7 * DAY) if per else (t - 1) // DAY for t in times]
    ours = [i for i, session in enumerate(sessions) if session == sessions[-1]]
    if ours[0] == 0 or not known([source[i] for i in ours]) or not known([volume[i] for i in ours]):
        return (NAN,)
    traded = math.fsum(volume[i] for i in ours)
    return (math.fsum(source[i] * volume[i] for i in ours) / traded if traded else NAN,)


def after_unknown(*columns: Numbers) -> list[Numbers]:
    """Return what follows the last candle with an unknown value."""
    start = 1 + max((i for column in columns for i, v in enumerate(column) if not math.isfinite(v)), default=-1)
    return [column[start:] for column in columns]


def is_pivot(values: Numbers, i: int, left: int, right: int) -> bool:
    """Return whether i is a low pivot: not above any of the left, below all of the right."""
    before, after = values[i - left : i], values[i + 1 : i + right + 1]
    return (
        i >= left
        and i + right < len(values)
        and all(values[i] <= v for v in before)
        and all(values[i] < v for v in after)
    )


def pivot(values: Numbers, left: int, right: int, within: int, sign: int) -> tuple[float, float, bool | None]:
    (values,) = after_unknown([sign * v for v in values])
    if len(values) < left + right + 1:
        return NAN, NAN, None
    pivots = [i for i in range(len(values)) if is_pivot(values, i, left, right)]
    new = bool(pivots) and pivots[-1] == len(values) - 1 - right
    age = len(values) - 1 - pivots[-1] if pivots else within + 1
    return (sign * values[pivots[-1]], float(age), new) if age <= within else (NAN, NAN, new)


def supertrend(
    high: Numbers, low: Numbers, close: Numbers, length: int, multiplier: float
) -> tuple[float, bool | None]:
    if not known([high[-1], low[-1], close[-1]]):
        return NAN, None
    candles = [c for c in zip(high, low, close, strict=True) if known(c)]
    if len(candles) < length:
        return NAN, None
    ranges = [h - low_ if i == 0 else max(h - low_, abs(h - candles[i - 1][2]), abs(low_ - candles[i - 1][2]))
              for i, (h, low_, _) in enumerate(candles)]  # fmt: skip
    atr, upper, lower, rising = fmean(ranges[:length]), NAN, NAN, False
    for i in range(length - 1, len(candles)):
        h, low_, c = candles[i]
        if i >= length:
            atr += (ranges[i] - atr) / length
        middle, before = (h + low_) / 2, candles[i - 1][2]
        above, below = middle + multiplier * atr, middle - multiplier * atr
        upper = above if i == length - 1 or above < upper or before > upper else upper
        lower = below if i == length - 1 or below > lower or before < lower else lower
        if i >= length:
            rising = c >= lower if rising else c > upper
    return (lower if rising else upper), rising


def qfl_base(
    low: Numbers, high: Numbers, close: Numbers, left: int, right: int, bounce: float, within: int
) -> tuple[float | bool | None, ...]:
    low, high, close = after_unknown(low, high, close)
    now = len(low) - 1
    nothing = (NAN, NAN, NAN, NAN)
    if now < left + right:
        return (*nothing, None, None, NAN, NAN)
    pivots = [i for i in range(len(low)) if is_pivot(low, i, left, right)]
    confirmed: list[tuple[int, int]] = []
    for i in pivots:
        replaced = next((j + right for j in pivots if j > i), len(low))
        for t in range(i + right, min(len(low), replaced, i + within + 1)):
            if min(low[i + 1 : t + 1]) < low[i]:
                break
            if max(high[i + 1 : t + 1]) >= low[i] * (1 + bounce):
                confirmed.append((t, i))
                break
    t, i = max(confirmed, default=(-1, -within - 1))
    new = t == now
    if now - i > within:
        return (*nothing, new, None, NAN, NAN)
    level = low[i]
    breaks = [j for j in range(t + 1, now + 1) if low[j] < level]
    until = breaks[0] if breaks else now + 1
    rise, drop = max(high[i + 1 : until]) / level - 1, 1 - close[now] / level
    if not breaks:
        return level, float(now - i), rise, drop, new, False, NAN, NAN
    return level, float(now - i), rise, drop, new, True, float(now - breaks[0]), min(low[breaks[0] :])


NAIVE: dict[str, Callable[..., tuple[float | bool | None, ...]]] = {
    "sum": lambda x, n: over(n, x, math.fsum),
    "sma": lambda x, n: over(n, x, fmean),
    "wma": lambda x, n: over(n, x, lambda w: math.fsum((i + 1) * v for i, v in enumerate(w)) / (n * (n + 1) / 2)),
    "stdev": lambda x, n, kind: over(n, x, lambda w: stdev(w, kind)),
    "mad": lambda x, n: over(n, x, lambda w: fmean(abs(v - fmean(w)) for v in w)),
    "slope": lambda x, n: over(n, x, lambda w: line(w)[0]),
    "linreg": lambda x, n: over(n, x, lambda w: line(w)[1]),
    "highest": lambda x, n: over(n, x, max),
    "lowest": lambda x, n: over(n, x, min),
    "highestbars": lambda x, n: over(n, x, lambda w: earliest(w, max(w))),
    "lowestbars": lambda x, n: over(n, x, lambda w: earliest(w, min(w))),
    "percentrank": lambda x, n: over(n + 1, x, lambda w: 100 * sum(v <= w[-1] for v in w[:-1]) / n),
    "ema": lambda x, n: average(x, n, 2 / (n + 1)),
    "rma": lambda x, n: average(x, n, 1 / n),
    "back": lambda x, ago: (x[-1 - ago] if len(x) > ago else NAN,),
    "held": held,
    "happened": happened,
    "barssince": lambda c, n: ((lambda ago: NAN if ago is None else float(ago))(last_event(c, n)),),
    "valuewhen": valuewhen,
    "count": lambda c, n: (float(c[-n:].count(True)) if len(c) >= n and None not in c[-n:] else NAN,),
    "count_since": count_since,
    "highest_since": lambda x, e, n: since(x, e, n, max),
    "lowest_since": lambda x, e, n: since(x, e, n, min),
    "cum": cum,
    "vwap": vwap,
    "pivot_low": lambda x, left, right, within: pivot(x, left, right, within, 1),
    "pivot_high": lambda x, left, right, within: pivot(x, left, right, within, -1),
    "supertrend": supertrend,
    "qfl_base": qfl_base,
}
"""Every primitive but psar, whose witness is TA-Lib."""
