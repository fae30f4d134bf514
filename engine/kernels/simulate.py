"""The trade simulator: one compiled loop over the lanes of a strategy, each followed through its candles.

A lane is a strategy on a symbol. Its candidates (candles on which a rule fires) are taken in the order of time; a
signal's position is followed at once, to its end or to the end of the block, because nothing but candles changes it.
docs/trading.md says what each step means; engine.kernels.columns names the columns; engine.trade.lanes fills them.

Orders fill at their own price, or at the candle's open where that is worse, never better. Slippage worsens
what is filled at market: market and stop entries, stops, exits, expiry; limit entries, adds and targets have
none. The fee is a ratio of every fill.

A candle tells its open, its extremes and its close, but not in which order the extremes came. What the open
tells is certain and comes first. After that the worse of two possible orders is taken, and the candle is counted
as ambiguous: the stop before a target, an add or a resting entry and then the stop, a stop that a target moved
before the next target. A close beyond a level proves that the level was passed.

One file, and longer than others: compiled functions that call each other must change together (see jit). The columns
are in another, so what was compiled is asked which it knows, and compiled again where they have changed since.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt
from numba import njit, types
from numba.np.numpy_support import as_dtype

from engine.kernels import columns
from engine.kernels.columns import *

Floats = npt.NDArray[np.float64]
Table = npt.NDArray[np.float64]
Truths = npt.NDArray[np.int8]
Whole = npt.NDArray[np.int64]

COLUMNS = crc32(repr(sorted((name, value) for name, value in vars(columns).items() if name.isupper())).encode())
"""What all columns and codes are, as one number; it is compiled into the simulator."""
NOTHING = 1e-9
"""Parts below this are what rounding leaves of a position that is closed."""
STRETCH = 64
"""So many candles are looked at together where nothing may happen on any of them."""


class Desk(NamedTuple):
    """What a position is worked on with: the bench (one row of numbers), the rulebook's table, and where it tells
    what happens. Few arrays, because they are handed from function to function."""

    w: Floats
    book: Table
    log: Table
    fills: Table
    numbers: Table
    truths: Truths


class Tape(NamedTuple):
    """The candles of a block: those that positions are followed on, and the strategy's, timeframe by timeframe."""

    fine_open: Whole
    fine_close: Whole
    opens: Table
    highs: Table
    lows: Table
    closes: Table
    fine_here: Truths
    bar_time: Whole
    bar_here: Truths
    bar_close: Table


inner = njit(nogil=True, error_model="numpy")
small = njit(nogil=True, error_model="numpy", forceinline=True)
"""For what is called at every step: handing over the arrays would cost more than the work."""


# -- prices --


@inner
def on_tick(price: float, step: float, scale: float) -> float:
    """Return the multiple of step / scale nearest to `price`, half to even, as decimals say it (0: no tick).

    A price of so many ticks that they cannot be counted stays as it is.
    """
    if step == 0.0 or not np.isfinite(price):
        return price
    n = np.floor(price * scale / step)
    if not abs(n) < COUNTABLE:
        return price
    while n * step / scale > price:
        n -= 1.0
    while (n + 1.0) * step / scale <= price:
        n += 1.0
    half = (2.0 * n + 1.0) * step / (2.0 * scale)
    if price > half or (price == half and n % 2.0 != 0.0):
        n += 1.0
    return n * step / scale


@inner
def seek(times: Whole, start: int, stop: int, time: int) -> int:
    """Return the first index of start <= i < stop with times[i] > time, else `stop`."""
    if stop - start > 1:  # where times are evenly apart it is where it must be
        guess = start + (time - times[start]) // (times[start + 1] - times[start]) + 1
        if start < guess < stop and times[guess - 1] <= time < times[guess]:
            return guess
    low, high, width = start, start, 1
    while high < stop and times[high] <= time:
        low = high + 1
        high += width
        width *= 2
    high = min(high, stop)
    while low < high:
        middle = (low + high) >> 1
        if times[middle] <= time:
            low = middle + 1
        else:
            high = middle
    return low


@small
def copy(source: Floats, into: Floats, first: int) -> None:
    for i in range(source.shape[0]):
        into[first + i] = source[i]


@small
def clear(row: Floats) -> None:
    for i in range(row.shape[0]):
        row[i] = 0.0


# -- one position --


@small
def beyond(sign: float, price: float, level: float) -> bool:
    """Tell whether `price` is at `level` or farther on the profit side; False where there is no level."""
    return sign * (price - level) >= 0.0


@small
def fell_to(sign: float, price: float, level: float) -> bool:
    """Tell whether `price` is at `level` or farther on the loss side; False where there is no level."""
    return sign * (price - level) <= 0.0


@small
def saw(p: Floats, sign: float, price: float) -> None:
    """Widen the excursions by a price that was reached while it was open."""
    if sign > 0.0:
        p[BEST], p[WORST] = max(p[BEST], price), min(p[WORST], price)
    else:
        p[BEST], p[WORST] = min(p[BEST], price), max(p[WORST], price)


@small
def target_price(p: Floats, t: Floats, place: int) -> float:
    return p[STATE + place] if p[MOVED] != 0.0 else t[TERMS + TARGET * place + T_PRICE]


@small
def next_target(p: Floats, t: Floats) -> float:
    """Return the price of the next target, NaN if there is none left."""
    return target_price(p, t, int(p[HIT])) if p[HIT] < t[TARGETS] else np.nan


