"""`engine validate`: prove that strategies make sense. Errors only."""

from __future__ import annotations

from pathlib import Path

from app.cli import findings
from dsl.errors import Severity


@findings.command
def command(paths: tuple[Path, ...], form: str) -> int:
    """Prove that strategies make sense: files, or folders of them. Status 0 clean, 2 if any cannot be loaded."""
    from dsl.load import load

    files = findings.strategies(paths)
    loaded = load(files)
    errors = [finding for finding in loaded.diagnostics if finding.severity is Severity.ERROR]
    return findings.tell(errors, len(files), form)
