"""TA-Lib as the independent witness, on clean data: after the warm-up both say the same."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import talib

from engine.indicators import PRIMITIVES
from tests.engine.kernels.drive import Array, run
from tests.engine.kernels.test_starts import market

CLOSE: dict[str, Callable[[Array, int], Array]] = {
    "sma": talib.SMA, "ema": talib.EMA, "wma": talib.WMA, "sum": talib.SUM, "highest": talib.MAX, "lowest": talib.MIN,
    "slope": talib.LINEARREG_SLOPE, "linreg": talib.LINEARREG,
}  # fmt: skip


@pytest.mark.parametrize("length", [2, 14, 50, 200])
@pytest.mark.parametrize("name", CLOSE)
def test_windows_and_averages(name: str, length: int) -> None:
    primitive = PRIMITIVES[name]
    made = market(primitive, 7)
    ours = run(primitive, (float(length),), made)[0][:, 0]
    theirs = CLOSE[name](made.inputs[0][:, 0], length)
    assert np.isnan(ours).tolist() == np.isnan(theirs).tolist()
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("length", [2, 20])
def test_standard_deviation(length: int) -> None:
    made = market(PRIMITIVES["stdev"], 7)
    ours = run(PRIMITIVES["stdev"], (float(length), 0.0), made)[0][:, 0]
    np.testing.assert_allclose(ours, talib.STDDEV(made.inputs[0][:, 0], length), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("params", [(0.02, 0.02, 0.2), (0.01, 0.01, 0.1)])
def test_parabolic_stop_and_reverse(params: tuple[float, float, float]) -> None:
    made = market(PRIMITIVES["psar"], 7)
    high, low = (given[:, 0] for given in made.inputs)
    line, up = (out[:, 0] for out in run(PRIMITIVES["psar"], params, made))
    if params[0] == params[1]:
        np.testing.assert_allclose(line, talib.SAR(high, low, params[0], params[2]), rtol=1e-12)
    signed = talib.SAREXT(high, low, 0.0, 0.0, *params, *params)
    np.testing.assert_allclose(line, np.abs(signed), rtol=1e-12)
    assert ((signed > 0) == (up == 2))[1:].all()


def test_a_small_deviation_around_a_large_price_keeps_its_digits() -> None:
    made = market(PRIMITIVES["stdev"], 3)
    noise = made.inputs[0] - 100.0
    for shift in (0.0, 2.0**30):
        shifted = type(made)(made.here, (noise + shift,))
        ours = run(PRIMITIVES["stdev"], (20.0, 0.0), shifted)[0][19:, 0]
        exact = np.array([np.std((noise[i - 19 : i + 1, 0] + shift) - shift) for i in range(19, len(noise))])
        np.testing.assert_allclose(ours, exact, rtol=1e-6 if shift else 1e-12)
