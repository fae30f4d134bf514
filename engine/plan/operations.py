"""Element-wise operations: on arrays, and the same on single numbers for the expressions of a position.

Numbers are float64 with NaN for unknown; truths are 0 false, 1 unknown, 2 true (int8 in arrays). Nothing
infinite leaves an operation: division by zero, overflow and the logarithm of zero are unknown. Comparisons
are exact IEEE comparisons; with an unknown side they are unknown. `and` is the minimum, `or` the maximum,
`not` is 2 - x.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.domain.market import Floats, Truths
from engine.domain.strategy import ELEMENT_WISE

Array = npt.NDArray[Any]

FALSE, UNKNOWN, TRUE = 0, 1, 2


def apply(op: str, args: Sequence[Array]) -> Array:
    """Return operation `op` over arrays that broadcast against each other; the result is a new array.

    Raises LookupError for a name that is no operation.
    """
    with np.errstate(all="ignore"):
        return operation(op)(*args)


def operation(op: str) -> Callable[..., Array]:
    """Return the function behind `op`, to be called under `np.errstate(all="ignore")`. Raises LookupError."""
    try:
        return _OPERATIONS[op]
    except KeyError:
        raise LookupError(f"there is no operation {op!r}; known: {', '.join(OPERATIONS)}") from None


def unknown_of(dtype: np.dtype[Any]) -> float:
    """Return what unknown is in an array of that type: 1 for truths, NaN for numbers."""
    return UNKNOWN if dtype == np.int8 else np.nan


def is_known(values: Array) -> npt.NDArray[np.bool_]:
    """Return where `values` (numbers or truths) are known."""
    known: npt.NDArray[np.bool_] = values != UNKNOWN if values.dtype == np.int8 else values == values
    return known


def _finite(values: Floats) -> Floats:
    """Turn infinities into NaN, in place: x - x is 0 for what is finite and NaN for the rest."""
    values += values - values
    return values


def _truth(yes: Any, no: Any) -> Truths:
    """Return 2 where `yes`, 0 where `no`, 1 where neither (numpy truths); never both."""
    result: Truths = np.subtract(yes.view(np.int8), no.view(np.int8))
    result += 1
    return result


def _numbers(values: Array) -> Floats:
    """Return truths as 0, NaN, 1, and numbers as they are: for comparing truths with each other."""
    if values.dtype != np.int8:
        return values
    return np.where(values == UNKNOWN, np.nan, values * 0.5)


def _eq(a: Array, b: Array) -> Truths:
    a, b = _numbers(a), _numbers(b)
    return _truth(a == b, (a < b) | (a > b))


def _ne(a: Array, b: Array) -> Truths:
    a, b = _numbers(a), _numbers(b)
    return _truth((a < b) | (a > b), a == b)


def _if(condition: Truths, then: Array, otherwise: Array) -> Array:
    result = np.where(condition == TRUE, then, otherwise)
    unknown = condition == UNKNOWN
    if unknown.any():
        result = np.where(unknown, np.asarray(unknown_of(result.dtype), result.dtype), result)
    return result


def _default(value: Array, otherwise: Array) -> Array:
    return np.where(is_known(value), value, otherwise)


def _known(value: Array) -> Truths:
    return is_known(value).view(np.int8) * np.int8(TRUE)


def _at_least(count: Array, *conditions: Truths) -> Truths:
    """Return whether at least `count` of the conditions hold, three-valued."""
    holding = sum((c == TRUE).astype(np.int64) for c in conditions)
    possible = sum((c != FALSE).astype(np.int64) for c in conditions)
    result = _truth(holding >= count, possible < count)
    return np.where(is_known(count), result, np.int8(UNKNOWN))


def _curve(name: str, values: Floats) -> Floats:
    """Return what kernels compute as exp or log: numpy's own differ from theirs in the last bit."""
    from engine.kernels import curves

    given = np.require(values, np.float64, ["C", "W"])
    out = np.empty(given.shape)
    (curves.exp if name == "exp" else curves.log)(given.reshape(-1), out.reshape(-1))
    return out if np.ndim(values) else out.reshape(())[()]


def _fold(function: Callable[[Array, Array], Array]) -> Callable[..., Array]:
    def folded(*values: Array) -> Array:
        result = values[0]
        for value in values[1:]:
            result = function(result, value)
        return result

    return folded


def _logical(function: np.ufunc) -> Callable[..., Array]:
    def folded(*values: Array) -> Array:
        result = values[0]
        for value in values[1:]:
            result = function(result, value)
        return result

    return folded


_OPERATIONS: dict[str, Callable[..., Array]] = {
    "add": lambda a, b: _finite(np.add(a, b)),
    "sub": lambda a, b: _finite(np.subtract(a, b)),
    "mul": lambda a, b: _finite(np.multiply(a, b)),
    "div": lambda a, b: _finite(np.divide(a, b)),
    "neg": np.negative,
    "lt": lambda a, b: _truth(a < b, a >= b),
    "le": lambda a, b: _truth(a <= b, a > b),
    "gt": lambda a, b: _truth(a > b, a <= b),
    "ge": lambda a, b: _truth(a >= b, a < b),
    "eq": _eq,
    "ne": _ne,
    "and": _logical(np.minimum),
    "or": _logical(np.maximum),
    "not": lambda a: np.subtract(np.int8(TRUE), a),
    "if": _if,
    "min": _fold(np.minimum),
    "max": _fold(np.maximum),
    "clip": lambda value, low, high: np.minimum(np.maximum(value, low), high),
    "abs": np.absolute,
    "sign": np.sign,
    "floor": np.floor,
    "sqrt": np.sqrt,
    "log": lambda a: _curve("log", a),
    "exp": lambda a: _curve("exp", a),
    "default": _default,
    "known": _known,
    "at_least": _at_least,
}

OPERATIONS = ELEMENT_WISE
assert set(_OPERATIONS) == set(OPERATIONS)
