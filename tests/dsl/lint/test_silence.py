"""Comments that silence: where they may stand, what they cover, and what is said of those that silence nothing."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from dsl.errors import Diagnostic
from dsl.survey import survey
from tests.dsl.lint.samples import complete

TODAY = datetime.date(2026, 6, 1)
LIBRARY = """\
language: 1
id: lib
define:
  dip(length=14 in 2 to 50):
    about: A dip.
    returns: {returns}  # lint: ignore {comment} (why)
"""


def found(text: str, folder: Path, name: str = "sample.yaml") -> list[tuple[str, str]]:
    """Return (name, text under the caret) of what is found in one file, its layout left aside."""
    path = folder / name
    path.write_text(complete(text) if name == "sample.yaml" else text, encoding="utf-8")
    return [(d.name, d.span.text) for d in _survey(path) if d.name != "not-formatted"]


def _survey(path: Path) -> list[Diagnostic]:
    return survey([path], today=TODAY)


def strategy(when: str) -> str:
    return f"long:\n{when}\n  entry: market\n  stop: 2 * atr(14)\n  targets: [2R]\n"


IGNORE = "# lint: ignore yoda-condition until 2027-01-01 (why)"
PLACES = {
    "at the end of the line": f"  when:\n    it: 30 > rsi(14)  {IGNORE}",
    "above the line": f"  when:\n    {IGNORE}\n    it: 30 > rsi(14)",
    "above, with another comment between": f"  when:\n    {IGNORE}\n    # so it is\n    it: 30 > rsi(14)",
    "in flow style, on its line": f"  when: {{it: 30 > rsi(14),  {IGNORE}\n    at: close > open}}",
    "above flow style": f"  {IGNORE}\n  when: {{it: 30 > rsi(14), at: close > open}}",
    "behind the sign of a folded text": f"  when:\n    it: >-  {IGNORE}\n      close > open and\n      30 > rsi(14)",
    "above a folded text": f"  when:\n    {IGNORE}\n    it: >-\n      close > open and\n      30 > rsi(14)",
    "above a literal text": f"  when:\n    {IGNORE}\n    it: |\n      close > open and\n      30 > rsi(14)",
    "above a text in quotes over two lines": f'  when:\n    {IGNORE}\n    it: "close > open and\n      30 > rsi(14)"',
    "above a plain text over two lines": f"  when:\n    {IGNORE}\n    it: close > open and\n      30 > rsi(14)",
    "two names at once": "  when:\n    it: 30 > rsi(14) and not (not (close > open))"
    "  # lint: ignore yoda-condition, double-negative (why)",
}


@pytest.mark.parametrize("place", PLACES)
def test_a_finding_is_silenced_wherever_a_comment_can_stand(place: str, tmp_path: Path) -> None:
    assert found(strategy(PLACES[place]), tmp_path) == []


@pytest.mark.parametrize("place", [place for place in PLACES if place != "two names at once"])
def test_a_comment_that_is_over_silences_nothing_and_is_told(place: str, tmp_path: Path) -> None:
    text = strategy(PLACES[place]).replace("2027", "2025")
    assert sorted(found(text, tmp_path)) == [("stale-ignore", "yoda-condition"), ("yoda-condition", "30 > rsi(14)")]


def test_a_comment_does_not_reach_past_what_it_stands_above(tmp_path: Path) -> None:
    text = strategy(f"  {IGNORE}\n  when:\n    it: 30 > rsi(14)")
    assert sorted(found(text, tmp_path)) == [("stale-ignore", "yoda-condition"), ("yoda-condition", "30 > rsi(14)")]


@pytest.mark.parametrize(
    ("comment", "told"),
    [
        ("# lint: ignore yoda-condition (why)", []),
        ("# lint: ignore yoda-condition", [("ignore-without-reason", "# lint: ignore yoda-condition")]),
        ("# lint: ignore yoda-condition ()", [("ignore-without-reason", "# lint: ignore yoda-condition ()")]),
        ("# lint: ignore yoda-condition, ignore-without-reason", []),
        ("# lint: ignore yoda-condtion (why)", [("stale-ignore", "yoda-condtion")]),
        ("# lint: ignore never-true, yoda-condition (why)", [("stale-ignore", "never-true")]),
        ("# lint: ignore not-formatted, yoda-condition (why)", [("stale-ignore", "not-formatted")]),
        ("# lint: ignore unit-mismatch, yoda-condition (why)", [("stale-ignore", "unit-mismatch")]),
        ("# lint: ignore yoda-condition until 2026-06-31 (why)", [("stale-ignore", "yoda-condition")]),
        ("# lint: ignore yoda-condition until tomorrow (why)", [("stale-ignore", "yoda-condition")]),
        ("# lint: ignore yoda-condition until 2026-06-01 (why)", []),
        ("# lint: ignore yoda-condition until 2026-05-31 (why)", [("stale-ignore", "yoda-condition")]),
        ("# lint: ignore yoda-condition because I say so", [("stale-ignore", "the whole")]),
        ("# lint: ignore", [("stale-ignore", "the whole")]),
        ("# lint: disable=yoda-condition", [("stale-ignore", "the whole")]),
    ],
)  # fmt: skip
def test_what_is_said_of_a_comment(comment: str, told: list[tuple[str, str]], tmp_path: Path) -> None:
    text = strategy(f"  when:\n    it: 30 > rsi(14)  {comment}")
    wanted = [(name, comment if place == "the whole" else place) for name, place in told]
    assert [one for one in found(text, tmp_path) if one[0] != "yoda-condition"] == wanted


def test_what_only_looks_like_a_comment_is_none(tmp_path: Path) -> None:
    assert found('about: "so # lint: ignore yoda-condition"\n' + strategy("  when: {it: close > open}"), tmp_path) == []
    block = "about: |\n  so\n  # lint: ignore never-true (why)\n"
    assert found(block + strategy("  when: {it: close > open}"), tmp_path) == []


def test_an_error_is_never_silenced(tmp_path: Path) -> None:
    text = strategy("  when:\n    it: clsoe > open  # lint: ignore unknown-name (why)")
    assert found(text, tmp_path) == [("unknown-name", "clsoe"), ("stale-ignore", "unknown-name")]


def test_libraries(tmp_path: Path) -> None:
    silenced = LIBRARY.replace("{comment}", "yoda-condition").replace("{returns}", "30 > rsi(close, length)")
    assert found(silenced, tmp_path, "lib.yaml") == []
    idle = LIBRARY.replace("{comment}", "never-true").replace("{returns}", "rsi(close, length) < 30")
    assert found(idle, tmp_path, "lib.yaml") == [("stale-ignore", "never-true")]


def test_test_files(tmp_path: Path) -> None:
    found(strategy("  when: {it: close > open}"), tmp_path)
    head = "language: 1\ntests:\n  - name: quiet\n    timeframe: 5m\n    close: 100 x60\n    expect: [nothing: always]"
    name = "sample.test.yaml"
    assert found(head + "\n", tmp_path, name) == []
    assert found(head + "  # lint: ignore not-formatted\n", tmp_path, name) == [
        ("ignore-without-reason", "# lint: ignore not-formatted"), ("stale-ignore", "not-formatted"),
    ]  # fmt: skip
    (tmp_path / name).write_text(
        "# lint: ignore not-formatted (as it was sent)\n" + head.replace("language: 1", "language:   1")
    )
    assert [d.name for d in _survey(tmp_path / name)] == []


def test_comments_of_templates(tmp_path: Path) -> None:
    from app.wording import examine

    path = tmp_path / "report.x.j2"
    long = "{{ report.win_rate }} " + "much of it stays " * 20
    path.write_text("{# lint: ignore message-too-long (we know) #}\n" + long)
    assert examine([path]) == []
    path.write_text("{# lint: ignore message-too-long #}\n{{ report.day }}\n")
    assert [d.name for d in examine([path])] == ["ignore-without-reason", "stale-ignore"]
