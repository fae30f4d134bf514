"""`engine fmt`: the canonical form of strategies, libraries and test files."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli import findings, show
from app.failure import BROKEN, CLEAN, FINDINGS


@click.command()
@findings.paths
@click.option("--check", is_flag=True, help="Write nothing; status 1 if a file is not in its canonical form.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change, status 1 if anything would.")
def command(paths: tuple[Path, ...], check: bool, diff: bool) -> int:
    """Bring strategies, libraries and test files into their canonical form: files, or folders of them.

    Only the layout changes; the plan is proved to be the same before a file is written. A file with errors is left as
    it is. Status 0 done, 1 with --check or --diff if anything would change, 2 if any file has errors.
    """
    from dsl.fmt import difference, files, format_file
    from dsl.report import text

    given = files(findings.chosen(paths))
    done = [format_file(path) for path in given]
    changed = [(path, one) for path, one in zip(given, done, strict=True) if one.changed]
    for path, one in changed:
        if diff:
            click.echo(difference(one.before, one.after, one.path), nl=False)
        elif check:
            show.say(f"would change  {one.path}")
        else:
            findings.write(path, one.after)
            show.say(f"formatted     {one.path}")
    broken = [one for one in done if one.findings]
    for one in broken:
        show.note(text(one.findings) + "\n")
    would = "would be formatted" if check or diff else "formatted"
    left = f", {len(broken)} left as {'they are' if len(broken) > 1 else 'it is'}" if broken else ""
    show.note(f"{len(given)} file{'s' * (len(given) != 1)} read, {len(changed)} {would}{left}")
    if broken:
        return BROKEN
    return FINDINGS if changed and (check or diff) else CLEAN
