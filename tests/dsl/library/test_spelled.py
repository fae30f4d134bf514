"""The standard library against the same functions written out again (tests/dsl/library/spelled.py)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest

from tests.dsl.library import spelled as s
from tests.dsl.library.data import Bars, Floats, made
from tests.dsl.library.run import evaluate

FADED = 700
CASES: list[tuple[str, Callable[[Bars], Floats], int]] = [
    ("laguerre(close, 0.8)", lambda b: s.laguerre(b, 0.8), 0),
    ("super_smoother(close, 10)", lambda b: s.super_smoother(b.close, 10), FADED),
    ("decycler(close, 60)", lambda b: s.decycler(b, 60), FADED),
    ("highpass(close, 48)", lambda b: s.highpass(b.close, 48), 2),
    ("roofing(close, 48, 10)", lambda b: s.super_smoother(s.highpass(b.close, 48), 10), FADED),
    ("trendflex(close, 20)", lambda b: s.flexed(b, 20, straight=False), FADED),
    ("reflex(close, 20)", lambda b: s.flexed(b, 20, straight=True), FADED),
    ("cyber_cycle(hl2, 0.07).line", lambda b: s.cyber_cycle(b, 0.07), FADED),
    ("cyber_cycle(hl2, 0.07).trigger", lambda b: s.before(s.cyber_cycle(b, 0.07)), FADED),
    ("instantaneous_trend(hl2, 0.07).line", lambda b: s.instantaneous_trend(b, 0.07), FADED),
    ("frama(16)", lambda b: s.frama(b, 16), FADED),
    ("permutation_entropy(close, 50)", lambda b: s.permutation_entropy(b, 50), 0),
    ("inertia(close, 20, 14)", s.inertia, FADED),
    ("wave_trend(10, 21, 4).line", s.wave_trend, 0),
    ("wave_trend(10, 21, 4).signal", lambda b: s.sma(s.wave_trend(b), 4), 0),
    ("vfi(130)", s.vfi, FADED),
    ("twiggs(21)", s.twiggs, FADED),
    ("vzo(14)", lambda b: 100 * s.ema(s.signed(b, b.volume), 14) / s.ema(b.volume, 14), 0),
    ("pzo(14)", lambda b: 100 * s.ema(s.signed(b, b.close), 14) / s.ema(b.close, 14), 0),
    ("yang_zhang(20)", lambda b: s.yang_zhang(b, 20), 0),
    ("rogers_satchell(20)", lambda b: s.rogers_satchell(b, 20), 0),
    ("garman_klass(20)", lambda b: s.garman_klass(b, 20), 0),
    ("parkinson(20)", lambda b: np.sqrt(s.sma(np.log(b.high / b.low) ** 2, 20) / (4 * math.log(2))), 0),
    ("thermometer(22).heat", s.reaches, 0),
    ("thermometer(22).average", lambda b: s.ema(s.reaches(b), 22), 0),
    ("demarker(14)", lambda b: s.demarker(b, 14), 0),
    ("trend_intensity(close, 30)", lambda b: s.trend_intensity(b, 30), 0),
    ("rmi(close, 20, 5)", lambda b: s.rmi(b, 20, 5), 0),
    ("inverse_fisher_rsi(close, 5, 9)", lambda b: np.tanh(s.wma(0.1 * (s.rsi(b.close, 5) - 50), 9)), 0),
    ("impulse(13).bull", lambda b: s.impulse(b, 1), 0),
    ("impulse(13).bear", lambda b: s.impulse(b, -1), 0),
    ("squeeze(20, 2, 1.5)", s.squeeze, 0),
    ("divergence().bull", lambda b: s.divergence(b, 1, hidden=False), 300),
    ("divergence().bear", lambda b: s.divergence(b, -1, hidden=False), 300),
    ("divergence().hidden_bull", lambda b: s.divergence(b, 1, hidden=True), 300),
    ("divergence().hidden_bear", lambda b: s.divergence(b, -1, hidden=True), 300),
    ("range_filter(close, 100, 3).line", s.range_filter, FADED),
    ("pgo(14)", lambda b: (b.close - s.sma(b.close, 14)) / s.ema(s.true_range(b), 14), 0),
    ("atr_bands(close, 14, 3).upper", lambda b: b.close + 3 * s.rma(s.true_range(b), 14), 0),
    ("atr_bands(close, 14, 3).lower", lambda b: b.close - 3 * s.rma(s.true_range(b), 14), 0),
    ("linreg_channel(close, 50, 2).upper", lambda b: s.line_end(b.close, 50) + 2 * s.around_line(b.close, 50), 0),
    ("linreg_channel(close, 50, 2).middle", lambda b: s.line_end(b.close, 50), 0),
    ("linreg_channel(close, 50, 2).lower", lambda b: s.line_end(b.close, 50) - 2 * s.around_line(b.close, 50), 0),
    (
        "relative_strength(high, close, 30)",
        lambda b: b.close / s.before(b.close, 30) * s.before(b.high, 30) / b.high,
        0,
    ),
    ("drop_pct(close, 20)", lambda b: 1 - b.close / s.top(b.close, 20), 0),
    ("fibonacci(100).r236", lambda b: 0.764 * s.top(b.high, 100) + 0.236 * s.bottom(b.low, 100), 0),
    ("fibonacci(100).r618", lambda b: 0.382 * s.top(b.high, 100) + 0.618 * s.bottom(b.low, 100), 0),
    ("iii()", lambda b: (2 * b.close - b.high - b.low) / (b.high - b.low) / b.volume, 0),
    ("wvad(24)", lambda b: s.total((b.close - b.open) / (b.high - b.low) * b.volume, 24), 0),
    ("volume_delta(10)", lambda b: s.total(np.sign(b.close - b.open) * b.volume, 10) / s.total(b.volume, 10), 0),
    ("average_body(10)", lambda b: s.before(s.sma(abs(b.close - b.open), 10)), 0),
    ("average_range(5)", lambda b: s.before(s.sma(b.high - b.low, 5)), 0),
    ("average_wick(10)", lambda b: s.before(s.sma(b.high - b.low - abs(b.close - b.open), 10)) / 2, 0),
]


@pytest.fixture(scope="module")
def bars() -> Bars:
    return made(1500, seed=19)


@pytest.mark.parametrize(("text", "reference", "start"), CASES, ids=[c[0] for c in CASES])
def test_equals_the_same_written_out(text: str, reference: Callable[[Bars], Floats], start: int, bars: Bars) -> None:
    """`start` is the candle from which they are compared; 0: they also begin on the same one."""
    got, want = evaluate(text, bars), reference(bars)
    begin = start or int(np.isfinite(want).argmax())
    if not start:
        assert int(np.isfinite(got).argmax()) == begin
    assert np.isfinite(want[begin:]).mean() > 0.99
    scale = float(np.nanmax(np.abs(want[begin:])))
    np.testing.assert_allclose(got[begin:], want[begin:], rtol=1e-9, atol=1e-9 * scale)


Level = Callable[..., float]
LEVELS: dict[str, dict[str, Level]] = {
    "pivots_fibonacci": {
        "p": lambda hi, lo, c, **_: (hi + lo + c) / 3,
        "r1": lambda hi, lo, c, **_: (hi + lo + c) / 3 + 0.382 * (hi - lo),
        "r2": lambda hi, lo, c, **_: (hi + lo + c) / 3 + 0.618 * (hi - lo),
        "r3": lambda hi, lo, c, **_: (hi + lo + c) / 3 + hi - lo,
        "s1": lambda hi, lo, c, **_: (hi + lo + c) / 3 - 0.382 * (hi - lo),
        "s2": lambda hi, lo, c, **_: (hi + lo + c) / 3 - 0.618 * (hi - lo),
        "s3": lambda hi, lo, c, **_: (hi + lo + c) / 3 - hi + lo,
    },
    "pivots_camarilla": {
        "p": lambda hi, lo, c, **_: (hi + lo + c) / 3,
        "r1": lambda hi, lo, c, **_: c + 1.1 / 12 * (hi - lo),
        "r2": lambda hi, lo, c, **_: c + 1.1 / 6 * (hi - lo),
        "r3": lambda hi, lo, c, **_: c + 1.1 / 4 * (hi - lo),
        "r4": lambda hi, lo, c, **_: c + 1.1 / 2 * (hi - lo),
        "s1": lambda hi, lo, c, **_: c - 1.1 / 12 * (hi - lo),
        "s2": lambda hi, lo, c, **_: c - 1.1 / 6 * (hi - lo),
        "s3": lambda hi, lo, c, **_: c - 1.1 / 4 * (hi - lo),
        "s4": lambda hi, lo, c, **_: c - 1.1 / 2 * (hi - lo),
    },
    "pivots_woodie": {
        "p": lambda hi, lo, now, **_: (hi + lo + 2 * now) / 4,
        "r1": lambda hi, lo, now, **_: (hi + lo + 2 * now) / 2 - lo,
        "r2": lambda hi, lo, now, **_: (hi + lo + 2 * now) / 4 + hi - lo,
        "r3": lambda hi, lo, now, **_: hi + 2 * ((hi + lo + 2 * now) / 4 - lo),
        "s1": lambda hi, lo, now, **_: (hi + lo + 2 * now) / 2 - hi,
        "s2": lambda hi, lo, now, **_: (hi + lo + 2 * now) / 4 - hi + lo,
        "s3": lambda hi, lo, now, **_: lo - 2 * (hi - (hi + lo + 2 * now) / 4),
    },
    "pivots_demark": {
        "p": lambda x, **_: x / 4,
        "r1": lambda x, lo, **_: x / 2 - lo,
        "s1": lambda x, hi, **_: x / 2 - hi,
    },
}


@pytest.mark.parametrize(("name", "level"), [(name, level) for name, levels in LEVELS.items() for level in levels])
def test_pivots_of_the_day_before(name: str, level: str) -> None:
    """On hours: the high, low, open and close of each UTC day, by hand."""
    bars = made(24 * 12, seed=8)
    got = evaluate(f"{name}().{level}", bars, "1h")
    days = [slice(24 * d, 24 * d + 24) for d in range(12)]
    assert np.isnan(got[:48]).all(), "the first day may have begun earlier, so the first whole one is the second"
    for yesterday, today in itertools.pairwise(days[1:]):
        hi, lo, c = bars.high[yesterday].max(), bars.low[yesterday].min(), bars.close[yesterday][-1]
        o, now = bars.open[yesterday][0], bars.open[today][0]
        x = hi + lo + c + (lo if c < o else hi if c > o else c)
        np.testing.assert_allclose(got[today], LEVELS[name][level](hi=hi, lo=lo, c=c, now=now, x=x), rtol=1e-12)


def test_a_session_range_grows_in_its_session_and_stays_until_the_next() -> None:
    bars = made(24 * 6, seed=9)
    high, low = (evaluate(f"session_range(8, 16, 100).{side}", bars, "1h") for side in ("high", "low"))
    assert np.isnan(high[:8]).all()
    for day in range(6):
        first = 24 * day + 8
        for hour in range(first, min(first + 24, len(bars))):
            inside = slice(first, min(hour, first + 7) + 1)
            assert high[hour] == bars.high[inside].max()
            assert low[hour] == bars.low[inside].min()
