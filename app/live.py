"""The live engine: public candles over REST, decided as they close."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from app import wiring
from app.cli import show
from app.cli.screen import Screen, stop_on_signals
from app.config import Config
from app.failure import CLEAN, Failure


def run_live(config: Config, database: Path, *, only: Sequence[str], symbols: Sequence[str], once: bool) -> int:
    """Run until asked to stop, or look once. Raises Failure, FeedError and DatabaseProblem."""
    from db.memory import Memory
    from engine.feeds.ccxt import CcxtFeed, CcxtSettings
    from engine.feeds.clock import SystemClock
    from engine.feeds.kept import KeptFeed
    from engine.feeds.scope import survey
    from engine.live import Live

    loaded = wiring.load_strategies(config.strategies, only=only)
    for failed in loaded.failed:
        show.note(f"{failed} cannot be loaded and was left out; `engine validate {failed}` tells why")
    plan = loaded.plan
    for line in wiring.missing_models(plan, config):
        show.note(line)
    clock = SystemClock()
    stop_on_signals(clock.stop)
    settings = CcxtSettings(venues=config.venues, urls=config.venue_urls)
    with Memory.open(database) as memory:
        kept = KeptFeed(wiring.with_series(CcxtFeed(clock, settings), config), memory.candles, clock)
        also = tuple(position.signal.symbol for position in memory.store.book().live_positions())
        scope = survey(plan, kept, wiring.universe_of(plan, config, symbols), also=also)
        if not any(scope.universe.values()) and not also:
            raise Failure("no venue has any of these symbols")
        channels = wiring.publishing(config, replay=False, publish=True)
        screen = Screen(lambda done, text: None)
        loop = wiring.build_loop(config, plan, kept, memory, clock, scope, channels, screen)
        live = Live(loop, kept)
        show.note(f"{len(plan.strategies)} strategies on {len(scope.symbols)} symbols; Ctrl-C stops at a safe point")
        try:
            if once:
                live.begin()
                live.look()
            else:
                live.run()
        finally:
            loop.road.relay.close()
    return CLEAN
