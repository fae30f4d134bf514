"""The numbers of a bot: the golden vector of another system where its conventions are ours, and our own by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.event import PositionClosed
from engine.domain.position import Fill, Position, Status
from engine.report import DAY, Numbers, daily, drawdown, hold_text, numbers, positions_of
from tests.engine.made import everything, run
from tests.engine.trade.story import signal

HOUR = 3_600_000


def trade(result: float, hour: int = 0, symbol: str = "BTC/USDT", r: float = float("nan"), **more) -> Position:
    """Return a trade that ended at `hour` after an hour, with that result."""
    said = replace(signal(), symbol=symbol, close_time=hour * HOUR)
    fill = Fill(hour * HOUR, 100, 1, "entry")
    return Position(
        said, Status.EXITED, opened_at=(hour - 1) * HOUR, closed_at=hour * HOUR, filled=1.0, fills=(fill,),
        result=result, result_r=r, **more,
    )  # fmt: skip


def test_the_golden_vector_of_freqtrade():
    """Its profits over a start of 1000, as ratios: win rate with draws, profit factor, expectancy, drawdown."""
    profits = [100, -50, 30, -80, 60, 0]
    made = numbers(trade(profit / 1000, hour) for hour, profit in enumerate(profits, 1))
    assert made.win_rate == 0.5
    assert made.profit_factor == pytest.approx(1.461538, abs=1e-6)
    assert made.expectancy == pytest.approx(10 / 1000)
    assert made.expectancy_ratio == pytest.approx(-0.0128205, abs=1e-7)
    assert made.drawdown == pytest.approx(100 / 1000)
    assert (made.closed, made.wins, made.losses, made.even) == (6, 3, 2, 1)
    assert made.result == pytest.approx(0.06)


def test_nothing_gives_nothing():
    assert numbers([]) == Numbers()


def test_what_cannot_be_known_is_none():
    made = numbers([trade(0.01), trade(0.02, 1)])
    assert made.profit_factor is None
    assert made.expectancy_ratio is None
    assert made.average_r is None
    assert made.win_rate == 1


def test_live_and_unfilled_signals_are_counted_and_nothing_else():
    live = replace(trade(0.5), status=Status.OPEN)
    cancelled = Position(signal(), Status.CANCELLED)
    made = numbers([trade(-0.01), live, cancelled])
    assert (made.signals, made.live, made.unfilled, made.closed) == (3, 1, 1, 1)
    assert made.result == -0.01
    assert made.win_rate == 0


def test_both_win_rates_are_told_apart():
    made = numbers([trade(-0.001, targets_hit=1), trade(0.01, 1), trade(-0.01, 2), trade(0.02, 3, targets_hit=2)])
    assert made.win_rate == 0.5
    assert made.target_rate == 0.5


def test_coins_r_hold_and_ambiguity():
    made = numbers(
        [
            trade(0.03, 1, "SOL/USDT", r=2.0, ambiguous=1), trade(-0.01, 2, "ETH/USDT", r=-1.0),
            trade(-0.01, 3, "SOL/USDT"), trade(0.01, 4, "BTC/USDT", r=0.5, ambiguous=2),
        ]
    )  # fmt: skip
    assert made.best == ("SOL/USDT", pytest.approx(0.02))
    assert made.worst == ("ETH/USDT", pytest.approx(-0.01))
    assert made.average_r == 0.5
    assert made.result_r == 1.5
    assert made.hold_ms == HOUR
    assert made.ambiguous == 3


@given(st.lists(st.floats(-1, 1)), st.lists(st.floats(-1, 1)))
def test_drawdown_is_the_deepest_fall_there_is(one, two):
    results = one + two
    sums = [0.0]
    for result in results:
        sums.append(sums[-1] + result)
    falls = [high - low for place, high in enumerate(sums) for low in sums[place:]]
    assert drawdown(results) == pytest.approx(max(falls))
    assert drawdown(results) >= drawdown(one)


def test_the_order_of_the_positions_does_not_matter():
    made = [trade(result, hour) for hour, result in enumerate([0.02, -0.05, 0.01, 0.03, -0.04], 1)]
    assert numbers(made) == numbers(reversed(made))


class TestDaily:
    DAY = 1_744_000_000_000 // DAY * DAY

    def test_its_identity_is_the_bot_and_the_day(self):
        report = daily("bot", self.DAY, [])
        assert (report.id, report.time, report.day) == ("bot-report-2025-04-07", self.DAY + DAY, "2025-04-07")
        assert report.numbers == ()

    def test_it_speaks_of_its_own_bot(self):
        other = replace(trade(0.5), signal=replace(signal(), strategy="other"))
        report = daily("bot", self.DAY, [trade(0.02, 1, "SOL/USDT", r=1.0), other, trade(-0.01, 2, r=-1.0)], signals=3)
        assert dict(report.numbers) == {
            "signals": 3, "closed": 2, "wins": 1, "losses": 1, "break_even": 0, "win_rate": 0.5, "result_pct": 1.0,
            "average_r": 0.0, "profit_factor": 2.0, "drawdown_pct": -1.0, "best": "SOL/USDT +2.00%",
            "worst": "BTC/USDT -1.00%", "average_hold": "1h",
        }  # fmt: skip


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "0s"), (30_000, "30s"), (2_400_000, "40m"), (3_900_000, "1h 5m"), (183_600_000, "2d 3h"), (86_430_000, "1d")],
)
def test_hold_text(ms, text):
    assert hold_text(ms) == text


def test_positions_of_events_are_as_the_events_leave_them():
    plan, values, block = everything(2, 900)
    events, book = run(plan, values, block)
    found = positions_of(events)
    assert {p.id for p in found if p.status.live} == {p.id for p in book.live_positions()}
    ended = [event.position for event in events if isinstance(event, PositionClosed)]
    assert sorted(p.id for p in found if not p.status.live) == sorted(p.id for p in ended)
