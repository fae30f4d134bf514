"""A stop that is nearer than an added entry closes the position before the entry can add to it."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.errors import Diagnostic, Severity
from dsl.lint._money import Money, below
from dsl.lint._rule import Rule, Subject


def find(subject: Subject) -> Iterator[Diagnostic]:
    checked = {side.side: side for side in subject.checked.sides} if subject.checked else {}
    for block in subject.document.sides:
        side = checked.get(block.side)
        if side is None or block.stop is None or side.stop is None:
            continue
        money = Money(side, block.span)
        for (level, _), leg in zip(side.entry.adds, block.entry[1:], strict=False):
            away = money.distance(level, -1)
            if (
                away is not None
                and leg.price is not None
                and not money.can(below(away.plus(money.risk, -1.0), strict=True))
            ):
                yield Diagnostic(
                    RULE.name, "the stop is hit before the price gets here", leg.price.span, Severity.WARNING,
                    help="put the stop beyond every added entry", notes=((block.stop.span, "the stop"),),
                )  # fmt: skip


RULE = Rule("stop-before-add", "trade", "A stop nearer than an added entry closes before the entry can add.", find)
