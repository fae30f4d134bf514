"""`engine report daily`: the numbers of each bot for a day, from the database."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
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
    """Print, per bot, the signals made on a day, what ended on it, and what is live now."""
    from db.queries import Queries
    from engine.domain.event import PositionClosed, SignalFired

    path = options.database_path(config, database)
    if not path.is_file():
        raise Failure(f"there is no database at {path}; `engine run` or `engine demo` makes one")
    with Queries(path) as queries:
        cursor = queries.standing().cursor or int(time.time() * 1000)
        begin = (day if day is not None else cursor - DAY) // DAY * DAY
        if begin >= cursor and not everything:
            raise Failure(f"{show.when(begin)[:10]} has not come: it is decided up to {show.when(cursor)} UTC")
        positions = queries.positions()
        told = queries.events(begin, begin + DAY, ("signal", "closed"))
    if not everything:
        ended = {event.position.id for event in told if isinstance(event, PositionClosed)}
        positions = tuple(p for p in positions if p.id in ended or p.status.live)
    made = Counter(event.signal.strategy for event in told if isinstance(event, SignalFired))
    bots = sorted({*(p.signal.strategy for p in positions), *(() if everything else made)})
    found = numbers.by_bot(positions, bots)
    if not everything:
        found = {bot: replace(one, signals=made[bot]) for bot, one in found.items()}
    if as_json:
        show.as_json({"day": None if everything else show.when(begin)[:10], "bots": numbers.facts(found)})
    elif not bots:
        show.say(f"{show.when(begin)[:10]}: no signal, nothing ended, nothing is live")
    else:
        numbers.table(found, "all days" if everything else f"{show.when(begin)[:10]} (UTC)")
