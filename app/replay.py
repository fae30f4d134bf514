"""A replay: the real loop on a virtual clock over candles of the past."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from app import wiring
from app.cli import show
from app.cli.screen import Screen, load_and_tell
from app.config import Config
from app.failure import Failure
from engine.ports import Feed


def run_replay(
    config: Config,
    feed: Feed,
    database: Path,
    *,
    only: Sequence[str] = (),
    symbols: Sequence[str] = (),
    since: int | None = None,
    until: int | None = None,
    speed: float = 0.0,
    publish: bool = False,
    mode: str = "replay",
    stop: Callable[[Callable[[], None]], None] = lambda stop: None,
) -> bool:
    """Replay `feed` into `database`; return whether it came to the end. Doing it again adds nothing.

    `mode` names what is replayed: a database goes on only with the same candles and the same rules. `stop` is
    handed what stops the replay at a safe point. Raises Failure and FeedError.
    """
    from db.memory import Memory
    from engine.feeds.replay import VirtualClock
    from engine.loop import journey

    plan = load_and_tell(config, only)
    feed = wiring.with_series(feed, config)
    channels = wiring.publishing(config, replay=True, publish=publish)
    # What a loss of power takes from a replay, the same replay makes again: it does not wait for the disk.
    with Memory.open(database, durable=publish) as memory:
        _same_as_before(database, memory.store.cursor(), mode, plan.hash)
        book = memory.store.book()
        way = journey(plan, feed, wiring.universe_of(plan, config, symbols), since, until, book)
        if way is None or not (any(way.scope.universe.values()) or any(book.live_positions())):
            raise Failure("there are no candles of these symbols in that span")
        decided = memory.store.cursor()
        if decided is not None and decided >= way.end:
            show.note(f"{database} has all of this already, up to {show.when(decided)} UTC: nothing is decided again")
        clock = VirtualClock(way.start, speed)
        stop(clock.stop)
        with show.progress("replay", 1.0) as update:
            screen = Screen(update)
            # A block is evaluated a day at a time, ahead of the clock: a value of a closed candle cannot depend on a
            # later one. What is decided is committed and published when the clock has come to it.
            loop = wiring.build_loop(config, plan, feed, memory, clock, way.scope, channels, screen)
            try:
                loop.start(way.origin, way.start, mode)
                return loop.advance(way.end) and loop.finish()
            finally:
                loop.road.relay.close()


def _same_as_before(database: Path, cursor: int | None, mode: str, plan_hash: str) -> None:
    """Refuse to go on in a database of other candles or other rules: half of each is neither."""
    from db.queries import Queries

    if cursor is None:
        return
    with Queries(database) as queries:
        before = queries.runs(1)
    if not before or (before[0].mode, before[0].plan_hash) == (mode, plan_hash):
        return
    other = "other rules" if before[0].mode == mode else f"something else ({before[0].mode})"
    raise Failure(
        f"{database} was made with {other}, up to {show.when(cursor)} UTC: delete it to start anew, "
        "or give this replay a database of its own with --db"
    )
