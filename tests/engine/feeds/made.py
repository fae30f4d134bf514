"""Candles made by hand for the tests of this room."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

from engine.domain.market import Candles, Timeframe

START = 1_736_121_600_000  # Monday 6 January 2025, 00:00 UTC
MINUTE = 60_000


def walk(count: int, timeframe: str = "1m", start: int = START, seed: int = 1, symbol: str = "BTC/USDT") -> Candles:
    """Return `count` consecutive candles of a random walk in whole cents; the first opens at `start`."""
    rng = np.random.default_rng(seed)
    frame = Timeframe.parse(timeframe)
    path = 10_000 + np.cumsum(rng.integers(-20, 21, count + 1))
    opened, close = path[:-1] / 100, path[1:] / 100
    high = np.round(np.maximum(opened, close) + rng.integers(0, 10, count) / 100, 2)
    low = np.round(np.minimum(opened, close) - rng.integers(0, 10, count) / 100, 2)
    times = start + frame.ms * np.arange(1, count + 1)
    return Candles(symbol, frame, times, opened, high, low, close, rng.integers(1, 99, count) / 4, "made")


def without(candles: Candles, missing: list[int]) -> Candles:
    """Return the candles without those at these places."""
    keep = np.setdiff1d(np.arange(len(candles)), missing)
    return Candles(
        candles.symbol, candles.timeframe, candles.close_time[keep], candles.open[keep], candles.high[keep],
        candles.low[keep], candles.close[keep], candles.volume[keep], candles.venue,
    )  # fmt: skip


def csv(candles: Candles) -> str:
    """Return the text of a candle file."""
    rows = zip(
        (candles.close_time - candles.timeframe.ms).tolist(), candles.open.tolist(), candles.high.tolist(),
        candles.low.tolist(), candles.close.tolist(), candles.volume.tolist(), strict=True,
    )  # fmt: skip
    lines = [",".join(map(repr, row)) for row in rows]
    return "\n".join(["timestamp_ms,open,high,low,close,volume", *lines, ""])


def write(folder: Path, name: str, text: str) -> Path:
    """Write a file into the folder, gzipped where its name says so."""
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def same(left: Candles, right: Candles) -> bool:
    """Say whether both have the same candles, to the bit."""
    names = ("close_time", "open", "high", "low", "close", "volume")
    return all(np.array_equal(getattr(left, name), getattr(right, name)) for name in names)
