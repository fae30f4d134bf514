"""`engine lint`: everything questionable in strategies, errors included."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli import findings
from dsl.errors import Severity


@findings.command(Severity.INFO)
@click.option("--changed", metavar="REF", help="Only what changed against a commit, with the libraries it uses.")
@click.option("--with-tests", is_flag=True, help="Run the tests beside strategies, to find what they never see.")
def command(
    paths: tuple[Path, ...], ask: findings.Wanted, fix: bool, diff: bool, changed: str | None, with_tests: bool
) -> int:
    """Report everything questionable in strategies, their tests, libraries and templates: files, or folders of them.

    Status 0 clean, 1 findings, 2 if any file cannot be loaded. --fix mends slips with one plain meaning, what only
    reads badly, and the layout; each change is proved first.
    """
    from app.changes import changes
    from dsl.survey import survey

    chosen = findings.chosen(paths)
    files = findings.everything(chosen)
    against = changes(chosen, changed)
    if against is not None and changed is not None:
        files = against.touched(files)
    strategies = [path for path in files if path.suffix != ".j2"]
    findings.mend(strategies, ask, lint=True, fix=fix, diff=diff)
    before = {} if against is None else against.before([p for p in strategies if not findings.is_test(p)])
    told = survey(strategies, before=before, with_tests=with_tests)
    return findings.tell([*told, *findings.wording(files)], len(files), ask)
