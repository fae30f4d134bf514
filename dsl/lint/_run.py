"""Run the rules over documents, and silence what is silenced where it stands."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence

from dsl import ast
from dsl.check.checked import Checked
from dsl.errors import Diagnostic
from dsl.lint import RULES
from dsl.lint._rule import Subject
from dsl.lint._silence import silences
from dsl.lint.stale_ignore import unused
from engine.domain.strategy import Plan


def run(
    documents: Iterable[ast.Document],
    checked: Mapping[str, Checked] | None = None,
    plan: Plan | None = None,
    *,
    today: datetime.date,
) -> list[Diagnostic]:
    """Return what every rule finds, in order of place. `checked`: good strategies by id, for rules that need types."""
    found: list[Diagnostic] = []
    for document in documents:
        subject = Subject(document, (checked or {}).get(document.id), plan, today)
        own = [finding for rule in RULES for finding in rule.find(subject)]
        found += [*own, *unused(subject, own)]
    return sorted(unsilenced(found, today), key=lambda d: (d.span.source.path, d.span.start, d.name))


def unsilenced(findings: Sequence[Diagnostic], today: datetime.date) -> list[Diagnostic]:
    """Return the findings without those that a comment silences on `today`."""
    sources = {finding.span.source.path: finding.span.source for finding in findings}
    given = {path: [s for s in silences(source) if not s.over(today)] for path, source in sources.items()}
    return [f for f in findings if not any(s.covers(f) for s in given[f.span.source.path])]
