from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from engine.domain.market import Timeframe
from engine.feeds.files import CandleFile, CandleFileError, FilesFeed, split_symbol
from engine.feeds.ladder import Track, resample
from tests.engine.feeds.made import MINUTE, START, csv, same, walk, write

T = Timeframe.parse
DATA = Path(os.environ.get("SIGNAL_ENGINE_DATA", Path(__file__).parents[4] / "shared" / "data")) / "candles"
real = pytest.mark.skipif(not DATA.is_dir(), reason=f"recorded candles are not at {DATA}")

HEADER = "timestamp_ms,open,high,low,close,volume"
GOOD = f"{START},10,12,9,11,5"


@pytest.mark.parametrize(
    ("wire", "symbol"),
    [
        ("BTCUSDT", "BTC/USDT"), ("BTCUSD", "BTC/USD"), ("BTCFDUSD", "BTC/FDUSD"), ("ETHBTC", "ETH/BTC"),
        ("1000PEPEUSDT", "1000PEPE/USDT"), ("USDT", None), ("ABC", None),
    ],
)  # fmt: skip
def test_symbols_are_split_by_the_longest_quote_asset(wire: str, symbol: str | None) -> None:
    assert split_symbol(wire) == symbol


@pytest.mark.parametrize("name", ["binance_BTCUSDT_5m.csv", "binanceusdm_BTCUSDT_5m_2.csv.gz"])
def test_a_name_tells_venue_symbol_and_timeframe(name: str) -> None:
    file = CandleFile.named(Path(name))
    assert file is not None
    assert (file.venue, file.symbol, file.timeframe) == (name.partition("_")[0], "BTC/USDT", T("5m"))
    assert CandleFile.named(Path("BTCUSDT-5m.csv")) is None


def test_what_was_written_is_read(tmp_path: Path) -> None:
    candles = walk(1000)
    for name in ("made_BTCUSDT_1m.csv", "made_ETHUSDT_1m.csv.gz"):
        write(tmp_path, name, csv(candles))
    feed = FilesFeed([tmp_path])
    assert feed.symbols() == ("BTC/USDT", "ETH/USDT")
    assert same(feed.candles("BTC/USDT", T("1m"), 0, 2**60), candles)
    assert same(feed.candles("ETH/USDT", T("1m"), 0, 2**60), candles)
    assert feed.candles("BTC/USDT", T("1m"), 0, 2**60).venue == "made"
    assert feed.markets(["BTC/USDT", "XRP/USDT"])["BTC/USDT"].tick == Decimal("0.01")
    assert feed.problems() == ()
    single = FilesFeed([tmp_path / "made_BTCUSDT_1m.csv"])
    assert single.symbols() == ("BTC/USDT",)


def test_files_are_read_when_asked_for_and_only_once(tmp_path: Path) -> None:
    path = write(tmp_path, "made_BTCUSDT_1m.csv", csv(walk(10)))
    write(tmp_path, "made_ETHUSDT_1m.csv", "nonsense")
    feed = FilesFeed([tmp_path])
    assert len(feed.candles("BTC/USDT", T("1m"), 0, 2**60)) == 10
    path.unlink()
    assert len(feed.candles("BTC/USDT", T("5m"), 0, 2**60)) == 2


def test_files_of_one_market_are_merged_and_overlap_must_agree(tmp_path: Path) -> None:
    whole = walk(100)
    write(tmp_path, "made_BTCUSDT_1m.csv", csv(whole.between(0, START + 60 * MINUTE)))
    write(tmp_path, "made_BTCUSDT_1m_2.csv", csv(whole.between(START + 40 * MINUTE, 2**60)))
    assert same(FilesFeed([tmp_path]).candles("BTC/USDT", T("1m"), 0, 2**60), whole)
    text = csv(whole.between(START + 40 * MINUTE, 2**60)).splitlines()
    text[5] = text[5].rpartition(",")[0] + ",77777"
    second = write(tmp_path, "made_BTCUSDT_1m_2.csv", "\n".join(text))
    with pytest.raises(CandleFileError, match=r"_2\.csv:6: its candle of \d+ differs .* \(volume\)") as caught:
        FilesFeed([tmp_path]).candles("BTC/USDT", T("1m"), 0, 2**60)
    assert (caught.value.path, caught.value.line) == (second, 6)


