"""Runs a program of element-wise operations over columns of cells, a stretch of them at a time.

What one operation leaves and the next takes stays in the processor's cache: a program over a panel reads its inputs
and writes its results once. engine.plan.programs tells how a program is made.

`program` int64 (N, 9): the operation's code, then for its result and up to three operands the place of the first cell
in `numbers` or `truths` and 1 where that moves on with the stretch (0: a place used anew for every stretch). Results
and operands of one instruction never overlap. Meaning is that of engine.plan.operations, to the bit; every unknown
number is written as one and the same NaN. The file is longer than others because there is a branch per operation.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from engine.kernels.jit import Floats, Truths

STRETCH = 1024
"""Cells of a stretch: 8 kB a column."""

ADD, SUB, MUL, DIV, NEG, ABS, SIGN, FLOOR, SQRT, LOG, EXP, MIN, MAX = range(13)
LT, LE, GT, GE, EQ, NE, KNOWN_NUMBER = range(20, 27)
AND, OR, NOT, KNOWN_TRUTH = range(30, 34)
IF_NUMBER, IF_TRUTH, DEFAULT_NUMBER, DEFAULT_TRUTH = range(40, 44)
TO_NUMBER, TO_TRUTH, HOLDING, POSSIBLE, AT_LEAST = range(50, 55)


@njit("void(i8[:,::1], f8[::1], i1[::1], i8)", cache=True, nogil=True, error_model="numpy")
def elementwise(program: npt.NDArray[np.int64], numbers: Floats, truths: Truths, cells: int) -> None:
    """Run the program over `cells` cells."""
    for start in range(0, cells, STRETCH):
        m = min(STRETCH, cells - start)
        for i in range(program.shape[0]):
            code = program[i, 0]
            r = program[i, 1] + program[i, 2] * start
            p = program[i, 3] + program[i, 4] * start
            q = program[i, 5] + program[i, 6] * start
            w = program[i, 7] + program[i, 8] * start
            if code < 20:
                out, a = numbers[r : r + m], numbers[p : p + m]
                if code == ADD:
                    b = numbers[q : q + m]
                    for k in range(m):
                        value = a[k] + b[k]
                        out[k] = value if value - value == 0.0 else np.nan
                elif code == SUB:
                    b = numbers[q : q + m]
                    for k in range(m):
                        value = a[k] - b[k]
                        out[k] = value if value - value == 0.0 else np.nan
                elif code == MUL:
                    b = numbers[q : q + m]
                    for k in range(m):
                        value = a[k] * b[k]
                        out[k] = value if value - value == 0.0 else np.nan
                elif code == DIV:
                    b = numbers[q : q + m]
                    for k in range(m):
                        value = a[k] / b[k]
                        out[k] = value if value - value == 0.0 else np.nan
                elif code == NEG:
                    for k in range(m):
                        out[k] = -a[k] if a[k] == a[k] else np.nan
                elif code == ABS:
                    for k in range(m):
                        out[k] = abs(a[k]) if a[k] == a[k] else np.nan
                elif code == SIGN:
                    for k in range(m):
                        value = 1.0 if a[k] > 0.0 else (-1.0 if a[k] < 0.0 else 0.0)
                        out[k] = value if a[k] == a[k] else np.nan
                elif code == FLOOR:
                    for k in range(m):
                        out[k] = np.floor(a[k]) if a[k] == a[k] else np.nan
                elif code == SQRT:
                    for k in range(m):
                        value = np.sqrt(a[k])
                        out[k] = value if value - value == 0.0 else np.nan
                elif code == LOG:
                    for k in range(m):
                        value = np.log(a[k])
                        out[k] = value if value - value == 0.0 else np.nan
                elif code == EXP:
                    for k in range(m):
                        value = np.exp(a[k])
                        out[k] = value if value - value == 0.0 else np.nan
                elif code == MIN:
                    b = numbers[q : q + m]
                    for k in range(m):
                        one, other = a[k], b[k]
                        value = one if one < other else other
                        out[k] = value if (one == one) & (other == other) else np.nan
                else:
                    b = numbers[q : q + m]
                    for k in range(m):
                        one, other = a[k], b[k]
                        value = one if one > other else other
                        out[k] = value if (one == one) & (other == other) else np.nan
            elif code < 30:
                said, a, b = truths[r : r + m], numbers[p : p + m], numbers[q : q + m]
                if code == LT:
                    for k in range(m):
                        said[k] = 1 + (a[k] < b[k]) - (a[k] >= b[k])
                elif code == LE:
                    for k in range(m):
                        said[k] = 1 + (a[k] <= b[k]) - (a[k] > b[k])
                elif code == GT:
                    for k in range(m):
                        said[k] = 1 + (a[k] > b[k]) - (a[k] <= b[k])
                elif code == GE:
                    for k in range(m):
                        said[k] = 1 + (a[k] >= b[k]) - (a[k] < b[k])
                elif code == EQ:
                    for k in range(m):
                        said[k] = 1 + (a[k] == b[k]) - ((a[k] < b[k]) | (a[k] > b[k]))
                elif code == NE:
                    for k in range(m):
                        said[k] = 1 + ((a[k] < b[k]) | (a[k] > b[k])) - (a[k] == b[k])
                else:
                    for k in range(m):
                        said[k] = 2 * (a[k] == a[k])
            elif code < 40:
                said, x = truths[r : r + m], truths[p : p + m]
                if code == AND:
                    y = truths[q : q + m]
                    for k in range(m):
                        said[k] = min(x[k], y[k])
                elif code == OR:
                    y = truths[q : q + m]
                    for k in range(m):
                        said[k] = max(x[k], y[k])
                elif code == NOT:
                    for k in range(m):
                        said[k] = 2 - x[k]
                else:
                    for k in range(m):
                        said[k] = 2 * (x[k] != 1)
            elif code == IF_NUMBER:
                out, x, b, c = numbers[r : r + m], truths[p : p + m], numbers[q : q + m], numbers[w : w + m]
                for k in range(m):
                    truth, yes, no = x[k], b[k], c[k]  # all are read first, so that nothing has to be skipped
                    value = yes if truth == 2 else no
                    out[k] = value if (truth != 1) & (value == value) else np.nan
            elif code == IF_TRUTH:
                said, x, y, z = truths[r : r + m], truths[p : p + m], truths[q : q + m], truths[w : w + m]
                for k in range(m):
                    truth, yes, no = x[k], y[k], z[k]
                    value = yes if truth == 2 else no
                    said[k] = 1 if truth == 1 else value
            elif code == DEFAULT_NUMBER:
                out, a, b = numbers[r : r + m], numbers[p : p + m], numbers[q : q + m]
                for k in range(m):
                    one, other = a[k], b[k]
                    value = one if one == one else other
                    out[k] = value if value == value else np.nan
            elif code == DEFAULT_TRUTH:
                said, x, y = truths[r : r + m], truths[p : p + m], truths[q : q + m]
                for k in range(m):
                    truth, other = x[k], y[k]
                    said[k] = truth if truth != 1 else other
            elif code == TO_NUMBER:
                out, x = numbers[r : r + m], truths[p : p + m]
                for k in range(m):
                    out[k] = x[k] * 0.5 if x[k] != 1 else np.nan
            elif code == TO_TRUTH:
                said, a = truths[r : r + m], numbers[p : p + m]
                for k in range(m):
                    said[k] = 1 + (a[k] == 1.0) - (a[k] == 0.0)
            elif code == HOLDING:
                out, a, x = numbers[r : r + m], numbers[p : p + m], truths[q : q + m]
                for k in range(m):
                    out[k] = a[k] + (x[k] == 2)
            elif code == POSSIBLE:
                out, a, x = numbers[r : r + m], numbers[p : p + m], truths[q : q + m]
                for k in range(m):
                    out[k] = a[k] + (x[k] != 0)
            elif code == AT_LEAST:
                said, a = truths[r : r + m], numbers[p : p + m]
                b, c = numbers[q : q + m], numbers[w : w + m]
                for k in range(m):
                    said[k] = 1 + (a[k] >= c[k]) - (b[k] < c[k])
