"""Every character of a scalar's value is found in the file, whatever the style it is written in."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dsl.document import Scalar, Table, read_table
from dsl.errors import Source
from dsl.place import Text

WORDS = st.text("abc é文😀'\"#:\\ \n\t-", max_size=40)


def _value(document: str) -> Scalar:
    table, _, found = read_table(Source("x.yaml", document))
    assert not found
    assert isinstance(table, Table)
    value = table.get("key")
    assert isinstance(value, Scalar)
    return value


def _at(text: Text, part: str) -> str:
    start = text.value.index(part)
    return text.at(start, start + len(part)).text


@pytest.mark.parametrize("style", ["'", '"', "|", ">"])
@settings(max_examples=150, deadline=None)
@given(words=WORDS, crlf=st.booleans())
@example(words="a\n\n\n b\n", crlf=False)
@example(words="it's 'so'", crlf=True)
def test_each_character_is_where_it_is_written(style: str, words: str, crlf: bool) -> None:
    """PyYAML writes the text in a style of its choice or ours; each visible character must be found again."""
    document = yaml.safe_dump({"key": words, "next": "z"}, default_style=style, allow_unicode=True, width=20)
    document = document.replace('"key"', "key").replace("'key'", "key").replace("\n", "\r\n" if crlf else "\n")
    scalar = _value(document)
    assert scalar.value == words
    last = -1
    for i, char in enumerate(words):
        span = scalar.text.at(i, i + 1)
        assert span.start >= last, "places never go backwards"
        last = span.start
        if not char.isspace() and span.text != char:
            assert span.text.startswith("\\") or span.text == "''", (char, span.text)


@settings(max_examples=150, deadline=None)
@given(words=st.lists(st.text("abc(),.[]<>+*é文😀", min_size=1, max_size=8), min_size=1, max_size=8))
def test_plain_values_over_several_lines(words: list[str]) -> None:
    words = ["x" + word for word in words]
    scalar = _value("key: " + "\n   ".join(words) + "\nnext: z\n")
    assert scalar.value == " ".join(words)
    for word in words:
        assert _at(scalar.text, word) == word


@pytest.mark.parametrize(
    ("document", "part", "written", "place"),
    [
        ("key: close > open", "open", "open", "1:14"),
        ("key: 'it''s > open'", "it's", "it''s", "1:7"),
        ('key: "a \\x3e b"', ">", "\\x3e", "1:9"),
        ('key: "a \\\n   b > c"', "b >", "b >", "2:4"),
        ("key: |\n  a\n    b\n", "b", "b", "3:5"),
        ("key: |2\n    a\n  b\n", "  a", "  a", "2:3"),
        ("key: >-\n  a and\n  b\n\n  c\n", "b\nc", "b\n\n  c", "3:3"),
        ("key: > # why\n\n  a\n  b\n", "a b", "a\n  b", "3:3"),
        ("key: >\n  a\n    more\n  b\n", "more", "more", "3:5"),
        ("key:\n  close >\n  open # not this\n", "open", "open", "3:3"),
        ("key:   'x'", "x", "x", "1:9"),
        ("key: 文😀 > b", "b", "b", "1:11"),
    ],
)
def test_parts_are_found(document: str, part: str, written: str, place: str) -> None:
    text = _value(document).text
    start = text.value.index(part)
    span = text.at(start, start + len(part))
    assert span.text == written
    assert f"{span.line}:{span.column}" == place


def test_a_place_after_the_end_is_empty_and_right_behind() -> None:
    text = _value("key: 'abc'\nnext: z").text
    span = text.at(3, 3)
    assert (span.column, span.text) == (10, "")
    folded = _value("key: >-\n  a\n  b\nnext: z").text
    assert (folded.at(3, 4).line, folded.at(3, 4).column) == (3, 4)


def test_an_empty_value_has_a_place() -> None:
    text = _value("key: ''\n").text
    assert text.at(0, 1).start == 6