def test_venues_are_never_mixed(tmp_path: Path) -> None:
    write(tmp_path, "alpha_BTCUSDT_1h.csv", csv(walk(5, "1h", seed=1)))
    write(tmp_path, "beta_BTCUSDT_1m.csv", csv(walk(500, seed=2)))
    write(tmp_path, "beta_ETHUSDT_1m.csv", csv(walk(500, seed=3)))
    feed = FilesFeed([tmp_path])
    assert feed.markets(["BTC/USDT"])["BTC/USDT"].venue == "beta"
    assert len(feed.candles("BTC/USDT", T("1h"), 0, 2**60)) == 8
    chosen = FilesFeed([tmp_path], venues=["alpha"])
    assert chosen.markets(["BTC/USDT"])["BTC/USDT"].venue == "alpha"
    assert chosen.markets(["ETH/USDT"])["ETH/USDT"].venue == "beta"
    assert chosen.span("BTC/USDT", T("1m")) is None


@pytest.mark.parametrize(
    ("prices", "tick"),
    [("0.5", "0.1"), ("91616.50000000", "0.1"), ("100", "1"), ("0.00001234", "1E-8"), ("0.1234567890123456", "0")],
)
def test_the_tick_is_the_last_place_that_a_price_uses(tmp_path: Path, prices: str, tick: str) -> None:
    write(tmp_path, "made_BTCUSDT_1m.csv", f"{HEADER}\n{START},{prices},{prices},{prices},{prices},5\n")
    assert FilesFeed([tmp_path]).markets(["BTC/USDT"])["BTC/USDT"].tick == Decimal(tick)


BAD = [
    ("time,open,high,low,close,volume\n1,2,3,4,5,6", 1, "the first line must be"),
    ("", 1, "the first line must be"),
    (HEADER, 0, "it has no candle"),
    (f"{HEADER}\n{GOOD}\n{GOOD}", 3, "the same as on the line before"),
    (f"{HEADER}\n{GOOD}\n\n{START - MINUTE},10,12,9,11,5", 4, "earlier than on the line before"),
    (f"{HEADER}\n{START},10,12,9,,5", 2, "missing or not finite"),
    (f"{HEADER}\n{START},10,inf,9,11,5", 2, "missing or not finite"),
    (f"{HEADER}\n{GOOD}\n{START + MINUTE},10,12,nan,11,5", 3, "missing or not finite"),
    (f"{HEADER}\n{START},10,12,-9,11,5", 2, "zero or negative"),
    (f"{HEADER}\n{START},10,12,0,11,5", 2, "zero or negative"),
    (f"{HEADER}\n{START},10,12,9,11,-5", 2, "volume is negative"),
    (f"{HEADER}\n{START},10,9,12,11,5", 2, "high is below the low"),
    (f"{HEADER}\n{START},10,12,9,13,5", 2, "outside low to high"),
    (f"{HEADER}\n{START + 1},10,12,9,11,5", 2, "not on the grid of 1m"),
    (f"{HEADER}\n{START // 1000},10,12,9,11,5", 2, "not in milliseconds"),
    (f"{HEADER}\n{GOOD}\n{START}.5,10,12,9,11,5", 3, "timestamp_ms is not a whole number of milliseconds"),
    (f"{HEADER}\n{START:.6e},10,12,9,11,5", 2, "timestamp_ms is not a whole number of milliseconds"),
    (f"{HEADER}\n{GOOD}\n{GOOD},7,8", 3, "8 values, but the header has 6"),
    (f"{HEADER}\n{START},ten,12,9,11,5", 2, "open is not a number: 'ten'"),
    (f"{HEADER}\n{'9' * 30},10,12,9,11,5", 2, ""),
]


