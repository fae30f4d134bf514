"""The columns of the trade simulator's rows, by number: what engine.kernels.simulate and engine.trade both name.

A kernel is compiled with these numbers in it; it notices a change here when it is loaded, and is compiled again.
Whole numbers, times (ms) and codes are exact in float64. NaN stands for a stop, target or price that is not there.
"""

from __future__ import annotations

# -- the state of a position --
STATUS, OPENED, CLOSED, ENTRY, STOP, STOP_WHY, FILLED, REMAINING, HIT, ADDED = range(10)
BEST, WORST, BARS, EXIT_PRICE, RESULT, RESULT_R, AMBIGUOUS, FOLLOWED, TOLD, TRAILING = range(10, 20)
PARTS_OUT, PROCEEDS, FEES, FILLS, FIRST_FILL, MOVED, TAKEN, WAITING, FOREIGN = range(20, 29)
STATE = 29
"""Then: the prices of the targets once adds moved them (MOVED), and per exit rule its place among those taken and
among those that wait for a price, from 1 (TAKEN and WAITING count them)."""

PENDING, OPEN, TP_HIT, SL_HIT, EXPIRED, CANCELLED, EXITED = range(7)
"""STATUS; PENDING and OPEN are live."""
BY_STOP, BY_TRAIL = 0, -1
"""STOP_WHY: the signal's own, a trail, else the number of the target that moved it."""

# -- the frozen terms of a position --
SIGNALLED, KIND, PRICE, PATIENCE, PART, FIRST_STOP, LIFETIME, TARGETS, ADDS = range(9)
TERMS = 9
"""Then TARGET columns per target, ADD per add, and the values kept at the signal."""
MARKET, LIMIT, STOP_ENTRY = range(3)
T_PRICE, T_PART, T_MOVE, T_VALUE, T_RATIO = range(5)
TARGET = 5
NO_MOVE, TO_PRICE, TO_ENTRY, TO_OFFSET, TO_TARGET, TO_RULE = range(6)
A_PRICE, A_PART, A_KIND, A_VALUE = range(4)
ADD = 4
AT_PRICE, AT_DISTANCE, AT_PERCENT, AT_R = range(4)

# -- what is told --
TIME, PHASE, PLACE, WHAT, LANE, SLOT, SERIAL, FILLED_AT, DETAIL, OLD, FILL_FROM = range(11)
HEAD = 11
"""Then the state. PHASE 0: of a position (PLACE its slot), 1: of an entry (PLACE its rule). SERIAL is 1 + the
candidate, 0 for a position that was there before. FILL_FROM is the position's first fill of this run."""
BLOCKED, SIGNAL, OPENING, ADDING, TAKING, MOVING, LEAVING, ENDING = range(8)
"""WHAT. DETAIL: why blocked, the target, why the stop moved, the exit rule, or how it ended."""
UNFILLED, BEYOND_STOP = range(2)
"""DETAIL of a cancelled entry."""
F_TIME, F_PRICE, F_PART, F_REASON = range(4)
FILL = 4
AS_ENTRY, AS_ADD, AS_TARGET, AS_STOP, AS_EXIT, AS_EXPIRE = range(6)

# -- why a candidate is blocked, in the order in which it is asked; what comes after R_PROTECTION are protections --
R_NONE, R_OPEN, R_COOLDOWN, R_STALE, R_FILTER, R_QUOTE, R_PROTECTION, R_OTHER = 0, 1, 2, 3, 4, 10, 100, -1

# -- lanes: what is remembered of a strategy on a symbol while a block is decided --
FINE, WIDE, LAST_SIGNAL, LAST_EXIT, LAST_STOP = range(5)
LANE_COLUMNS = 5
NEXT, SAID, SAID_OF, BEFORE = range(4)
RULE_STATE = 4
"""Of a rule in a lane: its next candidate, why its last block was one, of which position, and when it fired last."""
BUSY, UNTIL, WHOSE, ENDED_FILLED, ENDED_STOPPED, BY_RULE, ON_FRAME, FILLS_AT = range(8)
SLOT_STATE = 8
FREE, TAKE_UP, HELD = range(3)
"""BUSY: nothing there, a position from an earlier block that was not followed yet, one that was followed."""

# -- rules --
RULE_SLOT, RULE_FRAME, LENGTH, RULE_EXITS = range(4)
RULE_COLUMNS = 9
"""From RULE_EXITS on: where exits begin and end in the table, trails, moves of the stop."""
BOOK_COLUMNS = 5
AFTER_NOTHING, AFTER_TARGET, AFTER_R, AFTER_PERCENT = range(4)
AFTER_SIGNAL, AFTER_EXIT, AFTER_STOP = range(3)

# -- programs: an operation and its operand --
PUSH, NUMBER, TRUTH, KEPT, KEPT_TRUTH, FIELD, AS_TRUTH, SKIP_FALSE, SKIP_TRUE = range(9)
F_ENTRY, F_BARS, F_BEST, F_STOP, F_PROFIT = range(5)
NEG, NOT, ABS, SIGN, FLOOR, SQRT, LOG, EXP, KNOWN = range(10, 19)
ADDITION, SUB, MUL, DIV, LT, LE, GT, GE, EQ, NE, AND, OR, MIN, MAX, DEFAULT = range(20, 35)
IF, CLIP = 40, 41
AT_LEAST = 50

# -- how a run of the simulator ended --
DONE, ASK, FULL = range(3)
FOREVER = 2**62
COUNTABLE = 2.0**53
"""Ticks from which on a price stays as it is: float64 has no next whole number there."""

# -- the bench: one row of numbers that a position is worked on with --
FEE, SLIPPAGE, END, SINCE, MOST_TARGETS, MOST_ADDS, MOST_EXITS, TICK, SCALE = range(9)
"""What is so for the block, the room in rows, and the market's tick as a ratio."""
TOLD_ROWS, FILL_ROWS, OVERFULL, AT_LANE, AT_RULE = range(9, 14)
"""Rows told and filled so far, and where the simulator stands."""
EXITS, EXITS_END, TRAILS, TRAILS_END, MOVES, MOVES_END = range(14, 20)
"""Where the rules of the position lie in the rulebook's table."""
STACK = 20 + HEAD
"""The head of what is told comes first, then the stack of programs."""
BENCH_HEAD = 20
