"""`engine run`: the engine itself, live or over a replay."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli import options, show
from app.cli.screen import stop_on_signals
from app.failure import CLEAN, USAGE, Failure

if TYPE_CHECKING:
    from app.config import Config


@click.command()
@click.argument("strategies", nargs=-1, type=click.Path(exists=True, path_type=Path))
@options.config
@options.database
@click.option("--replay", type=click.Path(exists=True, path_type=Path), help="Candle file or folder to replay.")
@click.option("--from", "since", type=show.Moment(), help="Replay: the first time that is decided.")
@click.option("--to", "until", type=show.Moment(), help="Replay: the last time that is decided.")
@click.option("--speed", default="max", show_default=True, help="Replay: max, or so many times real time, as in 1x.")
@click.option("--publish", is_flag=True, help="Replay: post to every channel, not only to those on this machine.")
@click.option("--once", is_flag=True, help="Live: look once, decide what has closed, publish it, and stop.")
@click.option("--only", multiple=True, metavar="ID", help="Only this strategy; may be given again.")
@click.option("--symbols", help="Trade these symbols instead of the watchlists', as in BTC/USDT,ETH/USDT; or all.")
def command(
    strategies: tuple[Path, ...], config: Path | None, database: Path | None, replay: Path | None, since: int | None,
    until: int | None, speed: str, publish: bool, once: bool, only: tuple[str, ...], symbols: str | None,
) -> int:  # fmt: skip
    """Run the engine: live over public exchange data, or over a replay of candle files with --replay.

    STRATEGIES are files or folders; left out, the configuration's. Ctrl-C stops at a safe point, and the next
    start goes on from there.
    """
    settings = options.read_config(config)
    if strategies:
        settings = replace(settings, strategies=strategies)
    if replay is None:
        if since or until or speed != "max" or publish:
            raise Failure("--from, --to, --speed and --publish belong to --replay")
        from app.live import run_live

        chosen = options.chosen_symbols(symbols)
        return run_live(settings, database or settings.database, only=only, symbols=chosen, once=once)
    if once:
        raise Failure("--once is for the live engine, not for --replay")
    from app import wiring
    from app.replay import run_replay

    feed = wiring.candle_feed(replay, settings)
    where = database or settings.home / "replay.db"
    settings = replace(settings, page=where.with_suffix(".html"))
    chosen = options.chosen_symbols(symbols, feed.symbols())
    finished = run_replay(
        settings, feed, where, only=only, symbols=chosen, since=since, until=until,
        speed=read_speed(speed), publish=publish, mode=f"replay of {replay.resolve().name}", stop=stop_on_signals,
    )  # fmt: skip
    _tell(settings, where)
    return CLEAN if finished else 130


def _tell(settings: Config, database: Path) -> None:
    """Print what came of a replay, and where it is kept."""
    from app.cli import numbers
    from db.queries import Queries

    with Queries(database) as queries:
        positions = queries.positions()
    found = numbers.by_bot(positions, sorted({p.signal.strategy for p in positions}))
    if found:
        numbers.table(found)
    else:
        show.say("no signal was made; `engine funnel` tells which condition blocks most")
    if any(channel.kind == "feed" for channel in settings.channels) and settings.feed_page.exists():
        show.say(f"what followers read   {settings.feed_page}")
    show.say(f"the database          {database}")


def read_speed(text: str) -> float:
    """Read `max` as 0, `1x` as 1. Raises Failure."""
    if text == "max":
        return 0.0
    try:
        speed = float(text.removesuffix("x"))
    except ValueError:
        speed = 0.0
    if not 0 < speed < 1e9:
        raise Failure(f"the speed is max, or a number of times real time as in 1x or 60x, not {text!r}", USAGE)
    return speed
