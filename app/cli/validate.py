"""`engine validate`: prove that strategies make sense. Errors only."""

from __future__ import annotations

from pathlib import Path

from app.cli import findings
from dsl.errors import Severity


@findings.command(Severity.ERROR)
def command(paths: tuple[Path, ...], ask: findings.Wanted, fix: bool, diff: bool) -> int:
    """Prove that strategies make sense: files, or folders of them. Status 0 clean, 2 if any cannot be loaded.

    --fix mends slips with one plain meaning: a sign of another language, a name one letter away from the only one.
    """
    from dsl.load import load

    files = findings.strategies(paths)
    findings.mend(files, ask, lint=False, fix=fix, diff=diff)
    found = [finding for finding in load(files).diagnostics if finding.severity >= ask.least]
    if found:
        from dsl.fix import with_fix
        from dsl.lint import unsilenced

        found = [with_fix(finding) for finding in unsilenced(found)]
    return findings.tell(found, len(files), ask)