@small
def next_add(p: Floats, t: Floats, sign: float, d: Desk) -> float:
    """Return the price of the next add, NaN if none is left; they die with the first exit of any part."""
    if p[ADDED] >= t[ADDS] or p[REMAINING] < p[FILLED] - NOTHING:
        return np.nan
    at = TERMS + TARGET * int(d.w[MOST_TARGETS]) + ADD * int(p[ADDED])
    kind, value = t[at + A_KIND], t[at + A_VALUE]
    if kind == AT_PERCENT:
        return on_tick(p[FIRST_FILL] * (1.0 - sign * value), d.w[TICK], d.w[SCALE])
    if kind == AT_DISTANCE:
        return on_tick(p[FIRST_FILL] - sign * value, d.w[TICK], d.w[SCALE])
    return t[at + A_PRICE]


@small
def tell(p: Floats, d: Desk, what: int, filled: float, detail: float, old: float) -> None:
    """Write down what happened, at `filled` if that is known (0: not) and not the close of the candle itself."""
    p[TOLD] += 1.0
    n = int(d.w[TOLD_ROWS])
    if n >= d.log.shape[0]:
        d.w[OVERFULL] = 1.0
        return
    d.w[TOLD_ROWS] = n + 1.0
    row = d.log[n]
    for i in range(HEAD):
        row[i] = d.w[BENCH_HEAD + i]
    row[TIME], row[WHAT], row[DETAIL], row[OLD] = p[FOLLOWED], what, detail, old
    row[FILLED_AT] = 0.0 if filled == p[FOLLOWED] else filled
    copy(p, row, HEAD)


@small
def fill(p: Floats, d: Desk, time: float, price: float, part: float, reason: int) -> None:
    n = int(d.w[FILL_ROWS])
    p[FILLS] += 1.0
    p[FEES] += part * price * d.w[FEE]
    if n >= d.fills.shape[0]:
        d.w[OVERFULL] = 1.0
        return
    d.w[FILL_ROWS] = n + 1.0
    d.fills[n, F_TIME], d.fills[n, F_PRICE], d.fills[n, F_PART], d.fills[n, F_REASON] = time, price, part, reason


@small
def account(p: Floats, t: Floats, sign: float) -> None:
    """Work out result, R and the average exit from the fills."""
    gain = sign * (p[PROCEEDS] - p[ENTRY] * p[PARTS_OUT]) - p[FEES]
    risk = abs(p[ENTRY] - t[FIRST_STOP])
    p[RESULT] = gain / (p[ENTRY] * p[FILLED])
    p[RESULT_R] = p[RESULT] * p[ENTRY] / risk if risk > 0.0 else np.nan
    p[EXIT_PRICE] = p[PROCEEDS] / p[PARTS_OUT] if p[PARTS_OUT] != 0.0 else np.nan


@small
def take(p: Floats, t: Floats, sign: float, d: Desk, time: float, price: float, part: float, reason: int) -> None:
    fill(p, d, time, price, part, reason)
    p[PARTS_OUT] += part
    p[PROCEEDS] += part * price
    left = p[REMAINING] - part
    p[REMAINING] = left if left > NOTHING else 0.0
    account(p, t, sign)


@small
def stop_waiting(p: Floats, d: Desk) -> None:
    first = STATE + int(d.w[MOST_TARGETS]) + int(d.w[MOST_EXITS])
    for place in range(first, first + int(d.w[MOST_EXITS])):
        p[place] = 0.0
    p[WAITING] = p[FOREIGN] = 0.0


@small
def end(p: Floats, d: Desk, status: int, time: float, detail: float) -> None:
    p[STATUS], p[CLOSED] = status, time
    stop_waiting(p, d)
    tell(p, d, ENDING, time, detail, np.nan)


@inner
def close(p: Floats, t: Floats, sign: float, d: Desk, status: int, price: float, time: float, detail: float) -> None:
    """Close all that is left at `price`, and end."""
    reason = AS_STOP if status == SL_HIT else (AS_EXPIRE if status == EXPIRED else AS_EXIT)
    take(p, t, sign, d, time, price, p[REMAINING], reason)
    end(p, d, status, time, detail)


@small
def enter(p: Floats, t: Floats, sign: float, d: Desk, price: float, time: float) -> None:
    """Fill the entry order."""
    p[FIRST_FILL] = price
    fill(p, d, time, price, t[PART], AS_ENTRY)
    p[STATUS], p[OPENED], p[BARS] = OPEN, time, 0.0
    p[ENTRY] = p[BEST] = p[WORST] = price
    p[FILLED] = p[REMAINING] = t[PART]
    account(p, t, sign)
    tell(p, d, OPENING, time, 0.0, np.nan)


@inner
def fill_add(p: Floats, t: Floats, sign: float, d: Desk, time: float) -> None:
    """Fill the next add; the average entry moves, and with it the targets that are a share of it."""
    price = next_add(p, t, sign, d)
    part = t[TERMS + TARGET * int(d.w[MOST_TARGETS]) + ADD * int(p[ADDED]) + A_PART]
    fill(p, d, time, price, part, AS_ADD)
    filled = p[FILLED] + part
    p[ENTRY] = (p[ENTRY] * p[FILLED] + price * part) / filled
    p[FILLED] = p[REMAINING] = filled
    p[ADDED] += 1.0
    for place in range(int(t[TARGETS])):
        at = TERMS + TARGET * place
        moved = on_tick(p[ENTRY] * (1.0 + sign * t[at + T_RATIO]), d.w[TICK], d.w[SCALE])
        p[STATE + place] = moved if t[at + T_RATIO] != 0.0 else t[at + T_PRICE]
    p[MOVED] = 1.0 if t[TARGETS] > 0.0 else 0.0
    account(p, t, sign)
    tell(p, d, ADDING, time, 0.0, np.nan)


