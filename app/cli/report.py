"""`engine report daily`: the numbers of each bot for a day, from the database."""

from __future__ import annotations

import time
from pathlib import Path

import click

from app.cli import numbers, options, show
from app.failure import Failure

DAY = 86_400_000


@click.group()
def command() -> None:
    """Print the numbers of each bot for a day."""


@command.command()
@options.config
@options.database
@click.option("--day", type=show.Moment(), help="A day, UTC. [default: the last whole day that was decided]")
@click.option("--all", "everything", is_flag=True, help="All days together.")
@options.as_json
def daily(config: Path | None, database: Path | None, day: int | None, everything: bool, as_json: bool) -> None:
    """Print, per bot, what ended on a day, the signals made on it and what is live."""
    from db.queries import Queries

    path = options.database_path(config, database)
    if not path.is_file():
        raise Failure(f"there is no database at {path}; `engine run` or `engine demo` makes one")
    with Queries(path) as queries:
        cursor = queries.standing().cursor or int(time.time() * 1000)
        begin = (day if day is not None else cursor - DAY) // DAY * DAY
        positions = queries.positions()
    if not everything:
        positions = tuple(
            p
            for p in positions
            if begin < p.closed_at <= begin + DAY or (p.status.live and p.signal.close_time <= begin + DAY)
        )
    bots = sorted({p.signal.strategy for p in positions})
    found = numbers.by_bot(positions, bots)
    if as_json:
        show.as_json({"day": None if everything else show.when(begin)[:10], "bots": numbers.facts(found)})
    elif not bots:
        show.say(f"nothing ended on {show.when(begin)[:10]} and nothing is live")
    else:
        numbers.table(found, "all days" if everything else f"what ended on {show.when(begin)[:10]} (UTC), and is live")
