"""Confidence intervals: they cover what is true as often as they say, and are the same each time."""

from __future__ import annotations

import numpy as np
import pytest

from engine.statistics.bootstrap import LEAST, block_interval, intervals, trade_interval

NONE = np.empty(0)


def mean(drawn: np.ndarray) -> np.ndarray:
    return drawn.mean(axis=1)


def test_the_same_trades_give_the_same_intervals_and_a_seed_others() -> None:
    results = np.random.default_rng(0).normal(0.01, 0.05, 80)
    assert intervals(results, results, results) == intervals(results, results, results)
    assert intervals(results, results, results) != intervals(results, results, results, seed=1)


def test_too_few_trades_have_none() -> None:
    few = np.full(LEAST - 1, 0.1)
    assert set(intervals(few, few, few).values()) == {None}
    assert set(intervals(NONE, NONE, NONE).values()) == {None}


def test_what_never_loses_has_no_profit_factor_and_a_sure_win_rate() -> None:
    made = intervals(np.linspace(0.01, 0.2, 20), NONE, NONE)
    assert made["profit_factor"] is None
    assert made["win_rate"] is not None
    assert (made["win_rate"].low, made["win_rate"].high) == (1.0, 1.0)
    assert made["expectancy"] is not None
    assert made["expectancy"].above_zero == 1.0
    assert made["average_r"] is None


def test_ninety_five_of_a_hundred_cover_the_truth() -> None:
    random = np.random.default_rng(7)
    covered = 0
    for _ in range(200):
        interval = trade_interval(random.normal(0.01, 0.05, 60), mean)
        assert interval is not None
        covered += interval.low <= 0.01 <= interval.high
    assert 180 <= covered <= 198


def test_the_deviation_of_the_mean_is_the_known_one() -> None:
    values = np.random.default_rng(3).normal(0, 1, 400)
    interval = trade_interval(values, mean)
    assert interval is not None
    expected = 1.96 * values.std() / np.sqrt(400)
    assert interval.high - values.mean() == pytest.approx(expected, rel=0.1)
    assert values.mean() - interval.low == pytest.approx(expected, rel=0.1)


def test_blocks_keep_neighbours_together() -> None:
    """Days that come in runs make the mean less certain than the same days shuffled."""
    random = np.random.default_rng(5)
    runs = np.repeat(random.normal(0, 1, 80), 10)
    together, apart = block_interval(runs, mean), trade_interval(runs, mean)
    assert together is not None
    assert apart is not None
    assert together.high - together.low > 1.8 * (apart.high - apart.low)
