"""A schedule slower than a timeframe decides some candles late, and blocks what is too late."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.errors import Diagnostic, Severity
from dsl.lint._rule import Rule, Subject
from engine.domain.market import Timeframe


def find(subject: Subject) -> Iterator[Diagnostic]:
    document = subject.document
    schedule = document.schedule
    if schedule is None or schedule.kind != "every":
        return
    for text, span in document.timeframes:
        if schedule.ms > Timeframe.parse(text).ms:
            yield Diagnostic(
                RULE.name, f"candles of {text} close more often than the engine looks", schedule.span, Severity.WARNING,
                help="write `on close`, or look at least once per candle", notes=((span, "this timeframe"),),
            )  # fmt: skip


RULE = Rule(
    "schedule-slower-than-timeframe",
    "cost",
    "A schedule slower than a timeframe decides some candles late, and blocks what is too late.",
    find,
)
