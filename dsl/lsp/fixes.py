"""Quick fixes: what a finding itself says would mend it."""

from __future__ import annotations

import re

from lsprotocol.types import CodeAction, CodeActionKind, Range, TextEdit, WorkspaceEdit
from lsprotocol.types import Diagnostic as Shown

from dsl.errors import Diagnostic
from dsl.lsp import findings
from dsl.lsp.analysis import Analysis

_MEANT = re.compile(r"did you mean `([^`]+)`\?")


def fixes(analysis: Analysis, uri: str, given: Range) -> list[CodeAction]:
    """Return the fixes of the findings that touch a range of lines and columns."""
    lines = analysis.lines
    start, end = lines.offset(given.start), lines.offset(given.end)
    touching = [f for f in analysis.found if f.span.start <= end and start <= f.span.end]
    actions = []
    for finding in touching:
        edits = _edits(analysis, finding)
        if edits:
            shown: list[Shown] = [findings.shown(lines, uri, finding)]
            title = _title(edits)
            actions.append(
                CodeAction(title, CodeActionKind.QuickFix, shown, is_preferred=True, edit=WorkspaceEdit({uri: edits}))
            )
    return actions


def _title(edits: list[TextEdit]) -> str:
    text = edits[0].new_text.strip()
    return f"Write `{text}`" if len(edits) == 1 and text and "\n" not in text else "Mend this"


def _edits(analysis: Analysis, finding: Diagnostic) -> list[TextEdit]:
    """Return the edits of a finding: its own fix, or the one name it takes for a slip of the pen."""
    meant = _MEANT.fullmatch(finding.help.strip())
    if meant is None or finding.span.start == finding.span.end:
        return []
    if not re.fullmatch(r"[A-Za-z_][\w.]*|\"[^\"]*\"|[\w.%]+", finding.span.text):
        return []
    return [TextEdit(analysis.lines.of(finding.span), meant[1])]
