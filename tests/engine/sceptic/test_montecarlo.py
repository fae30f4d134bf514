"""Other paths of the same trades, against what is known of them in closed form."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from engine.domain.market import Candles, Followed, Timeframe
from engine.feeds.memory import MemoryFeed
from engine.sceptic.montecarlo import (
    Account,
    Noise,
    drawn,
    late_entries,
    paths,
    perturbed,
    shuffled,
    simulate,
)
from engine.statistics.trades import Trades, trades_of

MINUTE = 60_000


def trades(**columns: object) -> Trades:
    """Return trades with these columns; every other is empty of meaning."""
    count = len(next(iter(columns.values())))  # type: ignore[arg-type]
    empty = trades_of([])
    made = {column.name: np.zeros(count, getattr(empty, column.name).dtype) for column in fields(Trades)}
    return Trades(**{**made, **{name: np.array(values) for name, values in columns.items()}})


def test_a_path_by_hand() -> None:
    results = np.array([[0.5, -0.2, -0.4, 0.3], [-0.6, 0.1, np.nan, 0.9]])
    result, fall, ruined = paths(results, Account(ruin=0.5))
    assert result == pytest.approx([0.2, 0.4])
    assert fall == pytest.approx([0.6, 0.6])
    assert ruined.tolist() == [False, True]
    result, fall, ruined = paths(results, Account(share=0.5, ruin=0.3))
    assert result == pytest.approx([1.25 * 0.9 * 0.8 * 1.15 - 1, 0.7 * 1.05 * 1.45 - 1])
    assert fall == pytest.approx([1 - 0.9 * 0.8, 0.3])
    assert ruined.tolist() == [False, True]


def test_equity_that_is_gone_does_not_come_back() -> None:
    result, fall, ruined = paths(np.array([[-3.0, 5.0]]), Account(share=0.5))
    assert (result[0], fall[0], ruined[0]) == (-1.0, 1.0, True)


def test_another_order_changes_the_fall_alone() -> None:
    results = np.random.default_rng(1).normal(0.001, 0.02, 200)
    found = simulate("shuffled", shuffled(results), 500, 200, Account(), 7)
    assert found.result == pytest.approx(np.full(500, results.sum()))
    assert len(set(found.drawdown.round(12).tolist())) > 400
    assert found.lost in (0.0, 1.0)


def test_draws_have_the_mean_and_deviation_of_the_bootstrap() -> None:
    results = np.random.default_rng(2).normal(0.001, 0.02, 300)
    found = simulate("drawn", drawn(results), 20_000, 300, Account(), 7)
    assert found.result.mean() == pytest.approx(results.sum(), abs=4 * results.std() * np.sqrt(300 / 20_000))
    assert found.result.std() == pytest.approx(results.std() * np.sqrt(300), rel=0.03)


def test_blocks_keep_neighbours_together() -> None:
    results = np.arange(10.0)
    made = drawn(results, 4)(np.random.default_rng(3), 50)
    assert made.shape == (50, 10)
    steps = np.diff(made, axis=1) % 10
    assert (steps[:, [0, 1, 2, 4, 5, 6, 8]] == 1).all()
    assert not (steps[:, [3, 7]] == 1).all()


def test_worse_fills_by_chance() -> None:
    made = trades(
        result=[0.02, -0.01], entry=[100.0, 50.0], exit=[102.5, 50.25], side=["long", "short"],
    )  # fmt: skip
    exact = perturbed(made, Noise(0.0, 0.0))(np.random.default_rng(1), 5)
    assert (exact == [0.02, -0.01]).all()
    noisy = perturbed(made, Noise(0.001, 0.25))(np.random.default_rng(1), 40_000)
    assert np.isnan(noisy).mean() == pytest.approx(0.25, abs=0.01)
    paid = 0.02 - noisy[:, 0][~np.isnan(noisy[:, 0])]
    assert (paid >= 0).all()
    assert paid.mean() == pytest.approx(2 * 0.001 * np.sqrt(2 / np.pi), rel=0.02), "two halves of a normal draw"


def test_a_late_entry_pays_the_later_price_and_the_same_costs() -> None:
    made = trades(result=[0.02, -0.01], entry=[100.0, 50.0], exit=[102.5, 50.25], side=["long", "short"])
    late = np.array([[101.0, np.nan]])
    found = perturbed(made, Noise(0.0, 0.0, 1), late)(np.random.default_rng(1), 400)
    costs = 0.025 - 0.02
    assert sorted(set(found[:, 0].round(12).tolist())) == [round(1.5 / 101 - costs, 12), 0.02]
    assert np.isnan(found[:, 1]).mean() == pytest.approx(0.5, abs=0.1), "it had ended: missed"


def test_prices_of_late_entries_are_opens_of_the_candles_after() -> None:
    frame = Timeframe.parse("1m")
    times = np.array([1, 2, 3, 5, 6]) * MINUTE
    price = np.array([10.0, 20.0, 30.0, 50.0, 60.0])
    feed = MemoryFeed.of([Candles("A/B", frame, times, price, price, price, price, price)])
    made = trades(
        symbol=["A/B"] * 3, opened_at=[0, MINUTE, 2 * MINUTE], closed_at=[6 * MINUTE, 3 * MINUTE, 9 * MINUTE],
        result=[0.0] * 3,
    )  # fmt: skip
    found = late_entries(made, feed, {"A/B": Followed(frame)}, 3, (0, 6 * MINUTE))
    assert found is not None
    np.testing.assert_array_equal(found, [[20.0, 30.0, 50.0], [30.0, np.nan, 50.0], [50.0, np.nan, 60.0]])
    assert late_entries(made, feed, {"A/B": Followed(frame)}, 0, (0, 6 * MINUTE)) is None


def test_the_same_seed_gives_the_same() -> None:
    results = np.random.default_rng(4).normal(0, 0.02, 3_000)
    one, two = (simulate("drawn", drawn(results, 5), 1_500, 3_000, Account(), 7) for _ in range(2))
    assert (one.result == two.result).all()
    assert (one.result != simulate("drawn", drawn(results, 5), 1_500, 3_000, Account(), 8).result).any()


def test_ruin_of_a_fair_game_is_that_of_the_walk() -> None:
    """A walk of steps of 1 reaches -10 within 100 steps as often as it ends at or below, twice (reflection)."""
    steps = np.tile([1.0, -1.0], 5_000)
    found = simulate(
        "drawn", lambda random, runs: random.choice(steps, (runs, 100)), 40_000, 100, Account(ruin=10.0), 7
    )
    ends = np.random.default_rng(5).binomial(100, 0.5, 400_000) * 2 - 100
    expected = (ends <= -10).mean() + (ends < -10).mean()
    assert found.ruined == pytest.approx(expected, abs=0.01)
