"""Candles on which no rule can hold are passed; stepping over every one of them gives the same life."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.event import PartExited, PositionClosed
from engine.domain.strategy import Apply, Constant, ExitRule, Held, PositionField, Ref, TrailRule
from engine.trade.settings import Settings
from tests.engine.made import FOLLOW, everything, run
from tests.engine.trade.lives import assert_stepped

COMPARISONS = st.sampled_from(["lt", "le", "gt", "ge"])
BARS = st.sampled_from([0.0, 1.0, 3.0, 7.5, 40.0, -2.0, float("nan"), float("inf")])
PROFITS = st.sampled_from([-0.01, -0.002, 0.0, 0.001, 0.01, float("nan")])


@st.composite
def conditions(draw: st.DrawFn, truths: tuple[int, ...]) -> Held:
    """Return a few parts joined with `and`, some of them of kinds that say nothing ahead."""
    parts: list[Held] = []
    for _ in range(draw(st.integers(1, 3))):
        match draw(st.integers(0, 4)):
            case 0 | 1:
                parts.append(Ref(draw(st.sampled_from(truths))))
            case 2:
                parts.append(Apply(draw(COMPARISONS), (PositionField("bars"), Constant(draw(BARS))), True))
            case 3:
                parts.append(Apply(draw(COMPARISONS), (PositionField("profit"), Constant(draw(PROFITS))), True))
            case _:
                inner = tuple(Ref(draw(st.sampled_from(truths))) for _ in range(2))
                parts.append(Apply(draw(st.sampled_from(["or", "and"])), inner, True))
    return parts[0] if len(parts) == 1 else Apply("and", tuple(parts), True)


@settings(max_examples=25, deadline=None)
@given(data=st.data(), seed=st.integers(0, 10_000))
def test_passing_is_stepping(data: st.DataObject, seed: int) -> None:
    plan, values, block = everything(seed, 700, ("BTC/USDT",))
    strategies = []
    for strategy in plan.strategies:
        rules = {}
        for timeframe, sides in strategy.rules.items():
            own = tuple(i for i, node in enumerate(plan.nodes) if node.boolean and node.frame.timeframe == timeframe)
            made = []
            for side in sides:
                exits = tuple(
                    ExitRule(f"rule {i}", data.draw(conditions(own)), data.draw(st.sampled_from([0.3, 1.0])))
                    for i in range(data.draw(st.integers(0, 2)))
                )
                waiting = tuple(
                    TrailRule(rule.level, ("target", 1)) for rule in side.trails[: data.draw(st.integers(0, 1))]
                )
                made.append(replace(side, exits=exits, trails=waiting))
            rules[timeframe] = tuple(made)
        strategies.append(replace(strategy, rules=rules))
    plan = replace(plan, strategies=tuple(strategies))
    assert_stepped(plan, values, block)


def test_the_rules_made_here_do_exit() -> None:
    plan, values, block = everything(3, 700, ("BTC/USDT",))
    events, _ = run(plan, values, block, settings=Settings(follow=FOLLOW))
    assert any(isinstance(event, PartExited) for event in events)
    assert any(isinstance(event, PositionClosed) and event.reason == "stale" for event in events)
