"""`engine test --update`: expected values set to what happens, after they were looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli import findings, show
from app.failure import BROKEN, CLEAN, FINDINGS

if TYPE_CHECKING:
    from dsl.testing.cases import Case
    from dsl.testing.update import Updated


def update_tests(files: Sequence[Path], wanted: Callable[[Case], bool], *, yes: bool) -> int:
    """Show what would be set, ask, and write; return the exit status: 1 where something still fails."""
    from dsl.fmt import difference
    from dsl.testing.update import update

    found, broken = [], False
    for path in files:
        updated = update(path, wanted)
        if updated is None:
            broken = _tell_broken(path) or broken
            continue
        found.append(updated)
        if updated.edits:
            show.say(difference(updated.before, updated.after, str(path)).rstrip("\n"))
    _tell_left(found)
    changed = [updated for updated in found if updated.edits]
    written = bool(changed) and _agreed(changed, yes=yes)
    for updated in changed if written else ():
        findings.write(updated.path, _as_stored(updated))
    if not changed:
        show.say("nothing to update: no expected value differs from what happens")
    elif written:
        show.say(f"{_values(changed)} written; look at the difference before you keep it")
    else:
        show.say("nothing was written")
    if broken:
        return BROKEN
    return FINDINGS if any(updated.left for updated in found) or (changed and not written) else CLEAN


def _agreed(changed: Sequence[Updated], *, yes: bool) -> bool:
    """Ask; no answer is a no."""
    if yes:
        return True
    try:
        return click.confirm(f"Set {_values(changed)} to what happens now?")
    except click.Abort:
        show.say()
        return False


def _values(changed: Sequence[Updated]) -> str:
    count = sum(updated.edits for updated in changed)
    return f"{count} expected value{'s' if count != 1 else ''}"


def _as_stored(updated: Updated) -> str:
    """Return the new text with the mark that the file began with, if it had one."""
    with updated.path.open("rb") as file:
        return "\ufeff" + updated.after if file.read(3) == b"\xef\xbb\xbf" else updated.after


def _tell_left(found: Sequence[Updated]) -> None:
    for updated in found:
        for outcome in updated.left:
            show.say(f"left to you: {updated.path.name}: {outcome.case.name}")
            for failed in outcome.failed:
                show.say(f"  {failed.span.line}: {failed.message}")


def _tell_broken(path: Path) -> bool:
    """Say what is wrong with a test file or its strategy; tell whether anything is."""
    from dsl.report import text
    from dsl.testing.run import run_suites

    diagnostics = run_suites([path], wanted=lambda case: False).diagnostics
    if diagnostics:
        show.say(text(diagnostics) + "\n")
    return bool(diagnostics)
