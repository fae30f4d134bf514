"""What must hold for every function of the language, primitive or defined, with its arguments left as they are."""

from __future__ import annotations

import numpy as np
import pytest

from dsl import units
from dsl.catalogue import LIBRARY, catalogue
from dsl.check import world
from dsl.check.scope import Env, Scope
from dsl.parser import parse_expression
from dsl.units import Type
from tests.dsl.library.calls import CALLS, FUNCTIONS
from tests.dsl.library.data import Bars, Floats, made
from tests.dsl.library.run import START, compiled, evaluate, evaluate_lanes

LENGTH = 700
DAY = 86_400_000
COLUMNS = ("open", "high", "low", "close", "volume")
OF_DAYS = {
    "period_range", "pivots", "pivots_fibonacci", "pivots_camarilla", "pivots_woodie", "pivots_demark", "vwap_bands",
    "anchored_vwap", "session_range", "vwap", "cum",
}  # fmt: skip
DEFINED_LATER = OF_DAYS | {
    "valuewhen", "barssince", "highest_since", "lowest_since", "count_since", "pivot_high", "pivot_low", "qfl_base",
    "higher_highs", "higher_lows", "lower_highs", "lower_lows", "retest", "recur", "fractal", "divergence",
}  # fmt: skip
"""Known only once what they look for has happened, which no count of candles can promise."""
TIMED = OF_DAYS | {"session", "weekend"}
"""They read the clock, so a candle's place on the grid matters."""
SCALE_BOUND = {"linreg_angle"}
"""Defined by others as the angle of a slope in prices, which changes with the scale; its page says so."""


@pytest.fixture(scope="module")
def bars() -> Bars:
    return made(LENGTH)


def same(got: Floats, want: Floats) -> None:
    """Equal to the bit, unknown where unknown."""
    np.testing.assert_array_equal(got.view(np.int64)[~np.isnan(got)], want.view(np.int64)[~np.isnan(want)])
    np.testing.assert_array_equal(np.isnan(got), np.isnan(want))


@pytest.mark.parametrize("name", sorted(path.stem for path in LIBRARY.glob("*.yaml") if "." not in path.stem))
def test_a_file_holds_the_function_of_its_name(name: str) -> None:
    found = catalogue().get(name)
    assert not catalogue().diagnostics(name)
    assert found is not None
    assert found.about.endswith("."), "`about` is a sentence"
    assert found.reference, "whose convention is followed"
    assert found.examples, "an example"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_its_examples_compile(name: str) -> None:
    found = catalogue().get(name)
    assert found is not None
    for example in found.examples:
        compiled(example)


@pytest.mark.parametrize("call", CALLS)
def test_what_comes_later_changes_nothing(call: str, bars: Bars) -> None:
    whole = evaluate(call, bars)
    for cut in (1, 2, 57, 350, LENGTH - 1):
        same(evaluate(call, bars.cut(0, cut)), whole[:cut])


@pytest.mark.parametrize("call", CALLS)
def test_bar_by_bar_is_batch(call: str, bars: Bars) -> None:
    whole = evaluate(call, bars)
    cuts = [*range(1, 60), 100, 101, 230, *range(300, 360, 7), *range(500, 560)]
    same(evaluate(call, bars, cuts=cuts), whole)


@pytest.mark.parametrize("call", [call for call in CALLS if call.partition("(")[0] not in TIMED])
def test_candles_that_do_not_exist_are_not_counted(call: str, bars: Bars) -> None:
    """Holes in the grid change no value on the candles that exist."""
    grid = np.sort(np.random.default_rng(2).choice(LENGTH + 150, LENGTH, replace=False))
    here = np.zeros((LENGTH + 150, 1), dtype=np.int8)
    here[grid] = 1
    columns = {n: np.full(len(here), np.nan) for n in COLUMNS}
    for name, column in columns.items():
        column[grid] = getattr(bars, name)
    got = evaluate_lanes(call, (Bars(**columns),), here, cuts=(100, 333))[:, 0]
    assert np.isnan(got[here[:, 0] == 0]).all()
    same(np.ascontiguousarray(got[grid]), evaluate(call, bars))


@pytest.mark.parametrize("call", CALLS)
def test_a_symbol_does_not_feel_its_neighbours(call: str, bars: Bars) -> None:
    """Not even one that is listed later and trades now and then."""
    here = np.ones((LENGTH, 3), dtype=np.int8)
    here[:400, 1] = 0
    here[::3, 2] = 0
    got = evaluate_lanes(call, (bars, made(LENGTH, seed=31), made(LENGTH, seed=32)), here)
    same(np.ascontiguousarray(got[:, 0]), evaluate(call, bars))
    assert np.isnan(got[:400, 1]).all()


@pytest.mark.parametrize("call", CALLS)
def test_it_is_known_from_its_first_defined_candle(call: str) -> None:
    plan, node = compiled(call)
    defined, boolean = plan.nodes[node].defined, plan.nodes[node].boolean
    values = evaluate(call, made(defined + 100))
    name = call.partition("(")[0]
    if name not in DEFINED_LATER:
        assert np.isfinite(values[defined - 1 :]).all(), "unknown although it is defined"
    # the first true range needs no candle before it: `default` may be known earlier than it promises
    early = 1 if any(node.op == "default" for node in plan.nodes) else 0
    if not boolean:
        assert np.isnan(values[: defined - 1 - early]).all(), "a value before it is defined"


