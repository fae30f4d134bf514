"""Comments that silence findings: `# lint: ignore NAME until 2027-01-01 (reason)`."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass

from dsl.errors import Diagnostic, Severity, Source, Span

_COMMENT = re.compile(
    r"#\s*lint:\s*ignore\s+(?P<names>[a-z-]+(?:\s*,\s*[a-z-]+)*)(?:\s+until\s+(?P<until>\d{4}-\d\d-\d\d))?"
)


@dataclass(frozen=True, slots=True)
class Silence:
    """One name that a comment silences, on its own line and, where nothing else is on it, on the next."""

    name: str
    span: Span
    until: datetime.date | None
    wrong_date: bool
    lines: tuple[int, ...]

    def over(self, today: datetime.date) -> bool:
        return self.wrong_date or (self.until is not None and today > self.until)

    def covers(self, finding: Diagnostic) -> bool:
        """Return whether it silences a finding. Errors are never silenced."""
        return (
            finding.severity is not Severity.ERROR
            and finding.name == self.name
            and finding.span.source.path == self.span.source.path
            and finding.span.line in self.lines
        )


def silences(source: Source) -> Iterator[Silence]:
    """Yield what the comments of a text silence."""
    if "lint:" not in source.text:
        return
    for match in _COMMENT.finditer(source.text):
        line, _ = source.position(match.start())
        alone = source.line(line).lstrip().startswith("#")
        until, wrong = _date(match["until"])
        for name in re.finditer(r"[a-z-]+", match["names"]):
            start = match.start("names") + name.start()
            span = Span(source, start, start + len(name[0]))
            yield Silence(name[0], span, until, wrong, (line, line + 1) if alone else (line,))


def _date(text: str | None) -> tuple[datetime.date | None, bool]:
    try:
        return (datetime.date.fromisoformat(text) if text else None), False
    except ValueError:
        return None, True
