"""Places are counted as editors count them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from lsprotocol.types import Position

from dsl.lsp.positions import Lines

TEXTS = st.text(st.sampled_from("aé€😀\n\r\t \u2028\x85\x0b"), max_size=40)


def test_counts_utf_16() -> None:
    lines = Lines("a: é😀x\r\nb: 1\rc")
    assert lines.position(5) == Position(0, 6)
    assert lines.offset(Position(0, 6)) == 5
    assert lines.position(8) == Position(1, 0)
    assert lines.position(13) == Position(2, 0)
    assert Lines("é😀x", "utf-8").position(2) == Position(0, 6)
    assert Lines("é😀x", "utf-32").position(2) == Position(0, 2)


def test_beyond_the_end_is_the_end() -> None:
    lines = Lines("ab\ncd")
    assert lines.offset(Position(0, 99)) == 2
    assert lines.offset(Position(9, 0)) == 5


@given(TEXTS, st.sampled_from(["utf-8", "utf-16", "utf-32"]))
def test_there_and_back(text: str, encoding: str) -> None:
    lines = Lines(text, encoding)
    units = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}[encoding]
    width = {"utf-8": 1, "utf-16": 2, "utf-32": 4}[encoding]
    for offset in range(len(text) + 1):
        place = lines.position(offset)
        before = text[lines.starts[place.line] : offset]
        assert place.character == len(before.encode(units)) // width
        if text[offset - 1 : offset + 1] != "\r\n":
            assert lines.offset(place) == offset or text[offset - 1 : offset] in ("\r", "\n")
