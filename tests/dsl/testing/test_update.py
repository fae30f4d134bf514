"""`--update`: expected values set to what happens, and nothing else of the file touched."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from textwrap import dedent

import pytest

from dsl.testing.expectations import Within
from dsl.testing.run import run_suites
from dsl.testing.update import renewed, update
from tests.app.command import ENGINE, call
from tests.dsl.testing.suites import STRATEGY, write

BREAK = "  close: 100 x20, 102, 102.5 x10\n  volume: 100 x20, 500, 100 x*\n  series: {fng: 50}\n"
"""Quiet, then a loud candle above all that was: entry 102, stop 99.96, targets 103.02 and 105.06, still open."""


def updated(folder: Path, expected: str, given: str = BREAK) -> str:
    """Return what stands under `expect` once it was updated, and check that all else is as it was."""
    body = dedent(expected).replace("\n", "\n    ")
    path = write(folder, f"- name: it  # a remark\n{given}  expect:\n    {body}\n")
    found = update(path)
    assert found is not None
    before, after = found.before.split("expect:"), found.after.split("expect:")
    assert after[0] == before[0]
    return "\n".join(line.strip() for line in after[1].strip().splitlines())


@pytest.mark.parametrize(
    ("written", "now"),
    [
        ("- signal: {bar: 20, entry: 103}", "- signal: {bar: 20, entry: 102}"),
        ("- signal: {bar: 20, stop: 99 +- 0.1}   # why", "- signal: {bar: 20, stop: 100 +- 0.1}   # why"),
        ("- signal: {bar: 20, stop: 99.0 +- 0.01}", "- signal: {bar: 20, stop: 99.96 +- 0.01}"),
        ("- signal: {bar: 20, confidence: 20 to 50}", "- signal: {bar: 20, confidence: 20 to 100}"),
        ("- signal: {bar: 20, targets: [103.02, 200]}", "- signal: {bar: 20, targets: [103.02, 105.06]}"),
        ("- signal: {bar: 20, when: {noisy: false, up: true}}", "- signal: {bar: 20, when: {noisy: true, up: true}}"),
        ("- signal: {bar: 20, when: {up: unknown}}", "- signal: {bar: 20, when: {up: true}}"),
        ("- signal: {bar: 20, ends: 'TP_HIT'}", "- signal: {bar: 20, ends: 'OPEN'}"),
        ("- signal: {bar: 20, targets_hit: 2}", "- signal: {bar: 20, targets_hit: 0}"),
        ("- signal: {side: long, bar: 12}", "- signal: {side: long, bar: 20}"),
        ("- signal: {side: long, bar: 22 to 25}", "- signal: {side: long, bar: 20 to 25}"),
        ("- signal: {at: 2026-01-05T01:40Z, entry: 1}", "- signal: {at: 2026-01-05T01:45Z, entry: 102}"),
        ("- exactly: 2", "- exactly: 1"),
        ("- exactly: {count: 2, side: long}", "- exactly: {count: 1, side: long}"),
        ("- at_least: 2", "- at_least: 1"),
        ("- at_most: 0", "- at_most: 1"),
        (
            "- blocked: {side: long, bar: 21, reason: cooldown}",
            "- blocked: {side: long, bar: 21, reason: open-position}",
        ),
        ("- signal:\n    bar: 20\n    entry: 90 to 99  # low", "- signal:\nbar: 20\nentry: 90 to 102  # low"),
    ],
)
def test_a_value_that_differs_is_set(tmp_path: Path, written: str, now: str) -> None:
    assert updated(tmp_path, written) == now
    path = tmp_path / "probe.test.yaml"
    found = update(path)
    assert found is not None
    path.write_text(found.after)
    assert [outcome.failed for outcome in run_suites([path]).outcomes] == [()]


@pytest.mark.parametrize(
    "written",
    [
        "- signal: {bar: 20, entry: 100 to 103, when: {noisy: true}}",
        "- exactly: 1",
        "- nothing: always",  # a signal came: whether it should have is the author's to say
        "- signal: {side: short, bar: 20}",  # there is none
        "- signal: {bar: 20, targets: [103.02]}",  # it has another number of targets
        "- signal: {bar: 20, when: {nosy: true}}",
        "- blocked: {side: short}",
    ],
)
def test_nothing_is_invented(tmp_path: Path, written: str) -> None:
    assert updated(tmp_path, written) == written


def test_each_signal_answers_one_expectation(tmp_path: Path) -> None:
    given = "  close: 100 x20, 102, 99, 97, 97 x8, 104, 104 x5\n  volume: 100 x20, 500 x*\n  series: {fng: 50}\n"
    written = "- signal: {side: long, bar: 20}\n- signal: {side: long, bar: 30, stop: 100 to 101}"
    assert updated(tmp_path, written, given) == "- signal: {side: long, bar: 20}\n" + (
        "- signal: {side: long, bar: 31, stop: 101 to 102}".replace("101 to 102", "100 to 102")
    )


@pytest.mark.parametrize(
    ("text", "low", "high", "value", "now"),
    [
        ("94 to 96", 94, 96, 97.31, "94 to 98"),
        ("94 to 96", 94, 96, 91.5, "91 to 96"),
        ("-1.5% to -0.5%", -0.015, -0.005, -0.02341, "-2.4% to -0.5%"),
        ("95 +- 0.2", 94.8, 95.2, 97.3, "97.3 +- 0.2"),
        ("95 +- 2", 93, 97, 99.6, "100 +- 2"),
        ("50_000", 50_000, 50_000, 61_234.5, "61_234.5"),
        ("0.5%", 0.005, 0.005, 0.0123, "1.23%"),
        ("80", 80, 80, 220 / 3, "73.3333333"),
        ("-0.1", -0.1, -0.1, 0.0, "0.0"),
    ],
)
def test_numbers_stay_as_they_are_written(text: str, low: float, high: float, value: float, now: str) -> None:
    assert renewed(Within(low, high, text), value) == now


def test_a_file_with_a_mark_and_other_line_ends_keeps_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, f"- name: it\n{BREAK}  expect: [exactly: 2]\n")
    text = "\ufeff" + path.read_text().replace("\n", "\r\n")
    path.write_bytes(text.encode())
    assert call(monkeypatch, tmp_path, "test", "--update", "--yes", ".").status == 0
    assert path.read_bytes().decode() == text.replace("exactly: 2", "exactly: 1")


# -- the command --


def _failing(folder: Path) -> Path:
    return write(folder, f"- name: it\n{BREAK}  expect:\n    - exactly: 2\n    - signal: {{side: short}}\n")


def _run(folder: Path, *more: str, say: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ENGINE, "test", "--update", *more, "."], cwd=folder, input=say, capture_output=True, text=True, timeout=120,
        env=dict(os.environ),
    )  # fmt: skip


def test_it_shows_asks_and_writes(tmp_path: Path) -> None:
    path = _failing(tmp_path)
    done = _run(tmp_path, say="y\n")
    assert "-      - exactly: 2\n+      - exactly: 1\n" in done.stdout
    assert "left to you: probe.test.yaml: it\n" in done.stdout
    assert "there is no short signal" in done.stdout
    assert "1 expected value written" in done.stdout
    assert "exactly: 1" in path.read_text()
    assert done.returncode == 1  # one expectation still fails


@pytest.mark.parametrize("say", ["n\n", "", "perhaps\nn\n"])
def test_without_a_yes_nothing_is_written(tmp_path: Path, say: str) -> None:
    path = _failing(tmp_path)
    before = path.read_bytes()
    done = _run(tmp_path, say=say)
    assert done.returncode == 1
    assert "nothing was written" in done.stdout
    assert "Traceback" not in done.stderr
    assert path.read_bytes() == before


def test_all_is_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, f"- name: it\n{BREAK}  expect: [exactly: 1]\n")
    answer = call(monkeypatch, tmp_path, "test", "--update", ".")
    assert (answer.status, answer.out) == (0, "nothing to update: no expected value differs from what happens\n")


def test_a_file_with_mistakes_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, f"- name: it\n{BREAK}  expect: [exactly: 2]\n- {{name: typo, close: 1O0, expect: []}}\n")
    before = path.read_bytes()
    answer = call(monkeypatch, tmp_path, "test", "--update", "--yes", ".")
    assert answer.status == 2
    assert "series-syntax" in answer.out
    assert path.read_bytes() == before


def test_a_read_only_folder_is_said_in_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    _failing(tmp_path)
    tmp_path.chmod(0o500)
    answer = call(monkeypatch, tmp_path, "test", "--update", "--yes", ".")
    tmp_path.chmod(0o700)
    assert answer.status == 3
    assert "cannot be written" in answer.complaint


def test_yes_needs_a_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, f"- name: it\n{BREAK}  expect: [exactly: 1]\n", strategy=STRATEGY)
    assert call(monkeypatch, tmp_path, "test", "--yes", ".").status == 3
    assert call(monkeypatch, tmp_path, "test", "--update", "--json", ".").status == 3
    assert call(monkeypatch, tmp_path, "test", "--update", "--watch", ".").status == 3
