"""What the tests of a strategy saw: each condition and part true and false, each way taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsl.testing.coverage import Coverage, coverage, measure
from tests.app.command import call
from tests.dsl.testing.suites import STRATEGY, write

BREAK = """
- name: breaks out
  close: 100 x20, 102, 102.5 x10
  volume: 100 x20, 500, 100 x*
  series: {fng: 50}
  expect: [exactly: 1]
"""


def covered(folder: Path, tests: str, strategy: str = STRATEGY) -> Coverage:
    write(folder, tests, strategy=strategy)
    found = coverage(folder / "probe.yaml")
    assert found is not None
    return found


def unseen(found: Coverage) -> list[str]:
    return [f"{one.side} {one.name or one.text} never {word}" for one, word in found.unseen()]


def test_a_quiet_market_shows_little(tmp_path: Path) -> None:
    found = covered(tmp_path, "- {name: quiet, close: 100 x20, series: {fng: 90}, expect: [nothing: always]}\n")
    assert unseen(found) == [
        "long broke never true",
        "long noisy never true",
        "long index never true",
        "long fire never true",
        "short broke_down never true",
    ]
    assert set(found.untaken()) == set(found.ways)
    assert found.verdicts == (5, 10)
    assert 0 < found.share < 0.5


def test_what_was_seen_is_counted_on_the_candles_that_are_there(tmp_path: Path) -> None:
    found = covered(tmp_path, BREAK)
    broke = next(one for one in found.conditions if one.name == "broke")
    assert (broke.true, broke.false, broke.unknown) == (2, 19, 10)  # of 31; the first ten have no ten before
    assert found.ways["long", "filled"] == 1
    assert found.ways["", "signal on 5m"] == 1
    assert dict(found.cases) == {"5m": 1}


def test_what_alone_was_in_the_way(tmp_path: Path) -> None:
    """A condition that decides nothing in any test can be dropped and no test would notice."""
    quiet = (
        BREAK.replace("breaks out", "breaks out quietly, in greed").replace("500", "100").replace("fng: 50", "fng: 90")
    )
    found = covered(tmp_path, quiet.replace("exactly: 1", "nothing: always"))
    alone = {(one.side, one.name): one.alone for one in found.conditions if one.depth == 0}
    assert alone["long", "broke"] == 0, "the confidence was missing as well"
    assert alone["long", "noisy"] == alone["long", "index"] == 2
    assert alone["short", "broke_down"] == 31


def test_cases_add_up(tmp_path: Path) -> None:
    tests = (
        BREAK
        + """
- name: is stopped, and waits
  close: 100 x20, 102, 99, 97, 104
  volume: 100 x20, 500, 500 x*
  series: {fng: 50}
  expect: [signal: {side: long, ends: SL_HIT}]
- name: takes both targets
  close: 100 x20, 102, 103.5, 106 x3
  volume: 100 x20, 500, 100 x*
  series: {fng: 50}
  expect: [signal: {side: long, ends: TP_HIT}]
- name: on the other timeframe, down
  timeframe: 1h
  close: 100 x20, 98, 97.9 x3, 90 x3
  series: {fng: 90}
  expect: [signal: {side: short}]
"""
    )
    found = covered(tmp_path, tests)
    assert unseen(found) == []
    ways = {f"{side} {name}".strip(): times for (side, name), times in found.ways.items()}
    assert (ways["long stop"], ways["long target 1"], ways["long target 2"]) == (1, 1, 1)
    assert ways["cooldown after stop"] >= 1
    assert ways["signal on 1h"] >= 1
    assert set(found.untaken()) == {
        ("long", "cancelled beyond the stop"),
        ("long", "exit back"),
        ("long", "expire"),
        ("short", "cancelled beyond the stop"),
        ("short", "stop"),
    }


WAYS = """\
language: 1
id: probe
name: Probe
version: 1.0.0
about: Every way that a position can go.
timeframes: [5m]
universe: {symbols: [BTC/USDT]}
long:
  when: {broke: "close > highest(high, 10)[1]"}
  entry: [limit close - 1 for 3 bars take 50%, 2% take 50%]
  stop: 10%
  targets: [2% take 50% then stop to entry, 8%]
  trail: 2% * close after 4%
  expire: 2h
"""


@pytest.mark.parametrize(
    ("rest", "way"),
    [
        ("102, 103 x10", "unfilled"),
        ("102, 101 x4, 104 x3", "target 1"),
        ("102, 101 x4, 98.5 x3", "add 1"),
        ("102, 101 x4, 104, 104 to 100 in 4", "stop moved after target 1"),
        ("102, 101 x4, 104, 104 to 100 in 4", "stopped there after target 1"),
        ("102, 101 x4, 101.5, 106, 106.5, 101 x3", "trail"),
        ("102, 101 x4, 101.5, 106, 106.5, 101 x3", "stopped by the trail"),
        ("102, 101 x40", "expire"),
        ("102, 101, 88 x3", "stop"),
        ("102, 101, 101.5, 103.5, 110 x3", "target 2"),
    ],
)
def test_each_way_is_told_apart(tmp_path: Path, rest: str, way: str) -> None:
    test = f"- {{name: it, close: '100 x20, {rest}', expect: [at_least: 1]}}\n"
    assert covered(tmp_path, test, WAYS).ways["long", way] >= 1


def test_a_gap_beyond_the_stop_cancels(tmp_path: Path) -> None:
    test = """
