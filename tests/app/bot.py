"""A bot with everything that can be unknown, blocked or counted, its candles, and what a backtest makes of it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from dsl.load import load
from engine.backtest import Result, backtest
from engine.decide import Settings
from engine.domain.event import SignalBlocked, SignalFired
from engine.domain.market import Timeframe
from engine.feeds.files import FilesFeed
from tests.app.command import candles

FIVE, QUARTER = Timeframe.parse("5m"), Timeframe.parse("15m")
UNIVERSE = {"bot": ("BTC/USDT", "ETH/USDT")}
COSTS = Settings(fees=0.0005, slippage=0.0002)
"""The configuration's defaults."""

BOT = """\
language: 1
id: bot
name: Bot
version: 1.0.0
about: Trades swings, for tests.
timeframes: [5m, 15m]
universe:
  symbols: [BTC/USDT, ETH/USDT]
  where: time.hour != 3
let:
  fast: ema(close, 5)
  slow: sma(close, 20)
long:
  when:
    up:     must close > fast and fast > fast[1]
    fresh:  (close crosses above slow) within 6 bars          weight 2
    busy:   volume > 102                                      weight 1
    calm:   not (rsi(close, 14) > 70)                         weight 1
    mood:   spread < 0.1%                                     weight 1
  fire: confidence >= 60
  stop: 1%
  targets: [1%, 2%]
  expire: 6h
short:
  when:
    down: close < fast and rsi(close, 14) between 20 and 50
    old:  close < slow for 4 bars
  stop: highest(high, 3) clamp 0.2% to 3%
  targets: 2R
  expire: 4h
cooldown: 90m after signal
"""


def furnish(folder: Path) -> Path:
    """Write the bot and candles of two symbols, with a hole in one of them."""
    (folder / "bot.yaml").write_text(BOT)
    candles(folder / "data")
    path = candles(folder / "data", "ETHUSDT")
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:200], *lines[203:]]) + "\n")  # three candles are missing
    return folder


@cache
def history(home: Path) -> Result:
    return backtest(load([home / "bot.yaml"]).plan, FilesFeed([home / "data"]), UNIVERSE, COSTS)


def iso(time: int) -> str:
    from app.cli.show import when

    return when(time).replace(" ", "T") + "Z"


def entries(result: Result) -> list[SignalFired | SignalBlocked]:
    return [event for event in result.events if isinstance(event, SignalFired | SignalBlocked)]


def lane(event: SignalFired | SignalBlocked) -> tuple[str, str, str]:
    about = event.signal if isinstance(event, SignalFired) else event
    return about.symbol, about.timeframe, str(about.side)
