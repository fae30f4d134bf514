"""How every kernel is compiled: once, to the disk, for exactly the arrays its signature names.

An explicit signature refuses arrays of another layout or type instead of compiling again for them.
Division by zero gives an infinity (numpy's rule), never an exception. No `fastmath`: the order of
additions is part of a kernel's meaning. The cache notices a change in a kernel's own file only: kernels call
no other compiled function, and after a change here `engine/kernels/__pycache__` has to go. (The simulator's are in one
file, and it asks itself which columns it knows.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt
from numba import njit, types
from numba.extending import intrinsic

Floats = npt.NDArray[np.float64]
Truths = npt.NDArray[np.int8]
Times = npt.NDArray[np.int64]

F = TypeVar("F", bound=Callable[..., Any])

HERE = "i1[:,::1]"
TRUTH = "i1[:,::1]"
FLOAT = "f8[:,::1]"
STATE = "f8[:,::1]"
WHOLE = "i8"
REAL = "f8"


def compiled(*kinds: str) -> Callable[[F], F]:
    """Compile the decorated kernel for arguments of these kinds, in order."""
    return cast("Callable[[F], F]", njit(f"void({', '.join(kinds)})", cache=True, nogil=True, error_model="numpy"))


def _fma(typing: Any, a: Any, b: Any, c: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.fma(*given)

    return types.f8(types.f8, types.f8, types.f8), generate


fma = cast("Callable[[float, float, float], float]", intrinsic(_fma))
"""a * b + c, rounded once: the same bits on every machine, and one instruction on all of today's."""
