"""The program of a `recur` node: how a definition that uses `prev(name, start)` reaches the engine.

A recursion has state variables s0, s1, ... On each candle the program computes the new value of each from
the values they had on the candle before and from the node's inputs on this candle.

A `recur` node has

    inputs  the prev-free series the program reads, in0 in1 ... (numbers float64; truths int8 0 1 2)
    params  (number of results, *program)

and one `output` node per result that is used (params: its index). The program is in postfix order; each
item is a float (push that constant) or a string:

    in:K      push input K on this candle; a truth is pushed as 0.0 false, NaN unknown, 1.0 true
    prev:K    push what result K was on the last candle on which it was known, NaN before the first
    NAME      an element-wise operation by its name in engine.plan.operations, taking its operands from
              the stack: neg not abs sign sqrt log exp (1) · add sub mul div lt le gt ge eq ne and or
              min max default (2) · if clip (3: condition then else; value low high)

All values on the stack are float64; truths are 0.0, NaN (unknown) and 1.0, three-valued as in the plan
(`and(false, unknown)` is false). Division by zero and every infinity are NaN. At the end the stack holds
exactly one value per result, result 0 deepest; results that are truths (`boolean` of their output node)
are written as int8 0 1 2.

`prev(name, start)` is written `prev:K START default`: the start is taken as long as the result has never
been known. Where a new result is NaN the output is unknown and that result's memory stays as it was: the
state waits. A step without a candle does not happen. A candle that starts the series anew clears the memory.
"""

from __future__ import annotations

ARITY = {
    "neg": 1, "not": 1, "abs": 1, "sign": 1, "sqrt": 1, "log": 1, "exp": 1,
    "add": 2, "sub": 2, "mul": 2, "div": 2, "lt": 2, "le": 2, "gt": 2, "ge": 2, "eq": 2, "ne": 2,
    "and": 2, "or": 2, "min": 2, "max": 2, "default": 2, "if": 3, "clip": 3,
}  # fmt: skip
"""Operands of every operation a program may name."""


def results(params: tuple[float | str, ...]) -> int:
    """Return how many results the program in a node's params leaves."""
    return int(params[0])


def depth(program: tuple[float | str, ...]) -> int:
    """Return the deepest the stack becomes. Raises ValueError for a program that is not well formed."""
    height = deepest = 0
    for item in program:
        if isinstance(item, str) and not item.startswith(("in:", "prev:")):
            if item not in ARITY or height < ARITY[item]:
                raise ValueError(f"not a program: {item!r} with {height} operands on the stack")
            height -= ARITY[item] - 1
        else:
            height += 1
        deepest = max(deepest, height)
    return deepest