@inner
def move_stop(p: Floats, sign: float, d: Desk, price: float, why: float) -> None:
    """Move the stop to `price` on the market's tick if that is tighter; it never loosens."""
    if not np.isfinite(price):
        return
    price, old = on_tick(price, d.w[TICK], d.w[SCALE]), p[STOP]
    if sign * (price - old) <= 0.0:
        return
    p[STOP], p[STOP_WHY] = price, why
    tell(p, d, MOVING, 0.0, why, old)


@inner
def hit_target(p: Floats, t: Floats, sign: float, d: Desk, price: float, time: float) -> None:
    """Close the next target's part at `price`; move the stop if it says so; end with the last."""
    number = int(p[HIT])
    at = TERMS + TARGET * number
    last = number + 1 == int(t[TARGETS])
    part = p[REMAINING] if last else min(t[at + T_PART] * p[FILLED], p[REMAINING])
    take(p, t, sign, d, time, price, part, AS_TARGET)
    saw(p, sign, price)
    p[HIT] = number + 1.0
    tell(p, d, TAKING, time, number + 1.0, np.nan)
    if p[REMAINING] <= NOTHING:
        end(p, d, TP_HIT, time, number + 1.0)
        return
    move, value = int(t[at + T_MOVE]), t[at + T_VALUE]
    moved = np.nan
    if move == TO_PRICE:
        moved = value
    elif move == TO_ENTRY:
        moved = p[ENTRY]
    elif move == TO_OFFSET:
        moved = p[ENTRY] * (1.0 + sign * value)
    elif move == TO_TARGET:
        moved = target_price(p, t, int(value) - 1)
    elif move == TO_RULE and d.w[MOVES] + value < d.w[MOVES_END]:
        rule = int(d.w[MOVES] + value)
        if d.book[rule, 1] > d.book[rule, 0]:
            moved = run(p, t, sign, d, rule, np.nan, 0, 0)
            if d.book[rule, 2] != 0.0:
                moved = p[ENTRY] * (1.0 + sign * moved)
    move_stop(p, sign, d, moved, number + 1.0)


# -- expressions over a position --


@inner
def unary(op: int, a: float) -> float:
    if op == NEG:
        return -a
    if op == NOT:
        return 1.0 - a
    if op == ABS:
        return abs(a)
    if op == SIGN:
        return np.sign(a)
    if op == FLOOR:
        return np.floor(a)
    if op == SQRT:
        return np.sqrt(a)
    if op == LOG:
        return np.log(a)
    if op == EXP:
        return np.exp(a)
    return 1.0 if a == a else 0.0  # KNOWN


@inner
def binary(op: int, a: float, b: float) -> float:
    if op == ADDITION:
        return a + b
    if op == SUB:
        return a - b
    if op == MUL:
        return a * b
    if op == DIV:
        return a / b
    either = a != a or b != b
    if op == AND:
        return 0.0 if a == 0.0 or b == 0.0 else (np.nan if either else 1.0)
    if op == OR:
        return 1.0 if a == 1.0 or b == 1.0 else (np.nan if either else 0.0)
    if op == DEFAULT:
        return b if a != a else a
    if either:
        return np.nan
    if op == LT:
        return 1.0 if a < b else 0.0
    if op == LE:
        return 1.0 if a <= b else 0.0
    if op == GT:
        return 1.0 if a > b else 0.0
    if op == GE:
        return 1.0 if a >= b else 0.0
    if op == EQ:
        return 1.0 if a == b else 0.0
    if op == NE:
        return 1.0 if a != b else 0.0
    return min(a, b) if op == MIN else max(a, b)


@inner
def field(p: Floats, sign: float, which: int, close: float) -> float:
    if which == F_ENTRY:
        return p[ENTRY]
    if which == F_BARS:
        return p[BARS]
    if which == F_BEST:
        return p[BEST]
    if which == F_STOP:
        return p[STOP]
    return sign * (close - p[ENTRY]) / p[ENTRY]


