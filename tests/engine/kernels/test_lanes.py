"""Many symbols at once: each has what it would have alone, whatever the others miss, and however often."""

from __future__ import annotations

import numpy as np
import pytest

from engine.indicators import PRIMITIVES
from tests.engine.kernels.drive import Made, run

ROWS, LANES = 700, 12
LENGTHS = (1, 2, 3, 14, 64, 101)


def market(seed: int) -> Made:
    """Return symbols without a hole, with few, with many, listed late, ended early, and started anew now and then."""
    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(rng.standard_t(4, (ROWS, LANES)) * 0.003, axis=0))
    close[rng.random((ROWS, LANES)) < 0.002] = np.nan
    close[rng.random((ROWS, LANES)) < 0.01] = -0.0
    here = np.ones((ROWS, LANES), np.int8)
    here[:, 2:4] = rng.random((ROWS, 2)) > 0.01
    here[:, 4:6] = rng.random((ROWS, 2)) > 0.3
    here[:150, 6], here[:401, 7], here[300:, 8] = 0, 0, 0
    here[200:260, 9:11] = 0
    again = (rng.random((ROWS, LANES)) < 0.004) & (here == 1)
    again[:, :2] = False
    here[again] = 2
    close[here == 0] = -12345.0
    return Made(here, (close,))


@pytest.mark.parametrize("cuts", [(), (1, 2, 3, 350), tuple(range(1, ROWS))])
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize(
    "name", ["sma", "sum", "ema", "rma", "highest", "lowest", "back", "stdev", "wma", "linreg", "slope"]
)
def test_a_symbol_has_what_it_would_have_alone(name: str, length: int, cuts: tuple[int, ...]) -> None:
    made = market(length)
    params = (float(length), 0.0) if name == "stdev" else (float(length),)
    (together,) = run(PRIMITIVES[name], params, made, cuts)
    assert (~np.isnan(together)).sum() > ROWS or (name in ("linreg", "slope") and length == 1)
    for lane in range(LANES):
        there = made.here[:, lane] != 0
        alone = Made(made.here[there][:, [lane]], (made.inputs[0][there][:, [lane]],))
        (stepped,) = run(PRIMITIVES[name], params, alone, range(1, int(there.sum())))
        (whole,) = run(PRIMITIVES[name], params, alone)
        assert whole.tobytes() == stepped.tobytes()
        assert np.ascontiguousarray(together[there, lane]).tobytes() == whole.tobytes(), lane
        assert np.isnan(together[~there, lane]).all()
