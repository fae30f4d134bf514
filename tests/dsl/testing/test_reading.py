"""Mistakes in test files: each has its name, its place and its reason, and none hides another."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsl.testing.run import run_suites
from tests.dsl.testing.suites import STRATEGY, mistakes, run, write

CASE = "- {{name: it, {}, expect: [nothing: always]}}\n"


@pytest.mark.parametrize(
    ("given", "name", "place", "words"),
    [
        ('close: "100 x20, 1O0"', "series-syntax", "1O0", "is no run of candles"),
        ("close: 100 x20, volume: 100 x19", "wrong-length", "100 x19", "`volume` has 19 candles, but `close` has 20"),
        ("close: 100 x20, volume: -1 x20", "wrong-candle", "-1 x20", "`volume` is -1 at bar 0"),
        ("close: 5 to -5 in 10", "wrong-candle", "5 to -5 in 10", "`close` is 0 at bar 4"),
        ("close: 100 x20, high: 99 x20", "wrong-candle", "99 x20", "no candle is so"),
        ("close: 100 x20, low: 101 x20", "wrong-candle", "101 x20", "no candle is so"),
        ("close: 100", "wrong-length", "100", "at least two candles"),
        ("close: 100 x20, timeframe: 7q", "wrong-type", "7q", "7q"),
        ("close: 100 x20, start: yesterday", "wrong-type", "yesterday", "must be a time"),
        ("close: 100 x20, start: 0001-01-01", "wrong-type", "0001-01-01", "between 2000 and 2099"),
        ("close: 100 x20, start: 2026-01-05T00:03Z", "wrong-type", "2026-01-05T00:03Z", "no candle of 5m opens"),
        ("close: 100 x20, clsoe: 3", "unknown-key", "clsoe", "unknown key"),
        ("close: 100 x20, series: {fng: 1 x7}", "wrong-length", "1 x7", "`fng` has 7 candles"),
        ("close: 100 x20, model: {sideways: 1}", "unknown-key", "sideways", "unknown key"),
        ("close: 100 x20, others: [{symbol: BTC/USDT, close: 1 x20}]", "duplicate-key", "BTC/USDT", "two series of"),
        ("symbol: BTC/USDT", "missing-key", "it", "either `close` or `candles`"),
    ],
)
def test_what_is_fed_in(tmp_path: Path, given: str, name: str, place: str, words: str) -> None:
    found = mistakes(tmp_path, CASE.format(given))
    assert [(one[0], one[1]) for one in found] == [(name, place)]
    assert words in found[0][2]


@pytest.mark.parametrize(
    ("given", "name", "place"),
    [
        ("signal: {bar: 7 to 3}", "wrong-type", "7 to 3"),
        ("signal: {bar: 99999999999999}", "wrong-type", "99999999999999"),
        ("signal: {bar: soon}", "wrong-type", "soon"),
        ("signal: {side: up}", "wrong-type", "up"),
        ("signal: {ends: WON}", "wrong-type", "WON"),
        ("signal: {when: {broke: maybe}}", "wrong-type", "maybe"),
        ("signal: {confidnce: 70}", "unknown-key", "confidnce"),
        ("exactly: -1", "wrong-type", "-1"),
        ("nothing: never", "wrong-type", "never"),
        ("sginal: {bar: 3}", "unknown-key", "sginal"),
    ],
)
def test_what_is_expected(tmp_path: Path, given: str, name: str, place: str) -> None:
    found = mistakes(tmp_path, f"- name: it\n  close: 100 x20\n  expect:\n    - {given}\n")
    assert (name, place) in [(one[0], one[1]) for one in found]


def test_every_mistake_is_told_in_one_run(tmp_path: Path) -> None:
    found = mistakes(
        tmp_path,
        """\
        - {name: a, close: 100 x0, expect: [nothing: always]}
        - {name: a, close: 100 x20, expect: [signal: {side: up}]}
        - {name: b, clos: 100 x20, expect: [nothing: always]}
        """,
    )
    assert [one[0] for one in found] == ["series-syntax", "wrong-type", "duplicate-test", "unknown-key"]


def test_a_file_without_tests(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    path.write_text("language: 1\ntests: []\n")
    assert [found.name for found in run_suites([path]).diagnostics] == ["missing-key"]


def test_a_test_file_without_its_strategy(tmp_path: Path) -> None:
    path = write(tmp_path, CASE.format("close: 100 x20"))
    (tmp_path / "probe.yaml").unlink()
    (found,) = run_suites([path]).diagnostics
    assert found.name == "missing-strategy"
    assert "probe.yaml" in found.message


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00\x01\x02", b"\xff\xfe", b"- 1\n- 2\n", b"a: &x [*x]\n", b"tests: " + b"[" * 5000, b"language: 1\n"],
)
def test_a_hostile_file_is_answered_and_stops_no_other(tmp_path: Path, content: bytes) -> None:
    good = write(tmp_path, CASE.format("close: 100 x20"))
    (tmp_path / "bad.yaml").write_text(STRATEGY.replace("id: probe", "id: bad"))
    (tmp_path / "bad.test.yaml").write_bytes(content)
    tested = run_suites([tmp_path])
    assert tested.files == 2
    assert [outcome.path for outcome in tested.outcomes if outcome.passed] == [good]
    assert tested.diagnostics
    assert {Path(found.span.source.path).name for found in tested.diagnostics} == {"bad.test.yaml"}


def test_a_strategy_with_an_error_runs_no_test_of_its_own(tmp_path: Path) -> None:
    path = write(tmp_path, CASE.format("close: 100 x20"), strategy=STRATEGY.replace("highest(high", "higest(high"))
    tested = run_suites([path])
    assert not tested.outcomes
    assert [found.name for found in tested.diagnostics] == ["unknown-function"]


def test_a_test_file_for_another_strategy(tmp_path: Path) -> None:
    write(tmp_path, "")
    (tmp_path / "probe.test.yaml").unlink()
    path = tmp_path / "more.test.yaml"
    path.write_text("language: 1\nstrategy: probe\ntests:\n  - {name: it, close: 100 x20, expect: [nothing: always]}\n")
    assert [outcome.passed for outcome in run_suites([path]).outcomes] == [True]


def test_a_candle_file_that_is_missing_is_skipped_and_said(tmp_path: Path) -> None:
    (outcome,) = run(tmp_path, CASE.format("candles: nowhere.csv")).outcomes
    assert not outcome.passed
    assert "nowhere.csv" in outcome.skipped


def test_a_candle_file_that_is_broken_fails_its_test_alone(tmp_path: Path) -> None:
    (tmp_path / "broken.csv").write_bytes(b"\x00\xff not a candle\n")
    first, second = run(
        tmp_path,
        """\
        - {name: a, candles: broken.csv, expect: [nothing: always]}
        - {name: b, close: 100 x20, expect: [nothing: always]}
        """,
    ).outcomes
    assert [len(first.failed), second.passed] == [1, True]


@pytest.mark.parametrize(
    ("beside", "name", "text"),
    [
        ("volume: 100", "unknown-key", "volume"),
        ("start: 2026-01-05", "unknown-key", "start"),
        ("others: []", "unknown-key", "others"),
        ("series: {fng: 20 x3}", "wrong-length", "20 x3"),
        ("model: {up: '50% x*', down: 0}", "series-syntax", "50% x*"),
    ],
)
def test_what_does_not_go_with_a_candle_file(tmp_path: Path, beside: str, name: str, text: str) -> None:
    test = f"- {{name: it, candles: some.csv, {beside}, expect: [nothing: always]}}\n"
    found = mistakes(tmp_path, test)
    assert (name, text) in [(one[0], one[1].strip("'")) for one in found]


def test_names_that_no_file_can_have(tmp_path: Path) -> None:
    path = write(tmp_path, CASE.format(f"candles: {'c' * 5000}.csv"))
    (outcome,) = run_suites([path]).outcomes
    assert outcome.skipped
    path.write_text(path.read_text().replace("tests:", f"strategy: {'s' * 5000}\ntests:"))
    assert [found.name for found in run_suites([path]).diagnostics] == ["missing-strategy"]
