"""The exponential and the logarithm, value by value, for whatever needs them outside a kernel.

numpy has its own of both, which differ from the C library's in the last bit here and there. A recursion (recur) can
only call the C library's; so that `exp(x)` has one meaning, all other places call these, which are the same.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from engine.kernels.jit import Floats


@njit("void(f8[::1], f8[::1])", cache=True, nogil=True, error_model="numpy")
def exp(values: Floats, out: Floats) -> None:
    """Write e to the power of each value, NaN where that is not finite."""
    for i in range(values.shape[0]):
        result = np.exp(values[i])
        out[i] = result if np.isfinite(result) else np.nan


@njit("void(f8[::1], f8[::1])", cache=True, nogil=True, error_model="numpy")
def log(values: Floats, out: Floats) -> None:
    """Write the natural logarithm of each value, NaN where that is not finite."""
    for i in range(values.shape[0]):
        result = np.log(values[i])
        out[i] = result if np.isfinite(result) else np.nan
