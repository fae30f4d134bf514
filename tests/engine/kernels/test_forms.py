"""Kernels with a form for many candles at once: it gives what stepping gives, to the bit, over holes and new starts."""

from __future__ import annotations

import numpy as np
import pytest

from engine.indicators import PRIMITIVES
from tests.engine.kernels.drive import Made, run

ROWS = 2_500
"""More than a run that is added up at once."""


@pytest.mark.parametrize("lanes", [1, 3])
@pytest.mark.parametrize("length", [1, 2, 7, 50, 333, 1_500])
@pytest.mark.parametrize("name", ["sma", "sum", "ema", "rma"])
def test_many_candles_at_once_are_the_same_as_one_by_one(name: str, length: int, lanes: int) -> None:
    rng = np.random.default_rng(length + lanes)
    close = 100.0 * np.exp(np.cumsum(rng.standard_t(4, (ROWS, lanes)) * 0.003, axis=0))
    close[rng.random((ROWS, lanes)) < 0.001] = np.nan
    close[rng.random((ROWS, lanes)) < 0.01] = -0.0
    here = (rng.random((ROWS, lanes)) > 0.002).astype(np.int8)
    here[rng.random((ROWS, lanes)) < 0.0005] = 2
    made = Made(here, (close,))
    (stepped,) = run(PRIMITIVES[name], (float(length),), made, range(1, ROWS))
    known = ~np.isnan(stepped)
    assert known.any() or length == 1_500
    for cuts in ([], [15, 16, 40, 1_500, 1_501], [2_400]):
        (whole,) = run(PRIMITIVES[name], (float(length),), made, cuts)
        assert (np.isnan(whole) == ~known).all()
        assert whole[known].tobytes() == stepped[known].tobytes()
