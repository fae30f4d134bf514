"""What each primitive means, said so plainly that it is obviously right, and slowly.

Every function gets the candles of one symbol since its start, oldest first, one list per input (numbers with NaN
for unknown; truths None for unknown), and answers for the last of them. `times` are close times in ms.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import accumulate, pairwise
from statistics import fmean

import numpy as np

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


def period_range(
    times: Sequence[int], opened: Numbers, high: Numbers, low: Numbers, close: Numbers, per: int
) -> tuple[float | bool | None, ...]:
    def of(time: int) -> tuple[int, ...]:
        day = date(1970, 1, 1) + timedelta(days=(time - 1) // DAY)
        return (day.toordinal(),) if per == 0 else day.isocalendar()[:2] if per == 1 else (day.year, day.month)

    periods = [of(t) for t in times]
    starts = [i for i, p in enumerate(periods) if i == 0 or p != periods[i - 1]]

    def prices(start: int, stop: int) -> tuple[float, float, float, float]:
        whole = [max(high[start:stop]), min(low[start:stop])] if start else [NAN, NAN]
        tops = whole[0] if known(high[start:stop]) else NAN
        bottoms = whole[1] if known(low[start:stop]) else NAN
        return (opened[start], tops, bottoms, close[stop - 1]) if start else (NAN, NAN, NAN, NAN)

    now = prices(starts[-1], len(times))[:3]
    before = prices(starts[-2], starts[-1]) if len(starts) > 1 else (NAN, NAN, NAN, NAN)
    return (*now, *before, None if len(times) == 1 else starts[-1] == len(times) - 1)


def percentile(values: Numbers, rank: float, kind: int) -> float:
    ordered = sorted(values)
    if kind:
        return ordered[max(math.ceil(rank * len(ordered) / 100) - 1, 0)]
    return float(np.percentile(ordered, rank, method="hazen"))


def alma(values: Numbers, offset: float, sigma: float) -> float:
    n = len(values)
    weights = [math.exp(-((i - offset * (n - 1)) ** 2) / (2 * (n / sigma) ** 2)) for i in range(n)]
    total = math.fsum(weights)
    return math.fsum(w * v for w, v in zip(weights, values, strict=True)) / total if total else NAN


def moments(values: Numbers, length: int) -> tuple[float, float]:
    last = window(values, length)
    if last is None or len(set(last)) == 1:
        return NAN, NAN
    mean, n = fmean(last), length
    second, third, fourth = (math.fsum((v - mean) ** k for v in last) / n for k in (2, 3, 4))
    skew = third / second**1.5 * math.sqrt(n * (n - 1)) / (n - 2)
    return skew, (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * (fourth / second**2 - 3) + 6)


def ranks(values: Numbers) -> list[float]:
    return [sum(v < x for v in values) + (sum(v == x for v in values) - 1) / 2 for x in values]


def rci(values: Numbers) -> float:
    n = len(values)
    return 100 * (1 - 6 * math.fsum((r - i) ** 2 for i, r in enumerate(ranks(values))) / (n * (n * n - 1)))


def rescaled(returns: Numbers) -> float:
    mean = fmean(returns)
    walk = list(accumulate(r - mean for r in returns))
    spread = math.sqrt(fmean((r - mean) ** 2 for r in returns))
    return (max(walk) - min(walk)) / spread if spread else 0.0


def chance(n: int) -> float:
    """Return what a random walk of n steps has for a rescaled range in the mean (Anis and Lloyd)."""
    factor = math.gamma((n - 1) / 2) / math.gamma(n / 2) / math.sqrt(math.pi)
    return factor * math.fsum(math.sqrt((n - j) / j) for j in range(1, n))


def hurst(source: Numbers, length: int) -> tuple[float, float]:
    last = window(source, length + 1)
    if last is None or min(last) <= 0:
        return NAN, NAN
    returns = [math.log(b / a) for a, b in pairwise(last)]
    sizes, plain, corrected = [], [], []
    for parts in (1, 2, 4, 8, 16, 32):
        n = length // parts
        if n < 8 and parts > 1:
            break
        cut = returns[length - n * parts :]
        mean = fmean(rescaled(cut[i * n : (i + 1) * n]) for i in range(parts))
        sizes.append(math.log(n))
        plain.append(mean)
        corrected.append(mean - chance(n) + math.sqrt(math.pi * n / 2))
    if min(*plain, *corrected) <= 0:
        return NAN, NAN
    middle = fmean(sizes)
    under = math.fsum((x - middle) ** 2 for x in sizes)
    one, two = (
        math.fsum((x - middle) * math.log(y) for x, y in zip(sizes, ys, strict=True)) / under
        for ys in (plain, corrected)
    )
    return one, two


def volume_profile(
    high: Numbers, low: Numbers, volume: Numbers, length: int, bins: int, share: float
) -> tuple[float, float, float]:
    candles = list(zip(high, low, volume, strict=True))[-length:]
    if len(candles) < length or not all(known(c) for c in candles) or math.fsum(c[2] for c in candles) <= 0:
        return NAN, NAN, NAN
    top, bottom = max(c[0] for c in candles), min(c[1] for c in candles)
    if top == bottom:
        return top, top, top
    edges = [bottom + k * ((top - bottom) / bins) for k in range(bins + 1)]
    held = [0.0] * bins
    for above, below, amount in candles:
        if above == below:
            held[min(int((below - bottom) / ((top - bottom) / bins)), bins - 1)] += amount
            continue
        for k in range(bins):
            held[k] += amount * (max(0.0, min(above, edges[k + 1]) - max(below, edges[k])) / (above - below))
    middle = first = last = held.index(max(held))
    # added one by one: which bin is the busier, and when there is enough, can hang on the last bit
    inside, enough = held[middle], share * sum(c[2] for c in candles)
    while inside < enough and last - first < bins - 1:
        up, down = held[last + 1] if last < bins - 1 else -1.0, held[first - 1] if first else -1.0
        first, last = (first, last + 1) if up >= down else (first - 1, last)
        inside += max(up, down)
    return (edges[middle] + edges[middle + 1]) / 2, edges[last + 1], edges[first]


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
    "sin": lambda x: (math.sin(x[-1]),),
    "cos": lambda x: (math.cos(x[-1]),),
    "atan": lambda x: (math.atan(x[-1]),),
    "percentile": lambda x, n, rank, kind: over(n, x, lambda w: percentile(w, rank, kind)),
    "alma": lambda x, n, offset, sigma: over(n, x, lambda w: alma(w, offset, sigma)),
    "moments": moments,
    "rci": lambda x, n: over(n, x, rci),
    "hurst": hurst,
    "period_range": period_range,
    "volume_profile": volume_profile,
}
"""Every primitive but psar and hilbert, whose witness is TA-Lib."""
