"""What is said about texts that cannot be parsed: the exact place, what is wrong, and what to write.

The rows are in advice.txt.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from dsl.errors import Source
from dsl.parser import parse
from dsl.place import Text

TABLE = Path(__file__).with_name("advice.txt")


def _rows() -> list[tuple[str, ...]]:
    rows = []
    for line in TABLE.read_text(encoding="utf-8").splitlines()[1:]:
        start, text, rest = line[:9].strip(), line[12:42].strip(), line[45:]
        place, message, help = (part.strip() for part in rest.replace("||", "\0").split("|"))
        rows.append((start, text, place, message.replace("\0", "||"), help))
    return rows


@pytest.mark.parametrize(("start", "text", "place", "message", "help"), _rows())
def test_what_is_said(start: str, text: str, place: str, message: str, help: str) -> None:
    result, found = parse(start, Text.of(Source("x", text)))
    told = [(f"{d.span.start + 1}:{d.span.end + 1}", d.message, d.help) for d in found]
    assert told == [(place, message, help)]
    assert {d.name for d in found} == {"syntax"}
    assert result is None or "is a word of the language" in message


@pytest.mark.parametrize(
    ("start", "text", "written", "message", "help"),
    [
        ("param", "50 in 10 to 45", "50", "the default is not within its range, 10 to 45", ""),
        ("param", "5 in 45 to 10", "45", "the range is empty: its low end is above its high end", ""),
        ("param", "1% in 1 to 2", "1",
         "a param and its range have one unit: a percentage here, a plain number there", ""),
        ("param", "5 in 1 to 9 step 0", "0", "a step is greater than 0", ""),
        ("target", "1R take 50", "50", "`take` needs a percentage above 0% and up to 100%", "write `take 50%`"),
        ("exit", "a take 0%", "0%", "`take` needs a percentage above 0% and up to 100%", ""),
        ("target", "1R then stop to target 1.5", "1.5", "the number of a target is a whole number from 1", ""),
        ("trail", "1% after target 0", "0", "the number of a target is a whole number from 1", ""),
        ("gaps", "skip 1.5", "1.5", "the number of candles to skip is a whole number from 0", ""),
        ("schedule", "every 0s", "0s", "a duration is longer than nothing", ""),
        ("schedule", "61 * * * *", "61", "`61` is not a cron minute: 0 to 59, `*`, `*/5`, `1-5`", ""),
        ("schedule", "* * 0 * *", "0", "`0` is not a cron day of the month: 1 to 31, `*`, `*/5`, `1-5`", ""),
        ("label", "1 before -1% within 24 bars", "1", "a label is a rise before a fall, both in percent",
         "write it as in `1% before -1% within 24 bars`"),
    ],
)  # fmt: skip
def test_sentences_that_make_no_sense(start: str, text: str, written: str, message: str, help: str) -> None:
    _, found = parse(start, Text.of(Source("x", text)))
    assert [(d.name, d.span.text, d.message, d.help) for d in found] == [("wrong-type", written, message, help)]


def test_a_parameter_may_be_declared_once() -> None:
    _, found = parse("signature", Text.of(Source("x", "f(a, b, a=3)")))
    assert [(d.name, d.span.start, d.message) for d in found] == [
        ("duplicate-key", 8, "the parameter `a` is declared twice")
    ]
