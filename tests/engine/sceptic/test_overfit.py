"""The over-fitting figures against the papers' own numbers, and against the definition worked out the long way."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from engine.sceptic.overfit import (
    backtest_overfitting,
    deflated_sharpe,
    expected_maximum,
    probabilistic_sharpe,
)


def test_the_example_of_the_deflated_sharpe_ratio() -> None:
    """Bailey and López de Prado 2014, "A numerical example": 5 years of days, 250 a year, an annual ratio of 2.5."""
    sharpe, deviation, periods = 2.5 / math.sqrt(250), math.sqrt(0.5 / 250), 1250
    threshold = expected_maximum(100, deviation)
    assert threshold == pytest.approx(0.1132, abs=5e-5)
    assert probabilistic_sharpe(sharpe, threshold, periods, -3.0, 10.0) == pytest.approx(0.9004, abs=5e-5)
    fewer = expected_maximum(46, deviation)
    assert probabilistic_sharpe(sharpe, fewer, periods, -3.0, 10.0) == pytest.approx(0.9505, abs=5e-5)


def test_the_expected_best_of_many_is_what_many_draws_show() -> None:
    random = np.random.default_rng(1)
    for trials in (5, 50, 500):
        best = random.standard_normal((8_000, trials)).max(axis=1).mean()
        assert expected_maximum(trials, 1.0) == pytest.approx(best, rel=0.05), "the formula holds for many"
    assert expected_maximum(1, 1.0) == 0.0


def test_moments_are_those_of_scipy() -> None:
    random = np.random.default_rng(2)
    returns = random.standard_t(5, (300, 20)) * 0.01 + 0.001
    sharpes = returns.mean(axis=0) / returns.std(axis=0, ddof=1)
    found = deflated_sharpe(returns[:, 3], sharpes)
    assert found is not None
    assert found.skew == pytest.approx(stats.skew(returns[:, 3]), rel=1e-12)
    assert found.kurtosis == pytest.approx(stats.kurtosis(returns[:, 3], fisher=False), rel=1e-12)
    assert (found.trials, found.periods) == (20, 300)
    spread = 1 - found.skew * found.sharpe + (found.kurtosis - 1) / 4 * found.sharpe**2
    gamma = np.euler_gamma
    rare, rarer = stats.norm.ppf(1 - 1 / 20), stats.norm.ppf(1 - 1 / (20 * np.e))
    threshold = sharpes.std(ddof=1) * ((1 - gamma) * rare + gamma * rarer)
    expected = stats.norm.cdf((sharpes[3] - threshold) * np.sqrt(299) / np.sqrt(spread))
    assert found.probability == pytest.approx(expected, rel=1e-12)


def test_returns_that_do_not_vary_have_no_ratio() -> None:
    assert deflated_sharpe(np.zeros(100), np.zeros(5)) is None


def the_long_way(returns: np.ndarray, blocks: int) -> float:
    """The definition, one combination after another: Bailey, Borwein, López de Prado and Zhu 2017, section 3.1."""
    parts = np.array_split(returns, blocks)
    logits = []
    for chosen in itertools.combinations(range(blocks), blocks // 2):
        known = np.concatenate([parts[i] for i in chosen])
        unknown = np.concatenate([parts[i] for i in range(blocks) if i not in chosen])
        before = known.mean(axis=0) / known.std(axis=0, ddof=1)
        after = unknown.mean(axis=0) / unknown.std(axis=0, ddof=1)
        place = stats.rankdata(after)[before.argmax()] / (returns.shape[1] + 1)
        logits.append(math.log(place / (1 - place)))
    return float(np.mean(np.array(logits) <= 0))


@pytest.mark.parametrize("seed", range(4))
def test_the_probability_is_the_definitions(seed: int) -> None:
    random = np.random.default_rng(seed)
    returns = random.standard_normal((120, 7)) + np.linspace(0, 0.2, 7)
    found = backtest_overfitting(returns, 8)
    assert found is not None
    assert (found.blocks, found.combinations) == (8, 70)
    assert found.probability == pytest.approx(the_long_way(returns, 8), abs=1e-12)


def test_noise_is_overfitted_and_skill_is_not() -> None:
    random = np.random.default_rng(3)
    noise = np.mean(
        [p.probability for s in range(12) if (p := backtest_overfitting(random.standard_normal((240, 40)), 8))]
    )
    assert 0.35 < noise < 0.65
    skill = random.standard_normal((240, 40)) * 0.01
    skill[:, 17] += 0.01
    found = backtest_overfitting(skill)
    assert found is not None
    assert (found.probability, found.loss) == (0.0, 0.0)
    assert found.combinations == math.comb(16, 8)


def test_the_oldest_rest_and_steady_trials_do_no_harm() -> None:
    random = np.random.default_rng(4)
    returns = random.standard_normal((83, 5))
    returns[:, 2] = 0.0
    found = backtest_overfitting(returns, 8)
    assert found == backtest_overfitting(returns[3:], 8)


def test_too_little_is_not_known() -> None:
    assert backtest_overfitting(np.ones((100, 1))) is None
    assert backtest_overfitting(np.ones((7, 5))) is None