- name: gap
  close: 100 x20, 102, 95 x3
  open: _ x21, 95, _ x*
  volume: 100 x20, 500, 100 x*
  series: {fng: 50}
  expect: [signal: {side: long, ends: CANCELLED}]
"""
    assert covered(tmp_path, test).ways["long", "cancelled beyond the stop"] == 1


def test_functions_and_crossings_are_one_sentence(tmp_path: Path) -> None:
    strategy = STRATEGY.replace("must up", "must up and (hammer() or close crosses above sma(close, 5))")
    write(tmp_path, BREAK, strategy=strategy)
    found = coverage(tmp_path / "probe.yaml")
    assert found is not None
    texts = [one.text for one in found.conditions if one.side == "long" and one.depth]
    assert texts == [
        "up",
        "hammer() or close crosses above sma(close, 5)",
        "hammer()",
        "close crosses above sma(close, 5)",
    ]


def test_what_an_assumption_fixes_is_not_asked_for_and_a_test_may_give_it(tmp_path: Path) -> None:
    strategy = STRATEGY.replace(
        "universe: {symbols: [BTC/USDT]}",
        "universe: {symbols: [BTC/USDT], where: spread <= 0.1% and volume > 50}\nassume: {spread: 0.05%}",
    )
    found = covered(tmp_path, BREAK, strategy)
    assert [line for line in unseen(found) if "where" in line or "spread" in line or "volume > 50" in line] == [
        " where never false",
        " spread <= 0.1% never false",
        " volume > 50 never false",
    ]
    wide = BREAK.replace("breaks out", "is too wide").replace("fng: 50", "fng: 50, spread: 0.2%")
    found = covered(
        tmp_path, BREAK + wide.replace("exactly: 1", "blocked: {side: long, bar: 20, reason: filter}"), strategy
    )
    assert " spread <= 0.1% never false" not in unseen(found)


def test_without_tests_or_with_a_broken_one_there_is_no_coverage(tmp_path: Path) -> None:
    (tmp_path / "probe.yaml").write_text(STRATEGY)
    assert coverage(tmp_path / "probe.yaml") is None
    write(tmp_path, "- {name: typo, close: 100 x2O, expect: [nothing: always]}\n")
    assert coverage(tmp_path / "probe.yaml") is None


def test_a_skipped_case_shows_nothing(tmp_path: Path) -> None:
    test = write(tmp_path, "- {name: absent, candles: no.csv, expect: [nothing: always]}\n")
    tested, (found,) = measure([test])
    assert tested.outcomes[0].skipped
    assert found.verdicts[0] == 0
    assert found.share == 0


# -- the command --


def test_the_command_tells_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, BREAK)
    answer = call(monkeypatch, tmp_path, "test", "--coverage", ".")
    assert answer.status == 0
    lines = answer.out.splitlines()
    assert lines[0].startswith("probe: ")
    assert "verdicts" in lines[0]
    assert any(line.split() == ["broke", "2", "19", "29"] for line in lines)
    assert "  never true: short broke_down (probe.yaml:22:23)" in lines
    assert "  never taken: long stop" in lines
    assert "  never taken: cooldown after stop" in lines
    assert max(map(len, lines)) <= 80


def test_too_little_coverage_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, BREAK)
    answer = call(monkeypatch, tmp_path, "test", "--fail-under", "90", ".")
    assert answer.status == 1
    assert "probe is covered to less than 90 %" in answer.err
    assert call(monkeypatch, tmp_path, "test", "--fail-under", "10", ".").status == 0
    assert call(monkeypatch, tmp_path, "test", "--fail-under", "190", ".").status == 3


def test_coverage_as_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, BREAK)
    (found,) = call(monkeypatch, tmp_path, "test", "--coverage", "--json", ".").json["coverage"]
    assert found["strategy"] == "probe"
    assert found["verdicts"]["all"] == 10
    broke = found["conditions"][0]
    assert (broke["name"], broke["true"], broke["false"], broke["unknown"]) == ("broke", 2, 19, 10)
    assert broke["alone_in_the_way"] == 29  # false or unknown, where a calm index is confidence enough
    assert broke["at"] == "probe.yaml:13:17"
    assert {"side": "long", "way": "filled", "times": 1} in found["taken"]
