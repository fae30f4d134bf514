"""Completion knows the state of the grammar, the place in the document, and its names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dsl.lsp.analysis import Analysis
from dsl.lsp.completion import complete
from dsl.lsp.spot import NAMED, SENTENCES
from dsl.lsp.walk import expressions
from dsl.read import read_document
from dsl.schema import LIBRARY, STRATEGY, Section

from .texts import STRATEGIES, marked, small


def labels(old: str, new: str) -> list[str]:
    return [item.label for item in complete(*small(old, new))]


def top(text: str, path: str = "strategies/small.yaml") -> list[str]:
    return [item.label for item in complete(*marked(text, path))]


@pytest.mark.parametrize(
    ("old", "new", "has", "has_not"),
    [
        ("rsi(close, 14)", "rs‸", ["rsi", "rsi14", "close", "low_rsi", "time"], ["and", "position", "entry"]),
        ("must rsi14 < low_rsi", "must rsi14 ‸", ["and", "or", "crosses", "between", "weight", "for"], ["rsi", "take"]),
        ("must rsi14 < low_rsi", "rsi14 crosses ‸", ["above", "below", "close"], ["and"]),
        ("must rsi14 < low_rsi", "‸", ["must", "not", "if", "rsi14"], ["and", "weight"]),
        ("rsi14 crosses below 50", "bands.‸", ["upper", "lower"], ["rsi"]),
        ("rsi14 crosses below 50", "bbands(close, 20, 2).up‸", ["upper", "lower"], ["rsi"]),
        ("rsi14 crosses below 50", "position.‸", ["bars", "profit", "best", "stop"], ["close"]),
        ("rsi14 crosses below 50", "‸", ["position", "entry", "long", "rsi14"], ["confidence"]),
        ("oversold and turn", "‸", ["confidence", "weighted", "oversold", "turn"], ["position"]),
        ("rsi14 < low_rsi", "close > close@‸", ["2h", "4h", "1d", '"ETH/USDT"'], ["15m", "5m"]),
        ("rsi14 < low_rsi", 'close > close@"E‸', ['"ETH/USDT"', '"BTC/USDT"'], ["4h"]),
        ("rsi14 < low_rsi", "bbands(close, ‸", ["length=", "close"], ["source="]),
        ("[1%, 2R]", "[1%, 2R ‸", ["take", "then", "clamp"], ["weight"]),
        ("[1%, 2R]", "[1%, 2R take 50% then ‸", ["stop"], ["close", "take"]),
        ("market", "‸", ["market", "limit", "stop", "close"], ["must"]),
        ("30 in 10 to 45 step 1", "30 ‸", ["in"], ["to", "close"]),
        ("30 in 10 to 45 step 1", "30 in 10 to 45 ‸", ["step"], ["in"]),
        ("[5m, 1h]", "[5m, ‸", ["1h", "4h"], ["close"]),
    ],
)
def test_offers_what_may_stand_there(old: str, new: str, has: list[str], has_not: list[str]) -> None:
    found = labels(old, new)
    assert set(has) <= set(found)
    assert not set(has_not) & set(found)


def test_offers_the_keys_of_a_place_that_are_not_there_yet() -> None:
    assert top("language: 1\nid: small\n‸\nlong:\n  when: {a: close > 1}\n")[:2] == ["name", "version"]
    found = top("language: 1\nlong:\n  ‸\n  when:\n    a: close > open\n")
    assert {"fire", "stop", "targets", "exit"} <= set(found)
    assert not {"when", "id", "language"} & set(found)
    assert "where" in top("language: 1\nuniverse: {wh‸")


def test_knows_definitions() -> None:
    text = (
        "language: 1\nid: lib\ndefine:\n  mine(source=close, length=3 in 1 to 9):\n    let:\n      a: ema(source, 3)\n"
    )
    found = top(text + "    returns: ‸\n", "library/lib.yaml")
    assert {"source", "length", "a", "mine", "ema"} <= set(found)
    assert "position" not in found
    assert {"about", "returns", "settles"} <= set(top(text + "    ‸\n", "library/lib.yaml"))


def test_an_earlier_mistake_does_not_silence_it() -> None:
    assert "rsi14" in labels("must rsi14 < low_rsi", "close && open and rs‸")
    assert "rsi14" in labels("turn: rising(rsi14, 1) weight 2", "turn: [ rising((\n    other: rs‸")


def test_is_silent_in_comments_numbers_and_foreign_files() -> None:
    assert labels("must rsi14 < low_rsi", "must rsi14 < 30  # rs‸") == []
    assert labels("must rsi14 < low_rsi", "must rsi14 < 30‸") == []
    assert top("services:\n  web: clo‸\n", "docker/compose.yaml") == []


def test_every_sentence_of_the_schema_has_its_start() -> None:
    def walk(section: Section) -> set[str]:
        found = set()
        for field in section.fields:
            found |= {field.name} if field.form in ("sentence", "sentences", *NAMED) else set()
            found |= walk(field.inner) if field.inner else set()
        return found

    assert (walk(STRATEGY) | walk(LIBRARY)) - {"define", "unit"} <= set(SENTENCES)


@pytest.mark.parametrize("path", STRATEGIES, ids=lambda p: p.stem)
def test_every_word_of_a_strategy_would_have_been_offered(path: Path) -> None:
    """Where a word of an expression stands, and all behind it is not written yet, it is among what is offered."""
    text = path.read_text(encoding="utf-8")
    missing = []
    for start, end in written_words(path, text):
        offered = {item.label.rstrip("=") for item in complete(Analysis(path, text[:start]), start)}
        if text[start:end] not in offered:
            missing.append((text.count("\n", 0, start) + 1, text[start:end]))
    assert missing == []


def written_words(path: Path, text: str) -> list[tuple[int, int]]:
    """Return every third word of the expressions of a strategy, by place."""
    document, _ = read_document(text, path=str(path))
    spans = sorted({(e.span.start, e.span.end) for e in expressions(document)})
    found: set[tuple[int, int]] = set()
    for start, end in spans:
        for match in re.finditer(r"(?<![\w.\"/])[a-z_][a-z0-9_]*(?![\w\"/])", text[start:end]):
            found.add((start + match.start(), start + match.end()))
    return sorted(found)[::3]
