"""exp and log: one meaning in a plan, in a recursion and in a constant, wherever in an array a value lies."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.plan.operations import apply
from tests.engine.plan.test_recur import evaluated


@pytest.mark.parametrize("name", ["exp", "log"])
def test_every_place_gives_the_same_bits(name: str) -> None:
    rng = np.random.default_rng(5)
    values = np.concatenate([rng.uniform(-40, 40, 5_000), rng.uniform(-700, 700, 5_000), rng.normal(size=5_000)])
    values = values if name == "exp" else np.abs(values)
    wanted = np.array([getattr(math, name)(value) for value in values.tolist()])
    assert apply(name, [values[:, None]])[:, 0].tobytes() == wanted.tobytes()
    assert np.array([apply(name, [np.float64(value)]) for value in values]).tobytes() == wanted.tobytes()
    assert apply(name, [np.repeat(values, 3).reshape(-1, 3)[:, 1:2]])[:, 0].tobytes() == wanted.tobytes()
    (recursive,) = evaluated(("in:0", name), values)
    assert recursive.tobytes() == wanted.tobytes()


def test_what_is_not_finite_is_unknown() -> None:
    np.testing.assert_array_equal(apply("log", [np.array([[0.0, -1.0, np.nan, 1.0]])]), [[np.nan, np.nan, np.nan, 0.0]])
    np.testing.assert_array_equal(apply("exp", [np.array([[1e3, -1e9, np.nan, 0.0]])]), [[np.nan, 0.0, np.nan, 1.0]])
