from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.domain.market import Candles, Floats, Timeframe
from engine.feeds.files import FilesFeed
from engine.feeds.ladder import Track, resample
from engine.feeds.synthetic import DAY, HOUR, MarketSettings, SyntheticFeed, crash_time
from tests.engine.feeds.made import MINUTE, same

T = Timeframe.parse
FRAMES = [T(text) for text in ("1m", "5m", "15m", "1h", "4h", "1d")]


@pytest.fixture(scope="module")
def feed() -> SyntheticFeed:
    return SyntheticFeed()


def every(feed: SyntheticFeed, symbol: str, text: str) -> Candles:
    return feed.candles(symbol, T(text), 0, 2**60)


def returns(candles: Candles) -> Floats:
    return np.diff(np.log(candles.close))


def test_the_same_seed_gives_the_same_bits_and_another_does_not(feed: SyntheticFeed) -> None:
    again, other = SyntheticFeed(), SyntheticFeed(MarketSettings(seed=8))
    for symbol in feed.symbols():
        for frame in FRAMES:
            assert same(feed.candles(symbol, frame, 0, 2**60), again.candles(symbol, frame, 0, 2**60))
        assert not same(every(feed, symbol, "1d"), every(other, symbol, "1d"))


def test_one_coin_less_leaves_the_others_as_they_were(feed: SyntheticFeed) -> None:
    fewer = SyntheticFeed(MarketSettings(coins=feed.settings.coins[:2]))
    assert same(every(fewer, "ETH/USDT", "1m"), every(feed, "ETH/USDT", "1m"))


def test_it_has_a_year_and_then_weeks_of_minutes(feed: SyntheticFeed) -> None:
    made = feed.settings
    for symbol in feed.symbols():
        assert feed.span(symbol, T("1m")) == (made.begin + MINUTE, made.end)
        assert feed.span(symbol, T("15m")) == (made.begin - 365 * DAY + 15 * MINUTE, made.end)
        assert feed.span(symbol, T("1d")) == (made.begin - 364 * DAY, made.end)
        assert feed.span(symbol, T("4h")) is not None


@pytest.mark.parametrize(("low", "high"), [("1m", "5m"), ("1m", "15m"), ("5m", "1h"), ("15m", "4h"), ("1h", "1d")])
def test_every_timeframe_is_the_one_below_it(feed: SyntheticFeed, low: str, high: str) -> None:
    for symbol in feed.symbols():
        built = resample(Track.of(every(feed, symbol, low)), T(high))[0].candles
        own = feed.candles(symbol, T(high), int(built.close_time[0]) - 1, 2**60)
        assert np.array_equal(built.close_time, own.close_time)
        assert np.allclose(built.volume, own.volume, rtol=1e-12)
        for name in ("open", "high", "low", "close"):
            assert np.array_equal(getattr(built, name), getattr(own, name))


def test_candles_are_sound_and_on_the_tick(feed: SyntheticFeed) -> None:
    for coin in feed.settings.coins:
        market = feed.markets([coin.symbol])[coin.symbol]
        for text in ("1m", "15m"):
            candles = every(feed, coin.symbol, text)
            assert (candles.low <= np.minimum(candles.open, candles.close)).all()
            assert (candles.high >= np.maximum(candles.open, candles.close)).all()
            assert (candles.low > 0).all()
            assert (candles.volume >= 0).all()
            assert all(market.round_price(price) == price for price in candles.close[:500].tolist())


def test_tails_are_fat_volatility_clusters_and_symbols_move_together(feed: SyntheticFeed) -> None:
    for symbol in feed.symbols():
        moves = returns(every(feed, symbol, "1m"))
        centred = moves - moves.mean()
        assert (centred**4).mean() / moves.var() ** 2 > 5
        size = np.abs(centred)
        assert np.corrcoef(size[1:], size[:-1])[0, 1] > 0.1
    bitcoin, ether = (returns(every(feed, symbol, "1d")) for symbol in ("BTC/USDT", "ETH/USDT"))
    assert 0.4 < np.corrcoef(bitcoin, ether)[0, 1] < 0.98


@pytest.mark.parametrize("seed", [7, 1, 2, 3])
def test_the_crash_falls_within_hours_on_volume_and_comes_back(seed: int) -> None:
    feed = SyntheticFeed(MarketSettings(seed=seed))
    start = crash_time(feed.settings)
    for coin in feed.settings.coins:
        fall = feed.candles(coin.symbol, T("1m"), start, start + 5 * HOUR)
        after = feed.candles(coin.symbol, T("1m"), start + 5 * HOUR, start + 6 * DAY)
        before = float(fall.open[0])
        assert 0.08 < 1 - fall.low.min() / before < 0.32, coin.symbol
        assert after.high.max() > before * 0.93
        usual = np.median(every(feed, coin.symbol, "1m").volume)
        assert np.median(fall.volume) > 4 * usual


def test_fear_and_greed_reads_the_crash_and_is_published_at_midnight(feed: SyntheticFeed) -> None:
    mood = feed.series("fng", feed.settings.end)
    assert mood is not None
    assert (mood.published % DAY == 0).all()
    assert ((mood.values >= 0) & (mood.values <= 100)).all()
    start = crash_time(feed.settings)
    days = mood.values[(mood.published > start) & (mood.published <= start + 3 * DAY)]
    assert days.min() < 25
    assert mood.values[(mood.published > feed.settings.begin) & (mood.published < start)].max() > 60


def test_it_has_trends_with_pullbacks_and_sudden_falls_below_a_shelf(feed: SyntheticFeed) -> None:
    for symbol in feed.symbols():
        hours = every(feed, symbol, "1h")
        above = hours.close > np.convolve(hours.close, np.ones(50) / 50)[: len(hours)]
        assert 0.3 < above[100:].mean() < 0.7
        shelf = np.lib.stride_tricks.sliding_window_view(hours.low, 48).min(axis=1)
        depth = 1 - hours.low[48:] / shelf[:-1]
        assert (depth > 0.05).sum() >= 5


def test_minutes_are_missing_and_hours_are_not(feed: SyntheticFeed) -> None:
    steps = feed.settings.days * 1440
    for symbol in feed.symbols():
        holes = np.diff(every(feed, symbol, "1m").close_time) // MINUTE - 1
        assert steps - 200 < len(every(feed, symbol, "1m")) < steps - 20
        assert holes.max() > 12
        assert (holes == 1).sum() >= 3
        assert (np.diff(every(feed, symbol, "1h").close_time) == HOUR).all()


def test_what_it_writes_is_read_back_to_the_bit(feed: SyntheticFeed, tmp_path: Path) -> None:
    small = SyntheticFeed(MarketSettings(days=3, history_days=20, coins=feed.settings.coins[:2]))
    paths = small.write(tmp_path / "market")
    assert [path.read_bytes() for path in paths] == [path.read_bytes() for path in small.write(tmp_path / "again")]
    read = FilesFeed([tmp_path / "market"])
    assert read.problems() == ()
    assert read.symbols() == small.symbols()
    for symbol in small.symbols():
        assert read.markets([symbol])[symbol].tick == small.markets([symbol])[symbol].tick
        for frame in FRAMES:
            assert same(read.candles(symbol, frame, 0, 2**60), small.candles(symbol, frame, 0, 2**60))
    mine, theirs = small.series("fng", 2**60), read.series("fng", 2**60)
    assert mine is not None
    assert theirs is not None
    assert np.array_equal(mine.published, theirs.published)
    assert np.array_equal(mine.values, theirs.values)
