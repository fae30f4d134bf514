"""A candle store of random walks, for benchmarks: minutes of many symbols, written once under var/bench."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path

import numpy as np

from engine.domain.market import Candles, Timeframe
from engine.feeds.keeping import StoreWriter

BEGIN = 1_704_067_200_000  # 1 January 2024
MINUTE = Timeframe.parse("1m")
HOME = Path(__file__).parent.parent / "var" / "bench"


def walk(symbol: int, rows: int) -> Candles:
    """Return `rows` minutes of a walk in whole ticks whose volatility comes and goes."""
    rng = np.random.default_rng([7, symbol])
    hours = np.repeat(np.exp(rng.normal(0, 0.5, rows // 60 + 1)), 60)[:rows]
    close = np.round(100 * np.exp(np.cumsum(rng.normal(0, 0.0007, rows) * hours)), 4)
    opened = np.concatenate([close[:1], close[:-1]])
    high = np.round(np.maximum(opened, close) * (1 + np.abs(rng.normal(0, 0.0003, rows)) * hours), 4)
    low = np.round(np.minimum(opened, close) * (1 - np.abs(rng.normal(0, 0.0003, rows)) * hours), 4)
    low = np.maximum(low, 0.0001)
    volume = np.round(rng.gamma(1.0, 100.0, rows) * hours, 1)
    times = BEGIN + MINUTE.ms * np.arange(1, rows + 1)
    return Candles(f"M{symbol:03}/USDT", MINUTE, times, opened, high, low, close, volume, "made")


def store_of(symbols: int, days: int) -> Path:
    """Return a store of so many symbols and days, written where it is not there yet."""
    folder = HOME / f"store-{symbols}x{days}"
    with StoreWriter(folder) as writer:
        for symbol in range(symbols):
            known = writer.contents("made", f"M{symbol:03}/USDT", MINUTE)
            if known.rows != days * 1440:
                print(f"\rwriting {folder.name}: {symbol + 1} of {symbols}", end="", file=sys.stderr, flush=True)
                writer.add(walk(symbol, days * 1440), tick=Decimal("0.0001"))
    print(file=sys.stderr)
    return folder


if __name__ == "__main__":
    print(store_of(int(sys.argv[1]), int(sys.argv[2])))
