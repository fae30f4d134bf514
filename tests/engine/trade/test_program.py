"""Rules over a position run as programs in the simulator; operation by operation they say what objects say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.strategy import (
    ELEMENT_WISE,
    Apply,
    AtEntry,
    Constant,
    ExitRule,
    Held,
    LevelValue,
    MoveRule,
    PositionField,
    Ref,
    TargetRule,
    TrailRule,
)
from engine.trade.program import CODES, Writer
from tests.engine.made import everything
from tests.engine.trade.lives import assert_stepped

FIELDS = ("entry", "position.bars", "position.best", "position.stop", "position.profit")
ONE = ("neg", "abs", "sign", "floor", "sqrt", "log", "exp")
TWO = ("add", "sub", "mul", "div")
COMPARE = ("lt", "le", "gt", "ge", "eq", "ne")
NUMBERS = st.sampled_from([0.0, 1.0, -1.0, 0.5, 2.0, 3.0, 100.0, float("nan")])


@st.composite
def numbers(draw: st.DrawFn, nodes: tuple[int, ...], truths: tuple[int, ...], kept: int, depth: int) -> Held:
    """Return an expression that is a number."""
    one = numbers(nodes, truths, kept, depth - 1)
    match draw(st.integers(0, 9 if depth else 4)):
        case 0:
            return Constant(draw(NUMBERS))
        case 1:
            return Ref(draw(st.sampled_from(nodes)))
        case 2:
            return AtEntry(kept)
        case 3 | 4:
            return PositionField(draw(st.sampled_from(FIELDS)))
        case 5:
            return Apply(draw(st.sampled_from(ONE)), (draw(one),))
        case 6:
            return Apply(draw(st.sampled_from(TWO)), (draw(one), draw(one)))
        case 7:
            return Apply(draw(st.sampled_from(("min", "max"))), tuple(draw(st.lists(one, min_size=2, max_size=3))))
        case 8:
            return Apply("if", (draw(conditions(nodes, truths, kept, depth - 1)), draw(one), draw(one)))
    return draw(
        st.sampled_from(
            [Apply("default", (draw(one), draw(one))), Apply("clip", (draw(one), Constant(-1.0), Constant(2.0)))]
        )
    )


@st.composite
def conditions(draw: st.DrawFn, nodes: tuple[int, ...], truths: tuple[int, ...], kept: int, depth: int) -> Held:
    """Return an expression that is a truth."""
    one, number = conditions(nodes, truths, kept, depth - 1), numbers(nodes, truths, kept, depth - 1)
    match draw(st.integers(0, 7 if depth else 1)):
        case 0:
            return Ref(draw(st.sampled_from(truths)))
        case 1:
            return Apply(draw(st.sampled_from(COMPARE)), (PositionField("bars"), Constant(draw(NUMBERS))), True)
        case 2:
            return Apply(draw(st.sampled_from(COMPARE)), (draw(number), draw(number)), True)
        case 3:
            return Apply("not", (draw(one),), True)
        case 4:
            joined = tuple(draw(st.lists(one, min_size=2, max_size=3)))
            return Apply(draw(st.sampled_from(("and", "or"))), joined, True)
        case 5:
            return Apply("known", (draw(number),), True)
        case 6:
            count = Constant(float(draw(st.integers(0, 3))))
            return Apply("at_least", (count, *draw(st.lists(one, min_size=1, max_size=3))), True)
    return Apply("if", (draw(one), draw(one), draw(one)), True)


@settings(max_examples=10, deadline=None)
@given(data=st.data(), seed=st.integers(0, 10_000))
def test_a_program_says_what_its_expression_says(data: st.DataObject, seed: int) -> None:
    plan, values, block = everything(seed, 200, ("BTC/USDT",))
    strategies = []
    for strategy in plan.strategies:
        rules = {}
        for timeframe, sides in strategy.rules.items():
            here = [i for i, node in enumerate(plan.nodes) if node.frame.timeframe == timeframe]
            truths = tuple(i for i in here if plan.nodes[i].boolean)
            nodes = tuple(i for i in here if not plan.nodes[i].boolean)
            made = []
            for side in sides:
                kept = side.held_nodes[0]
                exits = tuple(
                    ExitRule(f"rule {i}", data.draw(conditions(nodes, truths, kept, 3)), 0.4) for i in range(2)
                )
                kind = data.draw(st.sampled_from(("price", "distance", "percent", "r")))
                trail = TrailRule(LevelValue(kind, data.draw(numbers(nodes, truths, kept, 2))), ("r", 0.3))
                move = MoveRule(
                    "price", Apply("add", (PositionField("stop"), data.draw(numbers(nodes, truths, kept, 2))))
                )
                first, *others = side.targets
                targets = (TargetRule(first.level, first.part, move), *others)
                made.append(replace(side, exits=exits, trails=(trail,), targets=targets))
            rules[timeframe] = tuple(made)
        strategies.append(replace(strategy, rules=rules))
    assert_stepped(replace(plan, strategies=tuple(strategies)), values, block)


def test_every_operation_has_a_code() -> None:
    assert set(CODES) == set(ELEMENT_WISE)
    assert len(set(CODES.values())) == len(CODES)


def test_what_nobody_knows_is_refused() -> None:
    writer = Writer(lambda node: False)
    with pytest.raises(LookupError, match="no operation 'perhaps'"):
        writer.write(Apply("perhaps", (Constant(1.0),)))
    with pytest.raises(ValueError, match=r"no field 'position\.mood'"):
        writer.write(PositionField("position.mood"))


def test_what_decides_skips_the_rest() -> None:
    writer = Writer(lambda node: True)
    writer.write(Apply("and", (Ref(1), Ref(2), Ref(3)), True), truth=True)
    places = [operand for _, operand in writer.items]
    assert [places[1], places[4]] == [5, 2], "both jump behind the last operation"
