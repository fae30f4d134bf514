"""Who vouches for the values of each function: others' recorded values, a library, or the same written out again.

A function that none of these knows stands in `BY_MEANING`, with the reason. A new function that stands nowhere fails.
"""

from __future__ import annotations

import re

from dsl.catalogue import catalogue
from tests.dsl.library import test_pandas_ta, test_patterns, test_references, test_spelled, test_talib
from tests.engine.kernels.naive import NAIVE

BY_MEANING = {
    **dict.fromkeys(
        ("body", "body_top", "body_bottom", "upper_wick", "lower_wick", "long_body", "shaven_head", "shaven_bottom",
         "body_gap", "gap"),
        "a part of the candle patterns, which are TA-Lib's to the candle",
    ),
    **dict.fromkeys(
        ("inside_bar", "outside_bar", "fair_value_gap", "sweep", "pin_bar", "breakout", "retest", "bounce",
         "blow_off_top", "higher_highs", "higher_lows", "lower_highs", "lower_lows", "session", "weekend"),
        "words of traders, of this project's wording; tested on candles made by hand (test_meaning)",
    ),
    **dict.fromkeys(
        ("golden_cross", "death_cross", "trend_strength", "momentum_score", "volatility_ratio", "volume_slope",
         "volume_absorption"),
        "of this project, put together from functions that have a witness; held to their bounds, units and truncation",
    ),
    "rising": "TradingView's recorded values end before its averages have met ours; tested by hand (test_meaning)",
    "falling": "TradingView's recorded values end before its averages have met ours; tested by hand (test_meaning)",
}  # fmt: skip
ELSEWHERE = {
    "psar": "TA-Lib and Stock.Indicators (tests/engine/kernels)",
    "obv": "Stock.Indicators and TA-Lib, as changes of the endless sum",
    "ad": "Stock.Indicators and TA-Lib, as changes of the endless sum",
    "pvt": "TA-Lib, as changes of the endless sum",
    "wad": "TA-Lib, as changes of the endless sum",
    "nvi": "TA-Lib, as growth of the endless index",
    "pvi": "TA-Lib, as growth of the endless index",
    "connors_rsi": "Stock.Indicators, but for equal changes",
    "pivots_fibonacci": "written out again (test_spelled)",
    "pivots_camarilla": "written out again (test_spelled)",
    "pivots_woodie": "written out again (test_spelled)",
    "pivots_demark": "written out again (test_spelled)",
    "session_range": "written out again (test_spelled)",
}
"""Compared with a witness in a test of its own."""


def functions_in(text: str) -> set[str]:
    return set(re.findall(r"([a-z_][a-z0-9_]*)\(", text))


def witnessed() -> set[str]:
    texts = [
        *(case.text for _, case in test_references.STOCK_INDICATORS),
        *(case.text for _, case in test_references.TRADINGVIEW),
        *(case.text for _, case in test_references.STOCKCHARTS),
        *(text for text, _ in test_references.ANCHORED),
        *(case[0] for case in test_talib.NUMBERS),
        *(case[0] for case in test_pandas_ta.CASES),
        *(case[0] for case in test_patterns.PATTERNS),
        *(case[0] for case in test_spelled.CASES),
    ]
    return set(NAIVE).union(*map(functions_in, texts))


def test_every_function_has_a_witness_or_says_why_not() -> None:
    functions = {function.name for function in catalogue() if function.kind != "builtin"}
    named = {*BY_MEANING, *ELSEWHERE}
    assert functions - witnessed() - named == set(), "compare it with a witness, or say here why there is none"
    assert named - functions == set(), "there is no such function"
    assert set(BY_MEANING) & witnessed() == set(), "it has a witness now"
