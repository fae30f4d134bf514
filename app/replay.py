"""A replay: the real loop on a virtual clock over candles of the past."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from app import wiring
from app.cli import show
from app.cli.screen import Screen
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
    stop: Callable[[Callable[[], None]], None] = lambda stop: None,
) -> bool:
    """Replay `feed` into `database`; return whether it came to the end. Doing it again adds nothing.

    `stop` is handed what stops the replay at a safe point. Raises Failure and FeedError.
    """
    from db.memory import Memory
    from engine.feeds.replay import VirtualClock
    from engine.loop import journey

    loaded = wiring.load_strategies(config.strategies, only=only)
    for failed in loaded.failed:
        show.note(f"{failed} cannot be loaded and was left out; `engine validate {failed}` tells why")
    plan = loaded.plan
    for line in wiring.missing_models(plan, config):
        show.note(line)
    feed = wiring.with_series(feed, config)
    channels = wiring.publishing(config, replay=True, publish=publish)
    # What a loss of power takes from a replay, the same replay makes again: it does not wait for the disk.
    with Memory.open(database, durable=publish) as memory:
        book = memory.store.book()
        way = journey(plan, feed, wiring.universe_of(plan, config, symbols), since, until, book)
        if way is None or not (any(way.scope.universe.values()) or any(book.live_positions())):
            raise Failure("there are no candles of these symbols in that span")
        clock = VirtualClock(way.start, speed)
        stop(clock.stop)
        with show.progress("replay", 1.0) as update:
            screen = Screen(update)
            # A block is evaluated a day at a time, ahead of the clock: a value of a closed candle cannot depend on a
            # later one. What is decided is committed and published when the clock has come to it.
            loop = wiring.build_loop(config, plan, feed, memory, clock, way.scope, channels, screen)
            try:
                loop.start(way.origin, way.start)
                return loop.advance(way.end) and loop.finish()
            finally:
                loop.road.relay.close()
