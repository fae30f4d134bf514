"""What is remembered reads the same as what is parsed anew; what is carried stands where its text went."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl.errors import Diagnostic, Source, Span
from dsl.lsp.analysis import Analysis
from dsl.lsp.carry import carried
from dsl.lsp.memory import Memory
from dsl.read import read_document

from .texts import SMALL, STRATEGIES

EDITS = st.lists(
    st.tuples(st.integers(0, 600), st.integers(0, 4), st.sampled_from(["", " ", "x", "1", "(", "\n", "é", ": "])),
    min_size=1,
    max_size=6,
)


def edited(text: str, edits: list[tuple[int, int, str]]) -> list[str]:
    texts = [text]
    for at, length, put in edits:
        text = text[:at] + put + text[at + length :]
        texts.append(text)
    return texts


@settings(max_examples=40, deadline=None)
@given(EDITS)
def test_a_remembered_document_is_the_document(edits: list[tuple[int, int, str]]) -> None:
    memory = Memory()
    for text in edited(SMALL, edits):
        memory.turn()
        remembered = read_document(text, kind="strategy", path="small.yaml", sentences_by=memory.parse)
        assert remembered == read_document(text, kind="strategy", path="small.yaml")


@pytest.mark.parametrize("path", STRATEGIES, ids=lambda p: p.stem)
def test_a_strategy_moved_down_a_line_is_the_same(path: Path) -> None:
    text, memory = path.read_text(encoding="utf-8"), Memory()
    first = Analysis(path, text, memory=memory)
    second = Analysis(path, f"# one more line\n{text}", memory=memory)
    assert first.document.sides
    assert second.mistakes == ()
    assert second.document == read_document(second.text, kind="strategy", path=str(path))[0]


@given(st.text("abc\n", max_size=30), st.integers(0, 30), st.integers(0, 5), st.text("abc\n", max_size=5))
def test_what_is_carried_keeps_its_text(text: str, at: int, length: int, put: str) -> None:
    after = text[:at] + put + text[at + length :]
    before = Source("f", text)
    found = [Diagnostic("n", str(i), Span(before, i, i + 1)) for i in range(len(text))]
    kept = carried(found, Source("f", after))
    assert all(finding.span.text == text[int(finding.message)] for finding in kept)
    assert len(kept) >= len(text) - length
