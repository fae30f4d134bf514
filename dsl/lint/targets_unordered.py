"""Targets are reached in order: each lies beyond the one before."""

from __future__ import annotations

from collections.abc import Iterator

from dsl import ast
from dsl.errors import Diagnostic, Severity
from dsl.lint._rule import Rule, Subject


def find(subject: Subject) -> Iterator[Diagnostic]:
    for side in subject.document.sides:
        furthest: dict[str, ast.Number] = {}
        for target in side.targets:
            level = target.level
            if not isinstance(level, ast.Number) or level.unit not in ("%", "R"):
                continue
            before = furthest.get(level.unit)
            if before is not None and level.value <= before.value:
                message = f"this target is no further than `{before.span.text}` before it"
                notes = ((before.span, "the target before"),)
                yield Diagnostic(RULE.name, message, level.span, Severity.WARNING, notes=notes)
            if before is None or level.value > before.value:
                furthest[level.unit] = level


RULE = Rule("targets-unordered", "trade", "Targets are reached in order: each lies beyond the one before.", find)
