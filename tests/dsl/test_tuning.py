"""Params as an optimiser sees them, and values written back into the text."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.config import BUILT_IN_STRATEGIES
from dsl.fmt import format_source
from dsl.load import load
from dsl.read import read_document
from dsl.tuning import NotTunable, Variants, condition, next_version, ranges, rewritten, written
from engine.optimise.ranges import Range

TEXT = """\
# A comment at the top.
language: 1
id: tuned
name: Tuned
version: 1.4.2   # moves
about: For tests.
timeframes: [5m]
universe: {symbols: [BTC/USDT]}

# What may move:
params:
  length: 10 in 5 to 30 step 1        # of the average
  stop_at: 0.70% in 0.1% to 2% step 0.1%
  fixed: 3
  patience: 4h in 1h to 1d step 30m
  worth: 2 in 1 to 4

long:
  when:
    up: close crosses above sma(close, length) and volume > fixed
  stop: stop_at
  targets: worth * stop_at
  expire: 4h
"""


@pytest.fixture
def tuned(tmp_path: Path) -> Path:
    path = tmp_path / "tuned.yaml"
    path.write_text(TEXT)
    return path


def test_ranges_are_those_of_the_document(tuned: Path) -> None:
    document, _ = read_document(tuned)
    found = ranges(document)
    assert found == (
        Range("length", 10.0, 5.0, 30.0, 1.0),
        Range("stop_at", 0.007, 0.001, 0.02, 0.001, "%"),
        Range("patience", 14_400_000.0, 3_600_000.0, 86_400_000.0, 1_800_000.0, "ms"),
        Range("worth", 2.0, 1.0, 4.0),
    )
    assert ranges(document, ["worth"]) == found[3:]


@pytest.mark.parametrize(
    ("only", "told"),
    [(["speed"], "has no param speed; it has length, stop_at, fixed, patience, worth"),
     (["fixed"], "the param fixed has no range: write `fixed: 3 in LOW to HIGH`")],
)  # fmt: skip
def test_params_that_cannot_be_searched_are_told(tuned: Path, only: list[str], told: str) -> None:
    with pytest.raises(NotTunable, match=told):
        ranges(read_document(tuned)[0], only)


def test_a_strategy_without_ranges_is_told(tmp_path: Path) -> None:
    text = "".join(line for line in TEXT.splitlines(True) if " in " not in line or "for" in line.lower())
    document, _ = read_document(text)
    with pytest.raises(NotTunable, match="has no params with a range"):
        ranges(document)


def test_variants_share_all_that_does_not_depend_on_their_params(tuned: Path) -> None:
    variants = Variants(read_document(tuned)[0])
    points = [{"length": float(n), "worth": 1.0 + w / 10} for n in range(5, 15) for w in range(10)]
    plan, faults = variants.plan(points)
    assert faults == [""] * 100
    assert [rules.id for rules in plan.strategies] == [f"tuned#{n}" for n in range(100)]
    one, _ = variants.plan(points[:1])
    ten, _ = variants.plan(points[:10])
    assert len(ten.nodes) == len(one.nodes), "the worth of a trade is no node at all"
    assert len(plan.nodes) < len(one.nodes) * 10


def test_a_variant_is_the_strategy_with_its_defaults_replaced(tuned: Path) -> None:
    point = {"length": 21.0, "stop_at": 0.012, "worth": 3.5}
    plan, _ = Variants(read_document(tuned)[0]).plan([point])
    loaded = load([tuned], values={"tuned": point})
    assert plan.strategies[0].params == loaded.plan.strategies[0].params
    assert plan.strategies[0].rules == loaded.plan.strategies[0].rules
    assert plan.nodes == loaded.plan.nodes


def test_a_point_that_is_no_strategy_says_why_and_stops_no_other(tuned: Path) -> None:
    plan, faults = Variants(read_document(tuned)[0]).plan([{"length": 7.0}, {"length": 7.5}, {"length": 8.0}])
    assert [rules.id for rules in plan.strategies] == ["tuned#0", "tuned#2"]
    assert [bool(fault) for fault in faults] == [False, True, False]
    assert "tuned.yaml" in faults[1]


def test_a_condition_on_params_is_read_in_the_language(tuned: Path) -> None:
    document, _ = read_document(tuned)
    holds = condition(document, "length > 12 and stop_at <= 1%")
    assert holds({"length": 13.0, "stop_at": 0.01})
    assert not holds({"length": 12.0, "stop_at": 0.01})
    assert not holds({"stop_at": 0.011})


@pytest.mark.parametrize(
    ("text", "told"),
    [("length >", "ends too early"), ("speed > 3", "there is no `speed`"), ("length > 3R", "multiple of the risk"),
     ("close > length", "not about the params alone"), ("volume > 5", "not about the params alone"),
     ("length + 1", "not about the params alone")],
)  # fmt: skip
def test_a_condition_that_cannot_be_used_is_told(tuned: Path, text: str, told: str) -> None:
    with pytest.raises(NotTunable, match=told):
        condition(read_document(tuned)[0], text)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(14.0, "", "14"), (0.30000000000000004, "", "0.30000000000000004"), (0.0005, "%", "0.05%"), (0.07, "%", "7%"),
     (1e-7, "", "0.0000001"), (1.5, "R", "1.5R"), (5_400_000.0, "ms", "90m"), (86_400_000.0, "ms", "1d"),
     (-0.25, "", "-0.25"), (1e6, "", "1000000")],
)  # fmt: skip
def test_a_value_is_written_as_the_language_writes_it(value: float, unit: str, text: str) -> None:
    assert written(value, unit) == text


def test_the_next_version() -> None:
    assert next_version("1.4.2") == "1.5.0"
    assert next_version("0.9") == "0.10.0"
    with pytest.raises(NotTunable, match="'beta' is not written as 1"):
        next_version("beta")


def test_only_values_and_version_change_and_the_evidence_comes(tuned: Path) -> None:
    values = {"length": 21.0, "stop_at": 0.012, "patience": 5_400_000.0, "worth": 2.5}
    text = rewritten(tuned, values, ["Found on candles.", "Trust it little."])
    assert text == (
        TEXT.replace("1.4.2 ", "1.5.0 ")
        .replace("params:\n", "# Found on candles.\n# Trust it little.\nparams:\n")
        .replace("length: 10 in", "length: 21 in")
        .replace("0.70% in", "1.2% in")
        .replace("4h in", "90m in")
        .replace("worth: 2 in", "worth: 2.5 in")
    )
    tuned.write_text(text)
    loaded = load([tuned])
    assert not loaded.diagnostics
    assert {name: loaded.plan.strategies[0].params[name] for name in values} == values


@pytest.mark.parametrize("path", sorted(BUILT_IN_STRATEGIES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_value_of_every_range_is_read_again_as_it_was(path: Path, tmp_path: Path) -> None:
    if path.name.endswith(".test.yaml"):
        return
    document, _ = read_document(path)
    found = ranges(document)
    most = max(one.count for one in found)
    for place in range(0, most, 7):
        values = {one.name: one.at(min(place, one.count - 1)) for one in found}
        again, problems = read_document(rewritten(path, values, ["Evidence."]), path=str(tmp_path / path.name))
        assert not problems
        assert not format_source(again.span.source).changed
        assert {name: given.default.value for name, (_, given) in again.params.items() if name in values} == values
