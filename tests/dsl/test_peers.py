"""All that TA-Lib and Pine offer is here, under its own name or another that is told, or left out with a reason."""

from __future__ import annotations

import pytest

from dsl.catalogue import catalogue
from dsl.elsewhere import known_elsewhere, translated
from dsl.load import load_expression
from dsl.peers import INDICATORS, PATTERNS

talib = pytest.importorskip("talib")

PINE = (
    "accdist alma atr barssince bb bbw cci change cmo cog correlation cross crossover crossunder cum dev dmi ema"
    " falling highest highestbars hma iii kc kcw linreg lowest lowestbars macd max median mfi min mode mom nvi obv"
    " percentile_linear_interpolation percentile_nearest_rank percentrank pivot_point_levels pivothigh pivotlow pvi pvt"
    " range rci rising rma roc rsi sar sma stdev stoch supertrend swma tr tsi valuewhen variance vwap vwma wad wma wpr"
    " wvad"
)
"""Pine's `ta.*`, version 6."""
LEFT_OUT = {
    "mavp": "an average whose length changes with the candle: lengths are constants",
    "mode": "the most frequent price, which on fine ticks is hardly ever met twice; see volume_profile",
}


def test_all_of_talib_and_pine_is_here_or_said_otherwise() -> None:
    here = set(catalogue().names())
    theirs = {name.lower() for name in talib.get_functions()} | set(PINE.split(" "))
    missing = {name for name in theirs if name not in here and not known_elsewhere(name)}
    assert missing == set(LEFT_OUT)


@pytest.mark.parametrize("name", [*INDICATORS, *(f"cdl{name}" for name in PATTERNS)])
def test_what_is_told_instead_compiles(name: str) -> None:
    assert name not in catalogue()
    text = translated(name, ["close", "high" if name == "correl" else "20", "5"])
    plan, node, findings = load_expression(text, "1h")
    assert not findings, f"{text}: {findings[0].message}"
    assert node is not None
    assert plan.nodes


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("cdl_engulfing()", "bullish_engulfing()"),
        ("talib.CDL3WHITESOLDIERS()", "three_white_soldiers()"),
        ("ta.wpr(14) < -80", "williams_r(14)"),
        ("plus_di(14) > 20", "adx(14).plus"),
        ("ta.percentile_nearest_rank(close, 20, 90) > close", "percentile(close, 20, 90, nearest)"),
        ("stc(close) > 25", "schaff(close, 10, 23, 50)"),
    ],
)
def test_who_comes_from_there_is_told_the_name_here(written: str, told: str) -> None:
    _, _, findings = load_expression(written, "1h")
    assert told in " ".join(found.help for found in findings)
