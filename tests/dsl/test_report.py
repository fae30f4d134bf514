"""Findings as a person sees them, to the character, and as machines read them."""

from __future__ import annotations

import json

import pytest

from dsl.errors import Diagnostic, Severity, Source, Span
from dsl.report import as_dict, as_github, as_json, as_sarif, in_order, render, summary, text

LINES = "\n" * 23 + "    uptrend:  must rsi14 > ema(close, 25)\n"


def _span(source: Source, part: str, nth: int = 0) -> Span:
    start = -1
    for _ in range(nth + 1):
        start = source.text.index(part, start + 1)
    return Span(source, start, start + len(part))


SOURCE = Source("strategies/scalper.yaml", LINES)
MISMATCH = Diagnostic(
    "unit-mismatch",
    "an index (0 to 100) is compared with a price",
    _span(SOURCE, "rsi14"),
    label="index, 0 to 100",
    help="did you mean `close > ema(close, 25)`?",
    notes=((_span(SOURCE, "ema(close, 25)"), "price"),),
)


def test_as_the_language_shows_it() -> None:
    assert render(MISMATCH) == (
        "error[unit-mismatch]: an index (0 to 100) is compared with a price\n"
        "  --> strategies/scalper.yaml:24:20\n"
        "   |\n"
        "24 |     uptrend:  must rsi14 > ema(close, 25)\n"
        "   |                    ^^^^^   -------------- price\n"
        "   |                    index, 0 to 100\n"
        "   = help: did you mean `close > ema(close, 25)`?"
    )


def test_two_places_far_apart_and_near() -> None:
    source = Source("a.yaml", "a: 1\nb: 2\nc: 3\nd: 4\ne: 5\n")
    finding = Diagnostic(
        "x", "three places", _span(source, "e"), notes=((_span(source, "a"), "first"), (_span(source, "c"), "third"))
    )
    assert render(finding) == (
        "error[x]: three places\n"
        " --> a.yaml:5:1\n"
        "  |\n"
        "1 | a: 1\n"
        "  | - first\n"
        "2 | b: 2\n"
        "3 | c: 3\n"
        "  | - third\n"
        "4 | d: 4\n"
        "5 | e: 5\n"
        "  | ^"
    )
    far = Diagnostic("x", "m", _span(source, "e"), notes=((_span(source, "a"), "first"),))
    assert "\n...\n5 | e: 5\n" in render(far)


def test_a_place_in_another_file() -> None:
    other = Source("lib/b.yaml", "x: 1\n")
    source = Source("a.yaml", "use: b\n")
    finding = Diagnostic("x", "m", _span(source, "b"), notes=((_span(other, "x"), "declared here"),))
    assert render(finding).splitlines()[-4:] == [" ::: lib/b.yaml:1:1", "  |", "1 | x: 1", "  | - declared here"]


def test_wide_characters_take_two_columns_and_tabs_one() -> None:
    source = Source("a.yaml", 'name: "你好é" + bad\n\tkey: x\n')
    assert render(Diagnostic("x", "m", _span(source, "bad"))).splitlines()[-2:] == [
        '1 | name: "你好é" + bad',
        "  |                 ^^^",
    ]
    assert render(Diagnostic("x", "m", _span(source, "你好"))).splitlines()[-1] == "  |        ^^^^"
    assert render(Diagnostic("x", "m", _span(source, "\t"))).splitlines()[-2:] == ["2 |  key: x", "  | ^"]


def test_a_place_over_several_lines() -> None:
    source = Source("a.yaml", "a: >\n  one and\n  two or\n  three\n  four\n")
    finding = Diagnostic("x", "m", Span(source, source.text.index("one"), source.text.index("four")), label="too long")
    assert render(finding).splitlines()[3:] == [
        "2 |   one and", "  |   ^^^^^^^", "3 |   two or", "  |   ^^^^^^", "4 |   three", "  |   ^^^^^ too long",
    ]  # fmt: skip


@pytest.mark.parametrize("start", [0, 3, 4])
def test_an_empty_place_has_a_caret(start: int) -> None:
    source = Source("a.yaml", "abc\n")
    lines = render(Diagnostic("x", "m", Span(source, start, start))).splitlines()
    assert lines[-1].strip(" |").startswith("^")


