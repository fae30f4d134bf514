"""`engine lint`: everything questionable in strategies, errors included."""

from __future__ import annotations

from pathlib import Path

from app.cli import findings


@findings.command
def command(paths: tuple[Path, ...], form: str) -> int:
    """Report everything questionable in strategies. Status 0 clean, 1 findings, 2 if any cannot be loaded."""
    from dsl.lint import lint, unsilenced
    from dsl.load import load

    files = findings.strategies(paths)
    loaded = load(files)
    return findings.tell([*unsilenced(loaded.diagnostics), *lint(loaded)], len(files), form)
