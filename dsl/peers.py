"""What the indicators of TA-Lib, Pine and pandas-ta that bear another name are called here.

Each stands for a call with the usual lengths, or for its arguments (`{0}`, `{1}`) where they mean the same. TA-Lib's
candle patterns are found with and without `cdl_` before them.
"""

from __future__ import annotations

INDICATORS = {
    # TA-Lib
    "accbands": "acceleration_bands(20).upper", "ac": "accelerator()", "add": "{0} + {1}",
    "adr": "average_daily_range(14)", "ao": "awesome()", "aroonosc": "aroon(14).osc", "avgdev": "mad({0}, {1})",
    "avgprice": "ohlc4", "cmou": "cmo(close, 14)", "correl": "correlation({0}, {1}, 30)", "cumsum": "sum({0}, 500)",
    "cvi": "chaikin_volatility(10, 10)", "div": "{0} / {1}", "efi": "force_index(13)",
    "er": "efficiency_ratio(close, 10)", "eri": "elder_ray(13).bull", "fosc": "forecast_oscillator(close, 14)",
    "ha": "heikin_ashi().close", "kc": "keltner(close, 20, 2, 10).upper", "linearreg_slope": "slope({0}, {1})",
    "linearreg_angle": "linreg_angle({0}, {1})", "linearreg_intercept": "linreg_intercept({0}, {1})",
    "ma": "sma({0}, {1})", "macdext": "macd(close, 12, 26, 9).line", "macdfix": "macd(close, 12, 26, 9).line",
    "marketfi": "market_facilitation()", "massi": "mass_index(9, 25)", "maxindex": "highestbars({0}, {1})",
    "medprice": "hl2", "minindex": "lowestbars({0}, {1})", "minmax": "highest({0}, {1})",
    "minmaxindex": "highestbars({0}, {1})", "minus_di": "adx(14).minus", "minus_dm": "directional_movement(14).minus",
    "mult": "{0} * {1}", "plus_di": "adx(14).plus", "plus_dm": "directional_movement(14).plus",
    "rocp": "roc({0}, {1})", "rocr100": "100 * rocr({0}, {1})", "rvol": "volume_surge(20)", "sar": "psar().line",
    "sarext": "psar().line", "stochf": "stoch(14, 1, 3).k", "sub": "{0} - {1}", "trange": "tr()", "typprice": "hlc3",
    "ultosc": "ultimate(7, 14, 28)", "var": "variance({0}, {1})", "wclprice": "hlcc4()",
    # Pine
    "accdist": "ad(200)", "bbw": "bbands(close, 20, 2).width", "dev": "mad({0}, {1})",
    "kcw": "keltner(close, 20, 2, 10).width", "percentile_linear_interpolation": "percentile({0}, {1}, {2})",
    "percentile_nearest_rank": "percentile({0}, {1}, {2}, nearest)", "pivot_point_levels": "pivots().p",
    "pivothigh": "pivot_high({0}, {1}, {2}).price", "pivotlow": "pivot_low({0}, {1}, {2}).price",
    "wpr": "williams_r(14)",
    # pandas-ta and what they are called elsewhere
    "cfo": "forecast_oscillator(close, 9)", "cg": "cog({0}, {1})", "cksp": "chande_kroll().long",
    "cti": "correlation_trend({0}, {1})", "dm": "directional_movement(14).plus", "emv": "eom(1)",
    "ht_dcphasor": "ht_phasor(close).in_phase", "hvol": "historical_volatility(close, 20)",
    "hwma": "holt_winters(close)", "kvo_signal": "kvo().signal", "lrsi": "laguerre_rsi(close, 0.5)",
    "mcgd": "mcginley({0}, {1}, 1)", "psl": "psychological_line(close, 12)", "quantile": "percentile({0}, {1}, 50)",
    "rvgi": "relative_vigor(14).line", "ssf": "super_smoother({0}, {1})", "stc": "schaff(close, 10, 23, 50)",
    "td_seq": "td_setup().down", "thermo": "thermometer().heat", "ui": "ulcer(close, 14)", "uo": "ultimate(7, 14, 28)",
    "vosc": "volume_oscillator(14, 28)", "vp": "volume_profile(length=100).poc", "wcp": "hlcc4()",
    "zlma": "zlema({0}, {1})", "smma": "rma({0}, {1})", "smoothed": "rma({0}, {1})", "wt": "wave_trend().line",
    "wavetrend": "wave_trend().line", "chaikin_oscillator": "adosc(3, 10)", "chaikin_osc": "adosc(3, 10)",
    "chaikin_money_flow": "cmf(20)", "klinger": "kvo().line", "ease_of_movement": "eom(14)",
    "engulfing": "bullish_engulfing()", "harami": "bullish_harami()", "epma": "linreg({0}, {1})",
    "lsma": "linreg({0}, {1})", "rvi": "relative_volatility(close, 14)", "poc": "volume_profile(length=100).poc",
    "tenkan": "ichimoku().conversion", "kijun": "ichimoku().base", "dynamic": "mcginley({0}, {1})",
    "disparity": "bias({0}, {1})", "ad_line": "ad(200)", "percent_b": "bbands(close, 20, 2).percent",
    "pivot_points": "pivots().p", "pivotpoints": "pivots().p", "hv": "historical_volatility()",
}  # fmt: skip
_PATTERNS = {
    "2crows": "two_crows()", "3blackcrows": "three_black_crows()", "3inside": "three_inside().bull",
    "3linestrike": "three_line_strike().bull", "3outside": "three_outside().bull",
    "3starsinsouth": "three_stars_in_the_south()", "3whitesoldiers": "three_white_soldiers()",
    "concealbabyswall": "concealing_baby_swallow()", "engulfing": "bullish_engulfing()", "harami": "bullish_harami()",
    "gapsidesidewhite": "gap_side_by_side_white().bull", "hikkakemod": "modified_hikkake().bull",
    "identical3crows": "identical_three_crows()", "risefall3methods": "three_methods().bull",
    "unique3river": "unique_three_river()", "upsidegap2crows": "upside_gap_two_crows()",
    "xsidegap3methods": "gap_three_methods().bull",
}  # fmt: skip
"""TA-Lib's patterns whose name differs from ours by more than underscores."""
_PLAIN = (
    "abandoned_baby().bull advance_block() belt_hold().bull breakaway().bull closing_marubozu().bull"
    " counterattack().bull dark_cloud_cover() doji() doji_star().bull dragonfly_doji() evening_doji_star()"
    " evening_star() gravestone_doji() hammer() hanging_man() harami_cross().bull high_wave().bull hikkake().bull"
    " homing_pigeon() in_neck() inverted_hammer() kicking().bull kicking_by_length().bull ladder_bottom()"
    " long_legged_doji() long_line().bull marubozu().bull matching_low() mat_hold() morning_doji_star()"
    " morning_star() on_neck() piercing() rickshaw_man() separating_lines().bull shooting_star() short_line().bull"
    " spinning_top() stalled_pattern() stick_sandwich() takuri() tasuki_gap().bull thrusting() tristar().bull"
)


def _bare(call: str) -> str:
    return call.partition("(")[0].replace("_", "")


PATTERNS = _PATTERNS | {_bare(call): call for call in _PLAIN.split(" ")}
"""TA-Lib's candle patterns by their name without CDL."""


def called_here(name: str) -> str:
    """Return the call, with places for arguments, that another library's indicator has here; '' if it is not known."""
    word = name.lower()
    if word.startswith("cdl"):
        return PATTERNS.get(word.removeprefix("cdl").replace("_", ""), "")
    return INDICATORS.get(word, "")
