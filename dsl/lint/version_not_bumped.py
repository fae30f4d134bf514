"""A strategy that does something else under the same version cannot be told from what it was."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dsl.errors import Diagnostic, Severity
from dsl.lint._rule import Rule, Subject


def find(subject: Subject) -> Iterator[Diagnostic]:
    document, before, plan = subject.document, subject.before, subject.plan
    if before is None or plan is None or subject.checked is None or document.version != before.version:
        return
    rules = next((rules for rules in plan.strategies if rules.id == document.id), None)
    if rules is None or rules.hash == before.hash:
        return
    message = f"its rules are not those of {before.commit}, and its version is still {before.version}"
    place = document.version_span or document.id_span or document.span
    yield Diagnostic(RULE.name, message, place, Severity.WARNING, help=_advice(before.version))


def _advice(version: str) -> str:
    numbers = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)", version)
    if not numbers:
        return "give it a new version"
    major, minor, patch = map(int, numbers.groups())
    return f"write `{major}.{minor}.{patch + 1}`, or `{major}.{minor + 1}.0` where it trades otherwise"


RULE = Rule("version-not-bumped", "habit", "Other rules under the same version cannot be told apart later.", find)
