from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.learn.labels import DOWN, NEITHER, UNKNOWN, UP, Labels, first_touch
from tests.engine.feeds.made import walk


def label(count: int, within: int, seed: int) -> tuple[Labels, tuple[list[float], list[float], list[float]]]:
    candles = walk(count, seed=seed)
    got = first_touch(candles.close_time, candles.high, candles.low, candles.close, 0.002, -0.003, within)
    return got, (candles.high.tolist(), candles.low.tolist(), candles.close.tolist())


def by_hand(high: list[float], low: list[float], close: list[float], at: int, within: int) -> int:
    if at + within >= len(close):
        return UNKNOWN
    for later in range(at + 1, at + within + 1):
        up, down = high[later] >= close[at] * 1.002, low[later] <= close[at] * (1 - 0.003)
        if up or down:
            return NEITHER if up and down else UP if up else DOWN
    return NEITHER


@given(st.integers(1, 60), st.integers(1, 25), st.integers(0, 10_000))
def test_labels_are_the_first_touch_as_a_person_would_look_for_it(count: int, within: int, seed: int) -> None:
    got, (high, low, close) = label(count, within, seed)
    assert got.outcome.tolist() == [by_hand(high, low, close, at, within) for at in range(count)]


@given(st.integers(2, 60), st.integers(1, 25), st.integers(0, 10_000), st.data())
def test_a_label_reads_nothing_beyond_its_horizon(count: int, within: int, seed: int, data: st.DataObject) -> None:
    candles = walk(count, seed=seed)
    at = data.draw(st.integers(0, count - 1))
    whole = first_touch(candles.close_time, candles.high, candles.low, candles.close, 0.002, -0.003, within)
    wild = {name: getattr(candles, name).copy() for name in ("high", "low", "close")}
    for values in wild.values():
        values[at + within + 1 :] *= 5.0
    changed = first_touch(candles.close_time, wild["high"], wild["low"], wild["close"], 0.002, -0.003, within)
    assert changed.outcome[at] == whole.outcome[at]
    part = slice(0, at + 1)
    cut = first_touch(
        candles.close_time[part], candles.high[part], candles.low[part], candles.close[part], 0.002, -0.003, within
    )
    known = cut.outcome != UNKNOWN
    assert np.array_equal(cut.outcome[known], whole.outcome[part][known])
    assert (cut.known_at[known] <= candles.close_time[at]).all()


def test_it_is_certain_only_at_the_end_of_its_horizon() -> None:
    got, _ = label(30, 5, 1)
    times = walk(30).close_time
    assert got.known_at[:25].tolist() == times[5:].tolist()
    assert (got.outcome[25:] == UNKNOWN).all()
    assert (got.known_at[25:] > times[-1]).all()


@pytest.mark.parametrize(
    ("high", "low", "outcome"),
    [
        ([100, 100.4, 101.0, 101], [100, 99.9, 99.8, 98], UP),
        ([100, 100.4, 100.9, 102], [100, 99.9, 99.0, 98], DOWN),
        ([100, 100.4, 101.0, 101], [100, 99.9, 99.0, 98], NEITHER),
        ([100, 100.4, 100.9, 100], [100, 99.9, 99.1, 99.5], NEITHER),
        ([102, 100.4, 100.9, 100], [90, 99.9, 99.1, 99.5], NEITHER),
    ],
)
def test_touching_is_enough_and_a_candle_with_both_counts_for_none(
    high: list[float], low: list[float], outcome: int
) -> None:
    close = np.full(4, 100.0)
    got = first_touch(np.arange(4), np.array(high, float), np.array(low, float), close, 0.01, -0.01, 3)
    assert got.outcome.tolist() == [outcome, UNKNOWN, UNKNOWN, UNKNOWN]
