"""YAML, restricted: what is refused, where, and what the typed readers make of values."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl.document import MAX_DEPTH, MAX_NODES, Listing, Scalar, Table, Unread, read_table
from dsl.errors import Diagnostic, Severity, Source
from dsl.reading import Reader
from dsl.source import MAX_BYTES


def _read(text: str) -> tuple[Table | None, list[Diagnostic]]:
    table, _, found = read_table(Source("x.yaml", text))
    return table, found


def _told(found: list[Diagnostic]) -> list[str]:
    return [f"{d.span.line}:{d.span.column} {d.name} {d.message}" for d in found]


def test_scalars_stay_text() -> None:
    """No sexagesimals, octals, timestamps, nulls or extra booleans: the reader decides, not YAML."""
    table, found = _read("a: 1:30\nb: 0700\nc: 2024-01-02\nd: NO\non: yes\n'5': ~\ne: 1_000\nf: 0x1F\n")
    assert not found
    assert table is not None
    values = {key: entry.value for key, entry in table.entries.items()}
    assert all(isinstance(value, Scalar) for value in values.values())
    assert [value.value for value in values.values() if isinstance(value, Scalar)] == [
        "1:30", "0700", "2024-01-02", "NO", "yes", "~", "1_000", "0x1F",
    ]  # fmt: skip
    assert list(table.entries) == ["a", "b", "c", "d", "on", "5", "e", "f"]


def test_every_key_and_value_has_its_place() -> None:
    table, _ = _read("a: 1\nlist:\n  - x y\n  - {in: [z, 'q']}\n")
    assert table is not None
    listing = table.get("list")
    assert isinstance(listing, Listing)
    assert (listing.items[0].span.line, listing.items[0].span.column) == (3, 5)
    inner = listing.items[1]
    assert isinstance(inner, Table)
    assert (inner.entries["in"].key.span.column, inner.entries["in"].value.span.text) == (6, "[z, 'q']")
    assert table.span.text == "a: 1\nlist:\n  - x y\n  - {in: [z, 'q']}"


def test_a_duplicate_key_names_both_places_and_the_first_stays() -> None:
    table, found = _read("a: 1\nb: 2\na: 3\n")
    assert _told(found) == ["3:1 duplicate-key the key `a` stands here for the second time"]
    assert [(str(span.line), label) for span, label in found[0].notes] == [("1", "here for the first time")]
    assert table is not None
    first = table.get("a")
    assert isinstance(first, Scalar)
    assert first.value == "1"


def test_tags_anchors_and_aliases_are_refused_and_the_rest_is_read() -> None:
    table, found = _read("a: &x 1\nb: *x\nc: !!int 3\nd: ! 4\ne: &y\n  z: 1\nf: *nowhere\n<<: {g: 1}\nh: 5\n")
    assert _told(found) == [
        "1:4 yaml-syntax `&x` is a YAML anchor; anchors are refused",
        "2:4 yaml-syntax `*x` is a YAML alias; aliases are refused",
        "3:4 yaml-syntax `!!int` is a YAML tag; tags are refused",
        "4:4 yaml-syntax `!` is a YAML tag; tags are refused",
        "5:4 yaml-syntax `&y` is a YAML anchor; anchors are refused",
        "7:4 yaml-syntax `*nowhere` is a YAML alias; aliases are refused",
        "8:1 yaml-syntax `<<` is a YAML merge key; merge keys are refused",
    ]
    assert table is not None
    assert isinstance(table.get("b"), Unread)
    assert isinstance(table.get("h"), Scalar)


def test_a_bomb_of_aliases_does_not_explode() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for name, before in zip("bcdefghi", "abcdefgh", strict=True):
        lines.append(f"{name}: &{name} [{', '.join(['*' + before] * 9)}]")
    _, found = _read("\n".join(lines))
    assert len(found) == 9 + 8 * 9
    assert {d.name for d in found} == {"yaml-syntax"}


def test_depth_and_number_of_nodes_are_bounded() -> None:
    _, found = _read("a: " + "[" * 5_000 + "]" * 5_000)
    assert _told(found) == [f"1:{4 + MAX_DEPTH - 1} yaml-syntax this is nested more than {MAX_DEPTH} deep"]
    _, found = _read("a: [" + "1," * MAX_NODES + "]")
    assert [d.message for d in found] == [f"this file has more than {MAX_NODES:,} values"]
    table, found = _read("a: " + "[" * (MAX_DEPTH - 2) + "1" + "]" * (MAX_DEPTH - 2))
    assert not found
    assert table is not None


@pytest.mark.parametrize(
    ("data", "message", "place"),
    [
        (b"", "the file is empty", "1:1"),
        (b"# only a comment\n\n", "the file is empty", "1:1"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "this is not a text file", "1:1"),
        (b"a: 1\nb: \0\n", "this is not a text file", "1:1"),
        (b"a: 1\nname: caf\xe9\n", "byte 0xe9 is not UTF-8", "2:10"),
        ("a: 1".encode("utf-16"), "the file is in UTF-16", "1:1"),
        (b"a: 1\nb: \x07\n", "the character U+0007 is not allowed in a text file", "2:4"),
        (b"- a\n- b\n", "this file holds a list; it must hold keys and values", "1:1"),
        (b"hello", "this file holds a single value; it must hold keys and values", "1:1"),
        (b"a: 1\n" * 250_000, f"the file has 1,250,000 bytes; more than {MAX_BYTES:,} are not read", "1:1"),
    ],
)
def test_files_that_are_none(tmp_path: Path, data: bytes, message: str, place: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(data)
    table, source, found = read_table(path)
    assert table is None
    assert source.path == str(path)
    assert [(f"{d.span.line}:{d.span.column}", d.message) for d in found] == [(place, message)]


def test_a_device_that_never_ends() -> None:
    said = f"the file has endless bytes; more than {MAX_BYTES:,} are not read"
    assert [d.message for d in read_table(Path("/dev/zero"))[2]] == [said]


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    assert [d.message for d in read_table(tmp_path / "no.yaml")[2]] == [
        "the file cannot be opened: no such file or directory"
    ]
    assert [d.message for d in read_table(tmp_path)[2]] == ["the file cannot be opened: is a directory"]


def test_a_mark_of_byte_order_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    table, _, found = read_table(path)
    assert not found
    assert table is not None
    assert [(e.key.span.line, e.key.span.column) for e in table.entries.values()] == [(1, 1), (2, 1)]


def test_one_fault_does_not_hide_the_others() -> None:
    table, found = _read("a: [1, 2\nb: @x\nc: 3\nd:\n  e: 1\n f: 2\ng: 'x\n")
    assert [f"{d.span.line}:{d.span.column}" for d in found] == ["1:4", "2:4", "6:2", "7:4"]
    assert table is not None
    assert isinstance(table.get("c"), Scalar)
    assert {key for key, entry in table.entries.items() if isinstance(entry.value, Unread)} == {"a", "b", "d", "g"}


@settings(max_examples=300, deadline=None)
@given(text=st.text("ab:-[]{}'\"|>&*!%@`#,? \n\t\\1", max_size=60))
def test_no_text_makes_it_fall_over(text: str) -> None:
    table, source, found = read_table(Source("x.yaml", text))
    assert table is not None or found
    for finding in found:
        assert 0 <= finding.span.start <= finding.span.end <= len(source.text)
        assert finding.message


# -- typed readers --


def _scalar(text: str) -> Scalar:
    table, _ = _read(f"key: {text}\n")
    assert table is not None
    value = table.get("key")
    assert isinstance(value, Scalar)
    return value


@pytest.mark.parametrize(
    ("text", "value"),
    [("5", 5), ("-3", -3), ("1_000", 1000), ("0", 0)],
)
def test_integers(text: str, value: int) -> None:
    reader = Reader()
    assert reader.integer(_scalar(text), "`key`") == value
    assert not reader.found


@pytest.mark.parametrize(
    ("text", "help"),
    [
        ("017", "a number does not begin with 0: `17`"),
        ("'5'", "remove the quotes: `5`"),
        ("1:30", ""),
        ("1.5", ""),
        ("0x1F", ""),
        ("1__0", ""),
        ("five", ""),
    ],
)
def test_what_is_no_integer(text: str, help: str) -> None:
    reader = Reader()
    assert reader.integer(_scalar(text), "`key`") is None
    assert [(d.name, d.message, d.help) for d in reader.found] == [("wrong-type", "`key` must be a whole number", help)]


def test_numbers_and_their_bounds() -> None:
    reader = Reader()
    assert reader.number(_scalar("1.5e-3"), "`key`") == 0.0015
    assert reader.number(_scalar("1e3"), "`key`") == 1000
    assert reader.number(_scalar("0,5"), "`key`") is None
    assert reader.number(_scalar("7"), "`key`", 0, 5) is None
    assert reader.integer(_scalar("0"), "`key`", low=1) is None
    assert reader.number(_scalar("1e999"), "`key`") is None
    assert reader.number(_scalar(".inf"), "`key`") is None
    assert [d.message for d in reader.found] == [
        "`key` must be a number", "`key` must be 0 to 5", "`key` must be at least 1", "`key` must be finite",
        "`key` must be a number",
    ]  # fmt: skip
    assert reader.found[0].help == "the decimal sign is a point: `0.5`"


def test_only_true_and_false_are_booleans() -> None:
    reader = Reader()
    assert reader.boolean(_scalar("true"), "`key`") is True
    assert reader.boolean(_scalar("false"), "`key`") is False
    for text in ("yes", "NO", "on", "True", "1", "'true'"):
        assert reader.boolean(_scalar(text), "`key`") is None
    assert [d.help for d in reader.found] == [
        "write `true`", "write `false`", "write `true`", "write `true`", "", "write `true`",
    ]  # fmt: skip


def test_lists_and_their_short_form() -> None:
    table, _ = _read("one: a\nmany: [a, b]\ntwice: [a, a]\nnone: []\ntable: {a: 1}\n")
    assert table is not None
    reader = Reader()
    assert [value for value, _ in reader.texts(table.get("one"), "`one`")] == ["a"]
    assert [value for value, _ in reader.texts(table.get("many"), "`many`")] == ["a", "b"]
    assert not reader.found
    assert [value for value, _ in reader.texts(table.get("twice"), "`twice`")] == ["a"]
    assert reader.texts(table.get("none"), "`none`") == ()
    assert reader.texts(table.get("table"), "`table`") == ()
    assert _told(reader.found) == [
        "3:12 duplicate-key `a` stands here for the second time",
        "4:7 wrong-type `none` must not be empty",
        "5:8 wrong-type `table` must be a value or a list of values",
    ]


def test_keys_are_checked_against_those_known() -> None:
    table, _ = _read("nam: x\nx-own: 1\nwhatever: 2\nhere: 3\nstop: 4\n")
    assert table is not None
    reader = Reader()
    known = {"name": True, "here": False, "gone": True}
    entries = reader.keys(table, known, table.span, elsewhere={"stop": "put it under `long:`"})
    assert list(entries) == ["name", "here"], "a slip of a known key is read as that key"
    assert [(d.name, d.message, d.help) for d in reader.found] == [
        ("unknown-key", "unknown key `nam`", "did you mean `name`?"),
        ("unknown-key", "unknown key `whatever`", "known here: `name`, `here` and `gone`"),
        ("unknown-key", "the key `stop` does not belong here", "put it under `long:`"),
        ("missing-key", "the key `gone` is missing", ""),
    ]
    assert {d.severity for d in reader.found} == {Severity.ERROR}


def test_choices() -> None:
    reader = Reader()
    assert reader.choice(_scalar("day"), "`key`", ("day", "week")) == "day"
    assert reader.choice(_scalar("dya"), "`key`", ("day", "week")) is None
    assert [(d.message, d.help) for d in reader.found] == [("`key` must be `day` or `week`", "did you mean `day`?")]


def test_what_was_refused_is_not_told_twice() -> None:
    table, _ = _read("a: *x\n")
    assert table is not None
    reader = Reader()
    assert reader.text(table.get("a"), "`a`") is None
    assert reader.table(table.get("a"), "`a`") is None
    assert reader.items(table.get("a"), "`a`") == ()
    assert reader.integer(table.get("a"), "`a`") is None
    assert not reader.found
