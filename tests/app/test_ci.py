"""The GitHub Action and the pre-commit hooks: those who read them take them, and their commands do what they say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.app.command import ENGINE, ROOT, SWING

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
QUESTIONABLE = SWING.replace("about: Buys what rises, for tests.\n", "")
OTHER_RULES = SWING.replace("sma(close, 10)", "sma(close, 20)")
BROKEN = SWING.replace("sma(close, 10)", "sma(closs, 10)")


def step(name: str, folder: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """Run one step of the action as the runner does: bash, the inputs in the environment, errors end it."""
    (chosen,) = [one for one in ACTION["runs"]["steps"] if one.get("name") == name]
    given = {key: str(value["default"]) for key, value in ACTION["inputs"].items()} | inputs
    named = {
        key: given[text.removeprefix("${{ inputs.").removesuffix(" }}")]
        for key, text in chosen["env"].items() if text.startswith("${{ inputs.")
    }  # fmt: skip
    assert "${{" not in chosen["run"], "an expression in a script would run whatever a branch is called"
    path = f"{ENGINE.parent}{os.pathsep}{os.environ['PATH']}"
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", chosen["run"]]
    return subprocess.run(
        command, cwd=folder, env={**os.environ, **named, "PATH": path}, capture_output=True, text=True, timeout=120
    )


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=Tester", "-c", "user.email=tester@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "strategies").mkdir()
    (tmp_path / "strategies" / "swing.yaml").write_text(SWING)
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "as it was")
    return tmp_path


# -- the action --


def test_the_action_is_one_by_githubs_schema() -> None:
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.github-actions",
        str(ROOT / "action.yml"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_the_page_names_every_input() -> None:
    page = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    assert [name for name in ACTION["inputs"] if f"| `{name}` |" not in page] == []
    assert [hook["id"] for hook in HOOKS if f"- id: {hook['id']}\n" not in page] == []


@pytest.mark.parametrize(
    ("text", "inputs", "status", "told"),
    [
        (SWING, {}, 0, ""),
        (QUESTIONABLE, {}, 1, "::warning title=missing-about,file=strategies/swing.yaml,line=2,"),
        (QUESTIONABLE, {"fail-on": "never"}, 0, "::warning title=missing-about,"),
        (QUESTIONABLE, {"min-severity": "error"}, 0, ""),
        (BROKEN, {"fail-on": "never"}, 2, "::error title=unknown-name,file=strategies/swing.yaml,line=10,"),
        (OTHER_RULES, {"changed": "HEAD"}, 1, "::warning title=version-not-bumped,"),
        (SWING, {"changed": "no-such-branch; echo no"}, 3, ""),
        (SWING, {"paths": "strategies\nnowhere\n"}, 2, "::error title=missing-file,"),
    ],
)  # fmt: skip
def test_the_lint_step(repository: Path, text: str, inputs: dict[str, str], status: int, told: str) -> None:
    (repository / "strategies" / "swing.yaml").write_text(text)
    done = step("Lint", repository, **inputs)
    assert done.returncode == status, done.stderr
    assert done.stdout.startswith(told)
    assert bool(done.stdout.strip()) == bool(told)


@pytest.mark.parametrize(("text", "count"), [(SWING, 0), (QUESTIONABLE, 1), (BROKEN, 1)])
def test_the_sarif_step_writes_a_file_and_never_fails_for_findings(repository: Path, text: str, count: int) -> None:
    (repository / "strategies" / "swing.yaml").write_text(text)
    done = step("SARIF", repository, sarif="out.sarif", changed="HEAD")
    assert done.returncode == 0, done.stderr
    log = json.loads((repository / "out.sarif").read_text(encoding="utf-8"))
    assert len(log["runs"][0]["results"]) == count
    assert step("SARIF", repository, sarif="out.sarif", changed="nothing").returncode != 0


def test_the_test_step(repository: Path) -> None:
    head = (
        "language: 1\ntests:\n  - name: rises\n    timeframe: 5m\n    close: 100 x20, 100 to 110 in 20\n    expect:\n"
    )
    suite = repository / "strategies" / "swing.test.yaml"
    for wanted, status in (("      - at_least: {count: 1}\n", 0), ("      - nothing: always\n", 1)):
        suite.write_text(head + wanted)
        done = step("Tests", repository)
        assert done.returncode == status, done.stdout + done.stderr


# -- the hooks --


def test_pre_commit_takes_the_hooks() -> None:
    command = [sys.executable, "-m", "pre_commit", "validate-manifest", str(ROOT / ".pre-commit-hooks.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout


def pre_commit(folder: Path) -> dict[str, bool]:
    """Run the hooks' own commands through pre-commit over all files, and return which of them passed.

    The hooks are those of the manifest, run with the engine that is installed here: making an environment for them
    would download all that the engine needs.
    """
    local = [{**hook, "language": "system", "entry": f"{ENGINE.parent}{os.sep}{hook['entry']}"} for hook in HOOKS]
    config = {"repos": [{"repo": "local", "hooks": local}]}
    (folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    git(folder, "add", "-A")
    env = {**os.environ, "PRE_COMMIT_HOME": str(folder / ".git" / "pre-commit")}
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", "--all-files"],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("engine ")]
    return {line.partition(".")[0]: line.rstrip().endswith("Passed") for line in lines}


def test_the_hooks_pass_and_fail(repository: Path) -> None:
    strategy = repository / "strategies" / "swing.yaml"
    head = (
        "language: 1\ntests:\n  - name: rises\n    timeframe: 5m\n    close: 100 x20, 100 to 110 in 20\n    expect:\n"
    )
    (repository / "strategies" / "swing.test.yaml").write_text(head + "      - at_least: {count: 1}\n")
    (repository / "other.yaml").write_text("not: a strategy\n")
    fine = {"engine lint": True, "engine fmt": True, "engine test": True}
    assert pre_commit(repository) == fine
    strategy.write_text(SWING.replace("stop: 1%", "stop:   1%"))
    assert pre_commit(repository) == {**fine, "engine fmt": False}
    assert strategy.read_text() == SWING, "the hook mends it"
    strategy.write_text(QUESTIONABLE)
    assert pre_commit(repository) == {**fine, "engine lint": False}
    strategy.write_text(BROKEN)
    assert pre_commit(repository) == dict.fromkeys(fine, False)
