"""The real ccxt client against an exchange on loopback that speaks the venues' wire formats."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal

import numpy as np
import pytest

from engine.domain.market import Timeframe
from engine.feeds.ccxt import CcxtFeed, CcxtSettings
from engine.feeds.replay import VirtualClock
from engine.feeds.synthetic import COINS, DAY, MarketSettings, SyntheticFeed
from engine.feeds.venues import VENUES
from engine.ports import FeedError
from tests.engine.feeds.made import MINUTE, START, same
from tests.servers.exchange import Exchange

T = Timeframe.parse
MADE = MarketSettings(days=2, history_days=40, coins=COINS[:2], begin=START)
NOW = START + DAY + 7 * MINUTE + 30_000


@pytest.fixture(scope="module")
def market() -> SyntheticFeed:
    return SyntheticFeed(MADE)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOW)


@pytest.fixture
def exchange(market: SyntheticFeed, clock: VirtualClock) -> Iterator[Exchange]:
    server = Exchange(market, clock.now)
    yield server
    server.close()


def feed_of(exchange: Exchange, clock: VirtualClock, *venues: str, **more: int) -> CcxtFeed:
    chosen = venues or ("binanceusdm", "bybit")
    urls = dict.fromkeys(chosen, exchange.url)
    return CcxtFeed(clock, CcxtSettings(venues=chosen, urls=urls, throttle=False, timeout_ms=300, **more))


@pytest.mark.parametrize("venue", list(VENUES))
@pytest.mark.parametrize("text", ["1m", "5m", "3m", "8h", "1d", "1w"])
def test_what_the_venue_has_closed_is_what_comes(
    exchange: Exchange, clock: VirtualClock, market: SyntheticFeed, venue: str, text: str
) -> None:
    feed = feed_of(exchange, clock, venue)
    after = START + 15 * 3_600_000 if text in ("1m", "3m") else START - 30 * DAY
    got = feed.candles("ETH/USDT", T(text), after, 2**53)
    want = market.candles("ETH/USDT", T(text), after, clock.now())
    assert np.array_equal(got.close_time, want.close_time)
    assert np.allclose(got.close, want.close, rtol=1e-12)
    assert np.allclose(got.volume, want.volume, rtol=1e-9)
    assert got.venue == venue
    assert len(got) >= 3
    feed.close()


def test_markets_tell_tick_and_lot_and_leave_out_what_is_not_there(exchange: Exchange, clock: VirtualClock) -> None:
    markets = feed_of(exchange, clock).markets(["BTC/USDT", "DOGE/USDT"])
    assert list(markets) == ["BTC/USDT"]
    assert (markets["BTC/USDT"].venue, markets["BTC/USDT"].tick) == ("binanceusdm", Decimal("0.1"))
    assert markets["BTC/USDT"].lot == Decimal("0.001")
    assert len(exchange.asked("exchangeInfo")) == 1


def test_history_is_fetched_in_pages_over_holes(exchange: Exchange, clock: VirtualClock, market: SyntheticFeed) -> None:
    clock.sleep_until(MADE.end + 30_000)
    feed = feed_of(exchange, clock)
    got = feed.candles("BTC/USDT", T("1m"), START, MADE.end)
    assert same(got, market.candles("BTC/USDT", T("1m"), START, MADE.end))
    limits = [page["limit"] for page in exchange.asked("klines")]
    assert limits == ["99", "1000", "1000", "1000"]  # the first makes sure that the venue serves candles at all
    feed.candles("BTC/USDT", T("1m"), MADE.end - MINUTE, MADE.end)
    assert exchange.asked("klines")[4:] == [
        {"symbol": "BTCUSDT", "interval": "1m", "limit": "99", "startTime": str(MADE.end - MINUTE),
         "endTime": str(MADE.end + MINUTE - 1)}
    ]  # fmt: skip


def test_the_forming_candle_is_never_served(exchange: Exchange, clock: VirtualClock, market: SyntheticFeed) -> None:
    feed = feed_of(exchange, clock)
    for _ in range(12):
        clock.sleep_until(clock.now() + 15_000)
        got = feed.candles("BTC/USDT", T("1m"), clock.now() - 5 * MINUTE, clock.now() + DAY)
        assert (got.close_time <= clock.now()).all()
        assert same(got, market.candles("BTC/USDT", T("1m"), clock.now() - 5 * MINUTE, clock.now()))


def test_a_candle_is_final_when_the_next_one_began_or_it_has_settled(
    exchange: Exchange, clock: VirtualClock, market: SyntheticFeed
) -> None:
    feed, close = feed_of(exchange, clock), START + DAY + 10 * MINUTE
    exchange.hide_from = close
    clock.sleep_until(close + 100)
    assert feed.candles("BTC/USDT", T("1m"), close - MINUTE, close).close_time.tolist() == []
    assert feed.candles("BTC/USDT", T("8h"), START, close).close_time.tolist() != []
    clock.sleep_until(close + 2_000)
    assert feed.candles("BTC/USDT", T("1m"), close - MINUTE, close).close_time.tolist() == [close]


def test_a_clock_that_runs_ahead_does_not_make_candles_close_early(
    exchange: Exchange, clock: VirtualClock, market: SyntheticFeed
) -> None:
    exchange.now = lambda: clock.now() - 4_000
    feed, close = feed_of(exchange, clock), START + DAY + 20 * MINUTE
    clock.sleep_until(close + 3_000)
    assert close not in feed.candles("BTC/USDT", T("1m"), close - 5 * MINUTE, close).close_time
    clock.sleep_until(close + 5_000)
    assert close in feed.candles("BTC/USDT", T("1m"), close - 5 * MINUTE, close).close_time


@pytest.mark.parametrize(("ms", "side"), [(60_000, "ahead of"), (-60_000, "behind")])
def test_a_clock_that_is_far_off_is_refused(exchange: Exchange, clock: VirtualClock, ms: int, side: str) -> None:
    exchange.now = lambda: clock.now() - ms
    with pytest.raises(FeedError, match=f"clock is 60 s {side} binanceusdm's"):
        feed_of(exchange, clock, "binanceusdm").candles("BTC/USDT", T("1m"), START, NOW)


def test_a_clock_that_goes_wrong_later_is_noticed(exchange: Exchange, clock: VirtualClock) -> None:
    feed = feed_of(exchange, clock, "binanceusdm")
    assert len(feed.candles("BTC/USDT", T("1m"), NOW - 3_600_000, NOW)) == 60
    exchange.now = lambda: clock.now() - 20_000
    clock.sleep_until(clock.now() + 3_600_000)
    with pytest.raises(FeedError, match="clock is 20 s ahead of binanceusdm's"):
        feed.candles("BTC/USDT", T("1m"), NOW, clock.now())


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("error", "did not answer for BTC/USDT:USDT 5m: 500"),
        ("maintenance", "restricted location"),
        ("garbage", "something unreadable for BTC/USDT:USDT 5m"),
        ("odd", "something unreadable for BTC/USDT:USDT 5m"),
        ("rows", "candles that cannot be"),
        ("unknown", "-1121"),
        ("drop", "the connection broke"),
        ("hang", "it took too long"),
    ],
)
def test_every_fault_is_one_clear_line_and_passes(
    exchange: Exchange, clock: VirtualClock, fault: str, says: str
) -> None:
    feed = feed_of(exchange, clock, retries=1)
    feed.markets(["BTC/USDT"])
    exchange.fault(fault, "klines", times=9)
    with pytest.raises(FeedError) as caught:
        feed.candles("BTC/USDT", T("5m"), START, NOW)
    assert str(caught.value).startswith("binanceusdm ")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "http" not in str(caught.value)
    exchange.heal()
    assert len(feed.candles("BTC/USDT", T("5m"), START, NOW)) == 289


@pytest.mark.parametrize("fault", ["error", "drop", "hang"])
def test_a_passing_fault_is_not_noticed(exchange: Exchange, clock: VirtualClock, fault: str) -> None:
    feed = feed_of(exchange, clock)
    feed.markets(["BTC/USDT"])
    exchange.fault(fault, "klines", times=2)
    assert len(feed.candles("BTC/USDT", T("5m"), START, NOW)) == 289


@pytest.mark.parametrize(
    ("fault", "retry_after", "wait"), [("limit", 7, 7.0), ("ban", 120, 120.0), ("limit", None, 60.0)]
)
def test_a_limited_venue_is_left_alone_as_long_as_it_asks(
    exchange: Exchange, clock: VirtualClock, fault: str, retry_after: int | None, wait: float
) -> None:
    feed = feed_of(exchange, clock)
    feed.markets(["BTC/USDT"])
    exchange.fault(fault, "klines", retry_after=retry_after)
    with pytest.raises(FeedError) as caught:
        feed.candles("BTC/USDT", T("5m"), START, NOW)
    assert caught.value.retry_after == wait
    asked = len(exchange.seen)
    with pytest.raises(FeedError, match="left alone") as again:
        feed.candles("ETH/USDT", T("5m"), START, NOW)
    assert 0 < again.value.retry_after <= wait
    assert len(exchange.seen) == asked
    clock.sleep_until(clock.now() + int(wait * 1000))
    assert len(feed.candles("BTC/USDT", T("5m"), START, NOW)) == 289


def test_another_venue_takes_over_only_when_a_series_begins_anew(
    exchange: Exchange, clock: VirtualClock, market: SyntheticFeed
) -> None:
    feed = feed_of(exchange, clock)
    assert feed.candles("BTC/USDT", T("5m"), START, NOW).venue == "binanceusdm"
    exchange.fault("drop", "/fapi/", times=10**6)
    with pytest.raises(FeedError, match="binanceusdm did not answer"):
        feed.candles("BTC/USDT", T("5m"), START, NOW)
    assert feed.venue("BTC/USDT") == "binanceusdm"
    feed.rebuild(["BTC/USDT"])
    again = feed.candles("BTC/USDT", T("5m"), START, NOW)
    assert (len(again), again.venue, feed.venue("BTC/USDT")) == (289, "bybit", "bybit")
    exchange.heal()
    assert feed.candles("BTC/USDT", T("1h"), START, NOW).venue == "bybit"
    feed.rebuild()
    assert feed.candles("BTC/USDT", T("1h"), START, NOW).venue == "binanceusdm"


@pytest.mark.parametrize("fault", ["drop", "error", "garbage", "rows", "ban", "maintenance"])
def test_a_venue_without_candles_is_passed_over_from_the_start(
    exchange: Exchange, clock: VirtualClock, fault: str
) -> None:
    exchange.fault(fault, "/fapi/v1/klines", times=10**6, retry_after=3_600)
    assert feed_of(exchange, clock).candles("BTC/USDT", T("5m"), START, NOW).venue == "bybit"


def test_silence_of_the_first_venue_is_not_taken_for_a_missing_symbol(exchange: Exchange, clock: VirtualClock) -> None:
    feed = feed_of(exchange, clock)
    exchange.fault("garbage", "/fapi/", times=10**6)
    assert feed.markets(["BTC/USDT"])["BTC/USDT"].venue == "bybit"
    with pytest.raises(FeedError, match="binanceusdm"):
        feed.markets(["DOGE/USDT"])
    exchange.heal()
    clock.sleep_until(clock.now() + 3_600_000)
    assert feed.markets(["DOGE/USDT"]) == {}


def test_krakens_newest_720_never_pass_for_older_ones(exchange: Exchange, clock: VirtualClock) -> None:
    feed = feed_of(exchange, clock, "kraken")
    got = feed.candles("BTC/USDT", T("5m"), START - 10 * DAY, NOW)
    span = feed.span("BTC/USDT", T("1m"))
    assert span is not None
    minutes = feed.candles("BTC/USDT", T("1m"), 0, NOW)
    assert span == (minutes.close_time[0], minutes.close_time[-1])
    assert 700 < len(minutes) < 720
    assert len(feed.candles("BTC/USDT", T("1m"), START, START + 3_600_000)) == 0
    assert len(got) == len(np.unique(got.close_time))


def test_a_venue_that_does_not_exist_is_refused(clock: VirtualClock) -> None:
    with pytest.raises(ValueError, match="there is no venue mtgox; known: binanceusdm, bybit"):
        CcxtFeed(clock, CcxtSettings(venues=("mtgox",)))


def test_ccxt_is_imported_only_when_it_is_used() -> None:
    use = "import sys, engine.feeds.ccxt as m, engine.feeds.replay as r; m.CcxtFeed(r.VirtualClock(0));"
    code = use + "print('ccxt' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_the_exchange_runs_as_a_process_of_its_own() -> None:
    command = [sys.executable, "-m", "tests.servers.exchange", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        from engine.feeds.clock import SystemClock

        clock = SystemClock()
        feed = CcxtFeed(clock, CcxtSettings(venues=("binanceusdm",), urls={"binanceusdm": url}, throttle=False))
        got = feed.candles("BTC/USDT", T("1m"), clock.now() - 3_600_000, clock.now())
        process.terminate()
    assert 50 < len(got) <= 60
