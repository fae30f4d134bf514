"""What lies beside the candles: steps of markets, funding, the universe of each day; and a chosen detail."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from engine.domain.market import Market, Timeframe
from engine.feeds.described import read_markets
from engine.feeds.detail import DetailFeed
from engine.feeds.files import CandleFileError, FilesFeed
from engine.feeds.funding import read_funding
from engine.feeds.universe import read_universe

OPEN = 1_736_121_600_000
CANDLES = f"timestamp_ms,open,high,low,close,volume\n{OPEN},1.5,2,1,1.5,10\n{OPEN + 60_000},1.5,2,1,1.5,10\n"


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


class TestMarkets:
    def test_steps_are_read_and_what_is_empty_is_not_known(self, tmp_path: Path) -> None:
        written(tmp_path / "v_BTCUSDT_1m.csv", CANDLES)
        written(tmp_path / "v_ETHUSDT_1m.csv", CANDLES)
        written(tmp_path / "markets.csv", "symbol,tick,lot,min_amount,min_cost\nBTC/USDT,0.25,0.001,,5\n")
        found = FilesFeed([tmp_path]).markets(["BTC/USDT", "ETH/USDT"])
        assert found["BTC/USDT"] == Market("v", "BTC/USDT", Decimal("0.25"), Decimal("0.001"), Decimal(0), Decimal(5))
        assert found["ETH/USDT"] == Market("v", "ETH/USDT", Decimal("0.1")), "the tick of its prices, nothing else"
        assert found["BTC/USDT"].round_price(1.4) == 1.5

    def test_columns_may_be_left_out(self, tmp_path: Path) -> None:
        path = written(tmp_path / "markets.csv", "symbol,lot\n\nBTC/USDT,0.1\n")
        assert read_markets(path) == {"BTC/USDT": {"lot": Decimal("0.1")}}

    @pytest.mark.parametrize(
        ("text", "line", "why"),
        [
            ("", 1, "first line"), ("tick,lot\n", 1, "first line"), ("symbol,size\n", 1, "first line"),
            ("symbol,lot\nBTC/USDT\n", 2, "1 values"), ("symbol,lot\nBTC/USDT,abc\n", 2, "lot is not a number"),
            ("symbol,lot\nBTC/USDT,-1\n", 2, "lot is not a number"), ("symbol,lot\nBTC/USDT,inf\n", 2, "lot is not"),
            ("symbol,lot\nBTCUSDT,1\n", 2, "is not a symbol"), ("symbol,lot\nA/B,1\nA/B,1\n", 3, "twice"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_told_at_its_line(self, tmp_path: Path, text: str, line: int, why: str) -> None:
        path = written(tmp_path / "markets.csv", text)
        with pytest.raises(CandleFileError, match=f"markets.csv:{line}: .*{why}"):
            read_markets(path)

    def test_amounts_are_rounded_down(self) -> None:
        market = Market("v", "A/B", lot=Decimal("0.01"), min_amount=Decimal("0.05"))
        assert [market.round_amount(x) for x in (0.3, 0.059, 0.05, 0.0499, -1.0, float("nan"))] == [
            0.3,
            0.05,
            0.05,
            0,
            0,
            0,
        ]
        assert Market("v", "A/B").round_amount(0.123456789) == 0.123456789


class TestFunding:
    MARKETS = {"BTC/USDT": Market("v", "BTC/USDT"), "ETH/USDT": Market("v", "ETH/USDT")}  # noqa: RUF012

    def test_rates_of_the_markets_own_venue_are_read(self, tmp_path: Path) -> None:
        text = f"timestamp_ms,rate\n{OPEN},0.0001\n{OPEN + 28_800_000},-0.0002\n"
        written(tmp_path / "v_BTCUSDT_funding.csv", text)
        (tmp_path / "other_ETHUSDT_funding.csv.gz").write_bytes(gzip.compress(text.encode()))
        found = read_funding(tmp_path, self.MARKETS)
        assert list(found) == ["BTC/USDT"]
        assert list(found["BTC/USDT"].rate) == [0.0001, -0.0002]
        assert found["BTC/USDT"].interval_ms == 28_800_000
        (tmp_path / "v_ETHUSDT_funding.csv.gz").write_bytes(gzip.compress(text.encode()))
        assert list(read_funding(tmp_path, self.MARKETS)) == ["BTC/USDT", "ETH/USDT"]
        assert read_funding(tmp_path / "v_BTCUSDT_funding.csv", self.MARKETS) == {}

    def test_it_does_not_disturb_the_candles(self, tmp_path: Path) -> None:
        written(tmp_path / "v_BTCUSDT_1m.csv", CANDLES)
        written(tmp_path / "v_BTCUSDT_funding.csv", f"timestamp_ms,rate\n{OPEN},0.0001\n")
        written(tmp_path / "universe.csv", "day,symbol\n2025-01-01,BTC/USDT\n")
        assert FilesFeed([tmp_path]).symbols() == ("BTC/USDT",)

    @pytest.mark.parametrize(
        ("text", "where", "why"),
        [
            (f"timestamp_ms,rate\n{OPEN},0.0001\n{OPEN},0.0001\n", "csv:3:", "not later"),
            (f"timestamp_ms,rate\n{OPEN},0.0001\n{OPEN + 1},0.5\n", "csv:3:", "would be 50 %"),
            (f"timestamp_ms,rate\n{OPEN},x\n", "csv:2:", "rate is not a number"),
            (f"timestamp_ms,value\n{OPEN},0.1\n", "csv:1:", "it lacks rate"),
        ],
    )
    def test_what_is_wrong_is_told_at_its_line(self, tmp_path: Path, text: str, where: str, why: str) -> None:
        written(tmp_path / "v_BTCUSDT_funding.csv", text)
        with pytest.raises(CandleFileError, match=f"{where} .*{why}"):
            read_funding(tmp_path, self.MARKETS)


class TestUniverse:
    def test_a_list_holds_from_its_day(self, tmp_path: Path) -> None:
        text = "day,symbol\n2025-01-08,ETH/USDT\n2025-01-06,BTC/USDT\n2025-01-06,LUNA/USDT\n\n"
        assert list(read_universe(written(tmp_path / "universe.csv", text)).items()) == [
            (OPEN, frozenset({"BTC/USDT", "LUNA/USDT"})), (OPEN + 2 * 86_400_000, frozenset({"ETH/USDT"})),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("text", "line", "why"),
        [
            ("", 1, "first line"), ("symbol,day\n", 1, "first line"),
            ("day,symbol\n2025-13-01,A/B\n", 2, "is not a day"),
            ("day,symbol\n2025-01-01,BTC\n", 2, "is not a symbol"), ("day,symbol\n2025-01-01\n", 2, "1 values"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_told_at_its_line(self, tmp_path: Path, text: str, line: int, why: str) -> None:
        with pytest.raises(CandleFileError, match=f"universe.csv:{line}: .*{why}"):
            read_universe(written(tmp_path / "universe.csv", text))
        with pytest.raises(CandleFileError, match="names no symbol"):
            read_universe(written(tmp_path / "universe.csv", "day,symbol\n"))
        with pytest.raises(CandleFileError, match="cannot be read"):
            read_universe(tmp_path / "missing.csv")


def test_a_detail_hides_what_is_finer_and_changes_nothing_else(tmp_path: Path) -> None:
    rows = "".join(f"{OPEN + n * 60_000},1.5,2,1,1.5,{n}\n" for n in range(60))
    written(tmp_path / "v_BTCUSDT_1m.csv", "timestamp_ms,open,high,low,close,volume\n" + rows)
    feed = FilesFeed([tmp_path])
    one, five = Timeframe.parse("1m"), Timeframe.parse("5m")
    detail = DetailFeed(feed, five)
    assert min(detail.timeframes("BTC/USDT")) == five
    assert set(detail.timeframes("BTC/USDT")) == set(feed.timeframes("BTC/USDT")) - {one, Timeframe.parse("3m")}
    assert detail.span("BTC/USDT", one) is None
    assert len(detail.candles("BTC/USDT", one, 0, 2**60)) == 0
    assert list(detail.candles("BTC/USDT", five, 0, 2**60).volume) == list(
        feed.candles("BTC/USDT", five, 0, 2**60).volume
    )
    assert detail.span("BTC/USDT", five) == feed.span("BTC/USDT", five)
    assert detail.markets(["BTC/USDT"]) == feed.markets(["BTC/USDT"])
    assert (detail.name, detail.series("fng", 0)) == ("files", None)
