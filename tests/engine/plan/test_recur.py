"""Recursions of definitions: every operation of a program is the operation of the plan; the state waits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.market import Timeframe
from engine.domain.strategy import Frame
from engine.plan.evaluate import Evaluator
from engine.plan.graph import Graph
from engine.plan.operations import apply
from engine.plan.program import CODES
from engine.plan.recursion import ARITY
from tests.engine.plan.grids import Array, Grid, plan_of

NAN = float("nan")
FRAME = Frame(Timeframe.parse("5m"))
LOGIC = {"and", "or", "not"}
GIVES_TRUTH = {"lt", "le", "gt", "ge", "eq", "ne", *LOGIC}


def evaluated(
    program: tuple[float | str, ...], *columns: Array, booleans: tuple[bool, ...] = (), results: int = 1
) -> list[Array]:
    """Return each result of a program over columns of numbers, or of truths where `booleans` says so."""
    graph = Graph()
    close = graph.intern("field", FRAME, (), ("f0",))
    inputs = []
    for place, column in enumerate(columns):
        node = graph.intern("field", FRAME, (), (f"f{place}",))
        if column.dtype == np.int8:
            node = graph.intern("gt", FRAME, (node, graph.intern("const", FRAME, (), (0.0,))), boolean=True)
        inputs.append(node)
    recur = graph.intern("recur", FRAME, tuple(inputs), (float(results), *program))
    flags = booleans or (False,) * results
    outputs = [graph.intern("output", FRAME, (recur,), (float(i),), boolean=flag) for i, flag in enumerate(flags)]
    grid = Grid(("A/USDT",))
    fields = {}
    for place, column in enumerate(columns):
        values = np.array([-1.0, NAN, 1.0])[column] if column.dtype == np.int8 else column
        fields[f"f{place}"] = values[:, None]
    grid.add("5m", np.ones((len(columns[0]), 1)), **fields)
    values = Evaluator(plan_of(graph), grid.symbols).advance(grid.block(grid.origin, grid.until))
    assert close == 0
    return [values.of(node)[:, 0] for node in outputs]


number = st.sampled_from([0.0, 1.0, -1.0, 2.5, -3.0, NAN, 1e308, 0.5]) | st.floats(-1e6, 1e6)


@settings(max_examples=30, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("op", ARITY)
def test_every_operation_is_that_of_the_plan(op: str, data: st.DataObject) -> None:
    truth_inputs = LOGIC if op in LOGIC else set()
    columns: list[Array] = []
    for place in range(ARITY[op]):
        if truth_inputs or (op == "if" and place == 0):
            columns.append(np.array(data.draw(st.lists(st.integers(0, 2), min_size=6, max_size=6)), np.int8))
        else:
            columns.append(np.array(data.draw(st.lists(number, min_size=6, max_size=6))))
    program = (*(f"in:{i}" for i in range(ARITY[op])), op)
    (got,) = evaluated(program, *columns, booleans=(op in GIVES_TRUTH,))
    np.testing.assert_array_equal(got, apply(op, columns))


def test_the_state_waits_where_the_result_is_unknown() -> None:
    average = ("prev:0", "in:0", "default", "in:0", "add", 2.0, "div")
    (got,) = evaluated(average, np.array([NAN, 4.0, 8.0, NAN, 2.0]))
    np.testing.assert_array_equal(got, [NAN, 4.0, 6.0, NAN, 4.0])


def test_results_may_read_each_other() -> None:
    # s0 counts, s1 is what s0 was before, s2 tells whether s1 is even known
    program = ("prev:0", 0.0, "default", 1.0, "add", "prev:0", "prev:1", -1.0, "default", 0.0, "ge")
    counted, before, known = evaluated(program, np.ones(4), booleans=(False, False, True), results=3)
    assert counted.tolist() == [1, 2, 3, 4]
    np.testing.assert_array_equal(before, [NAN, 1, 2, 3])
    assert known.tolist() == [0, 0, 2, 2]


def test_the_kernel_knows_every_operation() -> None:
    assert set(CODES) == set(ARITY)
    with pytest.raises(ValueError, match="not a program"):
        evaluated(("add",), np.ones(1))
