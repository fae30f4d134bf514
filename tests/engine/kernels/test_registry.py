"""What holds for every primitive there is, or will be: found through the registry, nothing to be added here."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.indicators import PRIMITIVES
from engine.kernels import kernel, names
from tests.engine.kernels.drive import Made, panels, params_of, run, times
from tests.engine.kernels.naive import NAIVE

EVERY = PRIMITIVES.names()
quick = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def same(a: list[np.ndarray], b: list[np.ndarray]) -> None:
    for one, other in zip(a, b, strict=True):
        assert one.tobytes() == np.ascontiguousarray(other).tobytes()


@pytest.mark.parametrize("name", EVERY)
@quick
@given(data=st.data())
def test_one_call_equals_a_call_per_candle_to_the_bit(name: str, data: st.DataObject) -> None:
    primitive = PRIMITIVES[name]
    made, params = data.draw(panels(primitive)), data.draw(params_of(primitive))
    whole = run(primitive, params, made)
    same(whole, run(primitive, params, made, cuts=range(1, len(made.here))))


@pytest.mark.parametrize("name", EVERY)
@quick
@given(data=st.data())
def test_what_comes_later_changes_nothing_before(name: str, data: st.DataObject) -> None:
    primitive = PRIMITIVES[name]
    made, params = data.draw(panels(primitive)), data.draw(params_of(primitive))
    cut = data.draw(st.integers(1, len(made.here)))
    whole = run(primitive, params, made)
    same([out[:cut] for out in whole], run(primitive, params, made.cut(slice(0, cut))))


@pytest.mark.parametrize("name", EVERY)
@quick
@given(data=st.data())
def test_a_missing_candle_is_no_candle_and_its_result_unknown(name: str, data: st.DataObject) -> None:
    primitive = PRIMITIVES[name]
    made, params = data.draw(panels(primitive)), data.draw(params_of(primitive))
    whole = run(primitive, params, made)
    for lane in range(made.here.shape[1]):
        there = made.here[:, lane] != 0
        for out in whole:
            absent = out[~there, lane]
            assert (absent == 1).all() if out.dtype == np.int8 else np.isnan(absent).all()
        if not primitive.timed and there.any():
            alone = Made(made.here[there][:, [lane]], tuple(x[there][:, [lane]] for x in made.inputs))
            same([out[there][:, [lane]] for out in whole], run(primitive, params, alone))


@pytest.mark.parametrize("name", EVERY)
@quick
@given(data=st.data())
def test_a_fresh_start_forgets_everything(name: str, data: st.DataObject) -> None:
    primitive = PRIMITIVES[name]
    made, params = data.draw(panels(primitive, resets=False)), data.draw(params_of(primitive))
    start = data.draw(st.integers(0, len(made.here) - 1))
    made.here[start] = 2
    whole = run(primitive, params, made)
    same([out[start:] for out in whole], run(primitive, params, made.cut(slice(start, None)), at=start))


@pytest.mark.parametrize("name", [name for name in EVERY if name in NAIVE])
@quick
@given(data=st.data())
def test_it_means_what_it_says(name: str, data: st.DataObject) -> None:
    primitive = PRIMITIVES[name]
    made, params = data.draw(panels(primitive)), data.draw(params_of(primitive))
    outputs = run(primitive, params, made)
    plain = tuple(int(p) if s.whole or s.choices else p for s, p in zip(primitive.parameters, params, strict=True))
    clock = times(0, len(made.here))
    for lane in range(made.here.shape[1]):
        rows: list[int] = []
        for t in np.flatnonzero(made.here[:, lane]):
            rows = [t] if made.here[t, lane] == 2 else [*rows, t]
            columns: list[object] = [[int(clock[r]) for r in rows]] if primitive.timed else []
            for spec, values in zip(primitive.inputs, made.inputs, strict=True):
                column = values[rows, lane].tolist()
                columns.append([(False, None, True)[v] for v in column] if spec.boolean else column)
            wanted = NAIVE[name](*columns, *plain)
            largest = max(abs(v) for x in made.inputs for v in np.nan_to_num(x[rows, lane], nan=0.0))
            for spec, out, value in zip(primitive.outputs, outputs, wanted, strict=True):
                got = out[t, lane]
                if spec.boolean:
                    assert got == (1 if value is None else 2 * value), (spec.name, t)
                else:
                    slack = 1e-12 * max(1.0, largest) * len(rows) if name in ROUNDED else 0.0
                    assert value is not None
                    assert (math.isnan(got) and math.isnan(value)) or abs(got - value) <= slack, (spec.name, t, value)


ROUNDED = frozenset(
    [
        "sum",
        "sma",
        "wma",
        "stdev",
        "mad",
        "slope",
        "linreg",
        "ema",
        "rma",
        "cum",
        "vwap",
        "supertrend",
        "qfl_base",
        "percentrank",
        "sin",
        "cos",
        "atan",
        "percentile",
        "alma",
        "moments",
        "rci",
        "hurst",
        "volume_profile",
    ]
)
"""Their sums are added in another order than the naive ones; all others are compared exactly."""


@pytest.mark.parametrize("name", EVERY)
def test_values_lie_within_the_declared_bounds(name: str) -> None:
    primitive = PRIMITIVES[name]

    @quick
    @given(data=st.data())
    def check(data: st.DataObject) -> None:
        outputs = run(primitive, data.draw(params_of(primitive)), data.draw(panels(primitive)))
        for spec, out in zip(primitive.outputs, outputs, strict=True):
            low, high = spec.bounds
            if spec.boolean:
                assert set(np.unique(out)) <= {0, 1, 2}
                continue
            assert not np.isinf(out).any()
            assert low is None or not (out < low).any()
            assert high is None or not (out > high).any()

    check()


def test_every_primitive_has_a_kernel_and_every_kernel_a_user() -> None:
    assert {PRIMITIVES[name].kernel for name in EVERY} | {"recur"} == set(names())
    assert {PRIMITIVES[name].name for name in EVERY} == set(EVERY)
    with pytest.raises(LookupError, match="known: alma, "):
        kernel("nothing")


def test_every_primitive_but_two_has_a_naive_form() -> None:
    assert set(EVERY) - set(NAIVE) == {"psar", "hilbert"}
