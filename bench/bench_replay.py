"""How fast history is decided: candles a second per strategy, on the made market, whole road and backtest.

The floor is the fastest anyone can read the same candles in order from memory (a sum over every column).
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from timing import row

from app import wiring
from app.config import Config
from app.replay import run_replay
from engine.backtest import backtest
from engine.decide import Settings
from engine.domain.market import Timeframe
from engine.feeds.synthetic import MarketSettings, SyntheticFeed


def main() -> None:
    """Print a line per strategy: candles of its own timeframes and of the followed 1m, a second of wall time."""
    market = MarketSettings()
    feed = SyntheticFeed(market)
    config = Config()
    everything = wiring.load_strategies(config.strategies).plan
    for rules in everything.strategies:
        plan = wiring.load_strategies(config.strategies, only=(rules.id,)).plan
        universe = wiring.universe_of(plan, config, feed.symbols())
        count = candles(feed, rules.rules, market)
        begun = time.perf_counter()
        result = backtest(plan, feed, universe, Settings(), start=market.begin, end=market.end)
        tested = time.perf_counter() - begun
        with tempfile.TemporaryDirectory() as folder:
            own = replace(config, home=Path(folder), channels=())
            begun = time.perf_counter()
            run_replay(own, feed, Path(folder) / "bench.db", only=(rules.id,), symbols=feed.symbols(),
                       since=market.begin, until=market.end)  # fmt: skip
            replayed = time.perf_counter() - begun
        print(
            f"{rules.id:8} {count:>9,} candles   backtest {count / tested:>9,.0f}/s   replay into SQLite "
            f"{count / replayed:>9,.0f}/s   {len(result.positions):>5} signals, {len(result.events):>6} events"
        )
    floor(feed, market)


def candles(feed: SyntheticFeed, timeframes: object, market: MarketSettings) -> int:
    """Count the candles decided or followed: each timeframe of the strategy, and the 1m ones."""
    wanted = {Timeframe.parse("1m"), *timeframes}  # type: ignore[misc]
    return sum(len(feed.candles(s, t, market.begin, market.end)) for s in feed.symbols() for t in wanted)


def floor(feed: SyntheticFeed, market: MarketSettings) -> None:
    one = Timeframe.parse("1m")
    parts = [feed.candles(symbol, one, market.begin, market.end) for symbol in feed.symbols()]
    begun = time.perf_counter()
    total = sum(float(np.sum(column)) for part in parts for column in (part.open, part.high, part.low, part.close))
    spent = time.perf_counter() - begun
    assert total > 0
    row("reading every 1m candle once", "(floor)", spent, spent, 1.0)


if __name__ == "__main__":
    main()
