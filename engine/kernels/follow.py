"""The scan of the trade simulator: from one candle to the next that touches something."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]  # written here, because a kernel knows no domain


@njit("Tuple((i8, f8, f8))(f8[::1], f8[::1], i8, i8, f8, f8)", cache=True, nogil=True)
def first_touch(low: Floats, high: Floats, start: int, stop: int, down: float, up: float) -> tuple[int, float, float]:
    """Return the first index in start <= i < stop with low[i] <= down or high[i] >= up, else `stop`.

    With it the lowest low and the highest high of the candles before it (inf and -inf if there are none).
    """
    lowest, highest = np.inf, -np.inf
    for index in range(start, stop):
        if low[index] <= down or high[index] >= up:
            return index, lowest, highest
        lowest = min(lowest, low[index])
        highest = max(highest, high[index])
    return stop, lowest, highest
