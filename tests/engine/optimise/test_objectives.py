"""The figures of a search that no rounding may win."""

from __future__ import annotations

import numpy as np
import pytest

from engine.optimise.objectives import sharpe


@pytest.mark.parametrize("value", [0.1, -0.3, 0.0, 0.007])
def test_equal_returns_have_no_sharpe(value: float) -> None:
    assert sharpe(np.full(30, value)) is None


def test_sharpe_is_the_mean_over_the_deviation_of_a_sample() -> None:
    returns = np.array([0.01, -0.02, 0.03, 0.0])
    assert sharpe(returns) == pytest.approx(0.005 / 0.02081665999466133, rel=1e-12)
    assert sharpe(returns[:1]) is None
