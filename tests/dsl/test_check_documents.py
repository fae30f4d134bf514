"""What the checker says about whole strategies: names, sides, levels, parts, params, libraries."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsl.catalogue import catalogue
from dsl.check import Libraries, check_library
from dsl.errors import Severity
from dsl.load import load
from dsl.read import read_document
from tests.dsl.texts import errors, load_text, side, strategy


def wrong(body: str, timeframes: str = "5m") -> list[tuple[str, str]]:
    return errors(load_text(body, timeframes=timeframes).diagnostics)


def test_names_are_one_namespace() -> None:
    body = """\
params: {n: 5, close: 3}
let:
  n: rsi(14)
  volume: 2 * 3
  entry: 1 + 1
  it: close
"""
    assert wrong(body + side()) == [
        ("shadowed-name", "close"),
        ("shadowed-name", "n"),
        ("shadowed-name", "volume"),
        ("shadowed-name", "entry"),
        ("shadowed-name", "it"),
    ]


def test_both_sides_may_name_their_conditions_alike_and_functions_are_apart() -> None:
    body = "let: {rsi: rsi(14)}\n" + side("rsi < 30") + side("rsi > 70", side="short")
    assert wrong(body) == []


def test_a_shadowed_field_stays_the_field() -> None:
    assert wrong("params: {close: 3}\n" + side("ema(close, 10) > open")) == [("shadowed-name", "close")]


def test_lets_in_a_circle() -> None:
    assert wrong("let: {a: b + 1, b: a * 2}\n" + side("a > 1")) == [("circular-let", "a")]


def test_a_let_that_could_not_be_read_is_not_told_as_unknown() -> None:
    names = [name for name, _ in wrong("let: {a: close +}\n" + side("a > 1"))]
    assert names == ["syntax"]


def test_position_fields_stand_in_exit_trail_and_then_only() -> None:
    rest = """\
stop: entry - atr(14)
targets: [2% then stop to entry - 1 * atr(14), 3%]
exit:
  fine: position.bars > 3 and close < entry and at_entry(atr(14)) > atr(14) and position.best > position.stop
  crossing: close crosses below entry
  back: ema(position.best, 3) > close
  moving: position.profit crosses above 1%
  hourly: (position.bars > 3)@1h
  window: position.bars > 3 for 2 bars
