"""Comments that silence findings: `# lint: ignore NAME until 2027-01-01 (reason)`.

A comment covers its own line, or the next one where nothing else is on its line; a text that begins there is covered to
its end, because no comment can stand inside it.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass

from dsl.errors import Diagnostic, Severity, Source, Span

FORM = "# lint: ignore NAME until 2027-01-01 (reason)"
_COMMENT = re.compile(r"#\s*lint:[^\n]*")
_IGNORE = re.compile(
    r"#\s*lint:\s*ignore\s+(?P<names>[a-z][a-z0-9-]*(?:\s*,\s*[a-z][a-z0-9-]*)*)"
    r"(?:\s+until\s+(?P<until>\S+))?(?:\s*\((?P<reason>[^\n]*)\))?\s*(?:-?#\}.*|#.*)?$"
)


@dataclass(frozen=True, slots=True)
class Silence:
    """One name that a comment silences on `lines`. `whole` is the comment."""

    name: str
    span: Span
    whole: Span
    until: datetime.date | None
    wrong_date: bool
    reason: str
    lines: frozenset[int]

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
    texts = _texts(source)
    for whole in _comments(source, texts):
        match = _IGNORE.match(whole.text)
        if match is None:
            continue
        lines = _covered(source, whole.line, texts)
        until, wrong = _date(match["until"])
        for name in re.finditer(r"[a-z][a-z0-9-]*", match["names"]):
            start = whole.start + match.start("names") + name.start()
            span = Span(source, start, start + len(name[0]))
            yield Silence(name[0], span, whole, until, wrong, (match["reason"] or "").strip(), lines)


def unreadable(source: Source) -> Iterator[Span]:
    """Yield the comments that begin like one and are none."""
    if "lint:" in source.text:
        yield from (whole for whole in _comments(source, _texts(source)) if not _IGNORE.match(whole.text))


def _comments(source: Source, texts: list[Span]) -> Iterator[Span]:
    for match in _COMMENT.finditer(source.text):
        at = match.start()
        inside = any(text.start <= at < text.end for text in texts)
        begins = at == 0 or source.text[at - 1] in " \t\n\r{"  # `{# … #}` is a comment of a template
        if not inside and begins:
            yield Span(source, at, at + len(match[0].rstrip()))


def _texts(source: Source) -> list[Span]:
    """Return where the scalars of a text stand; none in what is no YAML."""
    import yaml

    found: list[Span] = []
    if source.path.endswith(".j2"):
        return found
    try:
        for token in yaml.scan(source.text, Loader=yaml.SafeLoader):
            if isinstance(token, yaml.ScalarToken):
                found.append(Span(source, token.start_mark.index, token.end_mark.index))
    except yaml.YAMLError:
        pass
    return [span if not _is_block(span) else Span(source, _body(span), span.end) for span in found]


def _is_block(span: Span) -> bool:
    return span.text[:1] in "|>" and "\n" in span.text


def _body(span: Span) -> int:
    """Return where the lines of a block scalar begin: a comment may stand after its `>`."""
    return span.start + span.text.index("\n")


def _covered(source: Source, line: int, texts: list[Span]) -> frozenset[int]:
    """Return the lines that a comment speaks of."""
    lines = [line]
    last = source.text.count("\n") + 1
    if source.line(line).lstrip().startswith(("#", "{#")):
        below = line + 1
        while below < last and source.line(below).lstrip().startswith("#"):
            below += 1
        lines.append(below)
    here = {lines[-1]}
    for text in texts:
        if source.position(text.start)[0] in here:
            end = source.position(max(text.start, text.start + len(text.text.rstrip()) - 1))[0]
            lines += range(lines[-1] + 1, end + 1)
    return frozenset(lines)


def _date(text: str | None) -> tuple[datetime.date | None, bool]:
    try:
        return (datetime.date.fromisoformat(text) if text else None), False
    except ValueError:
        return None, True
