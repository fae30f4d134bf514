"""`engine db`: the database file."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli import options, show
from app.failure import Failure


@click.group()
def command() -> None:
    """Migrate or back up the database."""


@command.command()
@options.config
@options.database
def migrate(config: Path | None, database: Path | None) -> None:
    """Bring the database to the newest version; makes it where there is none. Doing it twice does it once."""
    from db.memory import Memory

    path = options.database_path(config, database)
    Memory.open(path).close()
    show.say(f"{path} is up to date")


@command.command()
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@options.config
@options.database
def backup(target: Path, config: Path | None, database: Path | None) -> None:
    """Copy the database to TARGET while it is in use, and prove the copy."""
    from db.backup import backup as copy

    path = options.database_path(config, database)
    if not path.is_file():
        raise Failure(f"there is no database at {path}")
    size = copy(path, target)
    show.say(f"{target}: {size:,} bytes, integrity checked")
