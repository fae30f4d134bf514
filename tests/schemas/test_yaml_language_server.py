"""The schemas in the hands of the YAML language server, by the modeline: findings, hover and completion."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.dsl.lsp.client import Client

ROOT = Path(__file__).parents[2]
SERVER = ROOT / "editors" / "vscode" / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
NODE = shutil.which("node")

pytestmark = pytest.mark.skipif(
    NODE is None or not SERVER.is_file(), reason="needs node and the packages of editors/vscode: `make editors`"
)
MARKDOWN = {
    "hover": {"contentFormat": ["markdown"]},
    "completion": {"completionItem": {"documentationFormat": ["markdown"], "snippetSupport": True}},
}


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with Client([str(NODE), str(SERVER), "--stdio"], {}, textDocument=MARKDOWN, workspace={"configuration": True}) as c:
        yield c


def found(client: Client, uri: str) -> list[dict[str, Any]]:
    """Return the next findings that arrive for a text."""
    while (told := client.news.get(timeout=60))["uri"] != uri:
        pass
    diagnostics: list[dict[str, Any]] = told["diagnostics"]
    return diagnostics


def opened(client: Client, folder: Path, name: str, text: str, schema: str = "strategy") -> str:
    """Open a text under a name, with the modeline that names a schema by its path."""
    line = f"# yaml-language-server: $schema={ROOT / 'schemas' / f'{schema}.schema.json'}\n"
    return client.open((folder / name).as_uri(), line + text)


@pytest.mark.parametrize("path", sorted((ROOT / "strategies").glob("*.yaml")), ids=lambda path: path.name)
def test_it_finds_nothing_in_ours(client: Client, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    kind = "test" if ".test" in path.name else "strategy"
    assert text.startswith(f"# yaml-language-server: $schema=../schemas/{kind}.schema.json\n")
    assert found(client, client.open(path.as_uri(), text)) == []


SLIPS = """\
language: 2
id: Broken One
name: Broken
version: 1.0.0
timeframe: [1h]
gaps: sometimes
long:
  when: {a: close > open}
  stopp: 1%
  expire: soon
"""


def test_it_tells_what_is_wrong_in_plain_words(client: Client, tmp_path: Path) -> None:
    uri = opened(client, tmp_path, "broken.yaml", SLIPS)
    told = {d["range"]["start"]["line"]: d["message"] for d in found(client, uri)}
    lines = f"\n{SLIPS}".splitlines()
    words = {lines[number].split(":")[0].strip(): message for number, message in told.items()}
    assert "timeframe is not allowed" in words["timeframe"]
    assert "stopp is not allowed" in words["stopp"]
    assert words["gaps"] == "This must be skip N, fill or stop."
    assert words["expire"] == "This must be a duration, such as 4h."
    assert words["id"] == "This must be lower-case letters, digits and _, as the file's name."
    assert "language" in words


def hovered(client: Client, uri: str, text: str, word: str) -> str:
    at = text.index(word)
    line = text.count("\n", 0, at) + 1  # after the modeline
    value: str = client.at("hover", uri, line, at - text.rfind("\n", 0, at) - 1)["contents"]["value"]
    return value


def test_hover_explains_a_key_an_entry_and_an_item(client: Client, tmp_path: Path) -> None:
    text = SLIPS.replace("stopp", "targets: [1R, 2R]\n  stop").replace("timeframe:", "timeframes:")
    uri = opened(client, tmp_path, "hover.yaml", text)
    assert "`[must] EXPRESSION [weight N]`" in hovered(client, uri, text, "when")
    assert "must close > ema(close, 25)" in hovered(client, uri, text, "when")
    assert "the side cannot fire without it" in hovered(client, uri, text, "a: close")
    assert "then stop to entry" in hovered(client, uri, text, "2R")
    assert "skip 12" in hovered(client, uri, text, "gaps")


def test_completion_offers_keys_values_and_whole_sides(client: Client, tmp_path: Path) -> None:
    text = "language: 1\nid: c\nname: C\nversion: 1.0.0\ntimeframes: [1h]\n\n"
    uri = opened(client, tmp_path, "complete.yaml", text)
    items = client.at("completion", uri, 6, 0)
    offered = {item["label"]: item for item in (items["items"] if isinstance(items, dict) else items)}
    assert {"long", "short", "universe", "params", "let", "cooldown"} <= set(offered)
    assert "id" not in offered
    assert "when:" in offered["long"]["insertText"]
    tests = "language: 1\ntests:\n  - name: a\n    close: 100 x60\n    expect:\n      - signal:\n          ends: \n"
    uri = opened(client, tmp_path, "a.test.yaml", tests, "test")
    items = client.at("completion", uri, 7, 16)
    labels = {item["label"] for item in (items["items"] if isinstance(items, dict) else items)}
    assert {"TP_HIT", "SL_HIT", "EXPIRED"} <= labels
