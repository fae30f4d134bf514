"""Targets that pay less than the stop takes need far more wins than losses."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.errors import Diagnostic, Severity
from dsl.lint._linear import Linear
from dsl.lint._money import Money, below
from dsl.lint._rule import Rule, Subject


def find(subject: Subject) -> Iterator[Diagnostic]:
    checked = {side.side: side for side in subject.checked.sides} if subject.checked else {}
    for block in subject.document.sides:
        side = checked.get(block.side)
        if side is None or block.stop is None or side.stop is None or not side.targets:
            continue
        money = Money(side, block.span)
        total = Linear({}, 0.0)
        for target in side.targets:
            total = total.plus(money.reward(target.place), target.part)
        if not money.can(below(money.risk.plus(total, -1.0))):
            many = "the targets pay, on average over their parts," if len(side.targets) > 1 else "the target pays"
            yield Diagnostic(
                RULE.name, f"{many} less than the stop takes", block.targets[-1].level.span, Severity.WARNING,
                help="move the targets out or the stop in, or be sure of far more wins than losses",
                notes=((block.stop.span, "the stop"),),
            )  # fmt: skip


RULE = Rule("reward-below-risk", "trade", "Targets that pay less than the stop takes need many more wins.", find)
