"""A stop that is never within its clamp is always at the clamp's end: what is written before it does nothing."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.errors import Diagnostic, Severity
from dsl.lint._money import Money, below
from dsl.lint._rule import Rule, Subject


def find(subject: Subject) -> Iterator[Diagnostic]:
    checked = {side.side: side for side in subject.checked.sides} if subject.checked else {}
    for block in subject.document.sides:
        side = checked.get(block.side)
        if side is None or side.stop is None or side.stop.clamp is None or block.stop is None or not block.stop.clamp:
            continue
        money = Money(side, block.span)
        own = money.distance(side.stop.level, -1)
        low, high = (money.distance(bound, -1) for bound in side.stop.clamp)
        if own is None or low is None or high is None:
            continue
        if not money.can(below(low.plus(own, -1.0)), below(own.plus(high, -1.0))):
            message = "this is never within its clamp, so the stop is always at an end of it"
            notes = ((block.stop.clamp.span, "the clamp"),)
            yield Diagnostic(RULE.name, message, block.stop.level.span, Severity.WARNING, notes=notes)


RULE = Rule("stop-outside-clamp", "trade", "A stop that is never within its clamp is always at the clamp's end.", find)
