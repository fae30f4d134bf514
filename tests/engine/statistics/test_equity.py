"""The numbers of a curve: by hand, against pandas, and on curves of which nothing is known."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.statistics.equity import DAY, EquityNumbers, Fall, daily_returns, equity_numbers

HOUR = 3_600_000
START = 20_000 * DAY


def curve(values: list[float], step: int = DAY, begin: int = START) -> tuple[np.ndarray, np.ndarray]:
    return begin + np.arange(len(values), dtype=np.int64) * step, np.array(values, float)


def test_by_hand() -> None:
    time, value = curve([100, 110, 99, 121, 121])
    made = equity_numbers(time, value, 100.0)
    returns = np.array([0.1, -0.1, 121 / 99 - 1, 0.0])
    assert daily_returns(time, value, 100.0) == pytest.approx(returns)
    assert made.total == pytest.approx(0.21)
    assert made.change == pytest.approx(21)
    assert made.days == 4
    assert made.cagr == pytest.approx(1.21 ** (365 / 4) - 1)
    assert made.volatility == pytest.approx(returns.std(ddof=1) * math.sqrt(365))
    assert made.sharpe == pytest.approx(returns.mean() / returns.std(ddof=1) * math.sqrt(365))
    assert made.sortino == pytest.approx(returns.mean() / math.sqrt(0.01 / 4) * math.sqrt(365))
    assert made.max_drawdown == Fall(pytest.approx(0.1), START + DAY, START + 2 * DAY, START + 3 * DAY)
    assert made.calmar == pytest.approx(made.cagr / 0.1)
    assert made.under_water == pytest.approx(0.2)
    assert made.longest_under_water == DAY
    assert (made.best_day, made.worst_day, made.positive_days) == (
        pytest.approx(121 / 99 - 1),
        pytest.approx(-0.1),
        0.5,
    )
    assert made.ulcer == pytest.approx(math.sqrt(0.01 / 5))


def test_a_sum_of_stakes_is_not_compounded_and_has_no_cagr() -> None:
    time, value = curve([0, 0.1, -0.1, 0.2])
    made = equity_numbers(time, value, 0.0)
    assert daily_returns(time, value, 0.0) == pytest.approx([0.1, -0.2, 0.3])
    assert (made.total, made.cagr, made.calmar) == (None, None, None)
    assert made.max_drawdown == Fall(pytest.approx(0.2), START + DAY, START + 2 * DAY, START + 3 * DAY)
    assert made.change == pytest.approx(0.2)


def test_a_fall_that_goes_on_has_no_end() -> None:
    time, value = curve([100, 120, 90, 95], HOUR)
    made = equity_numbers(time, value, 100.0)
    assert made.max_drawdown == Fall(pytest.approx(0.25), START + HOUR, START + 2 * HOUR, None)
    assert made.longest_under_water == 2 * HOUR


@pytest.mark.parametrize("values", [[], [100], [100, 100, 100], [100, 110]])
def test_what_cannot_be_known_is_none(values: list[float]) -> None:
    made = equity_numbers(*curve(values), 100.0)
    assert (made.sharpe, made.sortino, made.calmar, made.max_drawdown) == (None,) * 4
    if len(values) < 2:
        assert made == EquityNumbers()


def test_a_ruined_account_has_no_cagr_and_no_returns_after_its_end() -> None:
    time, value = curve([100, 50, -10, -10, -10])
    made = equity_numbers(time, value, 100.0)
    assert made.cagr is None
    assert len(daily_returns(time, value, 100.0)) == 2
    assert made.max_drawdown is not None
    assert made.max_drawdown.depth == pytest.approx(1.1)


def test_a_value_at_midnight_closes_the_day_before() -> None:
    time, value = curve([100, 101, 102, 103, 104], 12 * HOUR, START + 12 * HOUR)
    assert daily_returns(time, value, 100.0) == pytest.approx([0.01, 103 / 101 - 1, 104 / 103 - 1])


def test_exposure() -> None:
    time, value = curve([100, 100, 200, 100])
    made = equity_numbers(time, value, 100.0, np.array([0, 50, 50, 0.0]), 0.4)
    assert made.exposure == 0.4
    assert made.average_exposure == pytest.approx((0.5 + 0.25) / 4)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-0.2, 0.2), min_size=5, max_size=300), st.integers(0, 23))
def test_it_agrees_with_pandas(moves: list[float], hour: int) -> None:
    """Daily returns and drawdown of an hourly curve, worked out by another library."""
    value = np.concatenate(([1000.0], 1000 * np.cumprod(1 + np.array(moves))))
    time = START + hour * HOUR + np.arange(len(value), dtype=np.int64) * HOUR
    series = pd.Series(value, pd.to_datetime(time, unit="ms"))
    daily = series.iloc[1:].resample("D", closed="right", label="right").last().dropna()
    returns = pd.concat([series.iloc[:1], daily]).pct_change().dropna()
    assert daily_returns(time, value, 1000.0) == pytest.approx(returns.to_numpy())
    made = equity_numbers(time, value, 1000.0)
    deepest = float((1 - series / series.cummax()).max())
    assert (made.max_drawdown.depth if made.max_drawdown else 0.0) == pytest.approx(deepest)
    if len(returns) > 1 and returns.std() > 1e-12:
        assert made.sharpe == pytest.approx(returns.mean() / returns.std() * math.sqrt(365))
