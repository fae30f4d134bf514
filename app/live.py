"""The live engine: public candles over REST, decided as they close."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from app import wiring
from app.cli import show
from app.cli.screen import Screen, load_and_tell, stop_on_signals
from app.config import Config
from app.failure import CLEAN, Failure
from engine.ports import Clock, FeedError

if TYPE_CHECKING:
    from engine.feeds.scope import Scope
    from engine.loop import Loop

LAST_POSTS_MS = 60_000
"""How long a single look waits for what it owes; the rest is for the next look."""


class StoppableClock(Clock, Protocol):
    """A clock that can be told to end what sleeps by it."""

    def stop(self) -> None: ...


def run_live(
    config: Config,
    database: Path,
    *,
    only: Sequence[str] = (),
    symbols: Sequence[str] = (),
    once: bool = False,
    clock: StoppableClock | None = None,
) -> int:
    """Run until asked to stop, or look once; `clock` None: this machine's.

    Raises Failure, FeedError and DatabaseProblem.
    """
    from app.universe_kept import keep_universe
    from db.memory import Memory
    from engine.feeds.clock import SystemClock
    from engine.feeds.kept import KeptFeed
    from engine.feeds.scope import survey
    from engine.feeds.universe import FILE as UNIVERSE
    from engine.live import Keep, Live
    from engine.loop import DAY

    plan = load_and_tell(config, only)
    clock = clock or SystemClock()
    stop_on_signals(clock.stop)
    with Memory.open(database) as memory:
        kept = KeptFeed(wiring.with_series(wiring.live_feed(config, clock), config), memory.candles, clock)
        also = tuple(position.signal.symbol for position in memory.store.book().live_positions())
        universe = wiring.universe_of(plan, config, symbols)
        scope = _patiently(lambda: survey(plan, kept, universe, also=also), clock, once=once)
        if scope is None:
            return CLEAN
        if not any(scope.universe.values()) and not also:
            raise Failure("no venue has any of these symbols")
        keep_universe(config.home / UNIVERSE, clock.now(), {s for part in scope.universe.values() for s in part})
        channels = wiring.publishing(config, replay=False, publish=True)
        screen = Screen(lambda done, text: None)
        loop = wiring.build_loop(config, plan, kept, memory, clock, scope, channels, screen)
        keep = Keep(config.keep.blocks * DAY, config.keep.candles * DAY)
        live = Live(loop, kept, keep=keep)
        bots, symbols_here = _count(len(plan.strategies), "strategy"), _count(len(scope.markets), "symbol")
        show.note(f"{bots} on {symbols_here}; Ctrl-C stops at a safe point")
        try:
            if once:
                live.begin()
                live.look()
                _publish_rest(loop, clock)
                loop.stop()
            else:
                live.run()
        finally:
            loop.road.relay.close()
    return CLEAN


def _patiently(look: Callable[[], Scope], clock: Clock, *, once: bool) -> Scope | None:
    """Return what `look` finds, trying again while no venue answers; None where asked to stop meanwhile.

    A service that starts while an exchange is in maintenance waits for it. `once` does not: it raises FeedError.
    """
    pause = 2.0
    while True:
        try:
            return look()
        except FeedError as problem:
            if once:
                raise
            pause = max(pause, problem.retry_after)
            show.note(f"{problem}; trying again in {pause:.0f} s")
        if not clock.sleep_until(clock.now() + int(pause * 1000)):
            return None
        pause = min(pause * 2, 120.0)


def _publish_rest(loop: Loop, clock: Clock) -> None:
    """Wait for what may be posted soon: a channel's pace allows one message at a time."""
    deadline = clock.now() + LAST_POSTS_MS
    while (due := loop.road.relay.next_due()) is not None and due < deadline:
        if not loop.sleep_until(due + 1):
            break


def _count(number: int, noun: str) -> str:
    many = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number} {noun if number == 1 else many}"
