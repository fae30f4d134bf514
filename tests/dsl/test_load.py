"""Loading: a bad file never stops the good ones, one graph for all, expressions by themselves."""

from __future__ import annotations

import os
from pathlib import Path

from dsl.catalogue import catalogue
from dsl.check import outputs
from dsl.errors import Severity
from dsl.lint import lint
from dsl.load import load, load_expression, strategy_files
from engine.domain.market import Timeframe
from tests.dsl.texts import side, strategy

STRATEGIES = Path(__file__).parents[2] / "strategies"
FIVE = ["ai_ml", "elite", "qfl", "scalper", "trend"]


def write(folder: Path, name: str, body: str) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(strategy(body, name=name))
    return path


def test_the_five_strategies_are_sound() -> None:
    loaded = load([STRATEGIES])
    assert [str(d.span) + " " + d.message for d in loaded.diagnostics] == []
    assert [s.id for s in loaded.plan.strategies] == FIVE
    assert loaded.failed == ()
    assert set(loaded.checked) == set(FIVE)
    for rules in loaded.plan.strategies:
        for timeframe in rules.rules:
            assert rules.defined(loaded.plan, timeframe) > 1


def test_inputs_come_before_their_users_and_stay_in_their_frame() -> None:
    plan = load([STRATEGIES]).plan
    for i, node in enumerate(plan.nodes):
        assert all(j < i for j in node.inputs)
        if node.op != "join":
            assert all(plan.nodes[j].frame == node.frame for j in node.inputs)
        assert node.defined <= node.converged or node.op == "default"


def test_strategies_share_their_nodes(tmp_path: Path) -> None:
    write(tmp_path, "one", side("ema(close, 50) > ema(close, 100)"))
    alone = load([tmp_path])
    write(tmp_path, "two", side("ema(close, 100) < close"))
    both = load([tmp_path])
    assert [n.op for n in both.plan.nodes].count("ema") == 2
    assert both.plan.strategy("one").hash == alone.plan.strategy("one").hash
    assert both.plan.hash != alone.plan.hash


def test_a_strategy_keeps_its_hash_whatever_is_loaded_with_it() -> None:
    together = {s.id: s.hash for s in load([STRATEGIES]).plan.strategies}
    for name in FIVE:
        assert load([STRATEGIES / f"{name}.yaml"]).plan.strategies[0].hash == together[name]


def test_a_bad_file_never_stops_the_good_ones(tmp_path: Path) -> None:
    write(tmp_path, "good", side())
    bad = write(tmp_path, "bad", side("clsoe > open and rsi(14) > 30%"))
    (tmp_path / "worse.yaml").write_bytes(b"\xff\xfe\x00: [")
    (tmp_path / "empty.yaml").write_text("")
    loaded = load([tmp_path, tmp_path / "nowhere.yaml"])
    assert [s.id for s in loaded.plan.strategies] == ["good"]
    assert [d.name for d in loaded.diagnostics if d.span.source.path == str(bad)] == ["unknown-name", "unit-mismatch"]
    assert len(loaded.failed) == 4
    paths = {d.span.source.path for d in loaded.errors}
    assert {Path(p).name for p in paths} == {"bad.yaml", "worse.yaml", "empty.yaml", "nowhere.yaml"}


def test_two_strategies_of_one_id(tmp_path: Path) -> None:
    write(tmp_path, "one", side())
    other = tmp_path / "other"
    other.mkdir()
    write(other, "one", side())
    loaded = load([tmp_path, other])
    assert [s.path for s in loaded.plan.strategies] == [str(tmp_path / "one.yaml")]
    assert [d.name for d in loaded.errors] == ["shadowed-name"]


