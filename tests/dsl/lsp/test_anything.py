"""Whatever a text has become, every feature answers: prefixes, random edits, random places."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol.types import CodeActionContext, CodeActionParams, TextDocumentIdentifier

from dsl.lsp import across, findings, rename
from dsl.lsp.analysis import Analysis
from dsl.lsp.completion import complete, resolve
from dsl.lsp.fixes import actions
from dsl.lsp.hints import hints
from dsl.lsp.hover import hover
from dsl.lsp.memory import Memory
from dsl.lsp.outlook import document_symbols
from dsl.lsp.signature import signature
from dsl.lsp.spot import spot

from .texts import ROOT, SMALL, STRATEGIES

LIBRARY = (ROOT / "dsl" / "library" / "macd.yaml").read_text(encoding="utf-8")
SIGNAL = "signal: {side: long, when: {turn: true}}"
TESTS = f"language: 1\ntests:\n  - name: x\n    close: 1 x9\n    expect:\n      - {SIGNAL}\n"
FILES = [
    *((path, path.read_text(encoding="utf-8")) for path in STRATEGIES),
    (ROOT / "strategies" / "small.yaml", SMALL),
    (ROOT / "dsl" / "library" / "macd.yaml", LIBRARY),
    (ROOT / "strategies" / "small.test.yaml", TESTS),
]
PIECES = [
    *("", " ", "\n", "\n  ", "\r", "\r\n", "\t", "- ", ": ", ":", "{", "}", "[", "]", "(", ")", "'", '"', "#", "&a "),
    *("*a", "!", "|", ">-", "@", ".", ",", "%", "\\", "é", "😀", "\u2028", "\x85", "if ", " and ", "rsi(", "position."),
    *("lowest(low, 3", "let:\n", "long:\n  when:\n    "),
]


def ask_everything(analysis: Analysis, offset: int) -> None:
    """Ask every feature about one place; none may raise."""
    lines, uri = analysis.lines, analysis.path.as_uri()
    assert lines.offset(lines.position(offset)) in (offset, offset + 1, offset - 1)
    if analysis.kind:
        spot(analysis.text, offset, analysis.kind)
    across.definition(analysis, offset)
    if (found := across.subject(analysis, offset)) is not None:
        across.here(analysis, found[0], found[1])
    items = complete(analysis, offset, whole=True)
    for item in items[:3]:
        if item.data:
            resolve(analysis, item, item.data)
    hover(analysis, offset)
    signature(analysis, offset)
    hints(analysis, 0, len(analysis.text))
    document_symbols(analysis)
    context = CodeActionContext([])
    actions(analysis, CodeActionParams(TextDocumentIdentifier(uri), lines.range(offset, offset), context))
    for finding in analysis.found:
        shown = findings.shown(lines, uri, finding)
        start, end = shown.range.start, shown.range.end
        assert (start.line, start.character) <= (end.line, end.character)
    with contextlib.suppress(rename.Refused):
        rename.rename(analysis, offset, "another_name")


@pytest.mark.parametrize(("path", "text"), FILES, ids=[path.name for path, _ in FILES])
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_any_prefix(path: Path, text: str, data: st.DataObject) -> None:
    text = text[: data.draw(st.integers(0, len(text)))]
    ask_everything(Analysis(path, text), data.draw(st.sampled_from([len(text), len(text) // 2])))


@pytest.mark.parametrize(("path", "text"), FILES, ids=[path.name for path, _ in FILES])
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_any_edits(path: Path, text: str, data: st.DataObject) -> None:
    memory = Memory()
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        text = text[:at] + data.draw(st.sampled_from(PIECES)) + text[at + data.draw(st.integers(0, 6)) :]
        ask_everything(Analysis(path, text, memory=memory), data.draw(st.integers(0, len(text))))