@inner
def run(
    p: Floats, t: Floats, sign: float, d: Desk, rule: int, close: float, row: int, lane: int
) -> float:  # fmt: skip
    """Run the program of a row of the table, and return what it says: NaN is unknown, truths are 0, NaN and 1."""
    code, stack, stop = d.book, d.w[STACK:], int(d.book[rule, 1])
    kept = TERMS + TARGET * int(d.w[MOST_TARGETS]) + ADD * int(d.w[MOST_ADDS])
    top, i = -1, int(d.book[rule, 0])
    while i < stop:
        op, operand = int(code[i, 0]), code[i, 1]
        i += 1
        if op <= FIELD:
            top += 1
            place = int(operand) if op != PUSH else 0
            if op == PUSH:
                stack[top] = operand
                continue
            if op == NUMBER:
                value = d.numbers[place + row, lane]
            elif op == TRUTH:
                truth = d.truths[place + row, lane]
                value = np.nan if truth == 1 else 0.5 * truth
            elif op == KEPT:
                value = t[kept + place]
            elif op == KEPT_TRUTH:
                value = np.nan if t[kept + place] == 1.0 else 0.5 * t[kept + place]
            else:
                value = field(p, sign, place, close)
        elif op == AS_TRUTH:
            value = np.nan if stack[top] == 1.0 else 0.5 * stack[top]
        elif op == SKIP_FALSE:
            i += int(operand) if stack[top] == 0.0 else 0
            continue
        elif op == SKIP_TRUE:
            i += int(operand) if stack[top] == 1.0 else 0
            continue
        elif op <= KNOWN:
            value = unary(op, stack[top])
        elif op <= DEFAULT:
            top -= 1
            value = binary(op, stack[top], stack[top + 1])
        elif op == AT_LEAST:
            count = int(operand)
            top -= count
            holding = possible = 0.0
            for k in range(top + 1, top + 1 + count):
                holding += 1.0 if stack[k] == 1.0 else 0.0
                possible += 0.0 if stack[k] == 0.0 else 1.0
            wanted = stack[top]
            value = np.nan
            if holding >= wanted:
                value = 1.0
            elif possible < wanted:
                value = 0.0
        else:
            top -= 2
            a, b, c = stack[top], stack[top + 1], stack[top + 2]
            if op == IF:
                value = np.nan if a != a else (b if a == 1.0 else c)
            elif a != a or b != b or c != c:
                value = np.nan
            else:
                value = min(max(a, b), c)
        stack[top] = value if np.isfinite(value) else np.nan
    return stack[0]


# -- a fine candle --


@inner
def targets_at_open(p: Floats, t: Floats, sign: float, d: Desk, opened: float, time: float, bettered: bool) -> None:
    """Hit the targets that the open is beyond: at their price, or at the open where the entry was (bettered)."""
    while p[STATUS] == OPEN:
        target = next_target(p, t)
        if not beyond(sign, opened, target):
            return
        price = opened if bettered else target
        hit_target(p, t, sign, d, price, time)


@small
def try_entry(
    p: Floats,
    t: Floats,
    sign: float,
    d: Desk,
    opened: float,
    profit: float,
    loss: float,
    open_time: float,
    close_time: float,
    deadline: float,
) -> bool:
    """Fill the entry order if the candle does; cancel it where the candle opens beyond the stop."""
    if deadline != 0.0 and open_time >= deadline:
        end(p, d, EXPIRED, open_time, float(UNFILLED))
        return False
    if fell_to(sign, opened, p[STOP]):
        end(p, d, CANCELLED, open_time, float(BEYOND_STOP))
        return False
    worse = 1.0 + sign * d.w[SLIPPAGE]
    at_open = True
    if t[KIND] == LIMIT:
        if not fell_to(sign, loss, t[PRICE]):
            return False
        at_open = fell_to(sign, opened, t[PRICE])
        price = t[PRICE]
    elif t[KIND] == STOP_ENTRY:
        if not beyond(sign, profit, t[PRICE]):
            return False
        at_open = beyond(sign, opened, t[PRICE])
        price = (opened if at_open else t[PRICE]) * worse
    else:
        price = opened * worse
    enter(p, t, sign, d, price, open_time if at_open else close_time)
    return True


@inner
def waiting_exits(p: Floats, t: Floats, sign: float, d: Desk, market: float, time: float) -> None:
    if p[FOREIGN] != 0.0:
        close(p, t, sign, d, EXITED, market, time, -1.0)
        return
    waits = STATE + int(d.w[MOST_TARGETS]) + int(d.w[MOST_EXITS])
    for order in range(1, int(p[WAITING]) + 1):
        for k in range(int(d.w[EXITS_END] - d.w[EXITS])):
            if p[waits + k] == order:
                part = d.book[int(d.w[EXITS]) + k, 2]
                if part >= 1.0:
                    close(p, t, sign, d, EXITED, market, time, float(k))
                    return
                take(p, t, sign, d, time, market, p[REMAINING] * part, AS_EXIT)
                tell(p, d, LEAVING, time, float(k), np.nan)
    stop_waiting(p, d)


@small
def at_open(p: Floats, t: Floats, sign: float, d: Desk, opened: float, time: float, deadline: float) -> None:
    """Do what the open decides alone: exits that wait for a price, expiry, gaps through a level."""
    market = opened * (1.0 - sign * d.w[SLIPPAGE])
    saw(p, sign, opened)
    if p[WAITING] != 0.0 or p[FOREIGN] != 0.0:
        waiting_exits(p, t, sign, d, market, time)
        if p[STATUS] != OPEN:
            return
    if deadline != 0.0 and time >= deadline:
        close(p, t, sign, d, EXPIRED, market, time, 0.0)
        return
    if fell_to(sign, opened, p[STOP]):
        close(p, t, sign, d, SL_HIT, market, time, p[STOP_WHY])
        return
    while fell_to(sign, opened, next_add(p, t, sign, d)):
        fill_add(p, t, sign, d, time)
    targets_at_open(p, t, sign, d, opened, time, False)


