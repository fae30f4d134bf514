"""Findings as text for people, and as JSON, GitHub annotations and SARIF for machines."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from dsl.errors import Diagnostic, Fix, Severity, Source, Span

_WIDEST = 140
_COLOURS = {Severity.ERROR: "\x1b[1;31m", Severity.WARNING: "\x1b[1;33m", Severity.INFO: "\x1b[1;36m"}
_BOLD, _BLUE, _RESET = "\x1b[1m", "\x1b[1;34m", "\x1b[0m"

Mark = tuple[Span, str, str]
"""A place, what to say under it, and the sign that underlines it."""


def in_order(findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return findings by file and place, each told once."""
    seen: dict[tuple[str, str, int, str], Diagnostic] = {}
    for finding in findings:
        key = (finding.span.source.path, finding.name, finding.span.start, finding.message)
        seen.setdefault(key, finding)
    return sorted(seen.values(), key=lambda finding: (finding.span.source.path, finding.span.start, finding.span.end))


def text(findings: Iterable[Diagnostic], *, colour: bool = False) -> str:
    """Return all findings as text, a blank line between two; empty where there are none."""
    return "\n\n".join(render(finding, colour=colour) for finding in in_order(findings))


def summary(findings: Iterable[Diagnostic], files: int) -> str:
    """Return one line: how many files were checked, and what was found in how many of them."""
    told = in_order(findings)
    checked = f"{files} file{'s' if files != 1 else ''} checked"
    if not told:
        return f"{checked}, nothing found"
    counts = []
    for severity in sorted(Severity, reverse=True):
        number = sum(finding.severity == severity for finding in told)
        if number:
            counts.append(f"{number} {severity.name.lower()}{'s' if number != 1 else ''}")
    where = len({finding.span.source.path for finding in told})
    return f"{checked}, {', '.join(counts)} in {where} of them"


def render(finding: Diagnostic, *, colour: bool = False) -> str:
    """Return one finding: what, where, the source with the place underlined, and how to mend it."""

    def paint(code: str, words: str) -> str:
        return f"{code}{words}{_RESET}" if colour else words

    tint = _COLOURS[finding.severity]
    title = f"{finding.severity.name.lower()}[{finding.name}]"
    lines = [paint(tint, title) + paint(_BOLD, f": {_safe(finding.message)}")]
    groups: dict[str, list[Mark]] = {}
    for mark in ((finding.span, finding.label, "^"), *((span, label, "-") for span, label in finding.notes)):
        groups.setdefault(mark[0].source.path, []).append(mark)
    last = max(
        span.source.position(max(span.start, span.end - 1))[0] for marks in groups.values() for span, _, _ in marks
    )
    margin = " " * len(str(last))
    for index, marks in enumerate(groups.values()):
        arrow = paint(_BLUE, "-->" if index == 0 else ":::")
        lines.append(f"{margin}{arrow} {_safe(str(marks[0][0]))}")
        lines += [_coloured(row, paint, tint) for row in _snippet(marks, margin)]
    if finding.help:
        lines.append(f"{margin} {paint(_BLUE, '=')} {paint(_BOLD, 'help')}: {_safe(finding.help)}")
    return "\n".join(lines)


def _coloured(row: tuple[str, str], paint: object, tint: str) -> str:
    assert callable(paint)
    gutter, content = row
    body = paint(tint, content) if content.lstrip().startswith("^") else content
    return f"{paint(_BLUE, gutter)}{body}".rstrip()


# -- the source, underlined --


def _snippet(marks: Sequence[Mark], margin: str) -> list[tuple[str, str]]:
    """Return rows of (gutter, content): every line that has a mark, with the marks under it."""
    source = marks[0][0].source
    if not source.text:
        return []
    by_line: dict[int, list[tuple[int, int, str, str]]] = {}
    for span, label, sign in marks:
        for line, start, end, told in _lines(source, span, label):
            by_line.setdefault(line, []).append((start, end, sign, told))
    rows = [(f"{margin} |", "")]
    previous = 0
    for line in sorted(by_line):
        if previous and line > previous + 2:
            rows.append((f"{'.' * max(3, len(margin))}", ""))
        elif previous and line == previous + 2:
            rows.append((f"{previous + 1:>{len(margin)}} |", " " + _shown(source.line(previous + 1))[:_WIDEST]))
        content, under = _line_rows(source.line(line), by_line[line])
        rows.append((f"{line:>{len(margin)}} |", " " + content))
        rows += [(f"{margin} |", " " + row) for row in under]
        previous = line
    return rows


def _lines(source: Source, span: Span, label: str) -> Iterable[tuple[int, int, int, str]]:
    """Yield (line, start, end, label) for a span, columns from 0; at most three lines, the label under the last."""
    first, column = source.position(min(span.start, len(source.text)))
    last = source.position(max(span.start, span.end - 1))[0]
    shown = min(last, first + 2)
    for line in range(first, shown + 1):
        content = source.line(line)
        start = column - 1 if line == first else len(content) - len(content.lstrip())
        end = source.position(span.end)[1] - 1 if line == last and span.end > span.start else len(content.rstrip())
        if span.end <= span.start:
            end = start
        yield line, start, max(end, start + 1), label if line == shown else ""


