"""The lint rules, one file each: a rule tells what is allowed but not wise."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Protocol

from dsl import ast
from dsl.check.checked import Checked
from dsl.errors import Diagnostic
from dsl.lint._rule import Rule
from engine.registry import Registry

RULES: Registry[Rule] = Registry("lint_rule", "dsl.lint", "RULE")


class Subjects(Protocol):
    """Documents that were read, and what the checker made of the good strategies (dsl.load.Loaded)."""

    @property
    def documents(self) -> tuple[ast.Document, ...]: ...
    @property
    def checked(self) -> Mapping[str, Checked]: ...


def lint(loaded: Subjects, *, today: datetime.date | None = None) -> list[Diagnostic]:
    """Return what every rule finds that is not silenced where it stands, in order of place."""
    from dsl.lint._run import run

    return run(loaded.documents, loaded.checked, today=today)
