"""When a value is first known, and from when on it no longer matters where the history began."""

from __future__ import annotations

import numpy as np
import pytest

from engine.domain.primitive import Primitive
from engine.indicators import PRIMITIVES
from tests.engine.kernels.drive import Array, Made, run

EVERY = PRIMITIVES.names()
ROWS = 2_600
RECURSIVE = {"ema", "rma", "psar", "supertrend", "hilbert"}
"""Those whose start fades away; of all others two starts give the same bits as soon as both know."""
WAIT_FOR_EVENTS = {
    "barssince", "valuewhen", "count_since", "highest_since", "lowest_since", "cum", "vwap",
    "pivot_high", "pivot_low", "qfl_base", "period_range",
}  # fmt: skip
"""Known only once something has happened."""
CASES = [(name, params) for name in EVERY for params in ({
    "psar": [(0.02, 0.02, 0.2), (0.01, 0.02, 0.1)], "supertrend": [(10.0, 3.0), (7.0, 1.5)], "stdev": [(20.0, 0.0)],
    "pivot_high": [(3.0, 3.0, 50.0)], "pivot_low": [(4.0, 2.0, 100.0)], "qfl_base": [(5.0, 5.0, 0.02, 300.0)],
    "valuewhen": [(0.0, 40.0), (2.0, 100.0)], "cum": [()], "vwap": [(0.0,), (1.0,)],
    "period_range": [(0.0,), (1.0,), (2.0,)], "sin": [()], "cos": [()], "atan": [()], "hilbert": [()],
    "percentile": [(1.0, 50.0, 0.0), (20.0, 90.0, 1.0), (55.0, 33.0, 0.0)], "alma": [(9.0, 0.85, 6.0)],
    "moments": [(4.0,), (50.0,)], "rci": [(9.0,), (30.0,)], "hurst": [(20.0,), (100.0,)],
    "volume_profile": [(1.0, 10.0, 0.7), (50.0, 24.0, 0.7)],
}.get(name, [(1.0,), (14.0,), (100.0,)] if name not in ("slope", "linreg") else [(2.0,), (55.0,)]))]  # fmt: skip


def market(primitive: Primitive, seed: int) -> Made:
    """Return a walk of one symbol without holes; conditions hold on about one candle in ten."""
    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(rng.standard_t(4, ROWS) * 0.006))
    opened = np.concatenate([close[:1], close[:-1]])
    columns = {
        "close": close,
        "high": np.maximum(opened, close) * (1.0 + np.abs(rng.normal(0, 0.004, ROWS))),
        "low": np.minimum(opened, close) * (1.0 - np.abs(rng.normal(0, 0.004, ROWS))),
        "volume": rng.lognormal(3.0, 1.0, ROWS),
    }
    inputs: list[Array] = []
    for spec in primitive.inputs:
        values = (
            np.where(rng.random(ROWS) < 0.1, 2, 0).astype(np.int8) if spec.boolean else columns.get(spec.name, close)
        )
        inputs.append(values[:, None].copy())
    return Made(np.ones((ROWS, 1), np.int8), tuple(inputs))


def known(out: Array) -> Array:
    return out != 1 if out.dtype == np.int8 else ~np.isnan(out)


@pytest.mark.parametrize(("name", "params"), CASES, ids=str)
def test_the_first_value_comes_when_declared(name: str, params: tuple[float, ...]) -> None:
    primitive = PRIMITIVES[name]
    defined = primitive.defined(params)
    outputs = run(primitive, params, market(primitive, 1))
    first = min(int(np.flatnonzero(known(out[:, 0]))[0]) + 1 for out in outputs)
    if name in WAIT_FOR_EVENTS or name in ("held", "happened"):
        assert 1 <= first <= ROWS // 2
    else:
        assert first == defined
    if name in ("held", "happened"):
        assert known(outputs[0][defined - 1 :]).all()
    assert primitive.converged(params) >= defined >= 1


@pytest.mark.parametrize(("name", "params"), CASES, ids=str)
@pytest.mark.parametrize("seed", range(4))
def test_after_the_declared_candles_the_start_no_longer_matters(
    name: str, params: tuple[float, ...], seed: int
) -> None:
    primitive = PRIMITIVES[name]
    made = market(primitive, seed)
    whole = run(primitive, params, made)
    converged = primitive.converged(params)
    compared = 0
    for start in (17, 300, 1001):
        later = run(primitive, params, made.cut(slice(start, None)), at=start)
        for one, other in zip(whole, later, strict=True):
            a, b = one[start:, 0], other[:, 0]
            if name in RECURSIVE:
                a, b = a[converged - 1 :], b[converged - 1 :]
                assert (known(a) & known(b)).all()
                assert (np.abs(a - b) <= 1e-6 * np.abs(a)).all()
            else:
                assert a[known(b)].tobytes() == b[known(b)].tobytes()
                if name != "cum":
                    assert (known(a) == known(b))[converged - 1 :].all()
            compared += int(known(b).sum())
    assert compared > 100
