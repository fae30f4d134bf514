"""Runs the program of a recursion (engine.plan.recursion tells its form).

`program` float64 (N, 2): code and operand. Codes: 0 push the operand, 1 push input K, 2 push what result K was
on the last candle on which it was known; from 3 on the operations, numbered in engine.plan.program. Truths are
0.0, NaN (unknown) and 1.0. `inputs` is (I, T, S), `out` (R, T, S).

State: rows 0 to R - 1 the last known results, R to 2 R - 1 whether there is one.
The file is longer than others because a stack machine has one branch per operation.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.kernels.jit import HERE, STATE, WHOLE, Floats, Truths, compiled

Cube = npt.NDArray[np.float64]


def rows(results: int) -> int:
    return 2 * results


@compiled(HERE, "f8[:,:,::1]", STATE, "f8[:,:,::1]", "f8[:,::1]", WHOLE)
def recur(here: Truths, inputs: Cube, state: Floats, out: Cube, program: Floats, depth: int) -> None:
    results = out.shape[0]
    stack = np.empty(depth + 1)
    for t in range(here.shape[0]):
        for s in range(here.shape[1]):
            out[:, t, s] = np.nan
            if here[t, s] == 0:
                continue
            if here[t, s] == 2:
                state[:, s] = 0.0
            top = -1
            for i in range(program.shape[0]):
                code, operand = int(program[i, 0]), program[i, 1]
                if code == 0:
                    top += 1
                    stack[top] = operand
                    continue
                if code == 1:
                    top += 1
                    stack[top] = inputs[int(operand), t, s]
                    continue
                if code == 2:
                    top += 1
                    known = state[results + int(operand), s] != 0.0
                    stack[top] = state[int(operand), s] if known else np.nan
                    continue
                if code <= 9:
                    a = stack[top]
                    if code == 3:
                        value = -a
                    elif code == 4:
                        value = 1.0 - a
                    elif code == 5:
                        value = abs(a)
                    elif code == 6:
                        value = np.sign(a)
                    elif code == 7:
                        value = np.sqrt(a)
                    elif code == 8:
                        value = np.log(a)
                    else:
                        value = np.exp(a)
                elif code <= 24:
                    top -= 1
                    a, b = stack[top], stack[top + 1]
                    either = a != a or b != b
                    if code == 10:
                        value = a + b
                    elif code == 11:
                        value = a - b
                    elif code == 12:
                        value = a * b
                    elif code == 13:
                        value = a / b
                    elif code == 20:
                        value = 0.0 if a == 0.0 or b == 0.0 else (np.nan if either else 1.0)
                    elif code == 21:
                        value = 1.0 if a == 1.0 or b == 1.0 else (np.nan if either else 0.0)
                    elif code == 24:
                        value = b if a != a else a
                    elif either:
                        value = np.nan
                    elif code == 14:
                        value = 1.0 if a < b else 0.0
                    elif code == 15:
                        value = 1.0 if a <= b else 0.0
                    elif code == 16:
                        value = 1.0 if a > b else 0.0
                    elif code == 17:
                        value = 1.0 if a >= b else 0.0
                    elif code == 18:
                        value = 1.0 if a == b else 0.0
                    elif code == 19:
                        value = 1.0 if a != b else 0.0
                    elif code == 22:
                        value = min(a, b)
                    else:
                        value = max(a, b)
                else:
                    top -= 2
                    a, b, c = stack[top], stack[top + 1], stack[top + 2]
                    if code == 25:
                        value = np.nan if a != a else (b if a == 1.0 else c)
                    elif a != a or b != b or c != c:
                        value = np.nan
                    else:
                        value = min(max(a, b), c)
                stack[top] = value if np.isfinite(value) else np.nan
            for r in range(results):
                value = stack[r]
                if np.isfinite(value):
                    state[r, s], state[results + r, s] = value, 1.0
                    out[r, t, s] = value
