"""Explanations: the verdict of each condition, with the values under it."""

from __future__ import annotations

import math

import numpy as np

from engine.domain.market import Timeframe
from engine.domain.signal import Side
from engine.domain.strategy import ConditionRule, EntryRule, Frame, SideRules
from engine.plan.explain import value_at, verdicts
from engine.plan.graph import Graph
from tests.engine.plan.grids import Grid, plan_of

FRAME = Frame(Timeframe.parse("5m"))


def test_each_condition_tells_its_truth_and_the_values_under_it() -> None:
    graph = Graph()
    close = graph.intern("field", FRAME, (), ("close",))
    before = graph.intern("back", FRAME, (close,), (1.0,))
    up = graph.intern("gt", FRAME, (close, before), boolean=True)
    fixed = graph.intern("field", Frame(FRAME.timeframe, "B/USDT"), (), ("close",))
    above = graph.intern("gt", FRAME, (close, graph.intern("join", FRAME, (fixed,))), boolean=True)
    rules = SideRules(
        Side.LONG,
        (
            ConditionRule("up", "close > close[1]", up, True, 0.0, (("close", close), ("close[1]", before))),
            ConditionRule("above", "close > B", above, False, 2.0, (("B", fixed), ("up", up))),
        ),
        up, close, EntryRule(), None, (),
    )  # fmt: skip
    grid = Grid(("A/USDT", "B/USDT"))
    grid.add("5m", np.array([[1.0, 5.0], [2.0, 4.0], [9.0, 3.0]]))
    (values,) = grid.run(plan_of(graph))
    first, second = verdicts(rules, values, 0, 0), verdicts(rules, values, 2, 0)
    assert [(v.name, v.text, v.truth, v.must, v.weight) for v in first] == [
        ("up", "close > close[1]", 1, True, 0.0), ("above", "close > B", 0, False, 2.0)
    ]  # fmt: skip
    assert first[0].parts[0] == ("close", 1.0)
    assert math.isnan(first[0].parts[1][1])
    assert math.isnan(first[1].parts[1][1])
    assert [v.truth for v in second] == [2, 2]
    assert second[1].parts == (("B", 3.0), ("up", 1.0))
    assert value_at(values.of(fixed), 1, 0) == value_at(values.of(fixed), 1, 1) == 4.0
