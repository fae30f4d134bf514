"""Every function on rough candles: few prices and so many ties, flat stretches, silence, unknown values, holes."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.market import Truths
from tests.dsl.library.calls import CALLS
from tests.dsl.library.data import Bars, Floats
from tests.dsl.library.run import evaluate_lanes

LENGTH = 260


def rough(seed: int) -> tuple[Bars, Truths]:
    """Return candles on a grid with holes; the seed decides how coarse and how broken they are."""
    random = np.random.default_rng(seed)
    tick = random.choice([0.01, 0.5, 2.0])
    moves = random.normal(0, 1, LENGTH) * (random.random(LENGTH) < random.choice([0.2, 1.0]))
    close = np.maximum(tick, np.round((50 + np.cumsum(moves)) / tick) * tick)
    opened = np.concatenate((close[:1], close[:-1]))
    up, down = (np.round(random.exponential(1, LENGTH)) * tick for _ in range(2))
    volume = np.round(random.exponential(5, LENGTH)) * random.choice([0.0, 0.25, 1.0])
    columns = [
        opened,
        np.maximum(opened, close) + up,
        np.maximum(np.minimum(opened, close) - down, tick),
        close,
        volume,
    ]
    for column in columns:
        column[random.random(LENGTH) < random.choice([0.0, 0.01])] = np.nan
    here = (random.random((LENGTH, 1)) > random.choice([0.0, 0.1])).astype(np.int8)
    return Bars(*columns), here


def bits(values: Floats) -> list[str]:
    return ["?" if np.isnan(v) else float(v).hex() for v in values[:, 0]]


@settings(max_examples=400, deadline=None, derandomize=True)
@given(
    call=st.sampled_from(CALLS),
    seed=st.integers(0, 10_000),
    cuts=st.sets(st.integers(1, LENGTH - 1), max_size=12).map(sorted),
    end=st.integers(1, LENGTH - 1),
)
def test_neither_cuts_nor_the_future_change_a_value(call: str, seed: int, cuts: list[int], end: int) -> None:
    bars, here = rough(seed)
    whole = evaluate_lanes(call, (bars,), here)
    assert bits(evaluate_lanes(call, (bars,), here, cuts=cuts)) == bits(whole)
    assert bits(evaluate_lanes(call, (bars.cut(0, end),), here[:end])) == bits(whole[:end])
    assert not np.isinf(whole).any()
