"""Findings as an editor shows them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from lsprotocol.types import (
    CodeDescription,
    Diagnostic,
    DiagnosticRelatedInformation,
    DiagnosticSeverity,
    DiagnosticTag,
    Location,
)
from pygls.uris import from_fs_path

from dsl import errors
from dsl.errors import Severity
from dsl.lsp.positions import Lines

SOURCE = "engine"
PAGES = Path(__file__).resolve().parents[2] / "docs" / "lint"
_SEVERITIES = {
    Severity.ERROR: DiagnosticSeverity.Error,
    Severity.WARNING: DiagnosticSeverity.Warning,
    Severity.INFO: DiagnosticSeverity.Information,
}
_TAGS = {
    "unused-let": DiagnosticTag.Unnecessary,
    "unused-param": DiagnosticTag.Unnecessary,
    "deprecated-function": DiagnosticTag.Deprecated,
}


def shown(lines: Lines, uri: str, finding: errors.Diagnostic) -> Diagnostic:
    """Return a finding of a text in the protocol's form; its help is the last line of the message."""
    message = finding.message
    if finding.label:
        message += f"\nhere: {finding.label}"
    if finding.help:
        message += f"\nhelp: {finding.help}"
    tag = _TAGS.get(finding.name)
    return Diagnostic(
        range=lines.of(finding.span),
        message=message,
        severity=_SEVERITIES[finding.severity],
        code=finding.name,
        code_description=_page(finding.name),
        source=SOURCE,
        tags=[tag] if tag else None,
        related_information=_related(lines, uri, finding) or None,
    )


@cache
def _page(name: str) -> CodeDescription | None:
    """Return the page of a finding, where the documentation is beside the program."""
    path = PAGES / f"{name}.md"
    return CodeDescription(path.as_uri()) if path.is_file() else None


def _related(lines: Lines, uri: str, finding: errors.Diagnostic) -> list[DiagnosticRelatedInformation]:
    """Return the further places of a finding, in this text or in another file."""
    related = []
    for span, message in finding.notes:
        if span.source.path == finding.span.source.path:
            place = Location(uri, lines.of(span))
        else:
            other = from_fs_path(span.source.path)
            if other is None:
                continue
            place = Location(other, Lines(span.source.text, lines.encoding).of(span))
        related.append(DiagnosticRelatedInformation(place, message))
    return related
