"""The scan of the trade simulator: from one candle to the next that touches something."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def first_touch(
    low: Floats, high: Floats, start: int, stop: int, down: float, up: float
) -> tuple[int, float, float]:  # pragma: no cover - compiled; its Python form is tested against it
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