trail: max(position.stop, lowest(low, 3))
"""
    assert wrong(side("close > open", rest)) == [
        ("position-out-of-place", "entry"),
        ("position-out-of-place", "position.best"),
        ("position-out-of-place", "position.profit"),
        ("position-out-of-place", "position.bars"),
        ("position-out-of-place", "position.bars"),
    ]


def test_a_side_that_is_not_there_never_fires() -> None:
    assert wrong(side(rest="exit:\n  other: short.fires")) == [("unknown-name", "short.fires")]
    assert wrong(side(rest="exit:\n  other: short.fires") + side("close < open", side="short")) == []


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        ("[1% take 50%, 2% take 50%]", []),
        ("[1% take 50%, 2%, 3%]", []),
        ("[1%, 2%]", []),
        ("[1% take 50%, 2% take 40%]", [("parts-not-100", "40%")]),
        ("[1% take 60%, 2% take 60%]", [("parts-not-100", "60%")]),
        ("[1% take 100%, 2%]", [("parts-not-100", "100%")]),
        ("[1% take 50, 2%]", [("wrong-type", "50")]),
        ("[1% take count, 2%]", [("unit-mismatch", "count")]),
        ("[1% take share, 2%]", []),
    ],
)
def test_parts_sum_to_the_whole(targets: str, expected: list[tuple[str, str]]) -> None:
    body = "params: {share: 40% in 10% to 90%, count: 3}\n" + side(rest=f"stop: 1%\ntargets: {targets}")
    assert wrong(body) == expected


@pytest.mark.parametrize(
    ("stop", "expected"),
    [
        ("lowest(low, 10)", []),
        ("lowest(low, 10) - 0.25 * atr(14) clamp 0.5% to 1.5%", []),
        ("2 * atr(14)", []),
        ("close * 0.98", []),
        ("0.6%", []),
        ("ema(close, 50)", []),
        ("min(lowest(low, 10), close - 1.5 * atr(14))", []),
        ("highest(high, 10)", [("stop-wrong-side", "highest(high, 10)")]),
        ("high + 0.5 * atr(14)", [("stop-wrong-side", "high + 0.5 * atr(14)")]),
        ("close * 1.02", [("stop-wrong-side", "close * 1.02")]),
        ("close", [("stop-wrong-side", "close")]),
        ("-0.6%", [("stop-wrong-side", "-0.6%")]),
        ("rsi(14)", [("unit-mismatch", "rsi(14)")]),
        ("5", [("unit-mismatch", "5")]),
        ("volume", [("unit-mismatch", "volume")]),
        ("2R", [("unit-mismatch", "2R")]),
        ("1% clamp 2% to 1%", [("wrong-arguments", "clamp 2% to 1%")]),
        ("1% clamp low to 1%", [("unit-mismatch", "low")]),
        ("high + low", [("unit-mismatch", "high + low")]),
    ],
)
def test_stops(stop: str, expected: list[tuple[str, str]]) -> None:
    assert wrong(side(rest=f"stop: {stop}")) == expected


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("highest(high, 10)", []),
        ("2R", []),
        ("close + 2 * atr(14)", []),
        ("lowest(low, 10)", [("target-wrong-side", "lowest(low, 10)")]),
        ("-1%", [("target-wrong-side", "-1%")]),
        ("rsi(14)", [("unit-mismatch", "rsi(14)")]),
    ],
)
def test_targets(target: str, expected: list[tuple[str, str]]) -> None:
    assert wrong(side(rest=f"stop: 1%\ntargets: ['{target}']")) == expected


def test_the_other_side_mirrors() -> None:
    body = side("close < open", "stop: lowest(low, 10)\ntargets: ['highest(high, 10)']", side="short")
    assert wrong(body) == [("stop-wrong-side", "lowest(low, 10)"), ("target-wrong-side", "highest(high, 10)")]


def test_a_limit_entry_may_have_its_stop_anywhere() -> None:
    body = "long:\n  when: {it: close > open}\n  entry: limit high + atr(14)\n  stop: high\n"
    assert wrong(body) == []
    assert wrong(body.replace("high + atr(14)", "2%")) == [("unit-mismatch", "2%")]


def test_r_needs_a_stop() -> None:
    assert wrong(side(rest="targets: [2R]")) == [("unit-mismatch", "2R")]


def test_moves_and_trails_name_targets_that_are_there() -> None:
    rest = "stop: 1%\ntargets: [1% then stop to target 2, 2% then stop to target 1]\ntrail: 1% after target 3"
    assert [name for name, _ in wrong(side(rest=rest))] == ["wrong-arguments", "wrong-arguments"]


def test_other_timeframes_are_multiples_of_all_that_the_rules_run_on() -> None:
    assert wrong(side("close@1h > open"), "5m, 15m") == []
    assert wrong(side("close@15m > open"), "5m, 15m") == []
    assert wrong(side("close@10m > open"), "5m, 15m") == [("lower-timeframe", "10m")]
    assert wrong("let: {a: close@1h}\n" + side("a@4h > open"), "1h") == [("lower-timeframe", "1h")]


def test_assumed_fields() -> None:
    assert wrong("assume: {spread: 0.05%}\n" + side("spread < 0.1%")) == []
    assert wrong("assume: {spred: 0.05%}\n" + side()) == [("unknown-name", "spred")]
    assert wrong("assume: {spread: close}\n" + side()) == [("series-length", "close")]
    assert wrong("assume: {quote_volume_24h: 3%}\n" + side()) == [("unit-mismatch", "3%")]


def test_confidence_is_read_in_fire_only_and_defined_without_itself() -> None:
    assert wrong(side(rest="fire: confidence >= 70 and it")) == []
    assert wrong(side("confidence > 3")) == [("unknown-name", "confidence")]
    assert wrong(side(rest="confidence: 0.5 * weighted + 10")) == []
    assert wrong(side(rest="confidence: 0.5 * confidence")) == [("circular-let", "0.5 * confidence")]
    assert wrong(side(rest="fire: ema(confidence, 3) > 50")) == [("wrong-arguments", "ema(confidence, 3)")]


def test_all_mistakes_of_a_document_come_in_one_run_in_order() -> None:
    body = "let: {a: clsoe}\n" + side("a > 1 and rsii(3) > 2", "stop: rsi(14)\ntargets: ['-1%']")
    assert wrong(body) == [
        ("unknown-name", "clsoe"),
        ("unknown-function", "rsii"),
        ("unit-mismatch", "rsi(14)"),
        ("target-wrong-side", "-1%"),
    ]


# -- libraries --

VOLUME_LIB = """\
language: 1
id: volume_lib
params: {usual: 20 in 5 to 100}
let:
  busy: volume > 2 * sma(volume, usual)
define:
  surge(source=volume, length=20 in 1 to 500):
    about: How much more than usual.
    returns: source / sma(source, length)
  twice(x):
    about: Two of it.
    returns: 2 * surge(x)
