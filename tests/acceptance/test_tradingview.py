"""Strategies of TradingView, written in the language, give the trades that TradingView exported, one by one.

Built-in RSI and Bollinger strategies on 23,054 hours of EURUSD, and a crossing of averages on days of BTCUSDT whose
stops and targets TradingView resolved on hours. Entry and exit, time and price; the figures are in docs/backtest.md.
"""

from __future__ import annotations

import csv
import datetime as dt
import os
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from dsl.load import load
from engine.backtest import Result, backtest
from engine.decide import Settings
from engine.domain.market import Timeframe
from engine.domain.position import Position, Status
from engine.feeds.detail import DetailFeed
from engine.feeds.files import FilesFeed
from engine.statistics.hanging import otherwise

ROOT = Path(__file__).parents[2]
HOME = Path(__file__).parent / "tradingview"
DATA = Path(os.environ.get("SIGNAL_ENGINE_DATA") or ROOT.parent / "shared" / "data") / "reference"
DATA = DATA / "tradingview-pynecore" / "strategy"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"TradingView's trades are not here: {DATA}")
HEADER = "timestamp_ms,open,high,low,close,volume"
HALF_TICK = 5e-6


@dataclass(frozen=True)
class Trade:
    """One trade of an export: (ms, price) of its entry and its exit, and the name of the order that closed it."""

    side: str
    entry: tuple[int, float]
    exit: tuple[int, float]
    closed_by: str


