"""Which signals an account takes, and at what size."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.account.equity import Grid, account_flows, regular
from engine.account.settings import Account, Stake
from engine.account.walk import planned_price, take
from engine.domain.market import Market
from engine.domain.position import Status
from engine.domain.signal import Add
from tests.engine.account.made import lived, marks
from tests.engine.trade.story import MINUTE

NONE = marks()


def account(capital: float = 1000.0, stake: str = "100", **more: float) -> Account:
    return Account(capital, Stake.parse(stake), **more)  # type: ignore[arg-type]


WIN = lived((0, 100, 1, "entry"), (10, 110, 1, "target"))
LOSS = lived((20, 100, 1, "entry"), (30, 95, 1, "stop"), at=20, symbol="ETH/USDT")


def test_a_fixed_stake_earns_its_share_of_every_trade() -> None:
    taken = take([WIN, LOSS], account(), NONE)
    assert [round(h.profit, 9) for h in taken.holdings] == [10.0, -5.0]
    assert [h.value for h in taken.holdings] == [100.0, 100.0]
    assert taken.skipped == {}
    assert taken.most_open == 1


def test_a_percentage_compounds_and_a_risk_asks_the_stop() -> None:
    compounded = take([WIN, LOSS], account(stake="50%"), NONE)
    assert [h.profit for h in compounded.holdings] == [pytest.approx(50), pytest.approx(-0.5 * 1050 * 0.05)]
    risked = take([WIN, LOSS], account(stake="risk 1%"), NONE)
    assert risked.holdings[0].value == pytest.approx(200), "1 % of 1000 is lost if 5 % of 200 is"
    assert risked.holdings[1].profit == pytest.approx(-0.01 * 1020)


def test_without_a_stop_a_risk_is_not_known() -> None:
    assert take([replace(WIN, signal=replace(WIN.signal, stop=None))], account(stake="risk 1%"), NONE).skipped == {
        replace(WIN.signal, stop=None).id: "no-stop"
    }


def test_limits_count_live_positions_and_an_exit_makes_room_at_once() -> None:
    first = lived((0, 100, 1, "entry"), (10, 110, 1, "target"))
    during = lived((5, 100, 1, "entry"), (15, 110, 1, "target"), at=5, symbol="ETH/USDT")
    after = lived((10, 100, 1, "entry"), (15, 110, 1, "target"), at=10, symbol="SOL/USDT")
    taken = take([first, during, after], account(max_open=1), NONE)
    assert taken.skipped == {during.id: "max-open"}
    both = take([first, replace(during), after], account(max_per_strategy=1), NONE)
    assert both.reasons == {"max-per-strategy": 1}
    again = replace(during, signal=replace(during.signal, symbol="BTC/USDT", strategy="other"))
    assert take([first, again], account(max_per_symbol=1), NONE).reasons == {"max-per-symbol": 1}
    assert take([first, again], account(max_per_strategy=1), NONE).reasons == {}


def test_what_closes_at_the_next_open_leaves_no_room_before_it() -> None:
    first = lived((0, 100, 1, "entry"), (10, 110, 1, "expire"))
    after = lived((10, 100, 1, "entry"), (15, 110, 1, "target"), at=10, symbol="SOL/USDT")
    assert take([first, after], account(max_open=1), NONE).skipped == {after.id: "max-open"}


def test_an_order_that_waits_binds_its_money_until_it_dies() -> None:
    waiting = lived(at=0, ended=10, kind="limit")
    during = lived((5, 100, 1, "entry"), (15, 110, 1, "target"), at=5, symbol="ETH/USDT")
    later = lived((10, 100, 1, "entry"), (15, 110, 1, "target"), at=10, symbol="SOL/USDT")
    taken = take([waiting, during, later], account(capital=150), NONE)
    assert taken.skipped == {during.id: "no-capital"}
    assert [h.value for h in taken.holdings] == [0.0, 100.0]


def test_capital_that_is_short_cuts_a_share_down_to_half_of_it_and_skips_a_fixed_stake() -> None:
    trades = [lived((n, 100, 1, "entry"), (20, 110, 1, "target"), at=n, symbol=f"C{n}/USDT") for n in range(3)]
    cut = take(trades, account(stake="60%"), NONE)
    assert [round(h.value) for h in cut.holdings] == [600, 400]
    assert cut.cut == 1
    assert cut.reasons == {"no-capital": 1}
    assert cut.most_used == pytest.approx(1)
    fixed = take(trades, account(stake="600"), NONE)
    assert [h.value for h in fixed.holdings] == [600]
    assert fixed.reasons == {"no-capital": 2}


def test_leverage_binds_less() -> None:
    trades = [lived((n, 100, 1, "entry"), (20, 110, 1, "target"), at=n, symbol=f"C{n}/USDT") for n in range(3)]
    taken = take(trades, account(stake="600", leverage=2), NONE)
    assert [h.value for h in taken.holdings] == [600, 600, 600]
    assert taken.most_used == pytest.approx(0.9)


def test_amounts_are_on_the_lot_and_not_below_the_smallest_order() -> None:
    market = Market("v", "BTC/USDT", lot=Decimal("0.3"))
    assert take([WIN], account(), NONE, {"BTC/USDT": market}).holdings[0].amount == 0.9
    dear = replace(market, lot=Decimal("1.1"))
    assert take([WIN], account(), NONE, {"BTC/USDT": dear}).reasons == {"below-minimum": 1}
    costly = replace(market, lot=Decimal(0), min_cost=Decimal(101))
    assert take([WIN], account(), NONE, {"BTC/USDT": costly}).reasons == {"below-minimum": 1}


def test_an_account_that_lost_everything_trades_no_more() -> None:
    ruin = lived((0, 100, 1, "entry"), (10, 260, 1, "stop"), side="short", stop=110.0)
    after = lived((20, 100, 1, "entry"), (30, 110, 1, "target"), at=20)
    taken = take([ruin, after], account(stake="100%"), NONE)
    assert taken.holdings[0].profit == pytest.approx(-1600)
    assert taken.skipped == {after.id: "ruined"}


def test_open_losses_are_known_when_the_next_stake_is_worked_out() -> None:
    first = lived((0, 100, 1, "entry"), (30, 100, 1, "exit"))
    second = lived((10, 100, 1, "entry"), (20, 100, 1, "exit"), at=10, symbol="ETH/USDT")
    taken = take([first, second], account(stake="40%"), marks(BTC=[(9, 80.0)]))
    assert taken.holdings[1].value == pytest.approx(0.4 * 920)
    tight = take([first, second], account(stake="50%"), marks(BTC=[(9, 80.0)]))
    assert tight.holdings[1].value == pytest.approx(900 - 500), "what is bound, and lost, is not free"


def test_a_dearer_open_does_not_spend_what_is_not_there() -> None:
    gap = lived((0, 125, 1, "entry"), (10, 150, 1, "target"), quote=100.0)
    taken = take([gap], account(stake="100%"), NONE)
    assert taken.holdings[0].value == pytest.approx(1000)
    assert taken.holdings[0].profit == pytest.approx(200)


def test_adds_bind_their_money_from_the_signal_on() -> None:
    ladder = lived(
        (0, 100, 0.5, "entry"), (5, 90, 0.5, "add"), (10, 95, 1, "exit"), part=0.5, adds=(Add(90.0, 0.5),), stop=80.0,
    )  # fmt: skip
    assert planned_price(ladder.signal) == 95
    other = lived((2, 100, 1, "entry"), (3, 100, 1, "exit"), at=2, symbol="ETH/USDT")
    taken = take([ladder, other], account(capital=190, stake="95"), NONE)
    assert taken.holdings[0].value == pytest.approx(95)
    assert taken.holdings[0].profit == pytest.approx(0)
    assert take([ladder, other], account(capital=189, stake="95"), NONE).reasons == {"no-capital": 1}


def test_fees_and_funding_are_paid() -> None:
    paid = lived((0, 100, 1, "entry"), (10, 110, 1, "target"), fee=0.001)
    taken = take([paid], account(), NONE, funding={paid.id: ((5 * MINUTE, 0.5),)})
    holding = taken.holdings[0]
    assert (holding.fees, holding.funding) == (pytest.approx(0.21), pytest.approx(0.5))
    assert holding.profit == pytest.approx(10 - 0.21 - 0.5)
    assert take([paid], account(capital=100.05), NONE, fee=0.001).reasons == {"no-capital": 1}
    assert take([paid], account(capital=100.11), NONE, fee=0.001).reasons == {}


def test_the_last_value_of_the_curve_is_the_capital_and_every_profit() -> None:
    live = lived((40, 100, 1, "entry"), at=40, symbol="SOL/USDT")
    closes = marks(BTC=[(1, 100.0)], ETH=[(1, 100.0)], SOL=[(41, 120.0)])
    taken = take([WIN, LOSS, live], account(), closes)
    curve = account_flows(taken.holdings).curve(1000.0, Grid(regular(0, 60 * MINUTE, MINUTE), closes))
    assert curve.value[0] == 1000
    assert curve.value[-1] == pytest.approx(1000 + 10 - 5 + 20)
    assert live.status is Status.OPEN
    assert list(curve.live[[0, 5, 10, 25, 50]]) == [1, 1, 0, 1, 1]


@st.composite
def markets_of_trades(draw: st.DrawFn) -> list[object]:
    made = []
    for number in range(draw(st.integers(1, 12))):
        at = draw(st.integers(0, 60))
        begin = at + draw(st.integers(0, 5))
        end = begin + draw(st.integers(0, 30))
        price = draw(st.floats(50, 200))
        side = draw(st.sampled_from(["long", "short"]))
        half = draw(st.booleans())
        parts = [(begin, price, 1.0, "entry")]
        if half:
            parts.append((end, price * draw(st.floats(0.8, 1.2)), 0.5, "target"))
        parts.append(
            (end, price * draw(st.floats(0.8, 1.2)), 0.5 if half else 1.0, draw(st.sampled_from(["stop", "exit"])))
        )
        made.append(
            lived(*parts, at=at, symbol=f"C{number % 4}/USDT", strategy=f"s{number}", side=side, quote=price,
                  stop=price * (0.9 if side == "long" else 1.1), fee=draw(st.sampled_from([0.0, 0.001])))
        )  # fmt: skip
    return sorted(made, key=lambda position: position.signal.close_time)


@settings(max_examples=150, deadline=None)
@given(markets_of_trades(), st.sampled_from(["300", "40%", "risk 3%"]), st.integers(0, 3))
def test_money_is_neither_made_nor_lost_by_the_bookkeeping(trades, stake, most) -> None:  # type: ignore[no-untyped-def]
    """Whatever is taken, the curve ends at the capital and all profits, and each profit is the trade's result at its
    size; nothing is bound beyond what is there."""
    taken = take(trades, account(stake=stake, max_open=most), NONE)
    assert len(taken.holdings) + len(taken.skipped) == len(trades)
    for holding in taken.holdings:
        assert holding.profit == pytest.approx(holding.value * holding.position.result, abs=1e-9)
    curve = account_flows(taken.holdings).curve(1000.0, Grid(regular(0, 100 * MINUTE, MINUTE), NONE))
    assert curve.value[-1] == pytest.approx(1000 + sum(h.profit for h in taken.holdings))
    assert taken.most_used <= 1 + 1e-9
    assert not most or taken.most_open <= most