@small
def stopped(p: Floats, t: Floats, sign: float, d: Desk, profit: float, loss: float, resting: bool, time: float) -> None:
    """Close at the stop, after the adds that lie before it."""
    stop = p[STOP]
    unsure = resting or beyond(sign, profit, next_target(p, t))
    add = next_add(p, t, sign, d)
    while fell_to(sign, loss, add) and beyond(sign, add, stop):
        fill_add(p, t, sign, d, time)
        unsure = True
        add = next_add(p, t, sign, d)
    saw(p, sign, stop)
    price = stop * (1.0 - sign * d.w[SLIPPAGE])
    # The count belongs to the candle, so the end that is told carries it once the slice is whole.
    close(p, t, sign, d, SL_HIT, price, time, p[STOP_WHY])
    if unsure:
        p[AMBIGUOUS] += 1.0


@small
def within(
    p: Floats, t: Floats, sign: float, d: Desk, profit: float, loss: float, c: float, entered: int, time: float
) -> None:
    """Do what happens after the open, or after an entry within the candle; known at its close.

    `entered`: 0 not within this candle, 1 by a limit (the price went on to the loss end), 2 by a stop entry.
    """
    sure_profit = c if entered == 1 else profit
    sure_loss = c if entered == 2 else loss
    if fell_to(sign, loss, p[STOP]):
        stopped(p, t, sign, d, profit, loss, entered != 0, time)
        return
    target = next_target(p, t)
    unsure = False
    if beyond(sign, sure_profit, target):
        # the target first: less of a position takes the profit
        unsure = fell_to(sign, sure_loss, next_add(p, t, sign, d))
    else:
        while fell_to(sign, sure_loss, next_add(p, t, sign, d)):
            fill_add(p, t, sign, d, time)
            sure_profit = c  # the profit end may lie before the add: only the close is after it
        target = next_target(p, t)
        unsure = beyond(sign, profit, target) and not beyond(sign, sure_profit, target)
    saw(p, sign, sure_loss)
    while p[STATUS] == OPEN:
        target = next_target(p, t)
        if not beyond(sign, sure_profit, target):
            break
        hit_target(p, t, sign, d, target, time)
        stop = p[STOP]
        if p[STATUS] == OPEN and fell_to(sign, loss, stop):
            price = stop * (1.0 - sign * d.w[SLIPPAGE])
            close(p, t, sign, d, SL_HIT, price, time, p[STOP_WHY])
            unsure = unsure or not fell_to(sign, c, stop)
    if p[STATUS] == OPEN:
        saw(p, sign, sure_profit)
    if unsure:
        p[AMBIGUOUS] += 1.0


@small
def apply_candle(
    p: Floats,
    t: Floats,
    sign: float,
    d: Desk,
    o: float,
    h: float,
    low: float,
    c: float,
    open_time: float,
    close_time: float,
) -> None:
    """Step a live position over one candle, which closed after everything that was applied to it before."""
    profit, loss = (h, low) if sign > 0.0 else (low, h)
    entered = 0
    deadline = deadline_of(p, t)
    if p[STATUS] == PENDING:
        if not try_entry(p, t, sign, d, o, profit, loss, open_time, close_time, deadline):
            return
        if p[OPENED] == open_time:
            targets_at_open(p, t, sign, d, o, open_time, True)
        else:
            entered = 1 if t[KIND] == LIMIT else 2
    else:
        at_open(p, t, sign, d, o, open_time, deadline)
    if p[STATUS] == OPEN:
        within(p, t, sign, d, profit, loss, c, entered, close_time)


@small
def deadline_of(p: Floats, t: Floats) -> float:
    """Return when it expires (ms): from the fill once there is one, from the signal before; 0: never."""
    if t[LIFETIME] == 0.0:
        return 0.0
    return (t[SIGNALLED] if p[STATUS] == PENDING else p[OPENED]) + t[LIFETIME]


# -- a closed candle of the strategy --


@small
def apply_bar(
    p: Floats, t: Floats, sign: float, d: Desk, row: int, lane: int, price: float, time: float
) -> None:  # fmt: skip
    """Step a live position over the strategy's candle; what it decides takes effect from the next fine candle."""
    p[BARS] += 1.0
    if p[STATUS] == PENDING:
        if t[KIND] != MARKET and 0.0 < t[PATIENCE] <= p[BARS]:
            end(p, d, CANCELLED, time, float(UNFILLED))
        return
    takes = STATE + int(d.w[MOST_TARGETS])
    waits = takes + int(d.w[MOST_EXITS])
    for rule in range(int(d.w[EXITS]), int(d.w[EXITS_END])):
        k = rule - int(d.w[EXITS])
        if p[takes + k] != 0.0:
            continue
        if run(p, t, sign, d, rule, price, row, lane) == 1.0:
            p[TAKEN] += 1.0
            p[WAITING] += 1.0
            p[takes + k], p[waits + k] = p[TAKEN], p[WAITING]
            if d.book[rule, 2] >= 1.0:
                return
    if d.w[TRAILS] == d.w[TRAILS_END]:
        return
    mask, tightest = int(p[TRAILING]), np.nan
    for rule in range(int(d.w[TRAILS]), int(d.w[TRAILS_END])):
        k, kind = rule - int(d.w[TRAILS]), d.book[rule, 2]
        if not (mask >> k) & 1 and not begins(p, t, sign, d.book[rule, 3], d.book[rule, 4]):
            continue
        mask |= 1 << k
        value = run(p, t, sign, d, rule, price, row, lane)
        if kind != AT_PRICE:
            if kind == AT_PERCENT:
                value = value * p[BEST]
            elif kind == AT_R:
                value = value * abs(p[ENTRY] - t[FIRST_STOP])
            value = p[BEST] - sign * value if value >= 0.0 else np.nan
        if value == value and not sign * (value - tightest) <= 0.0:
            tightest = value
    p[TRAILING] = mask
    move_stop(p, sign, d, tightest, float(BY_TRAIL))


