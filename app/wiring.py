"""The one place that names the concrete parts and puts them together."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app.config import Config
from app.failure import BROKEN, Failure
from app.secrets import read_secrets
from engine import __version__
from engine.domain.message import Channel
from engine.domain.strategy import Plan

if TYPE_CHECKING:
    from db.memory import Memory
    from dsl.load import Loaded
    from engine.feeds.memory import MemoryFeed
    from engine.feeds.parquet import ParquetFeed
    from engine.feeds.scope import Scope
    from engine.loop import Loop, Watcher
    from engine.ports import Clock, Feed, Predictor, RiskRule
    from engine.relay import Outlet, Pace, Relay
    from engine.relay import Watcher as RelayWatcher

    History = MemoryFeed | ParquetFeed
    """A feed over the past that knows which symbols it has."""

LOCAL = frozenset({"console", "feed"})
"""Kinds of channel that never leave this machine: a replay posts to them without being asked."""


def load_strategies(paths: Sequence[Path], *, only: Sequence[str] = ()) -> Loaded:
    """Load strategies; those that cannot be loaded are left out. Raises Failure if none is left.

    `only` chooses some of them by id.
    """
    from dsl.load import load, strategy_files

    files = strategy_files(paths)
    if only:
        files = [path for path in files if path.stem in only]
        if missing := set(only) - {path.stem for path in files}:
            raise Failure(f"there is no strategy {', '.join(sorted(missing))} in {', '.join(map(str, paths))}")
    loaded = load(files)
    if not loaded.plan.strategies:
        from dsl.report import text

        found = f"\n\n{text(loaded.errors)}" if loaded.errors else ""
        raise Failure(f"there is no strategy to run in {', '.join(map(str, paths))}{found}", BROKEN)
    return loaded


def universe_of(plan: Plan, config: Config, symbols: Sequence[str] = ()) -> dict[str, tuple[str, ...]]:
    """Return per strategy the symbols it may trade: `symbols` if given, else its own or its watchlist's."""
    found = {}
    for rules in plan.strategies:
        named = rules.universe.symbols
        if rules.universe.watchlist:
            watched = config.watchlists.get(rules.universe.watchlist)
            if watched is None:
                known = ", ".join(config.watchlists)
                raise Failure(
                    f"the strategy {rules.id!r} names the watchlist {rules.universe.watchlist!r}, "
                    f"which the configuration does not have; it has {known}"
                )
            named = (*named, *watched)
        found[rules.id] = tuple(dict.fromkeys(symbols or named))
    return found


def candle_feed(path: Path, config: Config | None = None) -> History:
    """Return a feed over a candle file, a folder of them, or a candle store. Raises CandleFileError."""
    from engine.feeds.contents import is_store
    from engine.feeds.files import FilesFeed
    from engine.feeds.parquet import ParquetFeed

    venues = config.venues if config else ()
    return ParquetFeed(path, venues) if is_store(path) else FilesFeed([path], venues)


def live_feed(config: Config, clock: Clock) -> Feed:
    """Return a feed over the configured exchanges."""
    from engine.feeds.ccxt import CcxtFeed, CcxtSettings

    return CcxtFeed(clock, CcxtSettings(venues=config.venues, urls=config.venue_urls))


def with_series(feed: Feed, config: Config) -> Feed:
    """Return the feed with the configuration's external series beside it. Raises FeedError where one cannot be read."""
    if not config.series:
        return feed
    from engine.feeds.beside import BesideFeed

    beside = BesideFeed(feed, config.series)
    for name in config.series:
        beside.series(name, 0)
    return beside


def predictors(plan: Plan, config: Config) -> dict[str, Predictor]:
    """Return the trained models that the plan's strategies name; one that is missing leaves its strategy silent."""
    wanted = {rules.model.name for rules in plan.strategies if rules.model is not None}
    if not wanted:
        return {}
    from engine.learn.store import load_model, model_path

    return {
        rules.model.name: load_model(config.models, plan, rules)
        for rules in plan.strategies
        if rules.model is not None and model_path(config.models, rules.model.name).exists()
    }


