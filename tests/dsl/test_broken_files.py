"""Broken strategies: none makes anything fall over, each is told by name at its line and column.

The files under broken/ are one strategy with one mistake each (a few with several, all of which must be told);
expected.txt says what must be found. What cannot be committed (binary, huge, bombs) is written by the tests.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from dsl.errors import Diagnostic
from dsl.load import load
from dsl.report import in_order, render
from dsl.source import MAX_BYTES

FOLDER = Path(__file__).with_name("broken")
FILES = sorted(FOLDER.glob("*.yaml"))
GOOD = (FOLDER / "unknown_name.yaml").read_text().replace("faded: rsi7", "faded: rsi14").replace("unknown_name", "good")


def _expected() -> dict[str, list[str]]:
    rows: dict[str, list[str]] = defaultdict(list)
    for line in (FOLDER / "expected.txt").read_text().splitlines()[1:]:
        file, place, name = line.split()
        rows[file].append(f"{place} {name}")
    return rows


EXPECTED = _expected()


def _told(found: list[Diagnostic]) -> list[str]:
    return [f"{d.span.line}:{d.span.column} {d.name}" for d in in_order(found)]


def _sound(found: list[Diagnostic]) -> None:
    """Every finding has a reason and a place inside its file, and can be shown."""
    for finding in found:
        assert len(finding.message) > 5
        assert 0 <= finding.span.start <= finding.span.end <= len(finding.span.source.text)
        lines = render(finding).splitlines()
        assert finding.span.source.path in lines[1]


def test_there_are_a_hundred_and_each_is_in_the_table() -> None:
    assert len(FILES) >= 100
    assert {path.name for path in FILES} == set(EXPECTED)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_broken_file_is_told_at_its_place(path: Path) -> None:
    loaded = load([path])
    assert _told(loaded.diagnostics) == EXPECTED[path.name]
    _sound(loaded.diagnostics)
    assert loaded.plan.strategies == ()


def test_bad_strategies_never_stop_a_good_one(tmp_path: Path) -> None:
    good = tmp_path / "good.yaml"
    good.write_text(GOOD)
    loaded = load([*FILES[:60], good, *FILES[60:]])
    assert [strategy.id for strategy in loaded.plan.strategies] == ["good"]
    assert not [d for d in loaded.diagnostics if d.span.source.path == str(good)]
    assert len(in_order(loaded.diagnostics)) >= len(FILES)


def _bomb() -> bytes:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{n}: &{n} [{', '.join(['*' + b] * 9)}]" for b, n in zip("abcdefgh", "bcdefghi", strict=True)]
    return GOOD.encode() + "\n".join(lines).encode()


MADE = {
    "empty": (b"", "1:1 yaml-syntax"),
    "blank": (b"\n\n   \n", "1:1 yaml-syntax"),
    "only_a_comment": (b"# nothing yet\n", "1:1 yaml-syntax"),
    "binary": (bytes(range(256)) * 8, "1:1 yaml-syntax"),
    "picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "1:1 yaml-syntax"),
    "latin_1": (GOOD.replace("Broken Bot", "Bot du café").encode("latin-1"), "3:17 yaml-syntax"),
    "utf_16": (GOOD.encode("utf-16"), "1:1 yaml-syntax"),
    "bell": (GOOD.replace("Broken", "Bro\x07ken").encode(), "3:10 yaml-syntax"),
    "ten_megabytes": (GOOD.encode() + b"# " + b"x" * 10_000_000, "1:1 yaml-syntax"),
    "one_byte_too_many": (b"#" * (MAX_BYTES + 1), "1:1 yaml-syntax"),
    "bomb": (_bomb(), "37:4 yaml-syntax"),
    "deep_lists": (GOOD.encode() + b"x-deep: " + b"[" * 20_000 + b"]" * 20_000, "37:40 yaml-syntax"),
    "deep_lists_left_open": (GOOD.encode() + b"x-deep: " + b"[" * 5_000, "37:40 yaml-syntax"),
    "deep_tables": (
        GOOD.encode() + "".join(f"{' ' * i}a{i}:\n" for i in range(400)).encode(),
        "68:32 yaml-syntax",
    ),
    "many_values": (GOOD.encode() + b"x-many: [" + b"1," * 60_000 + b"]", "37:99872 yaml-syntax"),
    "a_list": (b"- language: 1\n- id: x\n", "1:1 wrong-type"),
    "a_text": (b"buy low, sell high", "1:1 wrong-type"),
    "json_cut_short": (b'{"language": 1, "id": "x", "long": {"when": ', "1:44 yaml-syntax"),
    "long_expression": (
        GOOD.replace("volume > 1.8", "volume" + " + volume" * 2_000 + " > 1.8").encode(),
        "19:10 syntax",
    ),
    "long_line": (GOOD.replace("close > open", "close > " + "(" * 1_500 + "open").encode(), "24:1518 syntax"),
    "carriage_returns": (GOOD.replace("crosses below", "croses below").replace("\n", "\r\n").encode(), "32:18 syntax"),
}


@pytest.mark.parametrize("name", MADE)
def test_files_that_cannot_be_committed(tmp_path: Path, name: str) -> None:
    data, place = MADE[name]
    path = tmp_path / "made.yaml"
    path.write_bytes(data)
    found = [d for d in load([path]).diagnostics if d.name != "id-not-file-name"]
    assert place in _told(found)
    _sound(found)
