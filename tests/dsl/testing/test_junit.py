"""The JUnit report, as a reader of such reports reads it."""

from __future__ import annotations

from pathlib import Path

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from tests.app.command import call
from tests.dsl.testing.suites import STRATEGY, write

TESTS = """
- {name: quiet, close: 100 x20, expect: [nothing: always]}
- {name: 'hopeful <& "bold">', close: 100 x20, expect: [signal: {side: long, bar: 12}, exactly: 3]}
- {name: absent, candles: no.csv, expect: [nothing: always]}
- {name: "odd \\u0007 name", close: 100 x20, expect: [nothing: always]}
"""


def report(folder: Path, monkeypatch: pytest.MonkeyPatch, status: int) -> list[TestSuite]:
    answer = call(monkeypatch, folder, "test", "--junit", "out.xml", ".")
    assert answer.status == status
    return list(JUnitXml.fromfile(str(folder / "out.xml")))


def test_what_passed_failed_and_was_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, TESTS)
    (suite,) = report(tmp_path, monkeypatch, 1)
    assert (suite.name, suite.tests, suite.failures, suite.skipped, suite.errors) == ("probe.test.yaml", 4, 1, 1, 0)
    quiet, hopeful, absent, odd = suite
    assert isinstance(hopeful, TestCase)
    assert (quiet.name, quiet.classname, quiet.result) == ("quiet", "probe", [])
    (failure,) = hopeful.result
    assert isinstance(failure, Failure)
    assert hopeful.name == 'hopeful <& "bold">'
    assert failure.message == "there is no long signal at bar 12; no signal was made (and 1 more)"
    assert "long at bar 12 does not fire" in str(failure.text)
    assert "expected exactly 3, there are 0" in str(failure.text)
    assert isinstance(absent.result[0], Skipped)
    assert odd.name == "odd \ufffd name"


def test_the_place_of_each_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, TESTS)
    (suite,) = report(tmp_path, monkeypatch, 1)
    lines = (tmp_path / "probe.test.yaml").read_text().splitlines()
    for case in suite:
        assert case._elem.get("file") == "probe.test.yaml"
        assert "name:" in lines[int(case._elem.get("line")) - 1]
        assert case.time >= 0
    assert sum(case.time for case in suite) == pytest.approx(suite.time, abs=0.01)


def test_a_mistake_in_a_file_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "- {name: typo, close: 100 x2O, expect: [nothing: always]}\n")
    write(tmp_path, TESTS, name="other", strategy=STRATEGY.replace("id: probe", "id: other"))
    first, second = sorted(report(tmp_path, monkeypatch, 2), key=lambda suite: str(suite.name))
    assert (first.name, first.errors) == ("other.test.yaml", 0)
    assert (second.name, second.errors) == ("probe.test.yaml", 1)
    (case,) = second
    assert isinstance(case.result[0], Error)
    assert case.result[0].type == "series-syntax"
    assert "probe.test.yaml:3:" in str(case.result[0].text)


def test_a_place_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, TESTS)
    answer = call(monkeypatch, tmp_path, "test", "--junit", "no/such/folder/out.xml", ".")
    assert answer.status == 3
    assert answer.complaint == "no/such/folder/out.xml cannot be written: no such file or directory"
