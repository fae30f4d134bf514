"""The compiled simulator knows the columns that the rest of the engine writes and reads, also out of an old cache."""

from __future__ import annotations

from zlib import crc32

from engine.kernels import columns, simulate


def test_it_was_compiled_with_the_columns_there_are() -> None:
    named = sorted((name, value) for name, value in vars(columns).items() if name.isupper())
    assert ("STATE", columns.STATE) in named
    assert simulate.compiled_with() == simulate.COLUMNS == crc32(repr(named).encode())


def test_any_column_that_moves_is_another_number() -> None:
    named = [(name, value) for name, value in vars(columns).items() if name.isupper()]
    moved = [(name, value + 1 if name == "STATE" else value) for name, value in named]
    assert crc32(repr(sorted(moved)).encode()) != simulate.COLUMNS