@inner
def begins(p: Floats, t: Floats, sign: float, after: float, value: float) -> bool:
    """Tell whether what the trail waits for (`after`) has happened."""
    if after == AFTER_NOTHING:
        return True
    if after == AFTER_TARGET:
        return p[HIT] >= value
    gain = sign * (p[BEST] - p[ENTRY])
    if after == AFTER_R:
        return gain >= value * abs(p[ENTRY] - t[FIRST_STOP])
    return gain >= value * p[ENTRY]


# -- following --


@inner
def count_bars(
    p: Floats, bar_time: Whole, bar_here: Truths, bar: int, stop: int, lane: int, until: int, whole: bool
) -> int:
    """Count the strategy's candles that closed by `until`; return the index after them."""
    after = seek(bar_time, bar, stop, until)
    if whole:
        p[BARS] += after - bar
    else:
        for i in range(bar, after):
            p[BARS] += 1.0 if bar_here[lane, i] != 0 else 0.0
    return after


@njit(nogil=True, error_model="numpy", fastmath={"nnan", "nsz"})
def reach(low: Floats, high: Floats) -> tuple[float, float]:
    """Return the lowest low and the highest high of some candles that all exist: nothing is added, so the compiler
    may look at several at once."""
    lowest, highest = np.inf, -np.inf
    for i in range(low.shape[0]):
        lowest = low[i] if low[i] < lowest else lowest
        highest = high[i] if high[i] > highest else highest
    return lowest, highest


@inner
def first_touch(
    p: Floats, sign: float, low: Floats, high: Floats, here: Truths, whole: bool, start: int, stop: int, down: float,
    up: float,
) -> int:  # fmt: skip
    """Return the first candle of start <= i < stop that touches `down` or `up`, else `stop`; widen the excursions
    by those before it."""
    lowest, highest = np.inf, -np.inf
    i = start
    while whole and i + STRETCH <= stop:
        bottom, top = reach(low[i : i + STRETCH], high[i : i + STRETCH])
        if bottom <= down or top >= up:
            break
        lowest, highest = min(lowest, bottom), max(highest, top)
        i += STRETCH
    while i < stop:
        if whole or here[i] != 0:
            bottom, top = low[i], high[i]
            if bottom <= down or top >= up:
                break
            lowest, highest = min(lowest, bottom), max(highest, top)
        i += 1
    if p[STATUS] == OPEN and highest >= lowest:
        saw(p, sign, lowest)
        saw(p, sign, highest)
    return i


@small
def follow(
    p: Floats,
    t: Floats,
    sign: float,
    d: Desk,
    tape: Tape,
    fine: int,
    fine_whole: bool,
    bar_from: int,
    bar_to: int,
    wide: int,
    bar_whole: bool,
) -> int:
    """Follow a live position over what is left of the block; return when it ended (ms), FOREVER if it did not."""
    fine_open, fine_close, here, high, low = (
        tape.fine_open, tape.fine_close, tape.fine_here[fine], tape.highs[fine], tape.lows[fine],
    )  # fmt: skip
    bar_time, bar_here = tape.bar_time, tape.bar_here
    i = seek(fine_close, 0, fine_close.shape[0], int(p[FOLLOWED]))
    bar = seek(bar_time, bar_from, bar_to, int(p[FOLLOWED]))
    has_rules = d.w[EXITS] < d.w[EXITS_END] or d.w[TRAILS] < d.w[TRAILS_END]
    while p[STATUS] <= OPEN:
        pending = p[STATUS] == PENDING
        watched = (t[KIND] != MARKET and t[PATIENCE] > 0.0) if pending else has_rules
        bar_at = FOREVER
        if watched:
            while not bar_whole and bar < bar_to and bar_here[wide, bar] == 0:
                bar += 1
            if bar < bar_to:
                bar_at = bar_time[bar]
        stop = fine_close.shape[0] if bar_at == FOREVER else seek(fine_close, i, fine_close.shape[0], bar_at)
        if p[WAITING] == 0.0 and p[FOREIGN] == 0.0 and not (pending and t[KIND] == MARKET):
            deadline = deadline_of(p, t)
            scan_to = stop if deadline == 0.0 else seek(fine_open, i, stop, int(deadline) - 1)
            gain, loss, other = np.nan, p[STOP], np.nan
            if not pending:
                gain, other = next_target(p, t), next_add(p, t, sign, d)
            elif t[KIND] == LIMIT:
                other = t[PRICE]
            else:
                gain = t[PRICE]
            if sign > 0.0:
                up = np.inf if gain != gain else gain
                down = max(-np.inf if loss != loss else loss, -np.inf if other != other else other)
            else:
                down = -np.inf if gain != gain else gain
                up = min(np.inf if loss != loss else loss, np.inf if other != other else other)
            i = first_touch(p, sign, low, high, here, fine_whole, i, scan_to, down, up)
        while not fine_whole and i < stop and here[i] == 0:
            i += 1
        begun = d.w[TOLD_ROWS]
        if i < stop:
            time = fine_close[i]
            bar = count_bars(p, bar_time, bar_here, bar, bar_to, wide, time - 1, bar_whole)
            p[FOLLOWED] = time
            apply_candle(
                p, t, sign, d, tape.opens[fine, i], high[i], low[i], tape.closes[fine, i],
                float(fine_open[i]), float(time),
            )  # fmt: skip
            i += 1
        elif bar_at != FOREVER:
            time = bar_at
            p[FOLLOWED] = time
        else:
            break
        if bar < bar_to and bar_time[bar] == time:
            if p[STATUS] <= OPEN and (bar_whole or bar_here[wide, bar] != 0):
                apply_bar(p, t, sign, d, bar - bar_from, wide, tape.bar_close[wide, bar], float(time))
            bar += 1
        if d.w[TOLD_ROWS] > begun:
            copy(p, d.log[int(d.w[TOLD_ROWS]) - 1], HEAD)
    if p[STATUS] <= OPEN:
        count_bars(p, bar_time, bar_here, bar, bar_to, wide, int(d.w[END]), bar_whole)
        p[FOLLOWED] = d.w[END]
        return FOREVER
    return int(p[FOLLOWED])


