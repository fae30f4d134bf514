"""The functions of the language by what they are for: the order of the pages and of `engine indicators`."""

from __future__ import annotations

GROUPS: dict[str, str] = {
    "Averages": (
        "sma ema rma wma swma trima hma vwma dema tema t3 zlema alma kama vidya frama mama mcginley holt_winters"
        " laguerre super_smoother decycler median midpoint midprice hlcc4 envelope alligator gator"
    ),
    "Momentum": (
        "rsi stoch stochrsi kdj macd apo ppo pvo vwmacd roc rocr mom coppock kst pmo cci williams_r mfi cmo tsi trix"
        " ultimate awesome accelerator bop elder_ray impulse force_index smi fisher connors_rsi laguerre_rsi"
        " inverse_fisher_rsi rmi imi qqe half_stoch schaff wave_trend squeeze_momentum relative_vigor"
        " relative_volatility inertia pgo dpo forecast_oscillator bias psychological_line brar demarker td_setup cog"
        " rci ema_distance efficiency_ratio momentum_score"
    ),
    "Volatility and bands": (
        "tr atr natr stdev variance mad historical_volatility parkinson garman_klass rogers_satchell yang_zhang"
        " chaikin_volatility bbands keltner donchian starc acceleration_bands aberration atr_bands linreg_channel"
        " squeeze chop ulcer mass_index average_daily_range thermometer volatility_ratio"
    ),
    "Trend and stops": (
        "adx dmi dx adxr directional_movement supertrend psar chandelier chande_kroll atr_stop volatility_stop hilo"
        " range_filter aroon vortex ichimoku heikin_ashi vhf qstick trend_intensity ttm_trend trend_strength"
        " golden_cross death_cross"
    ),
    "Lines and cycles": (
        "linreg slope linreg_angle linreg_intercept tsf r_squared correlation_trend hilbert ht_trendline ht_dcperiod"
        " ht_dcphase ht_phasor ht_sine ht_trendmode highpass roofing cyber_cycle instantaneous_trend reflex trendflex"
    ),
    "Volume": (
        "obv ad adosc cmf twiggs money_flow_volume pvt nvi pvi wad wvad iii kvo vfi vzo pzo eom market_facilitation"
        " volume_oscillator vwap vwap_bands anchored_vwap volume_profile volume_surge volume_slope volume_delta"
        " volume_absorption"
    ),
    "Change and statistics": (
        "change pct_change drop_pct log_return relative_strength rising falling zscore percentile percentrank range"
        " skew kurtosis moments correlation covariance beta autocorrelation entropy permutation_entropy hurst sharpe"
    ),
    "Highs, lows and structure": (
        "highest lowest highestbars lowestbars highest_since lowest_since pivot_high pivot_low fractal higher_highs"
        " lower_highs higher_lows lower_lows breakout retest bounce qfl_base"
        " blow_off_top divergence fair_value_gap sweep fibonacci"
    ),
    "Days, sessions and pivot points": (
        "period_range session_range session weekend pivots pivots_fibonacci pivots_camarilla pivots_woodie"
        " pivots_demark"
    ),
    "Candle patterns": (
        "body body_top body_bottom upper_wick lower_wick average_body average_range average_wick long_body"
        " shaven_head shaven_bottom body_gap gap bullish_engulfing bearish_engulfing bullish_harami bearish_harami"
        " harami_cross hammer hanging_man inverted_hammer shooting_star takuri pin_bar inside_bar outside_bar doji"
        " dragonfly_doji gravestone_doji long_legged_doji rickshaw_man doji_star tristar morning_star evening_star"
        " morning_doji_star evening_doji_star abandoned_baby marubozu closing_marubozu belt_hold long_line short_line"
        " spinning_top high_wave kicking kicking_by_length counterattack separating_lines three_white_soldiers"
        " three_black_crows identical_three_crows advance_block stalled_pattern three_inside three_outside"
        " three_line_strike three_methods three_stars_in_the_south unique_three_river two_crows upside_gap_two_crows"
        " gap_side_by_side_white gap_three_methods tasuki_gap breakaway mat_hold ladder_bottom concealing_baby_swallow"
        " piercing dark_cloud_cover in_neck on_neck thrusting matching_low stick_sandwich homing_pigeon hikkake"
        " modified_hikkake"
    ),
    "Windows and events": (
        "sum count cum barssince valuewhen count_since back held happened"
    ),
    "Mathematics": (
        "sin cos tan asin acos atan sinh cosh tanh log10 ceil"
    ),
}  # fmt: skip
"""Names by title. A function that stands in none, a third party's for instance, is told under *Others*."""
HIDDEN = frozenset({"recur"})
"""The machine under `prev`; nobody calls it by name."""
