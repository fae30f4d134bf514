"""A rough day for the server: storms of changes, cancelled requests, texts that are no files, odd ends and sizes."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from dsl.source import MAX_BYTES

from .client import Client, Refused
from .texts import ROOT, SMALL

FLAWED = SMALL.replace("< low_rsi", "< low_rzi")


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with Client(textDocument={"completion": {"completionItem": {"snippetSupport": True}}}) as session:
        yield session


def errors(found: list[dict[str, object]]) -> list[object]:
    return [d["code"] for d in found if d["severity"] == 1]


def test_a_storm_of_changes_ends_with_the_last_one(client: Client) -> None:
    """Each keystroke of a whole file at once: far fewer answers than changes, and the last is of the last text."""
    uri = client.open((ROOT / "strategies" / "storm.yaml").as_uri(), "")
    for end in range(1, len(FLAWED), 2):
        client.change(uri, FLAWED[:end])
    client.change(uri, FLAWED)
    told = 0
    while (news := client.news.get(timeout=60))["version"] != client.versions[uri]:
        told += 1
    assert told < client.versions[uri] / 2
    assert errors(news["diagnostics"]) == ["unknown-name"]


def test_a_cancelled_request_stops_nothing(client: Client) -> None:
    uri = client.open((ROOT / "strategies" / "cancel.yaml").as_uri(), SMALL)
    place = {"textDocument": {"uri": uri}, "position": {"line": 10, "character": 10}}
    for _ in range(20):
        client.count += 1
        client._send({"id": client.count, "method": "textDocument/completion", "params": place})
        client.notify("$/cancelRequest", id=client.count)
        answer = client.answers.get(timeout=60)
        assert answer["id"] == client.count
        assert "result" in answer or answer["error"]["code"] in (-32800, -32801)
    client.notify("$/cancelRequest", id=999_999)
    assert client.at("hover", uri, 10, 11)["contents"]["value"]


def test_a_text_that_is_no_file_is_understood(client: Client) -> None:
    uri = client.open("untitled:Untitled-1", FLAWED)
    (found,) = [d for d in client.first(uri) if d["severity"] == 1]
    assert found["code"] == "unknown-name"
    assert client.at("hover", uri, 10, 11)["contents"]["value"]
    assert client.at("completion", uri, 14, 20)["items"]
    line = FLAWED.split("\n").index("  rsi14: rsi(close, 14)")
    edits = client.at("rename", uri, line, 3, newName="strength")["changes"]
    assert list(edits) == [uri]


def test_a_file_outside_any_workspace_with_an_odd_name(client: Client, tmp_path: Path) -> None:
    folder = tmp_path / "müll & co" / "strategies"
    folder.mkdir(parents=True)
    path = folder / "a b.yaml"
    uri = client.open(path.as_uri().replace("%26", "&"), FLAWED)
    assert "unknown-name" in errors(client.first(uri))
    (folder / "a b.test.yaml").write_text("language: 1\nstrategy: a b\ntests: []\n")
    line = FLAWED.split("\n").index("  rsi14: rsi(close, 14)")
    (place,) = [client.at("definition", uri, line + 4, 20)]
    assert place["uri"] == uri
    assert place["range"]["start"] == {"line": line, "character": 2}


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_other_line_ends(client: Client, end: str) -> None:
    text = FLAWED.replace("about: A strategy", "about: 😀 A strategy").replace("\n", end)
    uri = client.open((ROOT / "strategies" / "ends.yaml").as_uri(), text)
    (found,) = [d for d in client.first(uri) if d["severity"] == 1]
    line = FLAWED.split("\n").index("    oversold: must rsi14 < low_rzi")
    assert found["range"]["start"] == {"line": line, "character": len("    oversold: must rsi14 < ")}
    labels = [
        item["label"] for item in client.at("completion", uri, line, len("    oversold: must rsi14 < lo"))["items"]
    ]
    assert "low_rsi" in labels
    whole = {"tabSize": 2, "insertSpaces": True}
    edits = client.request("textDocument/formatting", textDocument={"uri": uri}, options=whole)
    assert all("\n" not in edit["newText"].replace("\r\n", "") for edit in edits)


def test_a_huge_file_is_told_of_and_left_alone(client: Client) -> None:
    text = SMALL + "# filler\n" * (MAX_BYTES // 9)
    uri = client.open((ROOT / "strategies" / "huge.yaml").as_uri(), text)
    (found,) = client.first(uri)
    assert "are not read" in found["message"]
    assert client.at("completion", uri, 5, 3)["items"] == []
    assert client.at("hover", uri, 10, 11) is None
    client.change(uri, SMALL)
    assert errors(client.settled(uri)) == []


def test_odd_requests_are_refused_and_the_server_lives(client: Client) -> None:
    uri = client.open((ROOT / "strategies" / "odd.yaml").as_uri(), SMALL)
    assert client.at("hover", uri, 9_999, 9_999) is None
    assert client.at("definition", uri, 0, 9_999) is None
    assert client.at("prepareRename", uri, 0, 0) is None
    with pytest.raises(Refused):
        client.request("textDocument/nonsense", textDocument={"uri": uri})
    with pytest.raises(Refused):
        client.at("rename", uri, 0, 0, newName="x")
    missing = (ROOT / "strategies" / "not_there.yaml").as_uri()
    with contextlib.suppress(Refused):
        assert client.at("hover", missing, 0, 0) is None
    assert client.at("hover", uri, 10, 11)["contents"]["value"]


def test_an_empty_file_is_begun_with_a_whole_strategy(client: Client) -> None:
    uri = client.open((ROOT / "strategies" / "new.yaml").as_uri(), "\n")
    items = {item["label"]: item for item in client.at("completion", uri, 0, 0)["items"]}
    piece = items["strategy"]
    assert piece["insertTextFormat"] == 2
    filled = piece["insertText"]
    for number, given in enumerate(("new", "New", "Anything.", "1h", "BTC/USDT"), 1):
        start = filled.index(f"${{{number}:")
        filled = filled[:start] + given + filled[filled.index("}", start) + 1 :]
    client.change(uri, filled + "\n")
    assert errors(client.settled(uri)) == []
    client.change(uri, SMALL)
    side = {i["label"]: i for i in client.at("completion", uri, 22, 0)["items"]}["short: with all it needs"]
    assert side["insertText"].startswith("short:\n  when:\n    ${1:trend}: must ")
    assert json.dumps(side)


def test_a_character_that_is_none_is_all_that_is_told(client: Client) -> None:
    uri = client.open((ROOT / "strategies" / "strange.yaml").as_uri(), SMALL.replace("tests.", "te\x07sts."))
    for _ in range(2):
        (found,) = client.first(uri)
        assert found["message"].startswith("the character U+0007 is not allowed")
        assert found["range"]["start"] == {"line": 4, "character": len("about: A strategy for te")}