def _line_rows(line: str, marks: Sequence[tuple[int, int, str, str]]) -> tuple[str, list[str]]:
    """Return the line as shown and the rows under it: the signs with the last label, then the other labels."""
    line, shift = _window(line, marks)
    placed = sorted((max(0, start - shift), max(1, end - shift), sign, label) for start, end, sign, label in marks)
    places = [(_width(line[:start]) + max(0, start - len(line)), start, end, sign, label)
              for start, end, sign, label in placed]  # fmt: skip
    signs = ""
    for at, start, end, sign, _ in sorted(places, key=lambda place: place[3] == "^"):
        width = max(1, _width(line[start : min(end, len(line))]))
        signs = f"{signs:<{at}}"
        signs = signs[:at] + sign * width + signs[at + width :]
    labelled = [(at, label) for at, _, _, _, label in places if label]
    rows = [signs]
    if labelled and labelled[-1][0] == places[-1][0]:
        rows = [f"{signs} {_safe(labelled.pop()[1])}"]
    for at, label in reversed(labelled):
        rows.append(" " * at + _safe(label))
    return _shown(line), rows


def _window(line: str, marks: Sequence[tuple[int, int, str, str]]) -> tuple[str, int]:
    """Cut a very long line down to what is around its first mark; return it and how much went on the left."""
    if len(line) <= _WIDEST:
        return line, 0
    first = min(start for start, _, _, _ in marks)
    left = max(0, min(first - 40, len(line) - _WIDEST))
    cut = line[left : left + _WIDEST]
    return (f"…{cut[1:]}" if left else cut) + ("…" if left + _WIDEST < len(line) else ""), left


def _width(part: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 0 if unicodedata.combining(char) else 1
               for char in part)  # fmt: skip


def _shown(line: str) -> str:
    return _safe(line.replace("\t", " "))


def _safe(words: str) -> str:
    """Return a text that can do nothing to a terminal."""
    return "".join(char if char.isprintable() else "\ufffd" for char in words)


# -- for machines --


def as_dict(finding: Diagnostic) -> dict[str, object]:
    """Return a finding as plain values; lines and columns count from 1, the end is exclusive."""
    return {
        "name": finding.name,
        "severity": finding.severity.name.lower(),
        "message": finding.message,
        **_place(finding.span),
        "label": finding.label,
        "help": finding.help,
        "notes": [{**_place(span), "message": label} for span, label in finding.notes],
        "fix": None if finding.fix is None else _fix(finding.fix),
    }


def _fix(fix: Fix) -> dict[str, object]:
    """Return an edit: what stands at the place is replaced by `text`; `same_meaning`: the plan stays what it is."""
    return {**_place(fix.span), "text": fix.text, "same_meaning": fix.same}


def _place(span: Span) -> dict[str, object]:
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {"path": span.source.path, "line": line, "column": column, "end_line": end_line, "end_column": end_column}


def as_json(findings: Iterable[Diagnostic]) -> str:
    """Return all findings as a JSON list."""
    return json.dumps([as_dict(finding) for finding in in_order(findings)], indent=2, ensure_ascii=False)


def as_github(findings: Iterable[Diagnostic]) -> str:
    """Return all findings as annotations of GitHub Actions, one a line."""
    levels = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
    lines = []
    for finding in in_order(findings):
        line, column = finding.span.source.position(finding.span.start)
        end = finding.span.source.position(finding.span.end)
        told = f"{finding.message} ({finding.help})" if finding.help else finding.message
        place = f"file={_property(finding.span.source.path)},line={line},col={column}"
        extent = f",endLine={end[0]},endColumn={end[1]}" if finding.span.end > finding.span.start else ""
        lines.append(f"::{levels[finding.severity]} title={_property(finding.name)},{place}{extent}::{_escaped(told)}")
    return "\n".join(lines)


def _escaped(words: str) -> str:
    return words.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(words: str) -> str:
    return _escaped(words).replace(":", "%3A").replace(",", "%2C")


def as_sarif(findings: Iterable[Diagnostic], version: str) -> str:
    """Return all findings as a SARIF 2.1.0 log of one run. `version` is the engine's."""
    levels = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
    told = in_order(findings)
    names = sorted({finding.name for finding in told})
    results = [
        {
            "ruleId": finding.name,
            "ruleIndex": names.index(finding.name),
            "level": levels[finding.severity],
            "message": {"text": f"{finding.message}\n{finding.help}".strip()},
            "locations": [_location(finding.span)],
            "relatedLocations": [
                {"id": number, "message": {"text": label}, **_location(span)}
                for number, (span, label) in enumerate(finding.notes)
            ],
            **({"fixes": [_sarif_fix(finding.fix)]} if finding.fix else {}),
        }
        for finding in told
    ]
    driver = {"name": "signal-engine", "version": version, "rules": [_sarif_rule(name) for name in names]}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _sarif_rule(name: str) -> dict[str, object]:
    """Return what is known of a finding's name: its page tells what it is and why it costs money."""
    return {
        "id": name,
        "shortDescription": {"text": name.replace("-", " ").capitalize()},
        "help": {"text": f"docs/lint/{name}.md tells what it is, why it costs money, and what is right"},
    }


def _sarif_fix(fix: Fix) -> dict[str, object]:
    about = "keeps the meaning" if fix.same else "writes what was probably meant"
    replacement = {"deletedRegion": _region(fix.span), "insertedContent": {"text": fix.text}}
    change = {"artifactLocation": _artifact(fix.span), "replacements": [replacement]}
    return {"description": {"text": about}, "artifactChanges": [change]}


def _location(span: Span) -> dict[str, object]:
    return {"physicalLocation": {"artifactLocation": _artifact(span), "region": _region(span)}}


def _artifact(span: Span) -> dict[str, str]:
    return {"uri": quote(span.source.path.replace("\\", "/"))}


def _region(span: Span) -> dict[str, int]:
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}
