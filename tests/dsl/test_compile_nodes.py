"""Expressions as nodes: one node for equal parts, frames and joins, warm-up, folding, recursion."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from dsl.load import load, load_expression
from engine.domain.strategy import Node, Plan
from engine.plan.recursion import depth
from tests.dsl.texts import strategy


def plan(text: str, timeframe: str = "5m") -> tuple[Plan, Node]:
    made, node, findings = load_expression(text, timeframe)
    assert findings == []
    assert node is not None
    return made, made.nodes[node]


def ops(made: Plan) -> list[str]:
    return [node.op for node in made.nodes]


def shown(made: Plan, node: Node) -> str:
    """Return a node as an expression over operations."""
    inputs = [shown(made, made.nodes[i]) for i in node.inputs]
    given = [p if isinstance(p, str) else f"{p:g}" for p in node.params]
    if node.op in ("const", "field"):
        return given[0]
    where = f"@{node.frame.timeframe}" if node.op == "join" else ""
    return f"{node.op}{where}({', '.join([*inputs, *given])})"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("close > open", "gt(close, open)"),
        ("close[2] > close[0]", "gt(back(close, 2), close)"),
        ("close crosses above open", "and(gt(close, open), le(back(close, 1), back(open, 1)))"),
        ("close crosses below 5", "and(lt(close, 5), ge(back(close, 1), 5))"),
        ("rsi(14) between 20 and 30 for 3 bars", None),
        ("close > open for 3 bars", "held(gt(close, open), 3)"),
        ("close > open within 3 bars", "happened(gt(close, open), 3)"),
        ("close > open for 1 bars", "gt(close, open)"),
        ("close between low and high", "and(ge(close, low), le(close, high))"),
        ("if close > open then 1 else 0", "if(gt(close, open), 1, 0)"),
        ("default(volume, 1)", "default(volume, 1)"),
        ("known(funding_rate)", "known(funding_rate)"),
        ("not (close > open)", "not(gt(close, open))"),
        ("at_least(2, close > open, close > low, close > high)", None),
        ("hl2", "div(add(high, low), 2)"),
        ("hlc3", "div(add(add(high, low), close), 3)"),
        ("2 * 3 + close", "add(6, close)"),
        ("1 / 0 * close", "mul(nan, close)"),
        ("timeframe", "300000"),
        ("timeframe / 1m", "div(300000, 60000)"),
        ("time.hour", "time.hour"),
        ("max(close, open, low)", "max(close, open, low)"),
        ("sma(close, 3)", "sma(close, 3)"),
        ("sma(3)", "sma(close, 3)"),
        ("sma(length=3)", "sma(close, 3)"),
        ("sma(length=3, source=high)", "sma(high, 3)"),
        ("pivot_low(low, 3, 2).new", "output(pivot_low(low, 3, 2, 200), 2)"),
        ("vwap(per=week)", "vwap(div(add(add(high, low), close), 3), volume, 1)"),
        ("change(close, 2)", "sub(close, back(close, 2))"),
    ],
)
def test_forms(text: str, expected: str | None) -> None:
    made, node = plan(text)
    if expected is not None:
        assert shown(made, node) == expected


def test_equal_parts_are_one_node_also_inside_definitions() -> None:
    made, _ = plan("macd(close, 12, 26, 9).line > ema(close, 12) - ema(26)")
    assert ops(made).count("ema") == 2
    made, _ = plan("atr(14) > 0 and 2 * atr(14) < natr(14) * close")
    assert ops(made).count("rma") == 1


def test_only_the_output_that_is_used_is_computed() -> None:
    made, _ = plan("stoch(14, 3, 3).k")
    fast = len(made.nodes)
    made, _ = plan("stoch(14, 3, 3).d")
    assert len(made.nodes) == fast + 1


def test_another_timeframe_is_evaluated_there_and_joined() -> None:
    made, node = plan("ema(close, 10)@1h")
    assert shown(made, node) == "join@5m(ema(close, 10))"
    inner = made.nodes[node.inputs[0]]
    assert (str(inner.frame.timeframe), inner.frame.symbol) == ("1h", None)


def test_the_same_timeframe_needs_no_join() -> None:
    made, node = plan("close@5m")
    assert shown(made, node) == "close"
    made, node = plan("(14 + 1)@1h")
    assert shown(made, node) == "15"


def test_another_symbol_and_timeframe() -> None:
    made, node = plan('(close > open)@"BTC/USDT"@1h')
    assert shown(made, node) == "join@5m(join@1h(gt(close, open)))"
    assert node.boolean
    inner = made.nodes[made.nodes[node.inputs[0]].inputs[0]]
    assert (str(inner.frame.timeframe), inner.frame.symbol) == ("1h", "BTC/USDT")


def test_a_timeframe_inside_an_at_is_that_of_the_at() -> None:
    made, node = plan("timeframe@1h + timeframe")
    assert shown(made, node) == "add(3.6e+06, 300000)"


def test_the_turnover_of_a_day_comes_from_candles() -> None:
    made, node = plan("quote_volume_24h", "1h")
    assert shown(made, node) == "sum(mul(close, volume), 24)"
    made, node = plan("quote_volume_24h", "5m")
    assert node.params == (288.0,)


def test_warm_up_adds_up() -> None:
    _, node = plan("sma(sma(close, 10), 5)")
    assert (node.defined, node.history_ms) == (14, 14 * 300_000)
    _, node = plan("close[10] > sma(close, 5)")
    assert node.defined == 11
    _, node = plan("(close > open within 20 bars) and sma(close, 5)[3] > close")
    assert node.defined <= 20
    _, node = plan("ema(close, 50)")
    assert node.defined == 50
    assert node.converged > 100


def test_truths_and_numbers_are_apart() -> None:
    made, node = plan("if true then close > open else false")
    kinds = [(made.nodes[i].op, made.nodes[i].boolean) for i in node.inputs]
    assert kinds == [("const", True), ("gt", True), ("const", True)]
    assert node.boolean
    made, node = plan("(close > open)[1]")
    assert (node.op, node.boolean) == ("back", True)


LIBRARY = """\
language: 1
id: lib
define:
  smooth(source=close, weight=0.1 in 0 to 1):
    about: An average that never forgets.
    settles: 300
    let:
      before: prev(value, source)
      value: before + weight * (sma(source, 3) - before)
      rising: value > before
    returns: {value: value, rising: rising, falling: "value < prev(value, source)"}
