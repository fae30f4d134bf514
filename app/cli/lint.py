"""`engine lint`: everything questionable in strategies, errors included."""

from __future__ import annotations

from pathlib import Path

from app.cli import findings


@findings.command
def command(paths: tuple[Path, ...], form: str, fix: bool, diff: bool) -> int:
    """Report everything questionable in strategies. Status 0 clean, 1 findings, 2 if any cannot be loaded.

    --fix mends slips with one plain meaning, what only reads badly, and the layout; each change is proved first.
    """
    from dsl.fix import remarks, with_fix
    from dsl.lint import lint, unsilenced
    from dsl.load import load

    files = findings.strategies(paths)
    findings.mend(files, form, lint=True, fix=fix, diff=diff)
    loaded = load(files)
    own = [with_fix(finding) for finding in [*loaded.diagnostics, *remarks(files)]]
    return findings.tell([*unsilenced(own), *lint(loaded)], len(files), form)