@pytest.mark.parametrize("call", CALLS)
def test_its_start_no_longer_matters_once_converged(call: str) -> None:
    plan, node = compiled(call)
    converged, defined = plan.nodes[node].converged, plan.nodes[node].defined
    later = 173
    bars = made(converged + later + 150, seed=11)
    whole = evaluate(call, bars)[later:]
    late = evaluate(call, bars.cut(later), origin=START + later * DAY)
    settled = slice(converged - 1, None)
    if plan.nodes[node].boolean:
        known = ~np.isnan(late[settled])
        np.testing.assert_array_equal(late[settled][known], whole[settled][known])
    else:
        scale = np.nanmax(np.abs(whole)) if np.isfinite(whole).any() else 1.0
        known = ~np.isnan(late[settled])
        np.testing.assert_allclose(late[settled][known], whole[settled][known], rtol=1e-6, atol=1e-6 * scale)
    if converged == defined:
        known = ~np.isnan(late)
        np.testing.assert_array_equal(late[known], whole[known], "a value that depends on where history begins")


SETTLING = [
    call for call in CALLS
    if (found := catalogue().get(call.partition("(")[0])) and found.definition and found.definition.settles
]  # fmt: skip
"""Recursions whose `settles` was measured, not derived."""
LONGER = [
    "kama(close, 20, 3, 60)", "vidya(close, 40, 20)", "mcginley(close, 60, 1)", "super_smoother(close, 100)",
    "cyber_cycle(hl2, 0.02).line", "instantaneous_trend(hl2, 0.02).line",
    "decycler(close, 200)", "highpass(close, 200)", "laguerre(close, 0.95)", "laguerre_rsi(close, 0.9)",
    "mama(close, 0.3, 0.02).fama", "frama(60)", "atr_stop(50, 6).line",
    "volatility_stop(30, 6).line", "hilo(60, 80).line", "range_filter(close, 200, 5).line", "qqe(close, 40, 10).line",
]  # fmt: skip
"""The same with slower constants: `settles` grows with them."""


@pytest.mark.parametrize("call", [*SETTLING, *LONGER])
def test_what_it_declares_to_settle_after_holds_on_other_candles_too(call: str) -> None:
    plan, node = compiled(call)
    converged, boolean = plan.nodes[node].converged, plan.nodes[node].boolean
    for seed, later in ((21, 60), (22, 337), (23, 1)):
        bars = made(converged + later + 100, seed=seed)
        whole = evaluate(call, bars)[later:][converged - 1 :]
        late = evaluate(call, bars.cut(later))[converged - 1 :]
        known = ~np.isnan(late) & ~np.isnan(whole)
        assert known.any()
        scale = 0.0 if boolean else 1e-6 * float(np.nanmax(np.abs(whole)))
        np.testing.assert_allclose(late[known], whole[known], rtol=0 if boolean else 1e-6, atol=scale)


def type_of(call: str) -> Type:
    """Return what the checker knows of a call."""
    expression, _ = parse_expression(call)
    assert expression is not None
    return Env(world(catalogue()), Scope()).visit(expression).type


@pytest.mark.parametrize("call", CALLS)
def test_its_values_lie_within_its_bounds(call: str, bars: Bars) -> None:
    low, high = type_of(call).bounds
    values = evaluate(call, bars)
    known = values[~np.isnan(values)]
    assert (known >= low - 1e-9).all()
    assert (known <= high + 1e-9).all()


@pytest.mark.parametrize("call", [call for call in CALLS if call.partition("(")[0] not in SCALE_BOUND])
def test_its_unit_is_what_scaling_says(call: str, bars: Bars) -> None:
    """Twice the prices and four times the volume: a price doubles, a ratio stays, a turnover is eightfold.

    The second scale is that of a coin that costs a billionth: nothing may count on the size of a price.
    """
    given = type_of(call)
    assert given.unit != units.ANY
    powers, plain = dict(given.unit.powers), evaluate(call, bars)
    for price, volume in ((2.0, 4.0), (2.0**-40, 2.0**20)):
        scaled = Bars(price * bars.open, price * bars.high, price * bars.low, price * bars.close, volume * bars.volume)
        factor = price ** powers.get("price", 0) * volume ** powers.get("volume", 0)
        np.testing.assert_allclose(evaluate(call, scaled) / factor, plain, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("call", CALLS)
def test_a_candle_without_values_is_survived(call: str, bars: Bars) -> None:
    """A hole in the data makes nothing unknown for ever."""
    columns = {n: getattr(bars, n).copy() for n in COLUMNS}
    plan, node = compiled(call)
    for column in columns.values():
        column[40] = np.nan
    values = evaluate(call, Bars(**columns))
    whole = evaluate(call, bars)
    if plan.nodes[node].defined + 60 < LENGTH and not np.isnan(whole[-1]):
        assert np.isfinite(values[-1])
