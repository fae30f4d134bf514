"""Every candle pattern of TA-Lib, candle by candle the same, and no more: all 61 of its functions are here.

The candles are made of few sizes of bodies, wicks and gaps, so that rare shapes come about, on a grid of binary
fractions, where TA-Lib's running sums are exact: without that a tie falls now one way, now the other.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from tests.dsl.library.data import Bars, Floats
from tests.dsl.library.run import evaluate

talib = pytest.importorskip("talib")

COUNT = 60_000
START = 20
"""From here on both know all their averages."""

SIGNED = {
    "three_inside": "CDL3INSIDE", "three_line_strike": "CDL3LINESTRIKE", "three_outside": "CDL3OUTSIDE",
    "abandoned_baby": "CDLABANDONEDBABY", "belt_hold": "CDLBELTHOLD", "breakaway": "CDLBREAKAWAY",
    "closing_marubozu": "CDLCLOSINGMARUBOZU", "counterattack": "CDLCOUNTERATTACK",
    "gap_side_by_side_white": "CDLGAPSIDESIDEWHITE", "harami_cross": "CDLHARAMICROSS", "high_wave": "CDLHIGHWAVE",
    "kicking": "CDLKICKING", "kicking_by_length": "CDLKICKINGBYLENGTH", "long_line": "CDLLONGLINE",
    "marubozu": "CDLMARUBOZU", "separating_lines": "CDLSEPARATINGLINES", "short_line": "CDLSHORTLINE",
    "tasuki_gap": "CDLTASUKIGAP", "three_methods": "CDLRISEFALL3METHODS", "tristar": "CDLTRISTAR",
    "gap_three_methods": "CDLXSIDEGAP3METHODS",
}  # fmt: skip
"""Functions with outputs `bull`, where TA-Lib writes 100 (80 for some), and `bear`, where it writes -100."""
ONE_SIDED = {
    "two_crows": "CDL2CROWS", "three_black_crows": "CDL3BLACKCROWS",
    "three_stars_in_the_south": "CDL3STARSINSOUTH", "three_white_soldiers": "CDL3WHITESOLDIERS",
    "advance_block": "CDLADVANCEBLOCK", "concealing_baby_swallow": "CDLCONCEALBABYSWALL",
    "dark_cloud_cover": "CDLDARKCLOUDCOVER", "doji": "CDLDOJI", "dragonfly_doji": "CDLDRAGONFLYDOJI",
    "gravestone_doji": "CDLGRAVESTONEDOJI", "hammer": "CDLHAMMER", "hanging_man": "CDLHANGINGMAN",
    "homing_pigeon": "CDLHOMINGPIGEON", "identical_three_crows": "CDLIDENTICAL3CROWS", "in_neck": "CDLINNECK",
    "ladder_bottom": "CDLLADDERBOTTOM", "long_legged_doji": "CDLLONGLEGGEDDOJI", "matching_low": "CDLMATCHINGLOW",
    "mat_hold": "CDLMATHOLD", "on_neck": "CDLONNECK", "piercing": "CDLPIERCING", "rickshaw_man": "CDLRICKSHAWMAN",
    "spinning_top": "CDLSPINNINGTOP", "stalled_pattern": "CDLSTALLEDPATTERN", "stick_sandwich": "CDLSTICKSANDWICH",
    "takuri": "CDLTAKURI", "thrusting": "CDLTHRUSTING", "unique_three_river": "CDLUNIQUE3RIVER",
    "upside_gap_two_crows": "CDLUPSIDEGAP2CROWS",
}  # fmt: skip
"""Conditions that hold where TA-Lib writes anything but 0."""
PATTERNS: list[tuple[str, str, tuple[int, ...]]] = [
    *((f"{ours}().bull", theirs, (100, 80)) for ours, theirs in SIGNED.items()),
    *((f"{ours}().bear", theirs, (-100, -80)) for ours, theirs in SIGNED.items()),
    *((f"{ours}()", theirs, (100, -100)) for ours, theirs in ONE_SIDED.items()),
    ("bullish_engulfing()", "CDLENGULFING", (100, 80)),
    ("bearish_engulfing()", "CDLENGULFING", (-100, -80)),
    ("bullish_harami()", "CDLHARAMI", (100, 80)),
    ("bearish_harami()", "CDLHARAMI", (-100, -80)),
    ("doji_star(1).bull", "CDLDOJISTAR", (100,)),
    ("doji_star(1).bear", "CDLDOJISTAR", (-100,)),
    ("morning_star(0.3, 1)", "CDLMORNINGSTAR", (100,)),
    ("evening_star(0.3, 1)", "CDLEVENINGSTAR", (-100,)),
    ("morning_doji_star(0.3, 1)", "CDLMORNINGDOJISTAR", (100,)),
    ("evening_doji_star(0.3, 1)", "CDLEVENINGDOJISTAR", (-100,)),
    ("shooting_star(1)", "CDLSHOOTINGSTAR", (-100,)),
    ("inverted_hammer(1)", "CDLINVERTEDHAMMER", (100,)),
    ("hikkake().bull", "CDLHIKKAKE", (100,)),
    ("hikkake().bear", "CDLHIKKAKE", (-100,)),
    ("hikkake().bull_confirmed", "CDLHIKKAKE", (200,)),
    ("hikkake().bear_confirmed", "CDLHIKKAKE", (-200,)),
    ("modified_hikkake().bull", "CDLHIKKAKEMOD", (100,)),
    ("modified_hikkake().bear", "CDLHIKKAKEMOD", (-100,)),
    ("modified_hikkake().bull_confirmed", "CDLHIKKAKEMOD", (200,)),
    ("modified_hikkake().bear_confirmed", "CDLHIKKAKEMOD", (-200,)),
]


@lru_cache(maxsize=1)
def shapes() -> Bars:
    """Return candles of few sizes, in sixteenths, that often open where the last closed and now and then gap."""
    random = np.random.default_rng(5)
    steps = [0, 1, 2, 3, 8, 9, 20, 24, 28]
    body = random.choice(steps, COUNT) * random.choice([1, -1], COUNT)
    stay = np.repeat(random.choice([1, -1], COUNT // 4 + 1), 4)[:COUNT]  # runs of one direction, for rows of candles
    body = np.where(random.random(COUNT) < 0.6, np.abs(body) * stay, body)
    up, down = (random.choice([0, 0, 0, 1, 2, 6, 12, 30], COUNT) for _ in range(2))
    opened, close = np.empty(COUNT), np.empty(COUNT)
    last = 8000.0
    for i in range(COUNT):
        way = random.integers(10)
        before = body[i - 1]
        if way < 3:
            opened[i] = last + random.choice([0, 0, 1, -1])
        elif way < 6:  # in the body before
            opened[i] = last - np.trunc(random.random() * before)
        elif way < 8:  # a gap onwards
            opened[i] = last + np.sign(before) * random.choice([1, 3, 10, 14])
        else:
            opened[i] = last + random.choice([-40, -20, -6, 6, 20, 40])
        close[i] = last = opened[i] + body[i]
        if not 4000 < last < 12000:
            last = 8000.0
    hold = np.array([(0, 28), (33, 30), (29, 25), (27, 24), (26, 40)])  # the rarest of all, a mat hold, and near misses
    for i in range(100, COUNT - 5, 150):
        rows = close[i - 1] + hold + random.integers(-2, 3, hold.shape)
        opened[i : i + 5], close[i : i + 5], up[i : i + 5] = rows[:, 0], rows[:, 1], np.minimum(up[i : i + 5], 2)
    high, low = np.maximum(opened, close) + up, np.minimum(opened, close) - down
    return Bars(*(np.ascontiguousarray(x / 16) for x in (opened, high, low, close)), np.ones(COUNT))


@lru_cache(maxsize=80)
def seen(name: str) -> Floats:
    bars = shapes()
    found: Floats = getattr(talib, name)(bars.open, bars.high, bars.low, bars.close)
    return found


@pytest.mark.parametrize(("text", "name", "values"), PATTERNS, ids=[p[0] for p in PATTERNS])
def test_a_pattern_is_where_talib_sees_it(text: str, name: str, values: tuple[int, ...]) -> None:
    got = evaluate(text, shapes())[START:] == 1
    want = np.isin(seen(name)[START:], values)
    assert want.sum() > 0, "the candles never make it"
    np.testing.assert_array_equal(np.flatnonzero(got), np.flatnonzero(want))


def test_all_of_talib_is_here() -> None:
    """Each of its functions, and each value that it ever writes."""
    theirs = set(talib.get_function_groups()["Pattern Recognition"])
    assert {name for _, name, _ in PATTERNS} == theirs
    for name in theirs:
        told = {value for _, other, values in PATTERNS if other == name for value in values}
        assert set(np.unique(seen(name)).tolist()) - {0} <= told, name


@pytest.mark.parametrize("name", ["morning_star", "evening_star", "shooting_star", "inverted_hammer"])
def test_a_star_without_a_gap_is_more_than_one_with(name: str) -> None:
    penetration = "0.3, " if "_star" in name and name != "shooting_star" else ""
    got, strict = (evaluate(f"{name}({penetration}{gap})", shapes()) == 1 for gap in (0, 1))
    assert got[strict].all()
    assert got.sum() > strict.sum()
