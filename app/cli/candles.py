"""`engine candles`: keep candles in a store, for histories that are too long for files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli import options, show
from app.failure import Failure

if TYPE_CHECKING:
    from engine.domain.market import Timeframe
    from engine.feeds.keeping import StoreWriter
    from engine.ports import Feed

_STORE = click.Path(file_okay=False, path_type=Path)
_into = click.option("--store", required=True, type=_STORE, help="The store's folder; made if it is not there.")


SETTLED_MS = 60_000
"""What closed less than this ago may not be answered yet, and is left to the next fetch."""


@click.group()
def command() -> None:
    """Bring candles into a store, from files or from exchanges, and tell what it holds.

    A store is a folder of Parquet files. Every `--candles` takes one in place of candle files.
    """


@command.command(name="import")
@click.argument("sources", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@_into
def import_(sources: tuple[Path, ...], store: Path) -> None:
    """Copy candle files (SOURCES: files or folders) into a store. Doing it twice does it once."""
    from engine.feeds.files import candle_files, read_candles
    from engine.feeds.keeping import StoreWriter

    files = candle_files(sources)
    new = 0
    with StoreWriter(store) as writer, show.progress("importing", len(files), unit="files") as update:
        for done, file in enumerate(files):
            update(done, file.path.name)
            new += writer.add(read_candles(file))
            update(done + 1, "")
    show.say(f"{new:,} new candles from {len(files)} files in {store}")


@command.command()
@click.option("--symbols", required=True, help="As in BTC/USDT,ETH/USDT; or the name of a watchlist.")
@click.option("--timeframes", default="1m", show_default=True, help="As in 1m,1h; longer ones are built from shorter.")
@click.option("--from", "since", required=True, type=show.Moment(), help="The first time.")
@click.option("--to", "until", type=show.Moment(), help="The last time. [default: now]")
@_into
@options.config
def fetch(
    symbols: str, timeframes: str, since: int, until: int | None, store: Path, config: Path | None
) -> None:  # fmt: skip
    """Fetch candles from the configured exchanges into a store.

    Only what the store lacks is asked for, so a fetch that was stopped goes on where it was.
    """
    from app import wiring
    from engine.feeds.clock import SystemClock
    from engine.feeds.keeping import StoreWriter

    settings = options.read_config(config)
    named = settings.watchlists.get(symbols) or options.chosen_symbols(symbols)
    clock = SystemClock()
    feed = wiring.live_feed(settings, clock)
    with StoreWriter(store) as writer:
        settled = clock.now() - SETTLED_MS
        new = _fetch(feed, writer, named, _frames(timeframes), since, min(until or settled, settled))
    show.say(f"{new:,} new candles in {store}")


def _frames(text: str) -> tuple[Timeframe, ...]:
    from engine.domain.market import Timeframe

    try:
        return tuple(Timeframe.parse(part.strip()) for part in text.split(","))
    except ValueError as error:
        raise Failure(str(error)) from None


def _fetch(
    feed: Feed, writer: StoreWriter, symbols: tuple[str, ...], frames: tuple[Timeframe, ...], since: int, until: int
) -> int:
    from engine.feeds.filling import missing_windows

    markets = feed.markets(symbols)
    if unknown := [symbol for symbol in symbols if symbol not in markets]:
        raise Failure(f"no configured exchange has {', '.join(unknown)}")
    wanted = [
        (symbol, frame, window)
        for symbol in symbols
        for frame in frames
        for window in missing_windows(writer.contents(markets[symbol].venue, symbol, frame), since, until)
    ]
    new = 0
    with show.progress("fetching", len(wanted), unit="windows") as update:
        for done, (symbol, frame, (after, before)) in enumerate(wanted):
            update(done, f"{symbol} {frame} {show.when(after)}")
            found = feed.candles(symbol, frame, after, before)
            new += writer.add(found, (after, before), tick=markets[symbol].tick)
            update(done + 1, "")
    return new


@command.command(name="list")
@click.argument("store", type=click.Path(exists=True, file_okay=False, path_type=Path))
@options.as_json
def list_(store: Path, as_json: bool) -> None:
    """Tell what a store holds."""
    from engine.feeds.contents import is_store, read_contents

    if not is_store(store):
        raise Failure(f"{store} is not a candle store")
    held = read_contents(store)
    if as_json:
        show.as_json(
            [
                {
                    "venue": one.venue, "symbol": one.symbol, "timeframe": one.timeframe.text, "candles": one.rows,
                    "first": one.first if one.parts else None, "last": one.last if one.parts else None,
                    "missing": one.missing, "tick": format(one.tick, "f"), "spans": one.spans,
                }
                for one in held
            ]
        )  # fmt: skip
        return
    rows = [
        (
            one.venue, one.symbol, one.timeframe.text, f"{one.rows:,}", show.when(one.first if one.parts else 0)[:10],
            show.when(one.last if one.parts else 0), f"{one.missing:,}", str(len(one.spans)),
        )
        for one in held
    ]  # fmt: skip
    show.table(("venue", "pair", "tf", "candles", "first", "last", "missing", "spans"), rows, right=(3, 6, 7))
    show.say(f"{sum(one.rows for one in held):,} candles in {len(held)} series")
