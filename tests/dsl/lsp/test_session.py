"""Whole sessions with `engine lsp` over standard input and output."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from dsl.errors import Source
from dsl.fmt import format_source

from .client import Client, Refused
from .texts import ROOT, SMALL, STRATEGIES

URI = (ROOT / "strategies" / "small.yaml").as_uri()


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with Client() as session:
        yield session


def place(text: str, part: str) -> tuple[int, int]:
    """Return the line and UTF-16 column where a part of a text begins."""
    at = text.index(part)
    begin = text.rfind("\n", 0, at) + 1
    return text.count("\n", 0, at), len(text[begin:at].encode("utf-16-le")) // 2


def test_findings_follow_the_keystrokes(client: Client) -> None:
    uri = client.open(URI, SMALL)
    assert [d for d in client.settled(uri) if d["severity"] == 1] == []
    client.change(uri, SMALL.replace("< low_rsi", "< low_rzi"))
    (found,) = [d for d in client.first(uri) if d["severity"] == 1]
    assert (found["code"], found["source"]) == ("unknown-name", "engine")
    assert "did you mean `low_rsi`?" in found["message"]
    assert found["codeDescription"]["href"].endswith("/docs/lint/unknown-name.md")
    client.change(uri, SMALL)
    assert [d for d in client.settled(uri) if d["severity"] == 1] == []


def test_columns_are_utf_16(client: Client) -> None:
    flow = SMALL.replace(
        "    oversold: must rsi14 < low_rsi\n    turn: rising(rsi14, 1) weight 2\n",
        '    {"x-note": "😀é", oversold: must nonsense2 < 3, turn: rising(rsi14, 1) weight 2}\n',
    )
    uri = client.open(URI, flow)
    (found,) = [d for d in client.settled(uri) if d["code"] == "unknown-name"]
    line, column = place(flow, "nonsense2")
    assert found["range"] == {
        "start": {"line": line, "character": column},
        "end": {"line": line, "character": column + len("nonsense2")},
    }


def test_another_encoding_is_spoken() -> None:
    with Client(general={"positionEncodings": ["utf-8"]}) as session:
        assert session.server["capabilities"]["positionEncoding"] == "utf-8"
        text = SMALL.replace("when:\n", 'when:\n    {"x-note": "😀é", a: must nonsense > 1}\n').replace(
            "    oversold: must rsi14 < low_rsi\n    turn: rising(rsi14, 1) weight 2\n", ""
        )
        uri = session.open(URI, text)
        (found,) = [d for d in session.first(uri) if "nonsense" in d["message"]]
        row = text.splitlines()[found["range"]["start"]["line"]]
        assert found["range"]["start"]["character"] == len(row[: row.index("nonsense")].encode())


def test_a_slip_is_mended_by_a_quick_fix(client: Client) -> None:
    text = SMALL.replace("< low_rsi", "< low_rzi")
    uri = client.open(URI, text)
    (found,) = [d for d in client.first(uri) if d["severity"] == 1]
    actions = client.request(
        "textDocument/codeAction", textDocument={"uri": uri}, range=found["range"], context={"diagnostics": [found]}
    )
    (edit,) = actions[0]["edit"]["changes"][uri]
    assert (edit["newText"], edit["range"]) == ("low_rsi", found["range"])
    assert actions[0]["kind"] == "quickfix"


def test_formatting_is_that_of_engine_fmt(client: Client) -> None:
    messy = SMALL.replace("must rsi14 < low_rsi", "must   rsi14<low_rsi  ").replace("[5m, 1h]", "[ 5m,1h ]")
    uri = client.open(URI, messy)
    (edit,) = client.request(
        "textDocument/formatting", textDocument={"uri": uri}, options={"tabSize": 2, "insertSpaces": True}
    )
    lines = messy.splitlines(keepends=True)
    start, end = (edit["range"][side] for side in ("start", "end"))
    before = "".join(lines[: start["line"]]) + lines[start["line"]][: start["character"]]
    after = lines[end["line"]][end["character"] :] + "".join(lines[end["line"] + 1 :])
    formatted = format_source(Source(str(ROOT / "strategies" / "small.yaml"), messy))
    assert formatted.changed
    assert before + edit["newText"] + after == formatted.after


def test_all_that_is_safe_is_mended_at_once(client: Client) -> None:
    text = SMALL.replace("must rsi14 < low_rsi", "must low_rsi > rsi14 and 30 > rsi14")
    uri = client.open(URI, text)
    whole = {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}
    context = {"diagnostics": [], "only": ["source.fixAll"]}
    (action,) = client.request("textDocument/codeAction", textDocument={"uri": uri}, range=whole, context=context)
    assert action["kind"] == "source.fixAll"
    assert "rsi14 < 30" in action["edit"]["changes"][uri][0]["newText"]


def test_completion_and_its_pages(client: Client) -> None:
    text = SMALL.replace("must rsi14 < low_rsi", "must ")
    uri = client.open(URI, text)
    line, column = place(text, "must ")
    items = client.at("completion", uri, line, column + 5)["items"]
    (item,) = [item for item in items if item["label"] == "supertrend"]
    page = client.request("completionItem/resolve", **item)
    assert page["detail"].startswith("supertrend(")
    assert "Gives" in page["documentation"]["value"]


def test_calls_are_snippets_where_the_editor_takes_them() -> None:
    item = {"snippetSupport": True}
    with Client(textDocument={"completion": {"completionItem": item}}) as session:
        text = SMALL.replace("must rsi14 < low_rsi", "must ")
        uri = session.open(URI, text)
        line, column = place(text, "must ")
        found = {i["label"]: i for i in session.at("completion", uri, line, column + 5)["items"]}
        assert (found["ema"]["insertText"], found["ema"]["insertTextFormat"]) == ("ema($0)", 2)
        assert "insertTextFormat" not in found["close"]


def test_rename_over_the_wire(client: Client) -> None:
    uri = client.open(URI, SMALL)
    line, column = place(SMALL, "rsi14 < low_rsi")
    assert client.at("prepareRename", uri, line, column)["start"] == {"line": line, "character": column}
    changes = client.at("rename", uri, line, column, newName="strength")["changes"]
    assert len(changes[uri]) == SMALL.count("rsi14")
    with pytest.raises(Refused, match="name of the language"):
        client.at("rename", uri, line, column, newName="close")


def test_the_rest_answers(client: Client) -> None:
    uri = client.open(URI, SMALL)
    line, column = place(SMALL, "rsi(close, 14)")
    assert "Relative strength" in client.at("hover", uri, line, column + 1)["contents"]["value"]
    assert client.at("definition", uri, line, column + 1)["uri"].endswith("/dsl/library/rsi.yaml")
    assert client.at("signatureHelp", uri, line, column + 4)["activeSignature"] == 0
    assert len(client.at("references", uri, line, 3, context={"includeDeclaration": True})) == SMALL.count("rsi14")
    everything = {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}
    labels = [
        hint["label"] for hint in client.request("textDocument/inlayHint", textDocument={"uri": uri}, range=everything)
    ]
    assert "index, 0 to 100" in labels
    symbols = client.request("textDocument/documentSymbol", textDocument={"uri": uri})
    assert symbols[0]["name"] == "language"


def test_libraries_and_tests_are_checked_too(client: Client) -> None:
    library = "language: 1\nid: lib\ndefine:\n  f(x=close):\n    about: F.\n    returns: x + nonsense\n"
    uri = client.open((ROOT / "strategies" / "lib" / "lib.yaml").as_uri(), library)
    assert "nonsense" in client.first(uri)[0]["message"]
    tests = "language: 1\nstrategy: scalper\ntests:\n  - name: x\n    close: 1 x9\n    expekt: []\n"
    uri = client.open((ROOT / "strategies" / "any.test.yaml").as_uri(), tests)
    assert "unknown-key" in {d["code"] for d in client.first(uri)}
    uri = client.open((ROOT / "compose.yaml").as_uri(), "services:\n  web: {image: x}\n")
    assert client.first(uri) == []


def test_closing_clears(client: Client) -> None:
    uri = client.open(URI, "language: 1\nnonsense: 1\n")
    assert client.first(uri)
    client.notify("textDocument/didClose", textDocument={"uri": uri})
    while client.news.get(timeout=60)["diagnostics"]:
        pass


@pytest.mark.parametrize("path", STRATEGIES, ids=lambda p: p.stem)
def test_no_prefix_and_no_edit_stops_the_server(client: Client, path: Path) -> None:
    """Each request must be answered without an error, whatever the text has become."""
    chance = random.Random(path.stem)
    text = path.read_text(encoding="utf-8")
    uri = client.open(path.as_uri(), text)
    texts = [text[: chance.randrange(len(text))] for _ in range(12)]
    for _ in range(12):
        at, length = chance.randrange(len(text)), chance.randrange(9)
        texts.append(
            text[:at]
            + chance.choice(["", "\t", "{", "'", "&a ", ": ", "😀", "\n\n  - ", "@", "("])
            + text[at + length :]
        )
    for changed in texts:
        client.change(uri, changed)
        line = chance.randrange(changed.count("\n") + 1)
        row = changed.split("\n")[line]
        column = chance.randrange(len(row) + 1)
        for method in ("completion", "hover", "definition", "signatureHelp", "prepareRename"):
            client.at(method, uri, line, column)
        whole = {"start": {"line": 0, "character": 0}, "end": {"line": 999, "character": 0}}
        document = {"uri": uri}
        client.request("textDocument/inlayHint", textDocument=document, range=whole)
        client.request("textDocument/documentSymbol", textDocument=document)
        client.request("textDocument/codeAction", textDocument=document, range=whole, context={"diagnostics": []})
        client.request("textDocument/formatting", textDocument=document, options={"tabSize": 2, "insertSpaces": True})
        client.first(uri)
