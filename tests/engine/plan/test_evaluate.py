"""Evaluation: any split gives the same bits, nothing reads the future, and what is asked for is there."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.domain.market import Floats, Timeframe
from engine.domain.primitive import Primitive
from engine.domain.strategy import Frame, Gaps
from engine.indicators import PRIMITIVES
from engine.plan import parts, run
from engine.plan.evaluate import Evaluator
from engine.plan.graph import Graph
from tests.engine.plan.grids import MONDAY, Array, Grid, joined, plan_of, published, walk

NAN = float("nan")
M5, M15 = Timeframe.parse("5m"), Timeframe.parse("15m")
SYMBOLS = ("A/USDT", "B/USDT", "C/USDT")
BINARY = ("add", "sub", "mul", "div", "min", "max")
COMPARE = ("lt", "le", "gt", "ge", "eq", "ne")


def grown(draw: st.DrawFn, graph: Graph, frame: Frame, joins: list[tuple[int, bool]]) -> tuple[list[int], list[int]]:
    """Add some nodes of every kind to a frame; return its numbers and its truths."""
    numbers = [graph.intern("field", frame, (), (name,)) for name in ("close", "high", "volume", "time.hour")]
    numbers.append(graph.intern("const", frame, (), (draw(st.sampled_from([0.0, 1.0, 100.0])),)))
    numbers.append(graph.intern("series", frame, (), ("fng",)))
    truths = [graph.intern("gt", frame, (numbers[0], numbers[4]), boolean=True)]
    for node, boolean in joins:
        (truths if boolean else numbers).append(graph.intern("join", frame, (node,), boolean=boolean))
    for _ in range(draw(st.integers(1, 10))):
        number, truth = st.sampled_from(numbers), st.sampled_from(truths)
        kind = draw(st.sampled_from(["binary", "compare", "logic", "if", "primitive", "primitive", "past", "recur"]))
        if kind == "binary":
            numbers.append(graph.intern(draw(st.sampled_from(BINARY)), frame, (draw(number), draw(number))))
        elif kind == "compare":
            pair = (draw(number), draw(number))
            truths.append(graph.intern(draw(st.sampled_from(COMPARE)), frame, pair, boolean=True))
        elif kind == "logic":
            truths.append(
                graph.intern(draw(st.sampled_from(["and", "or"])), frame, (draw(truth), draw(truth)), boolean=True)
            )
        elif kind == "if":
            numbers.append(graph.intern("if", frame, (draw(truth), draw(number), draw(number))))
        elif kind == "past":
            truths.append(graph.intern("back", frame, (draw(truth),), (float(draw(st.integers(0, 3))),), boolean=True))
        elif kind == "recur":
            program = (1.0, "prev:0", "in:0", "default", "in:0", "add", 2.0, "div")
            node = graph.intern("recur", frame, (draw(number),), program)
            numbers.append(graph.intern("output", frame, (node,), (0.0,)))
        else:
            called(draw, graph, frame, numbers, truths, PRIMITIVES[draw(st.sampled_from(PRIMITIVES.names()))])
    return numbers, truths


def called(
    draw: st.DrawFn, graph: Graph, frame: Frame, numbers: list[int], truths: list[int], primitive: Primitive
) -> None:
    inputs = tuple(draw(st.sampled_from(truths if spec.boolean else numbers)) for spec in primitive.inputs)
    params = tuple(
        float(draw(st.integers(int(spec.low), int(min(spec.low + 6, spec.high)))))
        if spec.whole
        else spec.default or 0.1
        for spec in primitive.parameters
    )
    many = len(primitive.outputs) > 1
    node = graph.intern(primitive.name, frame, inputs, params, boolean=not many and primitive.outputs[0].boolean)
    for place, output in enumerate(primitive.outputs):
        one = graph.intern("output", frame, (node,), (float(place),), boolean=output.boolean) if many else node
        (truths if output.boolean else numbers).append(one)


@st.composite
def plans(draw: st.DrawFn) -> Graph:
    graph = Graph()
    gaps = draw(st.sampled_from([Gaps("skip", 2), Gaps("skip", 0), Gaps("fill"), Gaps("stop")]))
    slow = grown(draw, graph, Frame(M15, None, gaps), [])
    fixed = grown(draw, graph, Frame(M5, "B/USDT", gaps), [])
    joins = [(group[-1], boolean) for pair in (slow, fixed) for group, boolean in ((pair[0], False), (pair[1], True))]
    grown(draw, graph, Frame(M5, None, gaps), joins)
    return graph


def grid_of(seed: int, absent: float) -> Grid:
    rng = np.random.default_rng(seed)
    grid = Grid(SYMBOLS)
    grid.add("5m", walk(rng, 60, 3, absent))
    grid.add("15m", walk(rng, 20, 3, absent))
    grid.series = {"fng": published({MONDAY + M5.ms * i: float(i) for i in range(0, 50, 7)}, 40 * 60_000)}
    return grid


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(graph=plans(), seed=st.integers(0, 99), absent=st.sampled_from([0.0, 0.1, 0.4]), data=st.data())
def test_any_split_gives_the_same_bits_and_the_future_changes_nothing(
    graph: Graph, seed: int, absent: float, data: st.DataObject
) -> None:
    plan, grid = plan_of(graph), grid_of(seed, absent)
    (whole,) = grid.run(plan)
    every = grid.run(plan, [MONDAY + M5.ms * i for i in range(1, 60)])
    some = grid.run(plan, [MONDAY + M5.ms * i for i in sorted(data.draw(st.sets(st.integers(1, 59), max_size=4)))])
    until = MONDAY + M5.ms * data.draw(st.integers(1, 60))
    early = Evaluator(plan, SYMBOLS).advance(grid.block(MONDAY, until))
    for node in range(len(plan.nodes)):
        values = whole.of(node)
        assert values.dtype == (np.int8 if plan.nodes[node].boolean else np.float64)
        assert not np.isinf(values).any()
        assert values.tobytes() == joined(every, node).tobytes() == joined(some, node).tobytes(), plan.nodes[node]
        assert values[: len(early.of(node))].tobytes() == np.ascontiguousarray(early.of(node)).tobytes()


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(graph=plans(), seed=st.integers(0, 99), absent=st.sampled_from([0.0, 0.2]), data=st.data())
def test_what_is_kept_and_where_it_is_worked_on_changes_nothing(
    graph: Graph, seed: int, absent: float, data: st.DataObject
) -> None:
    """Of a large part kernels read candles and write sheets directly, slots and registers are used again and again."""
    plan, grid = plan_of(graph), grid_of(seed, absent)
    cuts = [MONDAY + M5.ms * i for i in sorted(data.draw(st.sets(st.integers(1, 59), max_size=3)))]
    wanted = grid.run(plan, cuts)
    kept = data.draw(st.sets(st.integers(0, len(plan.nodes) - 1), min_size=1, max_size=4))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "LARGE", data.draw(st.sampled_from([1, 30])))
        patch.setattr(parts, "CELLS", data.draw(st.sampled_from([3, 20, 10**6])))
        patch.setattr(parts, "FEWEST", 1)
        got = grid.run(plan, cuts, keep=kept, threads=data.draw(st.sampled_from([1, 2])))
    for node in kept:
        assert joined(got, node).tobytes() == joined(wanted, node).tobytes(), plan.nodes[node]


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(graph=plans(), seed=st.integers(0, 99))
def test_a_snapshot_goes_on_as_if_nothing_had_happened(graph: Graph, seed: int) -> None:
    plan, grid = plan_of(graph), grid_of(seed, 0.2)
    middle = MONDAY + M5.ms * 31
    first = Evaluator(plan, SYMBOLS)
    first.advance(grid.block(MONDAY, middle))
    kept = first.snapshot()
    wanted = first.advance(grid.block(middle, grid.until))
    for _ in range(2):
        second = Evaluator(plan, SYMBOLS)
        second.restore(kept)
        got = second.advance(grid.block(middle, grid.until))
        for node in range(len(plan.nodes)):
            assert got.of(node).tobytes() == wanted.of(node).tobytes()


def test_a_symbol_that_comes_later_never_changes_another() -> None:
    graph, frame = Graph(), Frame(M5)
    close = graph.intern("field", frame, (), ("close",))
    node = graph.intern("rma", frame, (close,), (5.0,))
    data = walk(np.random.default_rng(5), 50, 2)
    data[:30, 1] = NAN
    both, alone, late = Grid(("A/USDT", "B/USDT")), Grid(("A/USDT",)), Grid(("B/USDT",), MONDAY + 30 * M5.ms)
    both.add("5m", data)
    alone.add("5m", data[:, :1])
    late.add("5m", data[30:, 1:])
    (values,), (first,), (second,) = (grid.run(plan_of(graph)) for grid in (both, alone, late))
    np.testing.assert_array_equal(values.of(node)[:, 0], first.of(node)[:, 0])
    np.testing.assert_array_equal(values.of(node)[30:, 1], second.of(node)[:, 0])
    assert np.isnan(values.of(node)[:34, 1]).all()


def test_only_what_is_kept_can_be_asked_for_and_nothing_else_is_computed() -> None:
    graph, frame = Graph(), Frame(M5)
    close = graph.intern("field", frame, (), ("close",), text="close")
    mean = graph.intern("sma", frame, (close,), (3.0,))
    graph.intern("no_such_operation", frame, (close,))
    plan = plan_of(graph)
    grid = Grid(("A/USDT",))
    grid.add("5m", np.arange(6.0)[:, None])
    with pytest.raises(LookupError, match="no_such_operation"):
        Evaluator(plan, ("A/USDT",))
    (values,) = grid.run(plan, keep=[mean])
    np.testing.assert_array_equal(values.of(mean)[:, 0], [NAN, NAN, 1, 2, 3, 4])
    with pytest.raises(KeyError, match=r"node 0 \(close\) was not kept"):
        values.of(close)


def test_values_are_read_only_and_unknown_where_no_candle_is() -> None:
    graph, frame = Graph(), Frame(M5)
    seven = graph.intern("const", frame, (), (7.0,))
    sure = graph.intern("const", frame, (), (2.0,), boolean=True)
    hour = graph.intern("field", frame, (), ("time.hour",))
    grid = Grid(("A/USDT", "B/USDT"))
    grid.add("5m", np.array([[1.0, 2.0], [NAN, 3.0]]))
    (values,) = grid.run(plan_of(graph))
    np.testing.assert_array_equal(values.of(seven), [[7, 7], [NAN, 7]])
    np.testing.assert_array_equal(values.of(hour), [[0, 0], [NAN, 0]])
    assert values.of(sure).tolist() == [[2, 2], [1, 2]]
    for node in (seven, sure, hour):
        with pytest.raises(ValueError, match="read-only"):
            values.of(node)[0, 0] = 1


def test_panels_must_cover_the_symbols_in_their_order() -> None:
    graph = Graph()
    graph.intern("field", Frame(M5), (), ("close",))
    grid = Grid(("A/USDT", "B/USDT"))
    grid.add("5m", np.ones((2, 2)))
    with pytest.raises(ValueError, match="covers"):
        Evaluator(plan_of(graph), ("B/USDT", "A/USDT")).advance(grid.block(MONDAY, grid.until))


class Tipster:
    """A predictor that remembers what it was asked: up is the sum of its features, down its negative."""

    def __init__(self, known_from: int) -> None:
        self.known_from, self.asked = known_from, 0

    def predict(self, features: Mapping[str, Floats]) -> tuple[Floats, Floats]:
        self.asked += 1
        total = features["x"] + 10 * features["flag"]
        return total, -total


@pytest.mark.parametrize("trust", [0.0, 1.0])
def test_a_model_is_asked_once_for_all_that_is_known_and_not_for_its_own_past(trust: float) -> None:
    graph, frame = Graph(), Frame(M5)
    close = graph.intern("field", frame, (), ("close",))
    flag = graph.intern("gt", frame, (close, graph.intern("const", frame, (), (2.0,))), boolean=True)
    up, down = (graph.intern("model", frame, (close, flag), ("m", way, trust, "x", "flag")) for way in ("up", "down"))
    lost = graph.intern("model", frame, (close,), ("other", "up", trust, "x"))
    tipster = Tipster(MONDAY + 2 * M5.ms)
    grid = Grid(("A/USDT", "B/USDT"))
    grid.add("5m", np.array([[1.0, 2.0], [3.0, 4.0], [5.0, NAN], [7.0, 1.0]]))
    (values,) = grid.run(plan_of(graph), predictors={"m": tipster})
    wanted: Array = np.array([[1.0, 2.0], [13.0, 14.0], [15.0, NAN], [17.0, 1.0]])
    if not trust:
        wanted[:2] = NAN
    np.testing.assert_array_equal(values.of(up), wanted)
    np.testing.assert_array_equal(values.of(down), -wanted)
    assert np.isnan(values.of(lost)).all()
    assert tipster.asked == 1
