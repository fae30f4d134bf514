"""Rules over nodes: confidence as an interval, levels, held expressions, universe, hashes."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl.load import load_document
from dsl.read import read_document
from engine.domain.market import Timeframe
from engine.domain.strategy import (
    Apply,
    AtEntry,
    Constant,
    Gaps,
    Plan,
    PositionField,
    Ref,
    SideRules,
    StrategyRules,
)
from engine.plan.operations import apply
from tests.dsl.texts import load_text, side, strategy

FALSE, UNKNOWN, TRUE = 0, 1, 2


def rules(body: str, timeframes: str = "5m") -> tuple[Plan, StrategyRules]:
    loaded = load_text(body, timeframes=timeframes)
    assert [str(d.span) + d.message for d in loaded.errors] == []
    return loaded.plan, loaded.plan.strategies[0]


def long(body: str) -> tuple[Plan, SideRules]:
    plan, found = rules(body)
    return plan, found.rules[Timeframe.parse("5m")][0]


def value(plan: Plan, node: int, fields: dict[str, float]) -> float:
    """Evaluate a node made of element-wise operations over fields of one candle."""
    known: dict[int, np.ndarray] = {}
    for i, n in enumerate(plan.nodes[: node + 1]):
        if n.op == "const":
            known[i] = np.array(n.params[0], np.int8 if n.boolean else np.float64)
        elif n.op == "field":
            known[i] = np.array(fields.get(str(n.params[0]), math.nan))
        elif all(j in known for j in n.inputs):
            known[i] = apply(n.op, [np.atleast_1d(known[j]) for j in n.inputs])[0]
    return float(known[node])


# -- confidence --

FOUR = """\
long:
  when:
    a: must open > 0 weight 1
    b: high > 0 weight 3
    c: low > 0 weight 2
    d: close > 0 weight 4
  fire: FIRE
  entry: market
