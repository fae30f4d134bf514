"""Programs of element-wise operations mean what engine.plan.operations says, over more than one stretch of cells."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.domain.market import Timeframe
from engine.domain.strategy import ELEMENT_WISE, Frame
from engine.kernels import elementwise as kernel
from engine.plan.elementwise import CODES, STRETCH
from engine.plan.evaluate import Evaluator
from engine.plan.graph import Graph
from engine.plan.operations import apply
from tests.engine.plan.grids import Grid, plan_of

M5 = Timeframe.parse("5m")
ROWS = 2 * STRETCH + 77
SOME = np.array([np.nan, 0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 3.0, 1e308, -1e308, 5e-324, 1e-9, 700.0, -800.0, 99.5])
TRUTH_RESULTS = frozenset({"lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not", "known", "at_least"})


def made(seed: int) -> tuple[Graph, Grid, list[int], list[int]]:
    """Return a graph with three columns of numbers and three of truths, and the candles under them."""
    rng, graph, grid, frame = np.random.default_rng(seed), Graph(), Grid(("A/USDT", "B/USDT")), Frame(M5)
    columns = {name: rng.choice(SOME, (ROWS, 2)) for name in ("open", "high", "low")}
    grid.add("5m", np.ones((ROWS, 2)), **columns)
    numbers = [graph.intern("field", frame, (), (name,)) for name in columns]
    limit = graph.intern("const", frame, (), (1.0,))
    truths = [graph.intern("lt", frame, (number, limit), boolean=True) for number in numbers]
    return graph, grid, numbers, truths


def called(op: str, numbers: list[int], truths: list[int], choices: bool) -> tuple[int, ...]:
    """Return inputs for an operation; of those that take either, truths where `choices`."""
    three = truths if choices else numbers
    match op:
        case "and" | "or":
            return tuple(truths)
        case "not":
            return (truths[0],)
        case "if":
            return (truths[0], three[1], three[2])
        case "default" | "eq" | "ne":
            return (three[0], three[1])
        case "known":
            return (three[0],)
        case "min" | "max" | "clip":
            return tuple(numbers)
        case "at_least":
            return (numbers[0], *truths) if choices else tuple(truths)
        case "neg" | "abs" | "sign" | "floor" | "sqrt" | "log" | "exp":
            return (numbers[0],)
    return (numbers[0], numbers[1])


@pytest.mark.parametrize("choices", [False, True])
@pytest.mark.parametrize("op", ELEMENT_WISE)
def test_an_operation_is_the_same_in_a_program_and_on_its_own(op: str, choices: bool) -> None:
    """Every digit is the same; only the sign of a zero, which nothing in the language sees, may differ."""
    graph, grid, numbers, truths = made(len(op))
    inputs = called(op, numbers, truths, choices)
    params = (2.0,) if op == "at_least" and not choices else ()
    boolean = op in TRUTH_RESULTS or (op in ("if", "default") and choices)
    node = graph.intern(op, Frame(M5), inputs, params, boolean=boolean)
    (values,) = grid.run(plan_of(graph), keep=[node, *inputs])
    arrays = [np.array([[value]]) for value in params] + [values.of(i) for i in inputs]
    wanted = apply(op, arrays)
    got = values.of(node)
    assert got.dtype == wanted.dtype == (np.int8 if boolean else np.float64)
    np.testing.assert_array_equal(got, wanted)


def test_every_unknown_number_is_the_same_unknown() -> None:
    graph, grid, numbers, truths = made(5)
    for op in ELEMENT_WISE:
        if op not in TRUTH_RESULTS:
            graph.intern(op, Frame(M5), called(op, numbers, truths, choices=False))
    (values,) = grid.run(plan_of(graph))
    for node, asked in enumerate(plan_of(graph).nodes):
        if asked.op in ELEMENT_WISE and not asked.boolean:
            bits = values.of(node)[np.isnan(values.of(node))].view(np.uint64)
            assert len(bits), asked
            assert (bits == np.array(np.nan).view(np.uint64)).all(), asked


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_long_chains_share_their_registers_without_harm(data: st.DataObject) -> None:
    """Kept or not, a node has the same values: what is not kept lives in registers that are used again."""
    graph, grid, numbers, truths = made(7)
    frame = Frame(M5)
    for _ in range(data.draw(st.integers(5, 60))):
        op = data.draw(st.sampled_from(["add", "sub", "mul", "max", "if", "lt", "and", "not", "default"]))
        if op in ("and", "not"):
            count = 1 if op == "not" else 2
            picked = tuple(data.draw(st.sampled_from(truths)) for _ in range(count))
            truths.append(graph.intern(op, frame, picked, boolean=True))
            continue
        pair = tuple(data.draw(st.sampled_from(numbers)) for _ in range(2))
        if op == "lt":
            truths.append(graph.intern(op, frame, pair, boolean=True))
        elif op == "if":
            numbers.append(graph.intern(op, frame, (data.draw(st.sampled_from(truths)), *pair)))
        else:
            numbers.append(graph.intern(op, frame, pair))
    plan = plan_of(graph)
    (everything,) = grid.run(plan)
    last = {numbers[-1], truths[-1]}
    few = Evaluator(plan, grid.symbols, keep=last).advance(grid.block(grid.origin, grid.until))
    for node in last:
        assert few.of(node).tobytes() == everything.of(node).tobytes()
    for node, asked in enumerate(plan.nodes):
        if asked.op in ELEMENT_WISE:
            np.testing.assert_array_equal(
                everything.of(node), apply(asked.op, [everything.of(i) for i in asked.inputs]), str(asked)
            )


def test_the_kernel_has_the_same_numbers() -> None:
    assert kernel.STRETCH == STRETCH
    assert {name: getattr(kernel, name.upper()) for name in CODES} == CODES
    assert len(set(CODES.values())) == len(CODES)