@inner
def begin(p: Floats, t: Floats) -> None:
    """Make the state of a new signal's position."""
    clear(p)
    p[ENTRY] = p[BEST] = p[WORST] = p[EXIT_PRICE] = p[RESULT_R] = np.nan
    p[STOP], p[FOLLOWED], p[TOLD] = t[FIRST_STOP], t[SIGNALLED], 1.0


@inner
def settle(lane: Whole, slots: Whole, now: int) -> None:
    """Let what ended by `now` count: its side is free again, and cooldowns begin."""
    for s in range(2):
        slot = slots[s]
        if slot[BUSY] == HELD and slot[UNTIL] <= now:
            slot[BUSY] = FREE
            if slot[ENDED_FILLED] != 0:
                lane[LAST_EXIT] = max(lane[LAST_EXIT], slot[UNTIL])
                if slot[ENDED_STOPPED] != 0:
                    lane[LAST_STOP] = max(lane[LAST_STOP], slot[UNTIL])


@inner
def cooling(lane: Whole, cooldowns: Whole, now: int) -> int:
    """Return 1 + the first cooldown that forbids an entry, 0 if none does."""
    for k in range(cooldowns.shape[0]):
        after = cooldowns[k, 1]
        last = (
            lane[LAST_SIGNAL]
            if after == AFTER_SIGNAL
            else (lane[LAST_EXIT] if after == AFTER_EXIT else lane[LAST_STOP])
        )
        if last != 0 and now < last + cooldowns[k, 0]:
            return k + 1
    return 0


@inner
def tell_entry(
    log: Table, w: Floats, time: int, rule: int, what: int, k: int, slot: int, candidate: int, detail: int, whose: int
) -> bool:
    """Write down what became of a candidate; return False where there is no room."""
    n = int(w[TOLD_ROWS])
    if n >= log.shape[0]:
        return False
    w[TOLD_ROWS] = n + 1.0
    row = log[n]
    clear(row)
    row[TIME], row[PHASE], row[PLACE], row[WHAT], row[LANE], row[SLOT] = time, 1.0, rule, what, k, slot
    row[SERIAL], row[DETAIL], row[OLD] = candidate + 1, detail, whose
    return True


@inner
def lay_out(w: Floats, rules: Whole, rule: int, tick: Floats, k: int, s: int, serial: int) -> None:
    """Lay on the bench what belongs to a position: its market, its rules, and what is told of it in every row."""
    w[TICK], w[SCALE] = tick[0], tick[1]
    for i in range(6):
        w[EXITS + i] = rules[rule, RULE_EXITS + i] if rule >= 0 else 0
    for i in range(HEAD):
        w[BENCH_HEAD + i] = 0.0
    w[BENCH_HEAD + PLACE], w[BENCH_HEAD + LANE], w[BENCH_HEAD + SLOT] = s, k, s
    w[BENCH_HEAD + SERIAL], w[BENCH_HEAD + FILL_FROM] = serial, w[FILL_ROWS]