"""
NAMES = ("open", "high", "low", "close")
WEIGHTS = (1.0, 3.0, 2.0, 4.0)


def fields(truths: tuple[int, ...]) -> dict[str, float]:
    return {name: {FALSE: -1.0, UNKNOWN: math.nan, TRUE: 1.0}[t] for name, t in zip(NAMES, truths, strict=True)}


def completions(truths: tuple[int, ...]) -> list[tuple[int, ...]]:
    return list(itertools.product(*[(FALSE, TRUE) if t == UNKNOWN else (t,) for t in truths]))


def share(truths: tuple[int, ...]) -> float:
    return 100 * sum(w for w, t in zip(WEIGHTS, truths, strict=True) if t == TRUE) / sum(WEIGHTS)


@pytest.mark.parametrize("truths", list(itertools.product((FALSE, UNKNOWN, TRUE), repeat=4)))
def test_the_published_confidence_is_its_least(truths: tuple[int, ...]) -> None:
    plan, decided = CONFIDENCES[""]
    worst = min(share(c) for c in completions(truths))
    assert value(plan, decided.confidence, fields(truths)) == pytest.approx(worst, abs=1e-12)


FIRES = {
    "confidence >= 70": lambda s: s >= 70,
    "not (confidence < 70)": lambda s: s >= 70,
    "confidence between 40 and 80": lambda s: 40 <= s <= 80,
    "not (confidence between 40 and 80)": lambda s: not 40 <= s <= 80,
    "100 - confidence < 30": lambda s: 100 - s < 30,
    "abs(confidence - 50) >= 20": lambda s: abs(s - 50) >= 20,
    "(if confidence > 60 then 2 else 1) == 2": lambda s: s > 60,
    "confidence * confidence >= 4900": lambda s: s * s >= 4900,
    "100 / (confidence + 1) < 2": lambda s: 100 / (s + 1) < 2,
    "max(confidence, 50) > 55 or confidence < 20": lambda s: max(s, 50) > 55 or s < 20,
    "weighted != 70": lambda s: s != 70,
}
CONFIDENCES = {text: long(FOUR.replace("FIRE", text or "a")) for text in ["", *FIRES]}


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(FIRES)), st.tuples(*[st.sampled_from((FALSE, UNKNOWN, TRUE))] * 4))
def test_fire_holds_only_where_it_would_whatever_the_unknown_is(text: str, truths: tuple[int, ...]) -> None:
    plan, decided = CONFIDENCES[text]
    found = value(plan, decided.fires, fields(truths))
    ways = {c[0] == TRUE and FIRES[text](share(c)) for c in completions(truths)}
    if found == TRUE:
        assert ways == {True}
    if found == FALSE:
        assert ways == {False}
    if UNKNOWN not in truths:
        assert found == (TRUE if ways == {True} else FALSE)


@settings(max_examples=200, deadline=None)
@given(st.tuples(*[st.sampled_from((FALSE, UNKNOWN, TRUE))] * 4))
def test_a_plain_threshold_is_exact(truths: tuple[int, ...]) -> None:
    plan, decided = CONFIDENCES["confidence >= 70"]
    ways = {share(c) >= 70 for c in completions(truths)}
    expected = UNKNOWN if len(ways) == 2 else TRUE if ways == {True} else FALSE
    assert value(plan, decided.fires, fields(truths)) == min(expected, truths[0])


def test_a_confidence_of_its_own_is_clipped_and_never_unknown() -> None:
    body = FOUR.replace("FIRE", "confidence >= 60").replace("entry:", "confidence: 60 + 0.5 * weighted\n  entry:")
    plan, decided = long(body)
    assert value(plan, decided.confidence, fields((2, 2, 2, 2))) == 100
    assert value(plan, decided.confidence, fields((0, 0, 0, 0))) == 60
    assert value(plan, decided.confidence, fields((2, 2, 2, 1))) == 90
    lost = body.replace("60 + 0.5 * weighted", "60 + 0.5 * weighted + funding_rate")
    plan, decided = long(lost)
    assert value(plan, decided.confidence, fields((2, 2, 2, 2))) == 0
    assert value(plan, decided.fires, fields((2, 2, 2, 2))) == UNKNOWN


def test_every_condition_holds_by_default_and_fire_may_name_them() -> None:
    body = "long:\n  when: {a: open > 0, b: high > 0}\n"
    plan, decided = long(body)
    assert value(plan, decided.fires, {"open": 1, "high": 1}) == TRUE
    assert value(plan, decided.fires, {"open": 1, "high": -1}) == FALSE
    plan, decided = long(body + "  fire: a or b\n")
    assert value(plan, decided.fires, {"open": 1, "high": -1}) == TRUE


def test_musts_without_weights_count_alike() -> None:
    plan, decided = long("long:\n  when: {a: must open > 0, b: must high > 0}\n")
    assert [c.weight for c in decided.conditions] == [0, 0]
    assert value(plan, decided.confidence, {"open": 1, "high": 1}) == 100


@pytest.mark.parametrize("weights", [(1, 1, 1), (3, 2, 2), (1, 2, 5), (0.1, 0.2, 0.3), (7, 7, 7)])
def test_all_that_holds_is_exactly_a_hundred(weights: tuple[float, ...]) -> None:
    lines = "".join(f"    c{i}: close > {i} weight {w}\n" for i, w in enumerate(weights))
    plan, decided = long(f"long:\n  when:\n{lines}  fire: confidence >= 100\n")
    assert value(plan, decided.confidence, {"close": 9}) == 100
    assert value(plan, decided.fires, {"close": 9}) == TRUE
    assert value(plan, decided.fires, {"close": 1.5}) == FALSE


# -- levels and the position --


def test_levels_are_of_the_kind_their_unit_says() -> None:
    rest = """\
stop: 2 * atr(14) clamp 0.5% to 3 * atr(14)
targets:
  - 0.6% take 50% then stop to entry
  - highest(high, 10) take 20% then stop to +0.1%
  - 2R then stop to target 1
  - close + 3 * atr(14) then stop to lowest(low, 3)
