"""freqtrade's own figures, by its own conventions: the golden vector that its code gave."""

from __future__ import annotations

import numpy as np
import pytest

from engine.statistics.freqtrade import FreqtradeNumbers, freqtrade_numbers

GOLDEN = np.array([100.0, -50, 30, -80, 60, 0])


def test_the_golden_vector() -> None:
    made = freqtrade_numbers(GOLDEN, 1000.0, 30.0)
    assert made.win_rate == 0.5
    assert made.profit_factor == pytest.approx(1.461538, abs=1e-6)
    assert made.expectancy == pytest.approx(10.0)
    assert made.expectancy_ratio == pytest.approx(-0.0128205, abs=1e-7)
    assert made.sharpe == pytest.approx(0.619847, abs=1e-6)
    assert made.sortino == pytest.approx(2.547330, abs=1e-6)
    assert made.calmar == pytest.approx(42.030941, abs=1e-6)
    assert made.max_drawdown == pytest.approx(100.0)
    assert made.max_drawdown_ratio == pytest.approx(0.0909091, abs=1e-7)
    assert made.cagr == pytest.approx(1.031833, abs=1e-6)


def test_where_it_says_0_or_100_or_minus_100_nothing_is_known() -> None:
    assert freqtrade_numbers(np.array([]), 1000.0, 30.0) == FreqtradeNumbers()
    won = freqtrade_numbers(np.array([10.0, 10.0]), 1000.0, 30.0)
    assert (won.profit_factor, won.expectancy_ratio, won.sharpe, won.sortino, won.calmar) == (None,) * 5
    assert freqtrade_numbers(np.array([-1000.0]), 1000.0, 30.0).cagr is None