@pytest.mark.parametrize(("text", "line", "why"), BAD)
def test_a_bad_row_is_one_clear_line(tmp_path: Path, text: str, line: int, why: str) -> None:
    path = write(tmp_path, "made_BTCUSDT_1m.csv", text)
    feed = FilesFeed([tmp_path])
    with pytest.raises(CandleFileError) as caught:
        feed.candles("BTC/USDT", T("1m"), 0, 2**60)
    assert why in caught.value.why
    assert caught.value.line == line
    assert str(caught.value).startswith(f"{path}:{line}: " if line else f"{path}: ")
    assert "\n" not in str(caught.value)
    assert [str(one) for one in feed.problems()] == [str(caught.value)]


def test_broken_files_and_folders_are_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(CandleFileError, match="no candle file"):
        FilesFeed([tmp_path])
    with pytest.raises(CandleFileError, match="no such file"):
        FilesFeed([tmp_path / "absent"])
    circle = tmp_path / "circle" / "made_BTCUSDT_1m.csv"
    circle.parent.mkdir()
    circle.symlink_to(circle.name)
    with pytest.raises(CandleFileError, match=r"cannot be read: .*symbolic links"):
        FilesFeed([circle.parent]).candles("BTC/USDT", T("1m"), 0, 2**60)
    (tmp_path / "made_BTCUSDT_1m.csv.gz").write_bytes(b"\x1f\x8b\x08garbage")
    with pytest.raises(CandleFileError, match="cannot be read"):
        FilesFeed([tmp_path]).candles("BTC/USDT", T("1m"), 0, 2**60)
    (tmp_path / "made_BTCUSDT_1m.csv.gz").write_bytes(bytes(range(256)) * 50)
    with pytest.raises(CandleFileError, match="the first line must be"):
        FilesFeed([tmp_path]).candles("BTC/USDT", T("1m"), 0, 2**60)
    write(tmp_path, "BTC-5m.csv", csv(walk(3)))
    with pytest.raises(CandleFileError, match="is named like binanceusdm_BTCUSDT_5m"):
        FilesFeed([tmp_path])


def test_series_are_read_and_cut_at_publication(tmp_path: Path) -> None:
    write(tmp_path, "made_BTCUSDT_1m.csv", csv(walk(3)))
    write(tmp_path, "fng.csv", f"timestamp_ms,value\n{START},25\n{START + 86_400_000},31\n")
    write(tmp_path, "notes.csv", "who,what\nme,this\n")
    feed = FilesFeed([tmp_path])
    fng = feed.series("fng", START + 86_400_000 - 1)
    assert fng is not None
    assert fng.values.tolist() == [25.0]
    assert fng.max_age_ms == 2 * 86_400_000
    assert feed.series("notes", 2**60) is None
    assert feed.series("other", 2**60) is None
    other = write(tmp_path, "odd.csv", f"timestamp_ms,value\n{START},25\n{START},31\n")
    with pytest.raises(CandleFileError, match=r"odd\.csv:3: "):
        FilesFeed([tmp_path]).series("odd", 2**60)
    other.unlink()


def test_a_single_series_file_may_stand_beside_candle_files(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    candles = write(tmp_path, "made_BTCUSDT_1m.csv", csv(walk(3)))
    fng = write(tmp_path / "more", "fng.csv", f"timestamp_ms,value\n{START},25\n")
    assert FilesFeed([candles, fng]).series("fng", 2**60) is not None


@real
def test_recorded_folder_is_read_and_its_own_candles_equal_built_ones() -> None:
    feed = FilesFeed([DATA])
    assert feed.problems() == ()
    assert feed.markets(["BTC/USDT"])["BTC/USDT"].venue == "binanceusdm"
    for symbol in ("BTC/USDT", "ETH/USDT"):
        five = feed.candles(symbol, T("5m"), 0, 1_744_528_800_000)
        for text in ("15m", "30m", "1h"):
            built = resample(Track.of(five), T(text))[0].candles
            own = feed.candles(symbol, T(text), int(built.close_time[0]) - 1, int(built.close_time[-1]))
            assert np.array_equal(own.close_time, built.close_time)
            assert np.array_equal(own.open, built.open)
            assert np.array_equal(own.high, built.high)
            assert np.array_equal(own.low, built.low)
            assert np.array_equal(own.close, built.close)
            assert np.allclose(own.volume, built.volume, rtol=1e-9)