"""


def test_a_recursion_is_one_node_with_a_program(tmp_path: Path) -> None:
    (tmp_path / "lib.yaml").write_text(LIBRARY)
    rules = "use: [lib.yaml]\nlong:\n  when: {it: 'lib.smooth(close, 0.5).value > open'}\n"
    (tmp_path / "sample.yaml").write_text(strategy(rules))
    loaded = load([tmp_path / "sample.yaml"])
    assert loaded.diagnostics == []
    (node,) = [n for n in loaded.plan.nodes if n.op == "recur"]
    count, *program = node.params
    assert depth(tuple(program)) >= 3
    assert [loaded.plan.nodes[i].op for i in node.inputs] == ["field", "sma"]
    assert node.converged == 302
    value = program[: program.index("default") + 1]
    assert count >= 2
    assert value == ["prev:1", "in:0", "default"]


def test_a_definition_gives_its_states_by_name(tmp_path: Path) -> None:
    (tmp_path / "lib.yaml").write_text(LIBRARY)
    rules = "use: [lib.yaml]\nlong:\n  when: {it: 'lib.smooth().rising and not lib.smooth().falling'}\n"
    (tmp_path / "sample.yaml").write_text(strategy(rules))
    loaded = load([tmp_path / "sample.yaml"])
    assert loaded.diagnostics == []
    assert [n.op for n in loaded.plan.nodes].count("recur") == 1
    assert all(n.boolean for n in loaded.plan.nodes if n.text.startswith("value <"))


def test_what_is_unknown_folds_to_unknown() -> None:
    _, node = plan("sqrt(-1) > 2")
    assert node.op == "const"
    assert node.boolean
    assert node.params == (1.0,)
    _made, node = plan("log(0) + 1")
    assert math.isnan(float(node.params[0]))
