"""Quick fixes: the edits that findings carry, and the nearest names where one was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsprotocol.types import CodeAction, CodeActionKind, CodeActionParams, TextEdit, WorkspaceEdit

from dsl.errors import Diagnostic, Fix, Source
from dsl.fix import mend, with_fix
from dsl.lsp import findings, tests
from dsl.lsp.analysis import Analysis
from dsl.lsp.formatting import rewritten

_MEANT = re.compile(r"did you mean (`[^`]+`(?:(?:, | or )`[^`]+`)*)\?")
_WORD = re.compile(r"[\w.%]+|\"[^\"]*\"")


def actions(analysis: Analysis, params: CodeActionParams) -> list[CodeAction]:
    """Return what mends the findings that touch a range; all that is safe in the file where that is asked for."""
    uri, only = params.text_document.uri, params.context.only or []
    if not analysis.kind:
        return []
    found = [*_everything(analysis, uri)] if any(str(kind).startswith(ALL) for kind in only) else []
    if only and not any(CodeActionKind.QuickFix.startswith(kind) for kind in only):
        return found
    start, end = analysis.lines.offset(params.range.start), analysis.lines.offset(params.range.end)
    for finding in tests.found(analysis):
        if finding.span.start <= end and start <= finding.span.end:
            found += _quick(analysis, uri, finding)
    return found


ALL = CodeActionKind.SourceFixAll.value


def _quick(analysis: Analysis, uri: str, finding: Diagnostic) -> Iterator[CodeAction]:
    fixes = _fixes(finding)
    for fix in fixes:
        if fix.span.source.path != finding.span.source.path:
            continue
        edit = TextEdit(analysis.lines.of(fix.span), fix.text)
        shown = findings.shown(analysis.lines, uri, finding)
        yield CodeAction(
            _title(fix),
            CodeActionKind.QuickFix,
            [shown],
            is_preferred=len(fixes) == 1,
            edit=WorkspaceEdit({uri: [edit]}),
        )


def _fixes(finding: Diagnostic) -> list[Fix]:
    """Return a finding's own edit, else each of the names it takes for what was meant."""
    own = with_fix(finding).fix
    if own is not None:
        return [own]
    meant = _MEANT.fullmatch(finding.help.strip())
    if meant is None or not _WORD.fullmatch(finding.span.text):
        return []
    return [Fix(finding.span, name) for name in re.findall("`([^`]+)`", meant[1])]


def _title(fix: Fix) -> str:
    text = fix.text.strip()
    if not text:
        return f"Remove `{' '.join(fix.span.text.split())[:40]}`"
    return f"Write `{text}`" if len(text) <= 60 and "\n" not in text else "Mend this"


def _everything(analysis: Analysis, uri: str) -> Iterator[CodeAction]:
    try:
        mended = mend(Source(str(analysis.path), analysis.text))
    except RecursionError:
        return
    if mended.changed:
        edit = WorkspaceEdit({uri: [rewritten(analysis, mended.after)]})
        yield CodeAction("Mend what is safe", CodeActionKind.SourceFixAll, edit=edit)
