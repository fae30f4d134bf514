"""A backtest of the built-in strategies: however much is evaluated at once, it tells the same; and on real candles."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from dsl.load import load
from engine.backtest import Result, backtest
from engine.decide import Settings
from engine.domain.event import PositionClosed, PositionEvent, SignalFired
from engine.feeds.files import FilesFeed
from engine.feeds.memory import MemoryFeed
from engine.feeds.synthetic import COINS, MarketSettings, SyntheticFeed
from engine.report import numbers

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("SIGNAL_ENGINE_DATA", ROOT.parent / "shared" / "data")) / "candles"
DAY = 86_400_000
BOTS = ("scalper", "trend", "qfl", "elite")
COSTS = Settings(fees=0.0005, slippage=0.0002, venue="test")


@pytest.fixture(scope="module")
def plan():
    loaded = load([ROOT / "strategies" / f"{name}.yaml" for name in BOTS])
    assert not loaded.errors
    return loaded.plan


@pytest.fixture(scope="module")
def feed():
    return SyntheticFeed(MarketSettings(coins=COINS[:3], days=5, history_days=60))


@pytest.fixture(scope="module")
def whole(plan, feed) -> Result:
    return _run(plan, feed)


def _run(plan, feed, **more) -> Result:
    universe = dict.fromkeys(BOTS, tuple(coin.symbol for coin in COINS[:3]))
    return backtest(plan, feed, universe, COSTS, start=feed.settings.begin, **more)


def test_it_trades(whole):
    assert {event.kind for event in whole.events} >= {"signal", "opened", "target", "stop_moved", "closed", "blocked"}
    assert whole.numbers("scalper").closed > 20


@pytest.mark.parametrize("span", [DAY, 7 * 3_600_000 + 60_000])
def test_how_much_is_evaluated_at_once_changes_nothing(plan, feed, whole, span):
    cut = _run(plan, feed, span=span)
    assert repr(cut.events) == repr(whole.events)
    assert sorted(map(repr, cut.book.live_positions())) == sorted(map(repr, whole.book.live_positions()))


def test_a_block_that_is_done_keeps_nothing_for_each_of_its_lanes(plan, feed):
    """Else memory would grow with symbols times blocks, although few of them have anything to say."""
    *earlier, last = _run(plan, feed, span=DAY // 4)._blocks
    assert any(told.lanes.states.nbytes for _, told in last)
    lanes = [told.lanes for parts in earlier for _, told in parts]
    assert len(lanes) > 20
    assert not any(getattr(one, name).nbytes for one in lanes for name in ("states", "held", "slots", "by_rule", "log"))


def test_an_earlier_end_tells_the_beginning_of_the_same(plan, feed, whole):
    end = feed.settings.end - 2 * DAY
    early = _run(plan, feed, end=end)
    assert repr(early.events) == repr(tuple(event for event in whole.events if event.time <= end))


def test_nothing_is_signalled_before_the_start(feed, whole):
    assert min(event.time for event in whole.events) > feed.settings.begin == whole.start


def test_its_positions_are_up_to_date_and_its_numbers_are_theirs(whole):
    live = {position.id for position in whole.positions if position.status.live}
    assert live == {position.id for position in whole.book.live_positions()}
    assert all(p.followed_until == whole.end for p in whole.positions if p.status.live)
    assert whole.numbers() == numbers(whole.positions)
    assert whole.numbers().signals == sum(whole.numbers(bot).signals for bot in BOTS)


def test_a_feed_without_candles_is_refused(plan):
    empty = MemoryFeed("empty", {})
    with pytest.raises(ValueError, match="no candles"):
        backtest(plan, empty, dict.fromkeys(BOTS, ("BTC/USDT",)), COSTS)


def test_fees_take_from_every_trade_and_change_nothing_else(plan, feed, whole):
    universe = dict.fromkeys(BOTS, tuple(coin.symbol for coin in COINS[:3]))
    free = backtest(plan, feed, universe, replace(COSTS, fees=0.0), start=feed.settings.begin)
    for paid, unpaid in zip(whole.positions, free.positions, strict=True):
        fees = sum(fill.part * fill.price * 0.0005 for fill in paid.fills)
        assert [replace(fill, fee=0.0) for fill in paid.fills] == list(unpaid.fills)
        if paid.fills:
            assert paid.result == pytest.approx(unpaid.result - fees / (paid.entry * paid.filled))


SYMBOLS = ("BTC/USDT", "ETH/USDT", "ADA/USDT", "LINK/USDT", "LTC/USDT", "SUI/USDT")


@pytest.fixture(scope="module")
def result(plan) -> Result:
    feed = FilesFeed([DATA], ["binanceusdm"])
    start, end = (int(datetime(2025, *day, tzinfo=UTC).timestamp() * 1000) for day in ((3, 20), (4, 13)))
    return backtest(plan, feed, dict.fromkeys(BOTS, SYMBOLS), COSTS, start=start, end=end, span=7 * DAY)


@pytest.mark.skipif(not DATA.exists(), reason="the recorded candles are not here")
class TestTheFallOfApril2025:
    """Binance USD-M, 5m candles from 6 March to 13 April 2025; 15m, 1h and 4h are built from them."""

    def test_what_the_data_lacks_is_said(self, result):
        assert any("scalper" in line and "1m" in line for line in result.skipped)

    def test_the_panic_bot_buys_the_panic(self, result):
        crash = int(datetime(2025, 4, 7, tzinfo=UTC).timestamp() * 1000)
        assert any(crash <= p.signal.close_time < crash + DAY for p in result.of("qfl"))

    def test_every_signal_has_a_complete_life(self, result):
        lives = {}
        for event in result.events:
            if isinstance(event, (SignalFired, PositionEvent)):
                lives.setdefault(event.signal.id, []).append(event)
        live = {position.id for position in result.book.live_positions()}
        for life in lives.values():
            assert [event.id for event in life] == [f"{life[0].signal.id}-{n}" for n in range(len(life))]
            assert isinstance(life[0], SignalFired)
            assert isinstance(life[-1], PositionClosed) != (life[-1].signal.id in live)

    def test_every_price_was_there_to_be_had(self, result):
        feed = FilesFeed([DATA], ["binanceusdm"])
        five = {symbol: next(t for t in feed.timeframes(symbol) if t.text == "5m") for symbol in SYMBOLS}
        candles = {s: feed.candles(s, five[s], result.start, result.end) for s in SYMBOLS}
        for position in result.positions:
            record = candles[position.signal.symbol]
            for fill in position.fills:
                row = int(np.searchsorted(record.close_time, fill.time))
                rows = [min(row, len(record) - 1), min(row + 1, len(record) - 1)]
                slack = fill.price * 0.0003
                assert record.low[rows].min() - slack <= fill.price <= record.high[rows].max() + slack
