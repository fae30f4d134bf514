"""The graph: equal expressions are one node, warm-up adds up, a digest names a node in every plan."""

from __future__ import annotations

import math

import pytest

from engine.domain.market import Timeframe
from engine.domain.strategy import Frame, Gaps
from engine.plan.graph import Graph
from engine.plan.recursion import depth, results

M5 = Frame(Timeframe.parse("5m"))
H1 = Frame(Timeframe.parse("1h"))


def average(graph: Graph, source: int, length: int, frame: Frame = M5) -> int:
    return graph.intern("sma", frame, (source,), (float(length),), defined=length, converged=length)


def test_equal_expressions_are_one_node_and_the_first_text_stays() -> None:
    graph = Graph()
    close = graph.intern("field", M5, (), ("close",), text="close")
    again = graph.intern("field", M5, (), ("close",), text="the close")
    assert close == again
    assert graph[close].text == "close"
    assert average(graph, close, 20) == average(graph, close, 20)
    assert average(graph, close, 20) != average(graph, close, 21)
    assert len(graph) == 3


def test_frames_and_kinds_keep_nodes_apart() -> None:
    graph = Graph()
    nodes = {
        graph.intern("const", M5, (), (1.0,)),
        graph.intern("const", M5, (), (1.0,), boolean=True),
        graph.intern("const", H1, (), (1.0,)),
        graph.intern("const", M5, (), ("1.0",)),
        graph.intern("const", M5, (), (-0.0,)),
        graph.intern("const", M5, (), (0.0,)),
        graph.intern("const", Frame(M5.timeframe, "BTC/USDT"), (), (1.0,)),
        graph.intern("const", Frame(M5.timeframe, None, Gaps("fill")), (), (1.0,)),
    }
    assert len(nodes) == 8


def test_unknown_constants_are_one_node() -> None:
    graph = Graph()
    assert graph.intern("const", M5, (), (math.nan,)) == graph.intern("const", M5, (), (float("nan"),))


def test_a_chain_needs_the_sum_of_its_lengths_less_one_each() -> None:
    graph = Graph()
    close = graph.intern("field", M5, (), ("close",))
    outer = average(graph, average(graph, close, 14), 3)
    node = graph[outer]
    assert (node.defined, node.converged) == (16, 16)
    assert node.history_ms == 16 * 300_000


def test_element_wise_nodes_need_the_longest_of_their_inputs() -> None:
    graph = Graph()
    close = graph.intern("field", M5, (), ("close",))
    both = graph.intern("gt", M5, (average(graph, close, 7), average(graph, close, 25)), boolean=True)
    assert graph[both].defined == 25
    assert graph[both].history_ms == 25 * 300_000


def test_converged_is_never_less_than_defined() -> None:
    graph = Graph()
    close = graph.intern("field", M5, (), ("close",))
    node = graph[graph.intern("odd", M5, (close,), (), defined=10, converged=3)]
    assert node.converged == 10


def test_another_timeframe_is_counted_in_candles_of_this_one() -> None:
    graph = Graph()
    close = graph.intern("field", H1, (), ("close",))
    slow = average(graph, close, 10, H1)
    node = graph[graph.intern("join", M5, (slow,))]
    # Whatever 5m candle is the first, 10 whole hours have closed after 11 hours less one candle.
    assert node.defined == 11 * 12 - 1
    assert node.history_ms == 11 * 3_600_000


def test_a_symbol_of_the_same_timeframe_adds_nothing() -> None:
    graph = Graph()
    btc = Frame(M5.timeframe, "BTC/USDT")
    node = graph[graph.intern("join", M5, (average(graph, graph.intern("field", btc, (), ("close",)), 10, btc),))]
    assert (node.defined, node.history_ms) == (10, 10 * 300_000)


def test_the_digest_does_not_depend_on_what_else_is_in_the_graph() -> None:
    lone, full = Graph(), Graph()
    average(full, full.intern("field", M5, (), ("volume",)), 9)
    a = average(lone, lone.intern("field", M5, (), ("close",)), 20)
    b = average(full, full.intern("field", M5, (), ("close",)), 20)
    assert a != b
    assert lone.digest(a) == full.digest(b)
    assert lone.digest(a) != lone.digest(a - 1)


def test_programs_tell_their_results_and_depth() -> None:
    program = ("in:0", "prev:0", 0.0, "default", "add")
    assert depth(program) == 3
    assert results((2.0, *program)) == 2
    with pytest.raises(ValueError, match="not a program"):
        depth(("in:0", "add"))
