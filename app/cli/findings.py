"""How `engine validate` and `engine lint` choose files and speak of what they found."""

from __future__ import annotations

import functools
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
_SEVERITIES = {severity.name.lower(): severity for severity in sorted(Severity, reverse=True)}


@dataclass(frozen=True)
class Wanted:
    """How to tell: the form, the least severity that is told, and the least that makes the status 1 (None: none)."""

    form: str
    least: Severity
    fails: Severity | None


def chosen(given: Sequence[Path]) -> list[Path]:
    """Return the files and folders to check: those given, else the configuration's strategies and templates."""
    if given:
        return list(given)
    from app.cli import options

    config = options.read_config(None)
    return [*config.strategies, *config.templates]


def strategies(given: Sequence[Path]) -> list[Path]:
    """Return the strategy files of what was given. Raises Failure where a folder holds none: nothing was proved."""
    from dsl.load import strategy_files

    folders = chosen(given)
    files = [path for path in strategy_files(folders) if path.suffix != ".j2"]
    if not files:
        raise Failure(f"there is no strategy in {', '.join(map(str, folders))}")
    return files


def is_test(path: Path) -> bool:
    return ".test" in path.suffixes


def everything(folders: Sequence[Path]) -> list[Path]:
    """Return the strategies, libraries, tests and templates of what was given. Raises Failure where there are none."""
    from dsl.fmt import files

    found = [*files(folders), *(path for folder in folders if folder.is_dir() for path in sorted(folder.glob("*.j2")))]
    if not found:
        raise Failure(f"there is no strategy in {', '.join(map(str, folders))}")
    return list(dict.fromkeys(found))


def wording(files: Sequence[Path]) -> list[Diagnostic]:
    """Return what is wrong with the templates among some files."""
    templates = [path for path in files if path.suffix == ".j2"]
    if not templates:
        return []
    from app.wording import examine

    return examine(templates)


def tell(found: Sequence[Diagnostic], files: int, ask: Wanted) -> int:
    """Print findings and return the exit status: 2 with an error among them, 1 with any that fails, else 0."""
    from dsl import report

    found = [finding for finding in found if finding.severity >= ask.least]
    writers: dict[str, Callable[[Sequence[Diagnostic]], str]] = {
        "json": report.as_json,
        "github": report.as_github,
        "sarif": lambda told: report.as_sarif(told, __version__),
    }
    if ask.form in writers:
        text = writers[ask.form](found)
        show.say(text) if text else None
    else:
        if found:
            show.say(report.text(found, colour=sys.stdout.isatty()) + "\n")
        show.say(report.summary(found, files))
    if any(finding.severity is Severity.ERROR for finding in found):
        return BROKEN
    failing = ask.fails is not None and any(finding.severity >= ask.fails for finding in found)
    return FINDINGS if failing else CLEAN


def mend(files: Sequence[Path], ask: Wanted, *, lint: bool, fix: bool, diff: bool) -> None:
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
            click.echo(told, nl=False, err=ask.form != "text")
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


def command(least: Severity) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a command of a function (paths, ask, fix, diff, …) -> status that tells what is at least `least`."""

    def decorate(about: Callable[..., Any]) -> click.Command:
        @functools.wraps(about)
        def asked(form: str, min_severity: str, fail_on: str, **given: Any) -> Any:
            return about(ask=Wanted(form, _SEVERITIES[min_severity], _SEVERITIES.get(fail_on)), **given)

        asked = click.option("--fix", is_flag=True, help="Mend what can be mended, then tell what is left.")(asked)
        asked = click.option("--diff", is_flag=True, help="Show what --fix changes; without --fix nothing is written.")(
            asked
        )
        asked = click.option(
            "--fail-on", type=click.Choice([*_SEVERITIES, "never"]), default="info", show_default=True,
            help="The least severity that makes the status 1. Errors always make it 2.",
        )(asked)  # fmt: skip
        asked = click.option(
            "--min-severity", type=click.Choice([*_SEVERITIES]), default=least.name.lower(), show_default=True,
            help="The least severity that is told.",
        )(asked)  # fmt: skip
        return click.command()(paths(form(asked)))

    return decorate
