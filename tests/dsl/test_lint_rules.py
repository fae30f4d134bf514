"""Every lint rule on a strategy that deserves it and on one that does not."""

from __future__ import annotations

import datetime

import pytest

from dsl.errors import Diagnostic
from dsl.lint import lint
from tests.dsl.texts import load_text, side

GOOD = "let: {fast: 'ema(close, 7)'}\n" + side("fast > open", "stop: 1%\ntargets: [1%, 2%]")

BAD: list[tuple[str, str, str]] = [
    ("unused-let", "let: {spare: close}\n" + side(rest="stop: 1%"), "spare"),
    ("unused-param", "params: {spare: 3}\n" + side(rest="stop: 1%"), "spare"),
    ("yoda-condition", side("30 > rsi(14)", "stop: 1%"), "30 > rsi(14)"),
    ("double-negative", side("not (not (close > open))", "stop: 1%"), "not (not (close > open))"),
    ("double-negative", side("not (time.hour != 3)", "stop: 1%"), "not (time.hour != 3)"),
    ("no-stop", side(), "long"),
    ("targets-unordered", side(rest="stop: 1%\ntargets: [1%, 3%, 2%]"), "2%"),
    ("float-equality", side("close == open", "stop: 1%"), "close == open"),
    ("live-only-field", side("spread < 0.1%", "stop: 1%"), "spread"),
    ("never-true", side("rsi(14) > 100 or close > open", "stop: 1%"), "rsi(14) > 100"),
    ("never-true", side("rsi(14) < -5 or close > open", "stop: 1%"), "rsi(14) < -5"),
    ("always-true", side("volume >= 0", "stop: 1%"), "volume >= 0"),
    ("contradiction", side("rsi(14) < 30 and close > open and rsi(14) > 70", "stop: 1%"), "rsi(14) > 70"),
    ("contradiction", side("rsi(14) < 30 and rsi(14) >= 30", "stop: 1%"), "rsi(14) >= 30"),
]

SANE = [
    side("time.hour == 3 and sign(close - open) == 1 and (if close > open then 1 else 0) == 1", "stop: 1%"),
    side("rsi(14) < 30 or rsi(14) > 70", "stop: 1%"),
    side("rsi(14) >= 30 and rsi(14) <= 30", "stop: 1%"),
    side("rsi(14) between 0 and 50 and volume > 0 and close > open", "stop: 1%").replace("0 and 50", "10 and 50"),
    "assume: {spread: 0.1%}\n" + side("spread < 0.1%", "stop: 1%"),
    side(rest="stop: lowest(low, 10)\ntargets: [2R, 1%, 3R, 2%]"),
    side("not (close > open within 3 bars)", "stop: 1%"),
]


def lints(body: str) -> list[Diagnostic]:
    loaded = load_text(body)
    assert [d.message for d in loaded.errors] == []
    return lint(loaded)


@pytest.mark.parametrize(("name", "body", "place"), BAD)
def test_what_a_rule_is_for_is_found(name: str, body: str, place: str) -> None:
    assert [(d.name, d.span.text) for d in lints(body)] == [(name, place)]


@pytest.mark.parametrize("body", [GOOD, *SANE])
def test_what_is_fine_is_left_in_peace(body: str) -> None:
    assert [(d.name, d.span.text) for d in lints(body)] == []


def test_a_schedule_slower_than_a_timeframe() -> None:
    from dsl.load import load_document
    from dsl.read import read_document
    from tests.dsl.texts import strategy

    text = strategy(GOOD).replace("schedule: on close", "schedule: every 10m").replace("about: A sample.", "x-a: 1")
    document, findings = read_document(text)
    found = lint(load_document(document, findings))
    assert [d.name for d in found] == ["missing-about", "schedule-slower-than-timeframe"]


@pytest.mark.parametrize(
    ("comment", "today", "silent"),
    [
        ("# lint: ignore no-stop (it is a test)", None, True),
        ("# lint: ignore no-stop, missing-about (both)", None, True),
        ("# lint: ignore yoda-condition (no)", None, False),
        ("# lint: ignore no-stop until 2027-01-01 (soon)", datetime.date(2026, 12, 31), True),
        ("# lint: ignore no-stop until 2027-01-01 (soon)", datetime.date(2027, 1, 2), False),
    ],
)
def test_a_finding_is_silenced_where_it_stands(comment: str, today: datetime.date | None, silent: bool) -> None:
    for body in (side().replace("long:", f"long: {comment}"), f"{comment}\n{side()}"):
        found = [d.name for d in lint(load_text(body), today=today) if d.name != "stale-ignore"]
        assert (found == []) is silent


def test_a_document_with_mistakes_is_still_linted() -> None:
    loaded = load_text("let: {spare: close}\n" + side("clsoe > 30", "stop: 1%"))
    assert [d.name for d in lint(loaded)] == ["unused-let"]
