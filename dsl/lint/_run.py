"""Run the rules over documents, and silence what is silenced where it stands."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping

from dsl import ast
from dsl.check.checked import Checked
from dsl.errors import Diagnostic, Severity
from dsl.lint import RULES
from dsl.lint._rule import Subject

_IGNORE = re.compile(
    r"#\s*lint:\s*ignore\s+(?P<names>[a-z-]+(?:\s*,\s*[a-z-]+)*)(?:\s+until\s+(?P<until>\d{4}-\d\d-\d\d))?"
)


def run(
    documents: Iterable[ast.Document],
    checked: Mapping[str, Checked] | None = None,
    *,
    today: datetime.date | None = None,
) -> list[Diagnostic]:
    """Return what every rule finds, in order of place. `checked`: good strategies by id, for rules that need types.

    A finding is silenced by `# lint: ignore NAME until 2027-01-01 (reason)` on its line or on a line of its own
    above it; with `today`, not after that day.
    """
    found: list[Diagnostic] = []
    for document in documents:
        subject = Subject(document, (checked or {}).get(document.id))
        for rule in RULES:
            found += rule.find(subject)
    found = [finding for finding in found if not silenced(finding, today)]
    return sorted(found, key=lambda d: (d.span.source.path, d.span.start, d.name))


def silenced(finding: Diagnostic, today: datetime.date | None = None) -> bool:
    """Return whether a comment at its place silences a finding. Errors are never silenced."""
    if finding.severity is Severity.ERROR:
        return False
    source, line = finding.span.source, finding.span.line
    lines = [source.line(line)]
    if line > 1 and source.line(line - 1).lstrip().startswith("#"):
        lines.append(source.line(line - 1))
    return any(_silences(text, finding.name, today) for text in lines)


def _silences(text: str, name: str, today: datetime.date | None) -> bool:
    match = _IGNORE.search(text)
    if match is None or name not in re.split(r"\s*,\s*", match["names"]):
        return False
    if match["until"] is None or today is None:
        return True
    try:
        return today <= datetime.date.fromisoformat(match["until"])
    except ValueError:
        return False