@njit(
    "i8("
    "i8[::1], i8[::1], f8[:,::1], f8[:,::1], f8[:,::1], f8[:,::1], i1[:,::1], i1[::1], "
    "i8[::1], i1[:,::1], f8[:,::1], i1[:,::1], i8[:,::1], f8[:,::1], i1[:,::1], "
    "f8[:,::1], i8[:,::1], i8[:,::1], i8[:,::1], i8[:,::1], i8[::1], i8[::1], f8[:,::1], "
    "i8[:,::1], i8[:,:,::1], i8[:,:,::1], f8[:,:,::1], f8[:,:,::1], f8[:,::1], "
    "f8[::1], f8[:,::1], f8[:,::1], i8, i8, i8, i8)",
    cache=True, nogil=True, error_model="numpy",
)  # fmt: skip
def simulate(
    fine_open: Whole, fine_close: Whole, opens: Table, highs: Table, lows: Table, closes: Table, fine_here: Truths,
    fine_whole: Truths, bar_time: Whole, bar_here: Truths, bar_close: Table, bar_whole: Truths, frames: Whole,
    numbers: Table, truths: Truths, book: Table, rules: Whole, cooldowns: Whole, first: Whole, last: Whole,
    times: Whole, refused: Whole, terms: Table, lanes: Whole, by_rule: Whole, slots: Whole, states: Floats,
    held: Floats, ticks: Table, w: Floats, log: Table, fills: Table, start: int, stop: int, asking: int, answer: int,
) -> int:  # fmt: skip
    """Decide and follow the lanes start <= k < stop; return DONE, ASK or FULL, with the lane in w[AT_LANE].

    ASK (only if `asking`): a protection must say whether w[AT_RULE] may make a signal: call again with `answer`
    1 (it may) or the code of the protection. FULL: `log` or `fills` have no room: call again with larger ones that
    hold the same rows. Whatever was done stays done, so every call goes on where the last one stopped.
    Where stop < start nothing is done, and COLUMNS are returned as they were when this was compiled.
    """
    if stop < start:
        return COLUMNS
    p = np.zeros(states.shape[2])
    tape = Tape(fine_open, fine_close, opens, highs, lows, closes, fine_here, bar_time, bar_here, bar_close)
    desk = Desk(w, book, log, fills, numbers, truths)
    for k in range(start, stop):
        w[AT_LANE] = k
        lane, fine, wide = lanes[k], lanes[k, FINE], lanes[k, WIDE]
        todo = 0
        while todo < 3:
            candidate, rule, s = -1, -1, todo
            now = FOREVER
            if todo < 2:
                if slots[k, s, BUSY] != TAKE_UP:
                    todo += 1
                    continue
                rule = slots[k, s, BY_RULE]
            else:
                for r in range(rules.shape[0]):
                    j = by_rule[k, r, NEXT]
                    if j < last[k, r] and times[j] < now:
                        now, candidate, rule = times[j], j, r
                if candidate < 0:
                    break
                settle(lane, slots[k], now)
                mine = by_rule[k, rule]
                if now <= w[SINCE]:
                    mine[NEXT] += 1
                    continue
                s = rules[rule, RULE_SLOT]
                slot = slots[k, s]
                if slot[BUSY] == HELD:
                    if not (mine[SAID] == R_OPEN and mine[SAID_OF] == slot[WHOSE]):
                        if not tell_entry(log, w, now, rule, BLOCKED, k, s, candidate, R_OPEN, slot[WHOSE]):
                            return FULL
                        mine[SAID], mine[SAID_OF] = R_OPEN, slot[WHOSE]
                    mine[NEXT] = seek(times, candidate, last[k, rule], slot[UNTIL] - 1)
                    continue
                why, detail = 0, cooling(lane, cooldowns, now)
                if detail:
                    why = R_COOLDOWN
                else:
                    why = refused[candidate]
                    if why == R_NONE and asking:
                        if answer == 0:
                            w[AT_RULE] = rule
                            return ASK
                        why = 0 if answer == 1 else answer
                        answer = 0
                if why != R_NONE:
                    before = times[candidate - 1] if candidate > first[k, rule] else mine[BEFORE]
                    if before != now - rules[rule, LENGTH] or mine[SAID] != why:
                        if not tell_entry(log, w, now, rule, BLOCKED, k, s, candidate, why, detail):
                            return FULL
                        mine[SAID], mine[SAID_OF] = why, -1
                    mine[NEXT] += 1
                    continue
                if not tell_entry(log, w, now, rule, SIGNAL, k, s, candidate, 0, 0):
                    return FULL
                slot[BY_RULE], slot[ON_FRAME], slot[WHOSE] = rule, rules[rule, RULE_FRAME], candidate + 1
                copy(terms[candidate], held[k, s], 0)
                begin(states[k, s], held[k, s])

            # a position to be followed: a new one, or one from before
            rows, filled = w[TOLD_ROWS], w[FILL_ROWS]
            slot = slots[k, s]
            copy(states[k, s], p, 0)
            slot[FILLS_AT] = int(filled)
            lay_out(w, rules, rule, ticks[k], k, s, slot[WHOSE])
            bar_from = bar_to = whole = 0
            if slot[ON_FRAME] >= 0:
                bar_from, bar_to = frames[slot[ON_FRAME], 0], frames[slot[ON_FRAME], 1]
                whole = bar_whole[slot[ON_FRAME], wide]
            sign = 1.0 if s == 0 else -1.0
            until = follow(
                p, held[k, s], sign, desk, tape, fine, fine_whole[fine] != 0, bar_from, bar_to, wide, whole != 0
            )
            if w[OVERFULL] != 0.0:
                w[OVERFULL], w[TOLD_ROWS], w[FILL_ROWS] = 0.0, rows - (1.0 if candidate >= 0 else 0.0), filled
                return FULL
            copy(p, states[k, s], 0)
            slot[BUSY], slot[UNTIL] = HELD, until
            slot[ENDED_FILLED] = 1 if p[FILLED] > 0.0 else 0
            slot[ENDED_STOPPED] = 1 if p[STATUS] == SL_HIT else 0
            if candidate >= 0:
                mine = by_rule[k, rule]
                lane[LAST_SIGNAL] = now
                mine[SAID], mine[SAID_OF] = R_NONE, -1
                mine[NEXT] += 1
            else:
                todo += 1
        settle(lane, slots[k], int(w[END]))
    return DONE


def compiled_with() -> int:
    """Return COLUMNS as the compiled simulator knows them: it may have been read from a cache of another day."""
    ask: Callable[..., int] = simulate
    arrays = [kind for kind in simulate.nopython_signatures[0].args if isinstance(kind, types.Array)]
    return ask(*(np.zeros((0,) * kind.ndim, as_dtype(kind.dtype)) for kind in arrays), 1, 0, 0, 0)


if compiled_with() != COLUMNS:
    simulate.recompile()