trail: [supertrend().line after target 1, 1% after 2R, 2 * atr(14) after 1%]
expire: 4h
"""
    _plan, decided = long(side(rest=rest))
    assert decided.stop is not None
    assert decided.stop.level.kind == "distance"
    assert decided.stop.clamp is not None
    assert (decided.stop.clamp.low.kind, decided.stop.clamp.high.kind) == ("percent", "distance")
    assert decided.stop.clamp.low.value == Constant(0.005)
    assert [t.level.kind for t in decided.targets] == ["percent", "price", "r", "price"]
    assert [t.part for t in decided.targets] == pytest.approx([0.5, 0.2, 0.15, 0.15])
    assert [t.then.kind for t in decided.targets if t.then] == ["entry", "offset", "target", "price"]
    assert [t.then.value for t in decided.targets if t.then][1:3] == [Constant(0.001), Constant(1.0)]
    assert [(t.level.kind, t.after) for t in decided.trails] == [
        ("price", ("target", 1)),
        ("percent", ("r", 2)),
        ("distance", ("percent", 0.01)),
    ]
    assert decided.expire_ms == 4 * 3_600_000
    assert decided.targets[3].text == "close + 3 * atr(14)"


def test_entries() -> None:
    _, decided = long(side())
    assert (decided.entry.kind, decided.entry.part, decided.entry.price) == ("market", 1.0, None)
    body = "long:\n  when: {it: close > open}\n  entry: ENTRY\n"
    _, decided = long(body.replace("ENTRY", "limit close * 0.99 for 6 bars"))
    assert (decided.entry.kind, decided.entry.cancel_after) == ("limit", 6)
    assert isinstance(decided.entry.price, Ref)
    _, decided = long(body.replace("ENTRY", "[market take 40%, 2% take 30%, atr(14) take 30%]"))
    assert decided.entry.part == pytest.approx(0.4)
    assert [(a.level.kind, a.part) for a in decided.entry.adds] == [("percent", 0.3), ("distance", 0.3)]


def test_what_touches_the_position_is_held_and_the_rest_are_nodes() -> None:
    rest = "exit:\n  x: position.bars > 3 and close < entry - 1.5 * atr(14) and rsi(14) > 50 take 50%"
    plan, decided = long(side(rest=rest))
    (found,) = decided.exits
    assert found.take == 0.5
    assert isinstance(found.when, Apply)
    left, right = found.when.args
    assert isinstance(right, Ref)
    assert plan.nodes[right.node].text == "rsi(14) > 50"
    assert isinstance(left, Apply)
    bars, below = left.args
    assert bars == Apply("gt", (PositionField("bars"), Constant(3.0)), True)
    assert isinstance(below, Apply)
    distance = below.args[1]
    assert isinstance(distance, Apply)
    assert distance.args[0] == PositionField("entry")
    assert isinstance(distance.args[1], Ref)


def test_crossing_the_entry_compares_the_candle_before_with_the_same_entry() -> None:
    plan, decided = long(side(rest="exit:\n  x: close crosses below entry"))
    when = decided.exits[0].when
    assert isinstance(when, Apply)
    now, before = when.args
    assert isinstance(now, Apply)
    assert isinstance(before, Apply)
    assert (now.op, before.op) == ("lt", "ge")
    assert before.args[1] == PositionField("entry")
    assert isinstance(before.args[0], Ref)
    assert plan.nodes[before.args[0].node].op == "back"


def test_at_entry_is_kept_at_the_signal() -> None:
    _, decided = long(side(rest="exit:\n  x: atr(14) > 2 * at_entry(atr(14))"))
    when = decided.exits[0].when
    assert isinstance(when, Apply)
    assert isinstance(when.args[0], Ref)
    doubled = when.args[1]
    assert isinstance(doubled, Apply)
    assert doubled.args[1] == AtEntry(when.args[0].node)
    assert decided.held_nodes == (when.args[0].node,)


def test_the_other_side_firing_is_a_node() -> None:
    _plan, found = rules(side(rest="exit:\n  x: short.fires") + side("close < open", side="short"))
    both = found.rules[Timeframe.parse("5m")]
    assert both[0].exits[0].when == Ref(both[1].fires)


def test_parts_are_the_numbers_compared_with_their_text() -> None:
    body = """\
let:
  k: stoch(14, 3, 3).k
  burst: volume > 1.8 * sma(volume, 20)
long:
  when:
    a: k < 20 and rising(k)
    b: burst or bullish_engulfing()
    c: abs(roc(close, 5)@"BTC/USDT") < 1%
    d: (close > ema(close, 9))@1h
    e: close crosses above hl2 within 3 bars
"""
    plan, decided = long(body)
    texts = {c.name: [text for text, _ in c.parts] for c in decided.conditions}
    assert texts == {
        "a": ["k"],
        "b": ["burst", "volume", "1.8 * sma(volume, 20)"],
        "c": ['abs(roc(close, 5)@"BTC/USDT")'],
        "d": ["close", "ema(close, 9)"],
        "e": ["close", "hl2"],
    }
    for condition in decided.conditions:
        assert all(str(plan.nodes[node].frame.timeframe) == "5m" for _, node in condition.parts)


def test_a_param_is_a_part_with_its_unit_and_a_written_number_is_none() -> None:
    body = """\
params: {calm: 1.5% in 1% to 2%}
long:
  when:
    a: abs(roc(close, 5)) < calm
    b: rsi(14) < 30
"""
    _, decided = long(body)
    shown = {
        c.name: [(text, unit) for (text, _), unit in zip(c.parts, c.units, strict=True)] for c in decided.conditions
    }
    assert shown == {"a": [("abs(roc(close, 5))", "ratio"), ("calm", "ratio")], "b": [("rsi(14)", "index")]}


# -- the document --


def test_rules_keep_the_order_of_timeframes_and_long_before_short() -> None:
    body = side("close < open", side="short") + side()
    _, found = rules(body, "15m, 5m")
    assert [str(t) for t in found.rules] == ["15m", "5m"]
    assert [[s.side for s in sides] for sides in found.rules.values()] == [["long", "short"]] * 2


def test_the_settings_of_a_strategy() -> None:
    body = """\