def test_tests_and_other_files_of_a_folder_are_left_out(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yml", "a.test.yaml", "notes.txt"):
        (tmp_path / name).write_text("")
    os.mkfifo(tmp_path / "pipe.yaml")  # reading it would wait for ever
    assert [p.name for p in strategy_files([tmp_path, tmp_path / "a.yaml"])] == ["a.yaml", "b.yml"]


def test_a_library_in_the_folder_is_checked_and_no_strategy(tmp_path: Path) -> None:
    (tmp_path / "lib.yaml").write_text(
        "language: 1\nid: lib\ndefine:\n  twice(x):\n    about: Two.\n    returns: 2 * y\n"
    )
    loaded = load([tmp_path])
    assert [d.name for d in loaded.errors] == ["unknown-name"]
    assert loaded.plan.strategies == ()


def test_a_broken_library_is_told_once_however_many_use_it(tmp_path: Path) -> None:
    lib = tmp_path / "lib"
    lib.mkdir()
    (lib / "lib.yaml").write_text("language: 1\nid: lib\nlet: {x: close +}\n")
    for name in ("one", "two"):
        write(tmp_path, name, "use: [lib/lib.yaml]\n" + side("lib.x > open"))
    loaded = load([tmp_path])
    assert [d.name for d in loaded.errors if d.span.source.path.endswith("lib.yaml")] == ["syntax"]
    assert len(loaded.failed) == 2


def chain(first: str, step: str, count: int) -> str:
    """Return lets that stand on each other, the last one on top."""
    lines = [f"  v0: {first}"] + [f"  v{i}: {step.replace('V', f'v{i - 1}')}" for i in range(1, count)]
    return "let:\n" + "\n".join(lines) + "\n"


def test_lets_that_double_each_other_take_no_time(tmp_path: Path) -> None:
    write(tmp_path, "one", chain("close > open", "V and (V or close > low)", 60) + side("v59"))
    write(tmp_path, "two", chain("close", "max(V, V + 0 * V)", 60) + side("v59 > 1", "stop: v59 * 0.9"))
    loaded = load([tmp_path])
    assert loaded.errors == []
    assert lint(loaded) is not None


def test_lets_without_end_are_a_finding(tmp_path: Path) -> None:
    write(tmp_path, "deep", chain("close", "V + 1", 3000) + side("v2999 > 1"))
    write(tmp_path, "good", side())
    loaded = load([tmp_path])
    assert [d.name for d in loaded.errors] == ["syntax"]
    assert [s.id for s in loaded.plan.strategies] == ["good"]


def test_values_replace_the_defaults_of_params(tmp_path: Path) -> None:
    write(tmp_path, "one", "params: {n: 20 in 5 to 50}\n" + side("close > sma(close, n)"))
    loaded = load([tmp_path], values={"one": {"n": 30}})
    assert loaded.plan.strategies[0].params == {"n": 30.0}
    assert [n.params for n in loaded.plan.nodes if n.op == "sma"] == [(30.0,)]


def test_an_expression_by_itself() -> None:
    plan, node, findings = load_expression("rsi(close, 14)", "5m")
    assert findings == []
    assert node is not None
    assert node == len(plan.nodes) - 1
    assert plan.nodes[node].frame.timeframe == Timeframe.parse("5m")


def test_a_wrong_expression_has_findings_and_no_node() -> None:
    assert load_expression("rsi(close,", "5m")[1] is None
    plan, node, findings = load_expression("macd()", "5m")
    assert (plan.nodes, node) == ((), None)
    assert [f.name for f in findings] == ["unknown-output"]


def test_an_expression_may_name_the_lets_of_a_document() -> None:
    document = load([STRATEGIES / "scalper.yaml"]).documents[0]
    plan, node, findings = load_expression("momentum > low_rsi", "5m", lets=document)
    assert findings == []
    assert node is not None
    assert plan.nodes[node].boolean


def test_every_function_of_the_catalogue_tells_its_outputs() -> None:
    functions = catalogue()
    for function in functions:
        if function.kind != "builtin":
            found = outputs(function, functions)
            assert [name for name, _ in found] == [output.name for output in function.outputs], function.name
    rsi = functions.get("rsi")
    assert rsi is not None
    assert [str(given) for _, given in outputs(rsi, functions)] == ["index, 0 to 100"]
    assert rsi.signature == "rsi(source=close, length=14 in 1 to 1000)"


def test_diagnostics_are_in_order_of_place(tmp_path: Path) -> None:
    write(tmp_path, "bad", "let: {b: nope, a: nope2}\n" + side("a > b and nope3"))
    found = [d for d in load([tmp_path]).diagnostics if d.severity is Severity.ERROR]
    assert [d.span.text for d in found] == ["nope", "nope2", "nope3"]