def exported(name: str) -> list[Trade]:
    rows: dict[str, dict[str, dict[str, str]]] = {}
    with (DATA / name).open(encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            rows.setdefault(row["Trade #"], {})[row["Type"].split()[0]] = row
    return [
        Trade(both["Entry"]["Type"].split()[1], moment(both["Entry"]), moment(both["Exit"]), both["Exit"]["Signal"])
        for both in rows.values()
    ]


def moment(row: dict[str, str]) -> tuple[int, float]:
    price = next(value for name, value in row.items() if name.startswith("Price"))
    return ms(row["Date/Time"]), float(price)


def ms(text: str) -> int:
    return round(dt.datetime.fromisoformat(text).timestamp() * 1000)


def run(name: str, feed: FilesFeed | DetailFeed) -> Result:
    loaded = load([HOME / f"{name}.yaml"])
    assert not loaded.errors
    return backtest(loaded.plan, feed, {}, Settings())


def in_order(result: Result) -> list[Position]:
    return sorted((p for p in result.positions if p.fills), key=lambda p: p.fills[0].time)


@pytest.fixture(scope="module")
def hours(tmp_path_factory: pytest.TempPathFactory) -> FilesFeed:
    folder = tmp_path_factory.mktemp("eurusd")
    with (DATA / "ohlcv.csv").open() as file:
        lines = [
            f"{ms(r['time'])},{r['open']},{r['high']},{r['low']},{r['close']},{r['Volume']}"
            for r in csv.DictReader(file)
        ]
    (folder / "tradingview_EURUSD_1h.csv").write_text("\n".join([HEADER, *lines]) + "\n")
    return FilesFeed([folder])


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> FilesFeed:
    folder = tmp_path_factory.mktemp("btcusdt")
    lines = [
        ",".join([str(time * 1000), *(str(round(value, 2)) for value in values)])
        for time, *values in struct.iter_unpack("<Ifffff", (DATA / "bar_magnifier_60m.ohlcv").read_bytes())
    ]
    (folder / "tradingview_BTCUSDT_1h.csv").write_text("\n".join([HEADER, *lines]) + "\n")
    return FilesFeed([folder])


def same(position: Position, trade: Trade, slack: float = 1e-9) -> bool:
    entry, out = position.fills[0], position.fills[-1]
    return (
        (str(position.signal.side), entry.time, out.time) == (trade.side, trade.entry[0], trade.exit[0])
        and abs(entry.price - trade.entry[1]) < slack
        and abs(out.price - trade.exit[1]) < slack
    )


def test_the_rsi_strategy_trade_by_trade(hours: FilesFeed) -> None:
    trades, ours = exported("rsi_trades.csv"), in_order(run("tv_rsi", hours))
    assert len(trades) == len(ours) == 194
    assert all(same(position, trade) for position, trade in zip(ours[:-1], trades[:-1], strict=True))
    still_open(ours[-1], trades[-1])


def still_open(position: Position, trade: Trade) -> None:
    """An export values what is open at the last close, as an order called Open; here it stays open."""
    assert trade.closed_by == "Open"
    assert position.status is Status.OPEN
    assert (position.fills[0].time, position.fills[0].price) == trade.entry


def test_the_bollinger_strategy_trade_by_trade_but_for_orders_that_were_passed_already(hours: FilesFeed) -> None:
    """TradingView enters with a stop order at the band that the close has already crossed. It fills at the next open;
    only where that open is back beyond the band it waits, and fills at the band. Here an entry is at the next open."""
    trades, ours = exported("bollinger_trades.csv"), in_order(run("tv_bollinger", hours))
    assert len(trades) == len(ours) == 579
    still_open(ours[-1], trades[-1])
    hour = Timeframe.parse("1h")
    candles = hours.candles("EUR/USD", hour, 0, 2**60)
    waited = 0
    for position, trade in zip(ours, trades, strict=True):
        entry = position.fills[0]
        assert (str(position.signal.side), entry.time) == (trade.side, trade.entry[0])
        if abs(entry.price - trade.entry[1]) < HALF_TICK:
            continue
        waited += 1
        row = int(np.searchsorted(candles.close_time, position.signal.close_time))
        closes = candles.close[row - 19 : row + 1]
        sign = position.signal.side.sign
        band = closes.mean() - sign * 2 * closes.std()
        assert entry.price == candles.open[row + 1]
        assert sign * (band - entry.price) > 0, "the open is back beyond the band"
        assert abs(trade.entry[1] - band) <= 1e-5, "so the order filled at the band, on its tick"
        assert candles.low[row + 1] <= trade.entry[1] <= candles.high[row + 1]
    assert waited == 5
    for position, trade in zip(ours[:-1], trades[:-1], strict=True):
        assert position.fills[-1].time == trade.exit[0]
    exits = [abs(p.fills[-1].price - t.exit[1]) < HALF_TICK for p, t in zip(ours[:-1], trades[:-1], strict=True)]
    assert exits.count(False) == 5, "each is the exit of the position before one of those entries"


def day_of(time: int) -> int:
    return (time - 1) // 86_400_000


def ends_as(position: Position, trade: Trade) -> bool:
    """Say whether both ended on the same day at the same price; prices of the hours are stored with 7 digits."""
    out = position.fills[-1]
    when = day_of(out.time) if out.reason in ("stop", "target") else out.time // 86_400_000
    return when == trade.exit[0] // 86_400_000 and abs(out.price - trade.exit[1]) < 0.011


def test_stops_and_targets_that_hours_decide(days: FilesFeed) -> None:
    trades, ours = exported("bar_magnifier_tv_trades.csv"), in_order(run("tv_cross", days))
    assert len(trades) == len(ours) == 56
    for position, trade in zip(ours, trades, strict=True):
        assert (str(position.signal.side), position.fills[0].time) == (trade.side, trade.entry[0])
        assert position.fills[0].price == pytest.approx(trade.entry[1], abs=0.006)
        assert ends_as(position, trade)
        assert position.ambiguous == 0


def test_what_days_alone_leave_open_is_counted_and_the_other_way_is_the_one_that_came(days: FilesFeed) -> None:
    """Followed on the days themselves, eight candles touch stop and target; hours show that two went the other way,
    and there the other way of the report is what TradingView exported."""
    day = Timeframe.parse("1d")
    trades, ours = exported("bar_magnifier_tv_trades.csv"), in_order(run("tv_cross", DetailFeed(days, day)))
    wrong = [(p, t) for p, t in zip(ours, trades, strict=True) if not ends_as(p, t)]
    assert sum(p.ambiguous for p in ours) == 8
    assert len(wrong) == 2
    for position, trade in wrong:
        assert position.ambiguous == 1
        candles = days.candles("BTC/USDT", day, position.closed_at - day.ms, position.closed_at)
        found = otherwise(position, (candles.high[0], candles.low[0], candles.close[0]), 0.0)
        gain = position.signal.side.sign * (trade.exit[1] / trade.entry[1] - 1)
        assert found == pytest.approx(gain, abs=1e-6)
