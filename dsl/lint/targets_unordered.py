"""Targets are reached in order: each lies beyond the one before, whatever the entry."""

from __future__ import annotations

from collections.abc import Iterator

from dsl import ast
from dsl.errors import Diagnostic, Severity
from dsl.lint._money import Money, below
from dsl.lint._rule import Rule, Subject


def find(subject: Subject) -> Iterator[Diagnostic]:
    checked = {side.side: side for side in subject.checked.sides} if subject.checked else {}
    for block in subject.document.sides:
        side = checked.get(block.side)
        if side is None or len(side.targets) != len(block.targets) or len(side.targets) < 2:
            continue
        money = Money(side, block.span)
        rewards = [money.reward(target.place) for target in side.targets]
        for at in range(1, len(rewards)):
            for before in reversed(range(at)):
                if not money.can(below(rewards[before].plus(rewards[at], -1.0), strict=True)):
                    yield _told(block.targets[at].level, block.targets[before].level)
                    break


def _told(level: ast.Expr, before: ast.Expr) -> Diagnostic:
    message = f"this target is no further than `{before.span.text}` before it"
    notes = ((before.span, "the target before"),)
    return Diagnostic(RULE.name, message, level.span, Severity.WARNING, notes=notes)


RULE = Rule(
    "targets-unordered",
    "trade",
    "Targets are reached in order: each lies beyond the one before, whatever the entry.",
    find,
)
