"""The VS Code extension: its manifest, and grammars that know the language's words and no others."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from dsl.check.names import FIELDS, OBJECTS, SERIES, SPECIAL
from dsl.grammar import grammar

FOLDER = Path(__file__).parents[3] / "editors" / "vscode"
MANIFEST = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))
GRAMMARS = {g["scopeName"]: FOLDER / g["path"] for g in MANIFEST["contributes"]["grammars"]}
KEYWORDS = ("keyword.control", "keyword.operator.logical", "keyword.operator.word", "storage.modifier", "keyword.other",
            "constant.language")  # fmt: skip


def patterns(node: Any) -> list[tuple[str, str]]:
    """Return every (scope, pattern) of a grammar."""
    if isinstance(node, list):
        return [pair for item in node for pair in patterns(item)]
    if not isinstance(node, dict):
        return []
    own = [(node.get("name", ""), node["match"])] if "match" in node else []
    return own + [pair for value in node.values() for pair in patterns(value)]


def words(path: Path, *scopes: str) -> set[str]:
    found = set()
    for scope, pattern in patterns(json.loads(path.read_text(encoding="utf-8"))):
        for alternatives in re.findall(r"\\b\(\?:([a-z0-9_|]+)\)\\b", pattern) if scope.startswith(scopes) else ():
            found |= set(alternatives.split("|"))
    return found


def test_the_manifest_names_files_that_are_there() -> None:
    (language,) = MANIFEST["contributes"]["languages"]
    assert (FOLDER / MANIFEST["main"]).is_file()
    assert (
        json.loads((FOLDER / language["configuration"]).read_text(encoding="utf-8"))["comments"]["lineComment"] == "#"
    )
    for scope, path in GRAMMARS.items():
        assert json.loads(path.read_text(encoding="utf-8"))["scopeName"] == scope
    assert re.search(language["firstLine"], "# yaml-language-server: $schema=../schemas/strategy.schema.json")
    assert not re.search(language["firstLine"], "# yaml-language-server: $schema=compose.schema.json")
    assert MANIFEST["contributes"]["configuration"]["properties"]["signalEngine.command"]["default"] == [
        "engine",
        "lsp",
    ]


def test_every_version_is_pinned_and_locked() -> None:
    lock = json.loads((FOLDER / "package-lock.json").read_text(encoding="utf-8"))
    asked = {**MANIFEST["dependencies"], **MANIFEST["devDependencies"]}
    for name, version in asked.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name
        assert lock["packages"][f"node_modules/{name}"]["version"] == version


@pytest.mark.parametrize("scope", ["signal-strategy.expressions", "signal-strategy.lines"])
def test_the_keywords_are_those_of_the_language(scope: str) -> None:
    language = {str(t.pattern.value) for t in grammar().terminals if str(t.pattern.value).isalpha()}
    assert words(GRAMMARS[scope], *KEYWORDS) == language
    assert words(GRAMMARS[scope], "variable.language.field") == {*FIELDS, *SERIES, *SPECIAL}


def test_the_objects_are_those_of_the_language() -> None:
    text = GRAMMARS["signal-strategy.expressions"].read_text(encoding="utf-8")
    assert f"({'|'.join(OBJECTS)})" in json.dumps(json.loads(text)).replace("\\\\b", "")


@pytest.mark.skipif(
    not (FOLDER / "node_modules" / "vscode-textmate").is_dir() or shutil.which("node") is None,
    reason="needs node and `npm ci` in editors/vscode",
)
def test_the_colours_are_right_in_the_engine_of_vs_code() -> None:
    done = subprocess.run(["node", "test/grammar.js"], cwd=FOLDER, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
