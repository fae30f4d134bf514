"""The VS Code extension: its manifest, and grammars that know the language's words and no others."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import zipfile
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


PACKAGES = FOLDER / "node_modules"
needs_node = pytest.mark.skipif(
    not (PACKAGES / "@vscode" / "vsce").is_dir() or shutil.which("node") is None,
    reason="needs node 20 and the packages of editors/vscode: `make editors`",
)


def ran(*command: str, cwd: Path = FOLDER) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@needs_node
def test_the_colours_are_right_in_the_engine_of_vs_code() -> None:
    ran("node", "test/grammar.js")


@needs_node
def test_it_packages_whole_and_with_nothing_else(tmp_path: Path) -> None:
    """The package holds the client with all it requires, the grammars, and nothing that only we need."""
    vsix = tmp_path / "signal-engine.vsix"
    ran(
        "node", str(PACKAGES / "@vscode" / "vsce" / "vsce"), "package", "--allow-missing-repository", "--out", str(vsix)
    )
    assert vsix.stat().st_size < 1_000_000
    with zipfile.ZipFile(vsix) as packed:
        names = set(packed.namelist())
        packed.extractall(tmp_path / "out")
    files = {name.removeprefix("extension/") for name in names if name.startswith("extension/")}
    own = {name for name in files if not name.startswith("node_modules/")}
    assert own == {
        "package.json", "readme.md", "LICENSE.txt", MANIFEST["main"].removeprefix("./"), "language-configuration.json",
        *(grammar["path"].removeprefix("./") for grammar in MANIFEST["contributes"]["grammars"]),
    }  # fmt: skip
    brought = {name.split("/")[1] for name in files - own}
    assert "vscode-languageclient" in brought
    assert not brought & {name.split("/")[0] for name in MANIFEST["devDependencies"]}
    about = (tmp_path / "out" / "extension.vsixmanifest").read_text(encoding="utf-8")
    assert f'Id="{MANIFEST["name"]}" Version="{MANIFEST["version"]}" Publisher="{MANIFEST["publisher"]}"' in about
    folder = tmp_path / "out" / "extension"
    ran("node", "--check", "extension.js", cwd=folder)
    for name in MANIFEST["dependencies"]:
        where = ran("node", "-p", f"require.resolve('{name}/node')", cwd=folder)
        assert Path(where.strip()).is_relative_to(folder.resolve())