def missing_models(plan: Plan, config: Config) -> list[str]:
    """Return a line for each strategy that stays silent because its model has not been trained."""
    named = [(rules.id, rules.model.name) for rules in plan.strategies if rules.model is not None]
    if not named:
        return []
    from engine.learn.store import model_path

    return [
        f"{strategy}: its model was not trained (`engine train {strategy} --candles ...`), so it makes no signals"
        for strategy, name in named
        if not model_path(config.models, name).exists()
    ]


def outlets(config: Config, channels: Sequence[Channel]) -> dict[str, Outlet]:
    """Open the channels. Raises Failure naming the channel and everything that is wrong with it."""
    from engine.relay import Outlet, Pace
    from notifiers import NOTIFIERS
    from notifiers._settings import OptionError

    found = {}
    folders = (Path(), *((config.path.parent, config.path.parent.parent) if config.path else ()))
    for channel in channels:
        options = dict(channel.options)
        if channel.kind == "feed":
            options.setdefault("path", str(config.feed_page))
        try:
            notifier = NOTIFIERS[channel.kind](options, read_secrets(channel.name, channel.secrets, folders))
        except OptionError as error:
            raise Failure(f"the channel {channel.name!r}: {error}") from None
        pacing = config.pacing.get(channel.name)
        pace = Pace(pacing.interval_ms, pacing.per_minute) if pacing else default_pace(channel.kind)
        found[channel.name] = Outlet(channel.kind, notifier, pace)
    return found


def default_pace(kind: str) -> Pace:
    """Return what each network bears: Telegram takes one post a second and twenty a minute in one group."""
    from engine.relay import Pace

    return {"telegram": Pace(1_000, 20), "x": Pace(1_000, 6), "linkedin": Pace(1_000, 6)}.get(kind, Pace())


def publishing(config: Config, *, replay: bool, publish: bool) -> tuple[Channel, ...]:
    """Return the channels that are posted to. A replay stays on this machine unless it is told to publish."""
    return tuple(c for c in config.channels if not replay or publish or c.kind in LOCAL)


def protections(config: Config) -> tuple[RiskRule, ...]:
    from engine.risk import PROTECTIONS

    return (PROTECTIONS["max_open"](config.max_open),) if config.max_open else ()


def recorded_universe(days: Mapping[int, frozenset[str]]) -> RiskRule:
    """Return the protection that keeps a backtest to the symbols that were there on the day."""
    from engine.risk import PROTECTIONS

    return PROTECTIONS["universe"](days)


def relay(
    config: Config, memory: Memory, channels: Sequence[Channel], clock: Clock, watcher: RelayWatcher | None = None
) -> Relay:
    from engine.relay import Relay
    from templates.render import Templates

    return Relay(memory.outbox, Templates(config.templates), outlets(config, channels), clock, watcher)


def build_loop(
    config: Config,
    plan: Plan,
    feed: Feed,
    memory: Memory,
    clock: Clock,
    scope: Scope,
    channels: Sequence[Channel],
    watcher: Watcher,
) -> Loop:
    """Put the loop together; the caller starts it and lets it advance."""
    from engine.loop import Loop, Road, Settings

    road = Road(
        plan=plan,
        feed=feed,
        store=memory.store,
        relay=relay(config, memory, channels, clock),
        clock=clock,
        channels=tuple(channels),
        brand=config.brand,
        predictors=predictors(plan, config),
        watcher=watcher,
    )
    settings = Settings(
        universe=scope.universe,
        fees=config.costs.fee,
        slippage=config.costs.slippage,
        engine_version=__version__,
        risk=protections(config),
        threads=os.cpu_count() or 1,
    )
    return Loop(road, settings, scope)