"""


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_library_gives_its_names_under_its_id(tmp_path: Path) -> None:
    write(tmp_path, "lib/volume.yaml", VOLUME_LIB)
    body = "use: [lib/volume.yaml]\n" + side("volume_lib.surge(20) > 2 and volume_lib.busy and volume_lib.usual > 3")
    loaded = load([write(tmp_path, "sample.yaml", strategy(body))])
    assert loaded.diagnostics == []
    assert any(node.op == "sma" for node in loaded.plan.nodes)


def test_what_a_library_does_not_have(tmp_path: Path) -> None:
    write(tmp_path, "lib/volume.yaml", VOLUME_LIB)
    body = "use: [lib/volume.yaml]\n" + side("volume_lib.surg(20) > 2 and volume_lib.bussy and volum_lib.x(3)")
    found = load([write(tmp_path, "sample.yaml", strategy(body))]).diagnostics
    assert [(d.name, d.span.text, d.help) for d in found] == [
        ("unknown-function", "volume_lib.surg", "did you mean `volume_lib.surge`?"),
        ("unknown-output", "bussy", "did you mean `busy`?"),
        ("unknown-function", "volum_lib.x", "name its file under `use:`"),
    ]


def test_libraries_in_a_circle(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", "language: 1\nid: lib_a\nuse: [b.yaml]\nlet: {x: close}\n")
    write(tmp_path, "b.yaml", "language: 1\nid: lib_b\nuse: [a.yaml]\nlet: {y: close}\n")
    loaded = load([write(tmp_path, "sample.yaml", strategy("use: [a.yaml]\n" + side("lib_a.x > open")))])
    assert [d.name for d in loaded.errors] == ["circular-use"]
    assert loaded.failed


def test_a_library_that_is_not_there_or_bears_a_taken_name(tmp_path: Path) -> None:
    write(tmp_path, "v.yaml", VOLUME_LIB.replace("volume_lib", "volume"))
    body = "use: [v.yaml, nowhere.yaml]\n" + side()
    found = load([write(tmp_path, "sample.yaml", strategy(body))]).errors
    assert [d.name for d in found] == ["shadowed-name", "unknown-name"]


def check(text: str) -> list[tuple[str, str]]:
    document, findings = read_document(text, kind="library", path="lib.yaml")
    return errors(findings + check_library(document, catalogue(), Libraries()))


def test_a_library_is_checked_for_itself() -> None:
    assert check(VOLUME_LIB) == []
    assert check(VOLUME_LIB.replace("2 * surge(x)", "2 * surg(x)")) == [("unknown-function", "surg")]
    assert check(VOLUME_LIB.replace("volume > 2 *", "close > 2 *")) == [("unit-mismatch", "close")]
    assert check(VOLUME_LIB.replace("returns: 2 * surge(x)", "returns: twice(x)")) == [("circular-let", "twice(x)")]
    assert check(VOLUME_LIB.replace("(x)", "(close)")) == [("shadowed-name", "close")]


def test_a_deprecated_function_is_told_with_what_to_write(tmp_path: Path) -> None:
    text = VOLUME_LIB.replace(
        "    about: Two of it.\n", "    about: Two of it.\n    deprecated: write `2 * surge(x)`\n"
    )
    write(tmp_path, "v.yaml", text)
    body = "use: [v.yaml]\n" + side("volume_lib.twice(volume) > 2")
    (found,) = load([write(tmp_path, "sample.yaml", strategy(body))]).diagnostics
    assert (found.name, found.severity, found.help) == ("deprecated-function", Severity.WARNING, "write `2 * surge(x)`")


def test_prev_needs_settles_and_a_let() -> None:
    text = """\
language: 1
id: lib
define:
  smooth(source=close, weight=0.1 in 0 to 1):
    about: An average that never forgets.
    settles: 300
    let:
      value: prev(value, source) + weight * (source - prev(value, source))
    returns: value
"""
    assert check(text) == []
    assert [name for name, _ in check(text.replace("    settles: 300\n", ""))] == ["missing-key"]
    assert check(text.replace("settles: 300", "settles: 14 / max(weight, 0.01)")) == []
    assert check(text.replace("settles: 300", "settles: source")) == [("wrong-arguments", "source")]
    assert check(text.replace("settles: 300", "settles: 0")) == [("wrong-arguments", "0")]
    assert check(text.replace("prev(value, source) +", "prev(valu, source) +")) == [("unknown-name", "valu")]
    looking_back = text.replace("value: prev(value, source) +", "value: ema(prev(value, source), 3) +")
    assert [name for name, _ in check(looking_back)] == ["wrong-arguments"]


def test_the_standard_library_is_sound() -> None:
    functions = catalogue()
    for name in functions.names():
        function = functions.get(name)
        assert function is not None, [str(d.span) + d.message for d in functions.diagnostics(name)]
        if function.definition is not None:
            found = check_library(functions.documents[name], functions, Libraries())
            assert [(str(d.span), d.message) for d in found if d.severity is Severity.ERROR] == []
