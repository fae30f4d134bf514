"""The standard library against pandas-ta-classic and pandas, where TA-Lib and Stock.Indicators have no such function.

`start` leaves the difference of two starts time to fade; 0: both begin on the same candle.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from tests.dsl.library.data import Bars, Floats, made
from tests.dsl.library.run import evaluate

ta = pytest.importorskip("pandas_ta_classic")

FADED = 600
Columns = dict[str, "pd.Series[float]"]


def frame(bars: Bars) -> Columns:
    return {
        "o": pd.Series(bars.open), "h": pd.Series(bars.high), "l": pd.Series(bars.low), "c": pd.Series(bars.close),
        "v": pd.Series(bars.volume),
    }  # fmt: skip


def column(table: pd.DataFrame, place: int) -> pd.Series[float]:
    return table.iloc[:, place]


def schaff(f: Columns) -> pd.DataFrame:
    """Their first stage stands still while macd is below zero, a slip; raised above it, it does not."""
    return ta.stc(f["c"], 10, osc=1000 + ta.ema(f["c"], 3) - ta.ema(f["c"], 6))


CASES: list[tuple[str, Callable[[Columns], pd.Series[float]], int]] = [
    ("bias(close, 26)", lambda f: ta.bias(f["c"], 26), 0),
    ("100 * brar(26).ar", lambda f: column(ta.brar(f["o"], f["h"], f["l"], f["c"], 26), 0), 0),
    ("100 * brar(26).br", lambda f: column(ta.brar(f["o"], f["h"], f["l"], f["c"], 26), 1), 0),
    ("cog(close, 10)", lambda f: ta.cg(f["c"], 10), 0),
    ("correlation_trend(close, 12)", lambda f: ta.cti(f["c"], 12), 0),
    ("100 * kst(close, 9).line", lambda f: column(ta.kst(f["c"]), 0) / 100, 0),
    ("100 * kst(close, 9).signal", lambda f: column(ta.kst(f["c"]), 1) / 100, 0),
    ("laguerre_rsi(close, 0.5)", lambda f: ta.lrsi(f["c"], gamma=0.5), FADED),
    ("psychological_line(close, 12)", lambda f: ta.psl(f["c"], length=12), 12),
    ("relative_vigor(10).line", lambda f: column(ta.rvgi(f["o"], f["h"], f["l"], f["c"], 10), 1), 0),
    ("relative_vigor(10).signal", lambda f: column(ta.rvgi(f["o"], f["h"], f["l"], f["c"], 10), 2), 0),
    ("squeeze_momentum(20)", lambda f: column(ta.squeeze(f["h"], f["l"], f["c"], lazybear=True), 0), 0),
    ("schaff(close, 10, 3, 6)", lambda f: column(schaff(f), 0), FADED),
    ("half_stoch(apo(close, 3, 6), 10)", lambda f: column(schaff(f), 2), FADED),
    ("min(td_setup().up, 13)", lambda f: column(ta.td_seq(f["c"], show_all=True), 0).fillna(0), 4),
    ("min(td_setup().down, 13)", lambda f: column(ta.td_seq(f["c"], show_all=True), 1).fillna(0), 4),
    ("vwmacd(12, 26, 9).line", lambda f: column(ta.vwmacd(f["c"], f["v"]), 0), 0),
    ("vwmacd(12, 26, 9).hist", lambda f: column(ta.vwmacd(f["c"], f["v"]), 1), 0),
    ("vwmacd(12, 26, 9).signal", lambda f: column(ta.vwmacd(f["c"], f["v"]), 2), 0),
    ("holt_winters(close)", lambda f: ta.hwma(f["c"]), FADED),
    ("hilo(13, 21).line", lambda f: column(ta.hilo(f["h"], f["l"], f["c"]), 0), FADED),
    ("mcginley(close, 10, 1)", lambda f: ta.mcgd(f["c"], 10), FADED),
    ("vidya(close, 14, 14)", lambda f: ta.vidya(f["c"], 14), 2000),
    ("100 * historical_volatility(close, 20, 252)", lambda f: ta.hvol(f["c"], 20), 0),
    ("aberration(5, 15).upper", lambda f: column(ta.aberration(f["h"], f["l"], f["c"]), 1), FADED),
    ("aberration(5, 15).middle", lambda f: column(ta.aberration(f["h"], f["l"], f["c"]), 0), 0),
    ("aberration(5, 15).lower", lambda f: column(ta.aberration(f["h"], f["l"], f["c"]), 2), FADED),
    ("chande_kroll(10, 1, 9).long", lambda f: column(ta.cksp(f["h"], f["l"], f["c"], 10, 1, 9), 0), FADED),
    ("chande_kroll(10, 1, 9).short", lambda f: column(ta.cksp(f["h"], f["l"], f["c"], 10, 1, 9), 1), FADED),
    ("dpo(close, 20)", lambda f: ta.dpo(f["c"], 20, centered=False), 0),
    ("ttm_trend(6)", lambda f: (column(ta.ttm_trend(f["h"], f["l"], f["c"], 6), 0) + 1) / 2, 6),
    ("entropy(close, 10)", lambda f: ta.entropy(f["c"], 10), 0),
    ("skew(roc(close, 1), 30)", lambda f: f["c"].pct_change().rolling(30).skew(), 0),
    ("kurtosis(roc(close, 1), 30)", lambda f: f["c"].pct_change().rolling(30).kurt(), 0),
    ("moments(roc(close, 1), 50).skew", lambda f: f["c"].pct_change().rolling(50).skew(), 0),
    ("median(close, 20)", lambda f: f["c"].rolling(20).median(), 0),
    ("median(close, 21)", lambda f: f["c"].rolling(21).median(), 0),
    ("eom(14) / 1e8", lambda f: ta.eom(f["h"], f["l"], f["c"], f["v"], 14) / 1e16, 0),
    ("100 * volume_oscillator(14, 28)", lambda f: ta.vosc(f["v"], 14, 28), 0),
    ("qqe(close, 14, 5).rsi", lambda f: column(ta.qqe(f["c"]), 1), FADED),
    ("qqe(close, 14, 5).line", lambda f: column(ta.qqe(f["c"]), 0), 2000),
    ("log_return(close, 3)", lambda f: np.log(f["c"] / f["c"].shift(3)), 0),
    (
        "autocorrelation(roc(close, 1), 50, 2)",
        lambda f: f["c"].pct_change().rolling(50).corr(f["c"].pct_change().shift(2)),
        0,
    ),
    ("covariance(close, high, 30)", lambda f: f["c"].rolling(30).cov(f["h"], ddof=0), 0),
    ("sharpe(close, 60)", lambda f: f["c"].pct_change().rolling(60).mean() / f["c"].pct_change().rolling(60).std(), 0),
    ("100 * ulcer(close, 14)", lambda f: ta.ui(f["c"], 14), 0),
    ("swma(close)", lambda f: ta.swma(f["c"], 4), 0),
]


@pytest.fixture(scope="module")
def bars() -> Bars:
    return made(3000, seed=3)


@pytest.mark.parametrize(("text", "reference", "start"), CASES, ids=[c[0] for c in CASES])
def test_equals_pandas(text: str, reference: Callable[[Columns], pd.Series[float]], start: int, bars: Bars) -> None:
    got, want = evaluate(text, bars), reference(frame(bars)).to_numpy(dtype=float)
    begin = start or int(np.isfinite(want).argmax())
    if not start:
        assert int(np.isfinite(got).argmax()) == begin
    assert np.isfinite(want[begin:]).mean() > 0.99
    scale: float = np.nanmax(np.abs(want[begin:]))
    known: Floats = np.isfinite(got[begin:]) & np.isfinite(want[begin:])
    assert known.mean() > 0.99
    np.testing.assert_allclose(got[begin:][known], want[begin:][known], rtol=1e-9, atol=1e-9 * scale)
