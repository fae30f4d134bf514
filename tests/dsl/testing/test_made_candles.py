"""What is left out of a made series follows from its closes; what is given stands."""

from __future__ import annotations

from pathlib import Path

from dsl.testing.cases import read_suite
from dsl.testing.feeds import feed_of
from engine.domain.market import Candles, Timeframe
from tests.dsl.testing.suites import case, write


def _candles(folder: Path, body: str, symbol: str = "BTC/USDT") -> Candles:
    path = write(folder, f"- {{name: it, {body}, expect: [nothing: always]}}\n")
    suite, found = read_suite(path)
    assert suite is not None
    assert not found, found
    return feed_of(suite.cases[0], Timeframe.parse("5m")).candles(symbol, Timeframe.parse("5m"), 0, 2**62)


def test_a_candle_opens_at_the_close_before_it(tmp_path: Path) -> None:
    made = _candles(tmp_path, 'close: "100, 102, 99"')
    assert made.open.tolist() == [100, 100, 102]
    assert made.high.tolist() == [100, 102, 102]
    assert made.low.tolist() == [100, 100, 99]
    assert made.volume.tolist() == [100, 100, 100]


def test_time_begins_on_a_monday_and_bars_follow_each_other(tmp_path: Path) -> None:
    made = _candles(tmp_path, "close: 100 x3")
    assert (made.close_time[0] - 300_000) % 86_400_000 == 0
    assert (made.close_time[1:] - made.close_time[:-1]).tolist() == [300_000, 300_000]


def test_a_candle_that_does_not_exist_leaves_its_time_empty(tmp_path: Path) -> None:
    made = _candles(tmp_path, 'close: "100, _ x2, 103"')
    assert len(made) == 2
    assert made.close_time[1] - made.close_time[0] == 900_000
    assert made.open.tolist() == [100, 100]


def test_one_wick_among_derived_ones(tmp_path: Path) -> None:
    made = _candles(tmp_path, 'close: "100, 102, 99", high: "_, 110, _ x*", volume: "5 x*"')
    assert made.high.tolist() == [100, 110, 102]
    assert made.volume.tolist() == [5, 5, 5]


def test_a_high_below_the_close_before_is_a_gap(tmp_path: Path) -> None:
    made = _candles(tmp_path, 'close: "100, 90", high: "100, 91"')
    assert made.open.tolist() == [100, 91]


def test_other_symbols(tmp_path: Path) -> None:
    made = _candles(tmp_path, "close: 100 x3, others: [{symbol: ETH/USDT, close: 5 x3}]", "ETH/USDT")
    assert made.close.tolist() == [5, 5, 5]


def test_bars_count_from_the_first_candle_that_is_written(tmp_path: Path) -> None:
    outcome = case(
        tmp_path,
        "close: _ x5, 100 x20, 102\nvolume: 100 x25, 500\nseries: {fng: 50}\nexpect:\n"
        "  - signal: {side: long, bar: 25}\n",
    )
    assert outcome.passed, outcome.failed


def test_a_series_is_known_from_its_candles_close(tmp_path: Path) -> None:
    outcome = case(
        tmp_path,
        "close: 100 x20, 102\nvolume: 100 x20, 500\nseries: {fng: '90 x20, 50'}\nexpect:\n"
        "  - signal: {side: long, bar: 20, when: {index: true}}\n",
    )
    assert outcome.passed, outcome.failed