gaps: fill
assume: {spread: 0.05%}
params: {n: 20 in 5 to 50, share: 1% in 0% to 5%}
cooldown: [30m after stop, 1h after exit]
"""
    head = body + side(
        'close > sma(close, n) and spread < share and funding_rate < 1 and fng < 20 and close@"BTC/USDT" > 0'
    )
    plan, found = rules(head)
    assert found.gaps == Gaps("fill", found.gaps.limit)
    assert {n.frame.gaps.kind for n in plan.nodes} == {"fill"}
    assert found.params == {"n": 20.0, "share": 0.01}
    assert [(c.ms, c.after) for c in found.cooldowns] == [(1_800_000, "stop"), (3_600_000, "exit")]
    assert found.assumed == ("spread",)
    assert found.missing_fields == ("funding_rate",)
    assert found.uses_series == ("fng",)
    assert found.uses_symbols == ("BTC/USDT",)
    assert found.universe.symbols == ("ETH/USDT",)


def test_a_model_is_a_node_over_its_features() -> None:
    body = """\
model:
  name: brain
  label: 1% before -1% within 24 bars
  features:
    strength: rsi(14)
    engulfs: bullish_engulfing()
"""
    plan, found = rules(body + side("model.up > 60% and known(model.down)"))
    model = found.model
    assert model is not None
    assert (model.name, model.up, model.down, model.within) == ("brain", 0.01, -0.01, 24)
    nodes = [n for n in plan.nodes if n.op == "model"]
    assert [n.params for n in nodes] == [
        ("brain", "up", 0.0, "strength", "engulfs"),
        ("brain", "down", 0.0, "strength", "engulfs"),
    ]
    features = model.features[Timeframe.parse("5m")]
    assert nodes[0].inputs == tuple(node for _, node in features)


def test_where_is_a_node_per_timeframe() -> None:
    text = strategy(side(), timeframes="5m, 1h")
    text = text.replace("symbols: [ETH/USDT]", "symbols: [ETH/USDT], where: quote_volume_24h > 5_000_000")
    document, findings = read_document(text)
    loaded = load_document(document, findings)
    assert loaded.diagnostics == []
    universe = loaded.plan.strategies[0].universe
    assert [str(t) for t in universe.where] == ["5m", "1h"]
    assert universe.where_text == "quote_volume_24h > 5_000_000"
    sums = [loaded.plan.nodes[loaded.plan.nodes[node].inputs[0]] for node in universe.where.values()]
    assert [(n.op, n.params) for n in sums] == [("sum", (288.0,)), ("sum", (24.0,))]


# -- hashes --

BASE = "let: {fast: 'ema(close, 7)'}\nparams: {n: 20 in 5 to 50}\n" + side(
    "fast > sma(close, n)",
    "stop: 2 * atr(14)\ntargets: [1% take 50%, 2%]\nexit: {quick_out: position.bars > 3 and close < at_entry(close)}",
)


def hashed(body: str) -> str:
    return rules(body)[1].hash


@pytest.mark.parametrize(
    "same",
    [
        BASE.replace("fast", "quick"),
        BASE.replace("params: {n: 20 in 5 to 50}", "params: {m: 20 in 1 to 90}").replace("(close, n)", "(close, m)"),
        BASE.replace("fast > sma(close, n)", "(fast > sma(n))  # a comment"),
        BASE.replace("1% take 50%, 2%", "1% take 50%, 2% take 50%"),
        "# a comment\n" + BASE.replace("ema(close, 7)", "ema(length=7)"),
    ],
)
def test_the_hash_does_not_see_how_it_is_written(same: str) -> None:
    assert hashed(same) == hashed(BASE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ema(close, 7)", "ema(close, 8)"),
        ("n: 20", "n: 21"),
        ("2 * atr", "3 * atr"),
        ("take 50%", "take 60%"),
        ("[1%", "[1.1%"),
        ("it: fast", "it: must fast"),
        ("position.bars", "position.profit"),
        ("quick_out", "slow_out"),
        ("at_entry(close)", "at_entry(open)"),
        ("long:", "cooldown: 1h after stop\nlong:"),
    ],
)
def test_the_hash_sees_what_changes_signals(old: str, new: str) -> None:
    changed = BASE.replace(old, new)
    assert changed != BASE
    assert hashed(changed) != hashed(BASE)
