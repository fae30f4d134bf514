"""`engine test`: what it prints, and the status it ends with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.command import call, run
from tests.dsl.testing.suites import STRATEGY, write

GOOD = "- {name: quiet, close: 100 x20, expect: [nothing: always]}\n"
BAD = "- {name: hopeful, close: 100 x20, expect: [signal: {side: long, bar: 12}]}\n"


def test_all_passed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, GOOD)
    answer = call(monkeypatch, tmp_path, "test", ".")
    assert (answer.status, answer.out) == (0, "1 test file: 1 passed\n")


def test_verbose_names_what_passed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, GOOD)
    assert "passed   probe.test.yaml: quiet\n" in call(monkeypatch, tmp_path, "test", "-v", "probe.yaml").out


def test_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, GOOD + BAD)
    answer = call(monkeypatch, tmp_path, "test", ".")
    assert answer.status == 1
    assert answer.out.startswith(
        "FAILED   probe.test.yaml: hopeful\n"
        "  probe.test.yaml:4:46\n"
        "    there is no long signal at bar 12; no signal was made\n"
        "      long at bar 12 does not fire; confidence 0 to 50, as some is unknown;\n"
        "        fire: confidence >= 50 is unknown, at worst off by 50 (100%)\n"
        "      false   broke, must: up   100 > 100, equal is not enough\n"
    )
    assert answer.out.endswith("\n\n1 test file: 1 passed, 1 failed\n")
    assert max(map(len, answer.out.splitlines())) <= 80


def test_a_mistake_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, GOOD + "- {name: typo, close: 100 x2O, expect: [nothing: always]}\n")
    answer = call(monkeypatch, tmp_path, "test", ".")
    assert answer.status == 2
    assert "error[series-syntax]: `100 x2O` is no run of candles" in answer.out
    assert answer.out.splitlines()[4].endswith("^^^^^^^")
    assert answer.out.endswith("1 test file: 1 mistake in the files\n")


def test_a_strategy_without_tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, GOOD)
    (tmp_path / "bare.yaml").write_text(STRATEGY)
    answer = call(monkeypatch, tmp_path, "test", "bare.yaml")
    assert (answer.status, answer.out) == (3, "")
    assert "there is no bare.test.yaml beside it" in answer.err
    answer = call(monkeypatch, tmp_path, "test", "bare.yaml", "probe.yaml")
    assert (answer.status, answer.out) == (0, "1 test file: 1 passed\n")
    assert "there is no bare.test.yaml beside it" in answer.err


def test_a_series_that_its_own_commas_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "- {name: cut, close: 100 x20, noise 0.2, volume: 5 x40, expect: [nothing: always]}\n")
    answer = call(monkeypatch, tmp_path, "test", ".")
    assert answer.status == 2
    assert answer.out.startswith("error[series-syntax]: a comma inside `{ }` ends the series\n")
    assert answer.out.endswith("1 test file: 1 mistake in the files\n")


def test_a_bad_strategy_stops_no_good_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, GOOD)
    write(tmp_path, GOOD, name="worse", strategy=STRATEGY.replace("id: probe", "id: worse").replace("let:", "lett:"))
    answer = call(monkeypatch, tmp_path, "test", ".")
    assert answer.status == 2
    assert "did you mean `let`?" in answer.out
    assert "2 test files: 1 passed" in answer.out


def test_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, GOOD + BAD + "- {name: absent, candles: no.csv, expect: [nothing: always]}\n")
    answer = call(monkeypatch, tmp_path, "test", "--json", ".")
    assert answer.status == 1
    passed, failed, skipped = answer.json["tests"]
    assert [one["outcome"] for one in (passed, failed, skipped)] == ["passed", "failed", "skipped"]
    assert failed["failures"][0]["message"].startswith("there is no long signal")
    assert failed["failures"][0]["details"][0].startswith("long at bar 12 does not fire; confidence 0 to 50")
    assert "no.csv" in skipped["why"]
    assert answer.json["diagnostics"] == []


def test_nothing_to_test_is_wrong_usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = call(monkeypatch, tmp_path, "test", ".")
    assert answer.status == 3
    assert "there are no tests" in answer.complaint


def test_a_path_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    answer = run("test", "nowhere", cwd=tmp_path)
    assert answer.status == 3
    assert answer.complaint == "there is no nowhere"


def test_a_filter_chooses_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, GOOD + BAD)
    answer = call(monkeypatch, tmp_path, "test", "--filter", "QUI", ".")
    assert (answer.status, answer.out) == (0, "1 test file: 1 passed\n")
    answer = call(monkeypatch, tmp_path, "test", "--filter", "loud", ".")
    assert answer.status == 3
    assert answer.complaint == "no test has 'loud' in its name"


def test_fail_fast_stops_at_the_first_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, BAD + GOOD)
    answer = call(monkeypatch, tmp_path, "test", "-x", ".")
    assert answer.status == 1
    assert answer.out.endswith("\n1 test file: 1 failed; stopped at the first failure\n")
