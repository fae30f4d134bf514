"""The numbers of trades: by hand, against the figures of a bot, and where nothing can be known."""

from __future__ import annotations

import math
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.report import numbers
from engine.statistics.outcomes import Outcomes, fall, histogram_r, outcomes, streaks
from engine.statistics.trades import trades_of
from tests.engine.account.made import lived
from tests.engine.statistics.made import trades

GOLDEN = [0.1, -0.05, 0.03, -0.08, 0.06, 0.0]


def test_nothing_gives_nothing() -> None:
    assert outcomes(trades([])) == Outcomes()


def test_by_hand() -> None:
    made = outcomes(trades(GOLDEN, money=100))
    assert (made.trades, made.wins, made.losses, made.even) == (6, 3, 2, 1)
    assert made.win_rate == 0.5
    assert made.result == pytest.approx(0.06)
    assert made.profit == pytest.approx(6.0)
    assert made.expectancy == pytest.approx(0.01)
    assert made.average_win == pytest.approx(0.19 / 3)
    assert made.average_loss == pytest.approx(0.065)
    assert made.payoff == pytest.approx(0.19 / 3 / 0.065)
    assert made.profit_factor == pytest.approx(0.19 / 0.13)
    assert made.expectancy_ratio == pytest.approx(-0.0128205, abs=1e-7)
    assert (made.best, made.worst) == (pytest.approx(0.1), pytest.approx(-0.08))
    assert made.average_r == pytest.approx(0.01 * 20)
    assert made.result_r == pytest.approx(0.06 * 20)
    in_r = np.array(GOLDEN) * 20
    assert made.sqn == pytest.approx(in_r.mean() / in_r.std(ddof=1) * math.sqrt(6))
    assert made.quantiles_r == pytest.approx(np.quantile(in_r, [0.05, 0.25, 0.5, 0.75, 0.95]))
    assert (made.longest_wins, made.longest_losses, made.streak) == (1, 1, 0)
    assert made.hold_ms == made.hold_wins_ms == made.hold_losses_ms == 3_600_000
    assert made.drawdown == pytest.approx(0.1)


def test_what_cannot_be_known_is_none_and_never_nothing_or_a_hundred() -> None:
    won = outcomes(trades([0.01, 0.02]))
    assert (won.profit_factor, won.average_loss, won.payoff, won.expectancy_ratio) == (None,) * 4
    assert won.profit is None
    lost = outcomes(trades([-0.01]))
    assert (lost.profit_factor, lost.average_win, lost.deviation, lost.sqn, lost.efficiency) == (0.0, *(None,) * 4)
    without_stop = outcomes(trades([0.01, -0.01], stop=None))
    assert (without_stop.average_r, without_stop.quantiles_r, without_stop.sqn, without_stop.mfe_r) == (None,) * 4
    assert outcomes(trades([0.01, 0.01])).sqn is None, "a deviation of nothing divides nothing"


def test_excursions() -> None:
    won = lived((0, 100, 1, "entry"), (60, 104, 1, "exit"), best=110.0, worst=97.0)
    short = lived((1, 100, 1, "entry"), (61, 102, 1, "stop"), side="short", stop=102.0, best=99.0, worst=102.5, at=1)
    made = trades_of([won, short])
    assert made.mfe == pytest.approx([0.10, 0.01])
    assert made.mae == pytest.approx([-0.03, -0.025])
    assert made.mfe_r == pytest.approx([2.0, 0.5])
    found = outcomes(made)
    assert found.efficiency == pytest.approx(0.4)
    assert found.pain == pytest.approx(-0.03)


def test_only_what_was_filled_and_has_ended_is_a_trade_in_the_order_of_the_ends() -> None:
    late = lived((0, 100, 1, "entry"), (90, 101, 1, "exit"))
    early = lived((10, 100, 1, "entry"), (60, 102, 1, "exit"), at=10)
    live = lived((20, 100, 1, "entry"), at=20)
    unfilled = lived(at=30)
    made = trades_of([late, early, live, unfilled])
    assert list(made.id) == [early.id, late.id]
    assert list(trades_of([late, early], None, {late.id: (1.0, 2.0)}).id) == [late.id]


@pytest.mark.parametrize(
    ("results", "expected"),
    [([], (0, 0, 0)), ([0.1, 0.1, -0.1, 0.1], (2, 1, 1)), ([0.1, 0, 0.1, -1, -1, -1], (1, 3, -3)), ([0.0], (0, 0, 0))],
)
def test_streaks(results: list[float], expected: tuple[int, int, int]) -> None:
    assert streaks(np.array(results, float)) == expected


def test_the_histogram_counts_every_r_once() -> None:
    made = histogram_r(np.array([-1.0, -0.99, 0.0, 0.49, 0.5, 2.3, 40.0, -40.0, np.nan]))
    counted = dict(made)
    assert sum(counted.values()) == 8
    assert (counted[-1.0], counted[0.0], counted[0.5], counted[2.0]) == (2, 2, 1, 1)
    assert (made[0], made[-1]) == ((-10.0, 1), (9.5, 1))
    assert histogram_r(np.array([np.nan])) == ()


@given(st.lists(st.floats(-0.9, 3), max_size=40))
def test_they_are_the_numbers_of_a_bot(results: list[float]) -> None:
    """What `engine report` says of the same trades, sum by sum, is the same."""
    positions = [
        lived((n * 60, 100, 1, "entry"), (n * 60 + 30, 100 * (1 + r), 1, "exit"), at=n * 60)
        for n, r in enumerate(results)
    ]
    bot, made = numbers(positions), outcomes(trades_of(positions))
    assert (made.trades, made.wins, made.losses, made.even) == (bot.closed, bot.wins, bot.losses, bot.even)
    shared = (
        "win_rate",
        "result",
        "profit_factor",
        "expectancy",
        "expectancy_ratio",
        "drawdown",
        "average_r",
        "hold_ms",
    )
    for name in shared:
        assert asdict(made)[name] == pytest.approx(asdict(bot)[name], abs=1e-12), name


@given(st.lists(st.floats(-1, 1), max_size=60))
def test_the_fall_is_the_deepest_there_is(results: list[float]) -> None:
    sums = np.concatenate(([0.0], np.cumsum(results)))
    deepest = max((high - low for place, high in enumerate(sums) for low in sums[place:]), default=0.0)
    assert fall(np.array(results)) == pytest.approx(deepest)
