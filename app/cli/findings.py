"""How `engine validate` and `engine lint` speak of what they found."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from app.cli import show
from app.failure import BROKEN, CLEAN, FINDINGS, Failure
from dsl.errors import Diagnostic, Severity
from engine import __version__

paths = click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
form = click.option(
    "--format", "form", type=click.Choice(["text", "json", "github", "sarif"]), default="text", show_default=True
)


def chosen(given: Sequence[Path]) -> list[Path]:
    """Return the files and folders to check: those given, else the configuration's strategies."""
    if given:
        return list(given)
    from app.cli import options

    return list(options.read_config(None).strategies)


def strategies(given: Sequence[Path]) -> list[Path]:
    """Return the strategy files of what was given. Raises Failure where a folder holds none: nothing was proved."""
    from dsl.load import strategy_files

    folders = chosen(given)
    files = strategy_files(folders)
    if not files:
        raise Failure(f"there is no strategy in {', '.join(map(str, folders))}")
    return files


def tell(found: Sequence[Diagnostic], files: int, form: str) -> int:
    """Print findings and return the exit status: 2 with an error among them, 1 with any, else 0."""
    from dsl import report

    writers: dict[str, Callable[[Sequence[Diagnostic]], str]] = {
        "json": report.as_json,
        "github": report.as_github,
        "sarif": lambda told: report.as_sarif(told, __version__),
    }
    if form in writers:
        text = writers[form](found)
        show.say(text) if text else None
    else:
        if found:
            show.say(report.text(found, colour=sys.stdout.isatty()) + "\n")
        show.say(report.summary(found, files))
    if any(finding.severity is Severity.ERROR for finding in found):
        return BROKEN
    return FINDINGS if found else CLEAN


def mend(files: Sequence[Path], form: str, *, lint: bool, fix: bool, diff: bool) -> None:
    """Mend files in place (`fix`), or only show what would be mended (`diff`); nothing without either."""
    if not fix and not diff:
        return
    from dsl.fix import mend_file
    from dsl.fmt import difference

    for path in files:
        mended = mend_file(path, lint=lint)
        if not mended.changed:
            continue
        if diff:
            told = difference(mended.before, mended.after, mended.path)
            click.echo(told, nl=False, err=form != "text")
        if fix:
            write(path, mended.after)
            counts = Counter(finding.name for finding in mended.applied)
            names = ", ".join(f"{number} {name}" if number > 1 else name for name, number in counts.items())
            show.note(f"mended {path}: {names}")


def write(path: Path, text: str) -> None:
    """Write a file in one step. Raises Failure where that cannot be done."""
    from dsl.fmt import write as put

    try:
        put(path, text)
    except OSError as error:
        raise Failure(f"{path} cannot be written: {(error.strerror or 'unknown reason').lower()}") from error


def command(about: Callable[..., Any]) -> click.Command:
    """Make a command of a function (paths, form, fix, diff) -> status."""
    mends = click.option("--fix", is_flag=True, help="Mend what can be mended, then tell what is left.")
    shows = click.option("--diff", is_flag=True, help="Show what --fix changes; without --fix nothing is written.")
    return click.command()(paths(form(mends(shows(about)))))
