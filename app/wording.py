"""Check a user's templates against a sample of every event, before a message fails or is cut."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from dsl.errors import Diagnostic, Severity, Source, Span
from dsl.lint import with_comments
from dsl.source import read_source
from dsl.suggest import nearest
from templates.proof import EVENTS, Fault, prove


def examine(paths: Sequence[Path]) -> list[Diagnostic]:
    """Return what is wrong with templates, silenced findings left out."""
    found: list[Diagnostic] = []
    for path in paths:
        source, unread = read_source(path)
        found += unread or with_comments(source, [_told(source, fault) for fault in prove(path)])
    return found


def _told(source: Source, fault: Fault) -> Diagnostic:
    span = _place(source, fault)
    if fault.kind == "field":
        near = nearest(fault.word, fault.known)
        help_text = f"did you mean `{near}`?" if near else "docs/publishing.md lists the fields of a template"
        return Diagnostic("unknown-template-field", fault.message, span, help=help_text)
    if fault.kind == "length":
        help_text = "begin lines that may go with `{{ drop(1) }}`, or write less"
        return Diagnostic("message-too-long", fault.message, span, Severity.WARNING, help=help_text)
    if fault.kind == "name":
        near = nearest(fault.word, EVENTS)
        help_text = f"did you mean `{near}`?" if near else "events are " + ", ".join(f"`{event}`" for event in EVENTS)
        return Diagnostic("unknown-name", fault.message, span, help=help_text)
    return Diagnostic("syntax", fault.message, span)


def _place(source: Source, fault: Fault) -> Span:
    """Return the word in its line, the whole line where it is not there, or the first line."""
    number = min(max(fault.line, 1), source.text.count("\n") + 1)
    line = source.line(number)
    start = sum(len(row) for row in source.text.splitlines(keepends=True)[: number - 1])
    word = re.search(rf"\b{re.escape(fault.word)}\b", line) if fault.word and fault.line else None
    if word:
        return Span(source, start + word.start(), start + word.end())
    lead = len(line) - len(line.lstrip())
    return Span(source, start + lead, start + max(lead, len(line.rstrip())))