def test_a_file_without_text_has_no_snippet() -> None:
    source = Source("a.yaml", "")
    assert render(Diagnostic("x", "the file is empty", Span(source, 0, 0), help="write something")) == (
        "error[x]: the file is empty\n --> a.yaml:1:1\n  = help: write something"
    )


def test_very_long_lines_are_cut_around_the_place() -> None:
    source = Source("a.yaml", "x" * 50_000 + "HERE" + "y" * 50_000)
    lines = render(Diagnostic("x", "m", _span(source, "HERE"))).splitlines()
    assert all(len(line) < 160 for line in lines)
    assert lines[-2][lines[-1].index("^") :].startswith("HERE")
    assert "1:50001" in lines[1]


def test_nothing_in_a_file_reaches_the_terminal_as_a_command() -> None:
    source = Source("a\x1b[31m.yaml", "a: \x1b[2Jb\n")
    shown = render(Diagnostic("x", "mess\x07age", _span(source, "b"), label="\x1b]0;", help="\r"))
    assert not any(char < " " and char != "\n" for char in shown)


def test_colours_change_nothing_but_the_colour() -> None:
    import re

    shown = render(MISMATCH, colour=True)
    assert "\x1b[" in shown
    assert re.sub("\x1b\\[[0-9;]*m", "", shown) == render(MISMATCH)


def test_each_finding_is_told_once_and_in_order() -> None:
    source, other = Source("b.yaml", "abc"), Source("a.yaml", "abc")
    first, second = Diagnostic("x", "m", Span(source, 0, 1)), Diagnostic("x", "m", Span(source, 2, 3))
    third = Diagnostic("x", "m", Span(other, 1, 2))
    assert in_order([second, first, third, first]) == [third, first, second]
    assert text([second, first]).count("error[x]") == 2
    assert text([]) == ""


def test_the_summary() -> None:
    source = Source("a.yaml", "abc")
    error, warning = (
        Diagnostic("x", "m", Span(source, 0, 1)),
        Diagnostic("y", "m", Span(source, 1, 2), Severity.WARNING),
    )
    assert summary([], 5) == "5 files checked, nothing found"
    assert summary([error], 1) == "1 file checked, 1 error in 1 of them"
    assert summary([error, error, warning, warning], 3) == "3 files checked, 1 error, 1 warning in 1 of them"


def test_json() -> None:
    assert json.loads(as_json([MISMATCH])) == [
        {
            "name": "unit-mismatch",
            "severity": "error",
            "message": "an index (0 to 100) is compared with a price",
            "path": "strategies/scalper.yaml",
            "line": 24,
            "column": 20,
            "end_line": 24,
            "end_column": 25,
            "label": "index, 0 to 100",
            "help": "did you mean `close > ema(close, 25)`?",
            "notes": [
                {"path": "strategies/scalper.yaml", "line": 24, "column": 28, "end_line": 24, "end_column": 42,
                 "message": "price"}
            ],
            "fix": None,
        }
    ]  # fmt: skip
    assert as_dict(MISMATCH)["line"] == 24
    assert json.loads(as_json([])) == []


def test_github_annotations() -> None:
    source = Source("a,b.yaml", "ab\n")
    finding = Diagnostic("x", "100%\nsure", Span(source, 0, 2), Severity.WARNING, help="do: it")
    assert as_github([finding]) == (
        "::warning title=x,file=a%2Cb.yaml,line=1,col=1,endLine=1,endColumn=3::100%25 sure (do: it)"
    )


def test_sarif() -> None:
    log = json.loads(as_sarif([MISMATCH], "1.2.3"))
    [run] = log["runs"]
    assert (log["version"], run["tool"]["driver"]["version"], run["columnKind"]) == (
        "2.1.0",
        "1.2.3",
        "unicodeCodePoints",
    )
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["unit-mismatch"]
    [result] = run["results"]
    assert (result["ruleId"], result["level"]) == ("unit-mismatch", "error")
    region = {"startLine": 24, "startColumn": 20, "endLine": 24, "endColumn": 25}
    assert result["locations"][0]["physicalLocation"]["region"] == region
    assert result["relatedLocations"][0]["message"] == {"text": "price"}
