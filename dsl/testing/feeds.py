"""What a case gives, as a feed: made candles and series, or a candle file with constants beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

import numpy as np

from dsl.testing.cases import Case
from dsl.testing.made import Made
from engine.domain.market import FIELDS, MARKET_FIELDS, Candles, Floats, Market, Series, Timeframe
from engine.domain.strategy import Node, Plan
from engine.feeds.files import FilesFeed
from engine.feeds.memory import MemoryFeed
from engine.ports import Feed

FOREVER = 2**62
TICK = Decimal("0.0001")
ALWAYS = np.zeros(1, np.int64)


@dataclass(frozen=True)
class Beside:
    """A feed with constants beside its candles."""

    feed: Feed
    constants: Mapping[str, Series] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.feed.name

    def markets(self, symbols: Sequence[str]) -> Mapping[str, Market]:
        return self.feed.markets(symbols)

    def timeframes(self, symbol: str) -> tuple[Timeframe, ...]:
        return self.feed.timeframes(symbol)

    def span(self, symbol: str, timeframe: Timeframe) -> tuple[int, int] | None:
        return self.feed.span(symbol, timeframe)

    def candles(self, symbol: str, timeframe: Timeframe, after: int, until: int) -> Candles:
        return self.feed.candles(symbol, timeframe, after, until)

    def series(self, name: str, until: int) -> Series | None:
        return self.constants.get(name) or self.feed.series(name, until)


def feed_of(case: Case, timeframe: Timeframe) -> Feed:
    """Return the feed of what a case gives: its made candles and series, or its candle file."""
    named = {**case.series, **{f"model.{name}": values for name, values in case.model.items()}}
    if case.candles is not None:
        constants = {name: Series(name, ALWAYS, values, FOREVER) for name, values in named.items()}
        return Beside(FilesFeed([case.candles]), constants)
    candles = [_candles(made, timeframe, case.start) for made in case.made]
    markets = [Market("test", made.symbol, TICK) for made in case.made]
    times = candles[0].close_time
    series = [_series(name, values, case, timeframe) for name, values in named.items()]
    return MemoryFeed.of(candles, markets, series, name="test") if len(times) else MemoryFeed.of([], [], [])


def _series(name: str, values: Floats, case: Case, timeframe: Timeframe) -> Series:
    """Return an external series: a single value holds from the start, else each is known at its candle's close."""
    first = 0 if len(values) == 1 else 1
    published = case.start + timeframe.ms * np.arange(first, first + len(values), dtype=np.int64)
    return Series(name, published, values, FOREVER)


def _candles(made: Made, timeframe: Timeframe, start: int) -> Candles:
    """Build the candles of a made series: what is not given follows from the closes."""
    close = made.columns["close"]
    length = len(close)

    def column(name: str, default: Floats) -> Floats:
        given = np.broadcast_to(made.columns.get(name, np.nan), length)
        return np.where(np.isnan(given), default, given)

    known = np.maximum.accumulate(np.where(np.isnan(close), -1, np.arange(length)))
    before = np.concatenate(([-1], known[:-1]))
    opened = column("open", np.where(before >= 0, close[np.maximum(before, 0)], close))
    high, low = column("high", np.maximum(opened, close)), column("low", np.minimum(opened, close))
    columns = {
        # Where a high or a low is given that the close before lies beyond, the candle opened with a gap.
        "open": np.clip(opened, low, high),
        "high": high,
        "low": low,
        "close": close,
        "volume": column("volume", np.full(length, 100.0)),
    }
    here = ~np.isnan(close)
    times = start + timeframe.ms * np.arange(1, length + 1, dtype=np.int64)
    opens, highs, lows, closes, volumes = (columns[name][here] for name in FIELDS)
    return Candles(made.symbol, timeframe, times[here], opens, highs, lows, closes, volumes, "test")


def as_given(plan: Plan, case: Case) -> Plan:
    """Return the plan with what the test says in the place of what candles do not have: `model.up` and `model.down`,
    and fields of the market (`spread`, `funding_rate`, ...) that it gives under `series`, become series."""
    names = dict.fromkeys(f"model.{name}" for name in case.model)
    names |= dict.fromkeys(name for name in case.series if name in MARKET_FIELDS)
    if not names:
        return plan

    def said(node: Node) -> Node:
        name = f"model.{node.params[1]}" if node.op == "model" else node.params[0] if node.op == "field" else ""
        return replace(node, op="series", inputs=(), params=(name,)) if name in names else node

    strategies = tuple(replace(rules, uses_series=(*rules.uses_series, *names)) for rules in plan.strategies)
    return replace(plan, nodes=tuple(map(said, plan.nodes)), strategies=strategies)
