"""A study of a real backtest: its parts agree with each other and with the numbers of the bots."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from dsl.load import load
from engine.account.costs import Fees
from engine.account.settings import Account, Stake
from engine.backtest import backtest
from engine.decide import Settings
from engine.domain.market import FundingRates
from engine.feeds.scope import survey
from engine.feeds.synthetic import COINS, MarketSettings, SyntheticFeed
from engine.report import numbers
from engine.statistics.outcomes import outcomes
from engine.study import Question, Study, study

ROOT = Path(__file__).parents[2]
BOTS = ("scalper", "trend", "qfl")
SYMBOLS = tuple(coin.symbol for coin in COINS[:3])
SLIPPAGE = 0.0002


@pytest.fixture(scope="module")
def world():
    feed = SyntheticFeed(MarketSettings(coins=COINS[:3], days=5, history_days=60))
    plan = load([ROOT / "strategies" / f"{name}.yaml" for name in BOTS]).plan
    universe = dict.fromkeys(BOTS, SYMBOLS)
    result = backtest(plan, feed, universe, Settings(fees=0.0005, slippage=SLIPPAGE), start=feed.settings.begin)
    return feed, result, survey(plan, feed, universe, (result.start, result.end))


def look(world, **question) -> Study:
    feed, result, scope = world
    return study(result, feed, scope.universe, Question(slippage=SLIPPAGE, **question), scope.markets, scope.follow)


@pytest.fixture(scope="module")
def whole(world) -> Study:
    return look(world)


def test_signals_by_themselves_are_what_the_bots_say(whole: Study) -> None:
    bot = numbers(whole.positions)
    assert whole.taken is None
    assert whole.outcomes.trades == bot.closed > 50
    assert whole.outcomes.result == pytest.approx(bot.result)
    assert whole.closed_fall == pytest.approx(bot.drawdown)
    assert set(whole.groups["strategy"]) <= set(BOTS)
    for name, one in whole.groups["strategy"].items():
        assert one.result == pytest.approx(numbers(p for p in whole.positions if p.signal.strategy == name).result)


def test_the_curve_ends_at_all_results_and_what_is_open(world, whole: Study) -> None:
    feed = world[0]
    open_now = 0.0
    for p in whole.positions:
        if p.status.live and p.filled:
            frame = min(feed.timeframes(p.signal.symbol))
            last = feed.candles(p.signal.symbol, frame, whole.result.end - 10 * frame.ms, whole.result.end).close[-1]
            sign = p.signal.side.sign
            open_now += p.result + sign * p.remaining * (last - p.entry) / (p.entry * p.filled)
    assert whole.curve.value[-1] == pytest.approx(whole.outcomes.result + open_now, abs=1e-6)
    assert whole.equity.change == pytest.approx(whole.curve.value[-1])


def test_an_account_takes_what_its_limits_allow_and_its_money_adds_up(world, whole: Study) -> None:
    made = look(world, account=Account(10_000, Stake.parse("20%"), max_open=4, max_per_symbol=2))
    assert made.taken is not None
    assert made.taken.most_open <= 4
    assert set(made.taken.reasons) <= {"max-open", "max-per-symbol", "no-capital"}
    assert len(made.taken.holdings) + len(made.taken.skipped) == len(whole.positions)
    closed = [h for h in made.taken.holdings if not h.position.status.live]
    assert made.outcomes.profit == pytest.approx(sum(h.profit for h in closed))
    assert made.outcomes.trades < whole.outcomes.trades
    assert made.equity.total == pytest.approx(made.curve.value[-1] / 10_000 - 1)
    assert made.freqtrade is not None
    assert made.freqtrade.win_rate == pytest.approx(made.outcomes.win_rate, abs=0.05)


def test_a_signal_does_not_know_the_account(world, whole: Study) -> None:
    made = look(world, account=Account(10_000, Stake.parse("1%"), max_open=1))
    assert made.positions == whole.positions


def test_every_trade_of_an_account_that_is_large_enough_is_the_signal_itself(world, whole: Study) -> None:
    rich = look(world, account=Account(1e9, Stake.parse("100")))
    assert rich.taken is not None
    assert not rich.taken.skipped
    assert rich.outcomes.result == pytest.approx(whole.outcomes.result)
    assert rich.outcomes.profit == pytest.approx(
        sum(h.value * h.position.result for h in rich.taken.holdings if not h.position.status.live)
    )


def test_lots_make_positions_smaller_and_never_larger(world) -> None:
    feed, result, scope = world
    markets = {name: replace(market, lot=Decimal("0.1")) for name, market in scope.markets.items()}
    question = Question(account=Account(10_000, Stake.parse("500")))
    made = study(result, feed, scope.universe, question, markets, scope.follow)
    assert made.taken is not None
    assert made.taken.reasons["below-minimum"] > 0, "a tenth of a bitcoin costs more than 500"
    for holding in made.taken.holdings:
        assert holding.amount * 10 == pytest.approx(round(holding.amount * 10))
        assert holding.amount * holding.position.signal.entry.price <= 500 * (1 + 1e-9)


def test_maker_fees_make_it_cheaper(world, whole: Study) -> None:
    cheap = look(world, fees=Fees(0.0, 0.0005))
    assert cheap.outcomes.result > whole.outcomes.result
    assert cheap.outcomes.fees < whole.outcomes.fees
    same = look(world, fees=Fees(0.0005, 0.0005))
    assert same.outcomes.result == pytest.approx(whole.outcomes.result)


def test_funding_is_paid_in_results_in_money_and_on_the_curve(world, whole: Study) -> None:
    begin, end = whole.result.start, whole.result.end
    times = np.arange(begin - 3_600_000, end + 7_200_000, 3_600_000, dtype=np.int64)
    rates = {symbol: FundingRates(symbol, times, np.full(len(times), 0.0001)) for symbol in SYMBOLS}
    made = look(world, rates=rates)
    assert made.unfunded == ()
    assert made.outcomes.funding != 0
    assert made.outcomes.result == pytest.approx(whole.outcomes.result - made.outcomes.funding)
    account = look(world, rates=rates, account=Account(1e9, Stake.parse("100")))
    assert account.taken is not None
    paid = sum(h.funding for h in account.taken.holdings if not h.position.status.live)
    assert paid == pytest.approx(float((account.trades.value * account.trades.funding).sum()))
    earned = sum(h.profit for h in account.taken.holdings)
    assert look(world, account=Account(1e9, Stake.parse("100"))).outcomes.profit == pytest.approx(
        account.outcomes.profit + paid
    )
    assert abs(account.curve.value[-1] - 1e9 - earned) < 100, "but for what open positions are worth"
    partly = look(world, rates={SYMBOLS[0]: rates[SYMBOLS[0]]})
    assert set(partly.unfunded) == set(SYMBOLS[1:])


def test_what_hangs_on_open_candles_is_bounded_by_the_simulators_count(whole: Study) -> None:
    hang = whole.hanging
    asked = [p for p in whole.positions if p.ambiguous and not p.status.live and p.filled]
    assert hang.trades == len(asked)
    assert hang.candles == sum(p.ambiguous for p in asked)
    assert hang.other >= hang.result
    assert hang.result == pytest.approx(sum(p.result for p in asked))


def test_conditions_of_a_side_are_asked_of_each_of_its_trades(whole: Study) -> None:
    for (strategy, side, _), (held, other) in whole.conditions.items():
        mine = (whole.trades.strategy == strategy) & (whole.trades.side == side)
        assert held.trades + other.trades == outcomes(whole.trades.where(mine)).trades


def test_the_parts_of_the_equity_add_up_to_it(world, whole: Study) -> None:
    account = look(world, account=Account(1e6, Stake.parse("1000")))
    for made in (whole, account):
        assert set(made.parts) == {"strategy", "symbol", "side", "timeframe"}
        for part in made.parts.values():
            assert sum(one.change for one in part.values()) == pytest.approx(made.equity.change)
        assert made.parts["side"]["long"].days == made.equity.days
