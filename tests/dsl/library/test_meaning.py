"""What the functions of the library mean, on candles small enough to check by eye."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest

from tests.dsl.library.data import Bars, Floats, made
from tests.dsl.library.run import evaluate


def closes(values: Sequence[float], volume: float = 10.0) -> Bars:
    """Return candles that open at the close before and reach no further than their bodies."""
    close = np.array(values, dtype=float)
    opened = np.concatenate((close[:1], close[:-1]))
    return Bars(opened, np.maximum(opened, close), np.minimum(opened, close), close, np.full(len(close), volume))


def candles(*rows: tuple[float, float, float, float], before: int = 20) -> Bars:
    """Return ordinary candles (body 1, range 2) that drift nowhere, then `rows` of open, high, low, close."""
    ordinary = [(100.0, 101.5, 99.5, 101.0) if i % 2 == 0 else (101.0, 101.5, 99.5, 100.0) for i in range(before)]
    table = np.array([*ordinary, *rows])
    return Bars(*(np.ascontiguousarray(table[:, i]) for i in range(4)), np.full(len(table), 10.0))


def last(text: str, bars: Bars) -> float:
    return float(evaluate(text, bars)[-1])


FLAT = closes([50.0] * 300)
ODD = closes([0.1 + 0.2] * 300)  # a price whose sums are not exact


@pytest.mark.parametrize(
    "text",
    [
        "rsi(close, 14)", "stoch(14, 3, 3).k", "stochrsi(close, 14, 14, 3, 3).k", "cci(20)", "williams_r(14)",
        "mfi(14)", "bbands(close, 20, 2).percent", "zscore(close, 20)", "dmi(14, 14).plus", "chop(14)",
        "cmo(close, 14)",
        "efficiency_ratio(close, 10)", "tsi().line", "vortex(14).plus", "momentum_score()",
    ],
)  # fmt: skip
def test_a_market_that_does_not_move_has_no_oscillator(text: str) -> None:
    """Peers answer 0, 50 or 100 here; a rule must not fire on any of them."""
    assert np.isnan(evaluate(text, FLAT)).all()
    assert np.isnan(evaluate(text, ODD)).all()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("atr(14)", 0), ("natr(14)", 0), ("bbands(close, 20, 2).width", 0), ("macd().hist", 0), ("roc(close, 5)", 0),
        ("obv(20)", 0), ("cmf(20)", 0), ("drop_pct(close, 20)", 0), ("volume_surge(20)", 1), ("hma(close, 9)", 50),
        ("vwma(close, 9)", 50), ("tema(close, 9)", 50), ("volume_slope(20)", 0), ("bop(14)", 0),
        ("ulcer(close, 14)", 0),
    ],
)  # fmt: skip
def test_a_market_that_does_not_move_has_no_width(text: str, value: float) -> None:
    assert last(text, FLAT) == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize(
    "text", ["vwma(close, 9)", "cmf(20)", "volume_surge(20)", "volume_slope(20)", "volume_delta(5)"]
)
def test_without_volume_nothing_is_known_of_it(text: str) -> None:
    silent = made(100)
    bars = Bars(silent.open, silent.high, silent.low, silent.close, np.zeros(100))
    assert np.isnan(evaluate(text, bars)).all()


def test_only_rises_are_an_rsi_of_100_and_only_falls_of_0() -> None:
    assert last("rsi(close, 5)", closes(range(1, 20))) == 100
    assert last("rsi(close, 5)", closes(range(40, 20, -1))) == 0


def test_rising_is_above_each_of_the_values_before() -> None:
    bars = closes([5, 3, 4, 6])
    assert evaluate("rising(close, 3)", bars)[-1] == 1, "not by steps: 5 to 3 was a fall"
    assert evaluate("rising(close, 1)", bars).tolist()[1:] == [0, 1, 1]
    assert np.isnan(evaluate("rising(close, 3)", bars)[:3]).all()
    assert evaluate("falling(close, 2)", closes([3, 5, 4, 2]))[-1] == 1
    assert evaluate("falling(close, 1)", closes([3, 3]))[-1] == 0


def test_drop_is_from_the_highest_of_the_window() -> None:
    assert last("drop_pct(close, 4)", closes([100, 200, 190, 150])) == pytest.approx(0.25)
    assert last("drop_pct(close, 2)", closes([100, 200, 190, 150])) == pytest.approx(40 / 190)


def test_a_surge_does_not_raise_its_own_measure() -> None:
    bars = closes(range(1, 23))
    volume = bars.volume.copy()
    volume[-1] = 50
    assert last("volume_surge(20)", Bars(bars.open, bars.high, bars.low, bars.close, volume)) == pytest.approx(5)


def test_volume_delta_is_a_share() -> None:
    bars = closes([10, 11, 12, 11])
    assert last("volume_delta(3)", bars) == pytest.approx(1 / 3)
    assert last("volume_delta(1)", bars) == -1


def test_the_first_true_range_is_the_range() -> None:
    bars = candles(before=3)
    assert evaluate("tr()", bars).tolist() == [2, 2, 2]
    assert np.isfinite(evaluate("atr(3)", bars)).tolist() == [False, False, True]


PATTERNS: list[tuple[str, list[tuple[float, float, float, float]], bool]] = [
    ("bullish_engulfing()", [(101, 101.2, 99.8, 100), (99.9, 101.6, 99.7, 101.3)], True),
    ("bullish_engulfing()", [(101, 101.2, 99.8, 100), (100, 101.2, 99.7, 101)], False),
    ("bearish_engulfing()", [(100, 101.2, 99.8, 101), (101.1, 101.5, 99.6, 99.8)], True),
    ("hammer()", [(100, 100.2, 99, 99.2), (98.9, 99.25, 97.0, 99.2)], True),
    ("hammer()", [(100, 100.2, 99, 99.2), (98.9, 100.5, 97.0, 99.2)], False),
    ("shooting_star()", [(100, 101, 99.8, 100.9), (101.2, 103.2, 100.85, 100.9)], True),
    ("shooting_star()", [(100, 101, 99.8, 100.9), (101.2, 103.2, 99.5, 100.9)], False),
    ("doji()", [(100, 101, 99, 100.15)], True),
    ("doji()", [(100, 101, 99, 100.3)], False),
    ("morning_star()", [(101, 101.1, 97.8, 98), (98, 98.3, 97.2, 97.8), (97.8, 100.5, 97.7, 100.2)], True),
    ("morning_star()", [(101, 101.1, 97.8, 98), (98, 98.3, 97.2, 97.8), (97.2, 98.6, 97.1, 98.5)], False),
    ("evening_star()", [(100, 103.2, 99.9, 103), (103, 103.8, 102.7, 103.2), (103.2, 103.3, 100.5, 100.8)], True),
    (
        "three_white_soldiers()",
        [(100, 101.6, 99.8, 101.5), (101, 102.6, 100.9, 102.5), (102, 103.6, 101.8, 103.5)],
        True,
    ),
    (
        "three_white_soldiers()",
        [(100, 101.6, 99.8, 101.5), (101, 103.6, 100.9, 102.5), (102, 103.6, 101.8, 103.5)],
        False,
    ),
    (
        "three_black_crows()",
        [(102, 104, 101.9, 103.8), (103, 103.1, 101.4, 101.5), (102, 102.1, 100.4, 100.5), (101, 101.1, 99.4, 99.5)],
        True,
    ),
    (
        "three_black_crows()",
        [(103.8, 104, 101.9, 102), (103, 103.1, 101.4, 101.5), (102, 102.1, 100.4, 100.5), (101, 101.1, 99.4, 99.5)],
        False,
    ),
    ("bullish_harami()", [(103, 103.2, 99.8, 100), (100.5, 101.4, 100.3, 101.2)], True),
    ("bullish_harami()", [(103, 103.2, 99.8, 100), (99.8, 101.4, 99.7, 100.2)], False),
    ("bearish_harami()", [(100, 103.2, 99.8, 103), (102.5, 102.7, 101.4, 101.8)], True),
    ("pin_bar().bull", [(100, 101, 99, 100.5), (100.6, 101, 97, 100.8)], True),
    ("pin_bar().bear", [(100, 101, 99, 100.5), (100.2, 104, 100, 100.4)], True),
    ("pin_bar().bull", [(100, 101, 99, 100.5), (100.2, 104, 100, 100.4)], False),
    ("inside_bar()", [(100, 103, 97, 102), (101, 102, 98, 99)], True),
    ("inside_bar()", [(100, 103, 97, 102), (101, 103, 98, 99)], False),
    ("outside_bar()", [(101, 102, 98, 99), (100, 103, 97, 102)], True),
    ("fair_value_gap().bull", [(100, 101, 99, 100.5), (100.5, 105, 100.4, 104.8), (104.8, 106, 101.2, 105)], True),
    ("fair_value_gap().bull", [(100, 101, 99, 100.5), (100.5, 105, 100.4, 104.8), (104.8, 106, 101, 105)], False),
    ("fair_value_gap().bear", [(100, 101, 99, 99.5), (99.5, 99.6, 95, 95.2), (95.2, 98.9, 94, 96)], True),
    ("sweep(20).bull", [(100, 101, 99, 100.5)], True),
    ("sweep(20).bull", [(100, 101, 99, 99.2)], False),
    ("sweep(20).bear", [(101, 102, 100, 101.2)], True),
]


@pytest.mark.parametrize(("text", "rows", "expected"), PATTERNS)
def test_a_pattern_by_eye(text: str, rows: list[tuple[float, float, float, float]], expected: bool) -> None:
    assert last(text, candles(*rows)) == float(expected)


def test_a_breakout_leaves_the_range_before_it() -> None:
    bars = closes([*([10, 11] * 10), 12])
    assert last("breakout(20).up", bars) == 1
    assert last("breakout(20).down", bars) == 0


def test_a_retest_comes_back_to_the_level_that_was_broken() -> None:
    quiet, broke = [10, 11] * 12, [12, 12.5]
    assert last("retest(20, 12, 0.3%).up", closes([*quiet, *broke])) == 0, "it has not come back"
    bars = closes([*quiet, *broke, 11.4])
    low = bars.low.copy()
    low[-1] = 11.02
    touched = Bars(bars.open, bars.high, low, bars.close, bars.volume)
    assert last("retest(20, 12, 0.3%).up", touched) == 1
    assert last("retest(20, 12, 0.3%).up", closes([*quiet, *broke, 10.9])) == 0, "the level did not hold"
    assert last("retest(20, 12, 0.3%).up", closes(quiet)) != 1, "nothing was broken"


def test_structure_compares_the_last_two_pivots() -> None:
    high = np.array([10, 12, 14, 12, 10, 13, 16, 13, 12, 11.5, 12])
    bars = Bars(high - 1, high, high - 2, high - 1, high)
    assert last("higher_highs(2, 2, 50)", bars) == 1
    assert last("lower_highs(2, 2, 50)", bars) == 0
    assert np.isnan(evaluate("higher_highs(2, 2, 50)", bars)[:8]).all(), "the second high is known two candles late"


def test_a_blow_off_top_closes_weak_on_huge_volume() -> None:
    climb = [100 + 0.2 * i for i in range(60)]
    bars = closes([*climb, 113])
    high, volume = bars.high.copy(), bars.volume.copy()
    high[-1], volume[-1] = 120, 100
    assert last("blow_off_top()", Bars(bars.open, high, bars.low, bars.close, volume)) == 1
    assert last("blow_off_top()", Bars(bars.open, high, bars.low, bars.close, bars.volume)) == 0


def at(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000)


def hours_of(text: str, values: Floats) -> list[int]:
    """Return the opening hours of the hourly candles where a condition holds."""
    return np.flatnonzero(values == 1).tolist()


def test_a_session_is_of_the_candles_that_lie_in_it() -> None:
    day = made(24)
    values = evaluate("session(8, 16)", day, "1h", origin=at("2026-01-05"))
    assert hours_of("session(8, 16)", values) == list(range(8, 16))
    night = evaluate("session(22, 2)", day, "1h", origin=at("2026-01-05"))
    assert hours_of("session(22, 2)", night) == [0, 1, 22, 23]
    assert (evaluate("session(0, 24)", day, "1h", origin=at("2026-01-05")) == 1).all()


def test_a_weekend_is_saturday_and_sunday() -> None:
    values = evaluate("weekend()", made(7 * 24), "1h", origin=at("2026-01-05"))  # a Monday
    assert hours_of("weekend()", values) == list(range(5 * 24, 7 * 24))
