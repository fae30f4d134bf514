"""Run the rules over documents, and silence what is silenced where it stands."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from dsl import ast
from dsl.check.checked import Checked
from dsl.errors import Diagnostic, Severity, Source
from dsl.lint import RULES
from dsl.lint._rule import Before, Seen, Subject
from dsl.lint._silence import silences
from dsl.lint.ignore_without_reason import unexplained
from dsl.lint.stale_ignore import stale, unused
from engine.domain.strategy import Plan


def run(
    documents: Iterable[ast.Document],
    checked: Mapping[str, Checked],
    plan: Plan | None,
    *,
    today: datetime.date,
    others: Sequence[Diagnostic] | None = None,
    mistakes: Sequence[Diagnostic] = (),
    before: Mapping[str, Before] | None = None,
    seen: Mapping[str, Seen] | None = None,
    compiled: Callable[[Checked], Plan] | None = None,
) -> list[Diagnostic]:
    """Return what every rule finds, in order of place. `checked`: good strategies by id, for rules that need types.

    others: all that is found besides, or None where that is not known: then no comment is called unused whose name
    could be among it. mistakes: what of it is known even so. `before` and `seen` by the path of the strategy.
    """
    found: list[Diagnostic] = []
    for document in documents:
        subject = Subject(
            document, checked.get(document.id), plan, today,
            (before or {}).get(document.path), (seen or {}).get(document.path), compiled=compiled,
        )  # fmt: skip
        own = _without_echoes([finding for rule in RULES for finding in rule.find(subject)], others or mistakes)
        found += [*own, *_unused(subject, own, others)]
    return sorted(unsilenced(found, today), key=lambda d: (d.span.source.path, d.span.start, d.name))


_ECHOES = ("unused-let", "unused-param")


def _without_echoes(own: list[Diagnostic], mistakes: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Return what rules found without what a mistake has told already: a misspelt name is why nothing uses the name.

    Where YAML itself is broken a part of the file is unread, and may use any name.
    """
    errors = [mistake for mistake in mistakes if mistake.severity is Severity.ERROR]
    quoted = {name for error in errors for name in re.findall(r"`(\w+)`", error.help)}
    places = {(error.span.source.path, error.span.start, error.name) for error in errors}
    torn = {error.span.source.path for error in errors if error.name == "yaml-syntax"}

    def echoes(finding: Diagnostic) -> bool:
        path, start = finding.span.source.path, finding.span.start
        if finding.name == "missing-about":
            return path in torn or any((path, start, name) in places for name in ("missing-key", "wrong-type"))
        known = path in torn or (path, start, "shadowed-name") in places
        return known or finding.span.text.partition("=")[0].strip() in quoted

    return [f for f in own if f.name not in (*_ECHOES, "missing-about") or not echoes(f)]


def _unused(subject: Subject, own: list[Diagnostic], others: Sequence[Diagnostic] | None) -> list[Diagnostic]:
    """Return the comments that silence nothing; none is judged where mistakes kept rules from being run."""
    source = subject.document.span.source
    if others is None:
        rules = {RULES[name].name for name in RULES.names()}
        judged = [] if subject.checked is None else [*unused(source, own, subject.today)]
        return [finding for finding in judged if finding.span.text in rules]
    here = [f for f in others if f.span.source.path == source.path]
    if any(f.severity is Severity.ERROR for f in here):
        return []
    return [*unused(source, [*own, *here], subject.today)]


def comments(source: Source, findings: Sequence[Diagnostic], today: datetime.date) -> list[Diagnostic]:
    """Return what is wrong with the comments of a text in which all there is to find is `findings`."""
    broken = any(finding.severity is Severity.ERROR for finding in findings)
    idle = [] if broken else [*unused(source, findings, today)]
    return [*stale(source, today), *unexplained(source), *idle]


def unsilenced(findings: Sequence[Diagnostic], today: datetime.date) -> list[Diagnostic]:
    """Return the findings without those that a comment silences on `today`."""
    sources = {finding.span.source.path: finding.span.source for finding in findings}
    given = {path: [s for s in silences(source) if not s.over(today)] for path, source in sources.items()}
    return [f for f in findings if not any(s.covers(f) for s in given[f.span.source.path])]
