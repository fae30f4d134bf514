"""The lint rules, one file each: a rule tells what is allowed but not wise."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from dsl import ast
from dsl.check.checked import Checked
from dsl.errors import Diagnostic, Source
from dsl.lint._rule import Before, Rule, Seen
from engine.domain.strategy import Plan
from engine.registry import Registry

RULES: Registry[Rule] = Registry("lint_rule", "dsl.lint", "RULE")


def _now() -> datetime.date:
    return datetime.datetime.now(datetime.UTC).date()


class Subjects(Protocol):
    """Documents that were read, and what the checker and compiler made of the good strategies (dsl.load.Loaded)."""

    @property
    def plan(self) -> Plan: ...
    @property
    def documents(self) -> tuple[ast.Document, ...]: ...
    @property
    def checked(self) -> Mapping[str, Checked]: ...


def lint(
    loaded: Subjects,
    *,
    today: datetime.date | None = None,
    others: Sequence[Diagnostic] | None = None,
    mistakes: Sequence[Diagnostic] = (),
    before: Mapping[str, Before] | None = None,
    seen: Mapping[str, Seen] | None = None,
    compiled: Callable[[Checked], Plan] | None = None,
) -> list[Diagnostic]:
    """Return what every rule finds that no comment silences on `today` (None: this day), in order of place.

    others: all that is found besides; None: not known, but for `mistakes`, of which rules give no echo. before, seen:
    by the path of a strategy, what it was at a commit and what its tests look at. compiled: makes the plan of a
    strategy that was loaded without one, if a rule asks for it.
    """
    from dsl.lint._run import run

    return run(
        loaded.documents, loaded.checked, None if compiled else loaded.plan, today=today or _now(), others=others,
        mistakes=mistakes, before=before, seen=seen, compiled=compiled,
    )  # fmt: skip


def impossible(checked: Checked) -> list[Diagnostic]:
    """Return an error for everything that a side needs to fire and that can never hold."""
    from dsl.lint._never import impossible

    return list(impossible(checked))


def unsilenced(findings: Sequence[Diagnostic], *, today: datetime.date | None = None) -> list[Diagnostic]:
    """Return findings of the reader and the checker without the warnings that a comment silences on `today`."""
    from dsl.lint._run import unsilenced

    return unsilenced(findings, today or _now())


def with_comments(
    source: Source, findings: Sequence[Diagnostic], *, today: datetime.date | None = None
) -> list[Diagnostic]:
    """Return all findings of a test or a template: those that no comment silences, and what is wrong with comments."""
    from dsl.lint._run import comments, unsilenced

    day = today or _now()
    return unsilenced([*findings, *comments(source, findings, day)], day)
