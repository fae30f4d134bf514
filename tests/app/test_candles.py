"""`engine candles`: files and exchanges into a store, and every command that takes candles takes the store."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from engine.domain.market import Timeframe
from engine.feeds.parquet import ParquetFeed
from engine.feeds.synthetic import COINS, DAY, MarketSettings, SyntheticFeed
from tests.app.bot import iso
from tests.app.command import OPEN, SWING, Answer, call, candles
from tests.servers.exchange import Exchange

MINUTE = 60_000


def test_files_into_a_store_and_a_backtest_over_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, store = candles(tmp_path), tmp_path / "store"
    strategy = tmp_path / "swing.yaml"
    strategy.write_text(SWING)
    done = call(monkeypatch, tmp_path, "candles", "import", files, "--store", store)
    assert done.status == 0, done.err
    again = call(monkeypatch, tmp_path, "candles", "import", files, "--store", store)
    assert "0 new candles" in again.out
    listed = json.loads(call(monkeypatch, tmp_path, "candles", "list", store, "--json").out)
    assert listed
    assert all(one["candles"] > 0 and one["missing"] >= 0 for one in listed)
    assert f"{sum(one['candles'] for one in listed):,} new candles" in done.out
    assert listed[0]["symbol"] in call(monkeypatch, tmp_path, "candles", "list", store).out
    told = [
        json.loads(call(monkeypatch, tmp_path, "backtest", strategy, "--candles", where, "--json").out)
        for where in (files, store)
    ]
    assert told[0] == told[1]
    assert told[0]["trades"]
    when = ("--symbol", "BTC/USDT", "--at", iso(OPEN + 400 * 300_000))
    for command in (("funnel",), ("explain", *when), ("lookahead",), ("stability",), ("montecarlo",)):
        told = [
            json.loads(call(monkeypatch, tmp_path, *command, strategy, "--candles", where, "--json").out)
            for where in (files, store)
        ]
        assert told[0] == told[1], command
        assert told[0]


def test_mistakes_are_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("dear")
    files = candles(tmp_path)
    fetch = ("candles", "fetch", "--from", "2025-01-01", "--store", tmp_path / "s", "--symbols")
    for arguments, words in (
        (("candles", "list", tmp_path), "is not a candle store"),
        (("candles", "import", files, "--store", tmp_path / "other"), "other files in it"),
        (("candles", "import", tmp_path / "other", "--store", tmp_path / "s"), "there is no candle file here"),
        ((*fetch, "BTCUSDT"), "not a symbol"),
        ((*fetch, "BTC/USDT", "--timeframes", "7x"), "not a timeframe"),
    ):  # fmt: skip
        done = call(monkeypatch, tmp_path, *arguments)
        assert done.status == 3
        assert words in done.complaint


@pytest.fixture(scope="module")
def made() -> SyntheticFeed:
    begin = time.time_ns() // 1_000_000 // DAY * DAY - 3 * DAY
    return SyntheticFeed(MarketSettings(begin=begin, days=5, history_days=2, coins=COINS[:2]))


def test_a_fetch_that_was_cut_off_goes_on_and_asks_for_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: SyntheticFeed
) -> None:
    now = time.time_ns() // 1_000_000
    since = made.settings.begin
    exchange = Exchange(made, lambda: time.time_ns() // 1_000_000)
    try:
        config = tmp_path / "engine.yaml"
        config.write_text(f'venues: [binanceusdm]\nvenue_urls: {{binanceusdm: "{exchange.url}"}}\n')
        store = tmp_path / "store"

        def fetch(until: int, frames: str = "1m") -> Answer:
            moment = time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime(until / 1000))
            begin = time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime(since / 1000))
            return call(
                monkeypatch, tmp_path, "candles", "fetch", "--symbols", "BTC/USDT,ETH/USDT", "--from", begin,
                "--to", moment, "--store", store, "--timeframes", frames, "--config", config,
            )  # fmt: skip

        half = since + DAY
        assert fetch(half).status == 0
        exchange.fault("garbage", "klines", times=50)
        failed = fetch(now)
        assert failed.status == 3
        assert failed.complaint
        exchange.heal()
        assert fetch(now, "1m,1h").status == 0
        for symbol in ("BTC/USDT", "ETH/USDT"):
            feed = ParquetFeed(store)
            got = feed.candles(symbol, Timeframe.parse("1m"), 0, 2**53)
            want = made.candles(symbol, Timeframe.parse("1m"), since, int(got.close_time[-1]))
            assert got.close_time.tolist() == want.close_time.tolist()
            assert got.close.tolist() == want.close.tolist()
            assert now - int(got.close_time[-1]) < 5 * MINUTE
        exchange.seen.clear()
        assert "0 new candles" in fetch(half).out
        # Which venue a symbol is bound to is asked with its newest candles; older ones are all there.
        assert all(int(query["startTime"]) > half for query in exchange.asked("klines"))
    finally:
        exchange.close()
