"""What hangs on candles that left an order open: the other way, by hand and beside the simulator."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.domain.signal import StopMove, TakeProfit
from engine.statistics.hanging import hanging, otherwise
from tests.engine.account.made import lived
from tests.engine.trade.story import MINUTE

SLIP = 0.001


def stopped(*fills, targets=((110.0, 1.0, None),), side="long", stop=95.0, **more):
    position = lived(*fills, side=side, stop=stop, ambiguous=1, **more)
    made = tuple(TakeProfit(price, part, then) for price, part, then in targets)
    return replace(position, signal=replace(position.signal, targets=made))


def test_the_target_first() -> None:
    position = stopped((0, 100, 1, "entry"), (5, 95, 1, "stop"))
    assert position.result == pytest.approx(-0.05)
    assert otherwise(position, (110, 94, 100), SLIP) == pytest.approx(0.10)
    assert otherwise(position, (109.9, 94, 100), SLIP) is None, "the target was not within reach"
    assert otherwise(position, (111, 95.5, 100), SLIP) is None, "the stop was not touched by this candle: a gap"
    assert otherwise(position, None, SLIP) is None


def test_a_short_the_other_way_round() -> None:
    position = stopped(
        (0, 100, 1, "entry"), (5, 105, 1, "stop"), targets=((90.0, 1.0, None),), side="short", stop=105.0
    )
    assert otherwise(position, (106, 89, 100), SLIP) == pytest.approx(0.10)


def test_a_part_at_the_target_and_the_rest_at_the_stop_that_it_moved() -> None:
    ladder = ((104.0, 0.5, StopMove("entry")), (110.0, 0.5, None))
    position = stopped((0, 100, 1, "entry"), (5, 95, 1, "stop"), targets=ladder)
    assert otherwise(position, (105, 94, 99), 0.0) == pytest.approx(0.5 * 0.04)
    assert otherwise(position, (111, 94, 99), 0.0) == pytest.approx(0.5 * 0.04 + 0.5 * 0.10)
    plain = stopped((0, 100, 1, "entry"), (5, 95, 1, "stop"), targets=((104.0, 0.5, None), (110.0, 0.5, None)))
    assert otherwise(plain, (105, 94, 99), SLIP) == pytest.approx(0.5 * 0.04 + 0.5 * (95 * (1 - SLIP) / 100 - 1))


def test_what_a_target_moved_stop_took_lives_on() -> None:
    ladder = ((104.0, 0.5, StopMove("entry")), (110.0, 0.5, None))
    position = stopped((0, 100, 1, "entry"), (5, 104, 0.5, "target"), (5, 100, 0.5, "stop"), targets=ladder)
    position = replace(position, stop=100.0)
    assert otherwise(position, (105, 99, 103), 0.0) == pytest.approx(0.5 * 0.04 + 0.5 * 0.03)


def test_fees_stay_and_the_other_way_is_never_worse() -> None:
    position = stopped((0, 100, 1, "entry"), (5, 95, 1, "stop"), fee=0.001)
    assert otherwise(position, (110, 94, 100), SLIP) == pytest.approx(0.10 - 0.001 - 0.0011)
    entered = stopped((5, 100, 1, "entry"), (5, 95, 1, "stop"), kind="stop")
    assert otherwise(entered, (101, 94, 90), 0.0) == entered.result


def test_the_sums() -> None:
    known = stopped((0, 100, 1, "entry"), (5, 95, 1, "stop"))
    unknown = stopped((0, 100, 1, "entry"), (9, 101, 1, "exit"), at=1)
    sure = lived((0, 100, 1, "entry"), (7, 95, 1, "stop"), at=2)

    def candle(symbol: str, time: int) -> tuple[float, float, float] | None:
        return (110, 94, 100) if time == 5 * MINUTE else None

    made = hanging([known, unknown, sure], candle, SLIP)
    assert (made.trades, made.candles, made.unknown) == (2, 2, 1)
    assert made.result == pytest.approx(-0.05 + 0.01)
    assert made.other == pytest.approx(0.10 + 0.01)
    assert made.profit is None
    money = {known.id: (-25.0, 500.0)}
    account = hanging([known, unknown, sure], candle, SLIP, money)
    assert (account.trades, account.profit, account.other_profit) == (1, -25.0, pytest.approx(50.0))
