"""`engine validate`: prove that strategies make sense. Errors only."""

from __future__ import annotations

from pathlib import Path

from app.cli import findings
from dsl.errors import Severity


@findings.command
def command(paths: tuple[Path, ...], form: str, fix: bool, diff: bool) -> int:
    """Prove that strategies make sense: files, or folders of them. Status 0 clean, 2 if any cannot be loaded.

    --fix mends slips with one plain meaning: a sign of another language, a name one letter away from the only one.
    """
    from dsl.load import load

    files = findings.strategies(paths)
    findings.mend(files, form, lint=False, fix=fix, diff=diff)
    loaded = load(files)
    errors = [finding for finding in loaded.diagnostics if finding.severity is Severity.ERROR]
    if errors:
        from dsl.fix import with_fix

        errors = [with_fix(finding) for finding in errors]
    return findings.tell(errors, len(files), form)
