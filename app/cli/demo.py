"""`engine demo`: the whole road on a made market, without keys and without a network."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from pathlib import Path

import click

from app.cli import numbers, show
from app.cli.screen import stop_on_signals
from app.config import BUILT_IN_STRATEGIES, Config
from app.failure import CLEAN

DAY = 86_400_000


@click.command()
@click.option("--home", default="var/demo", show_default=True, type=click.Path(file_okay=False, path_type=Path))
@click.option("--seed", default=7, show_default=True, help="Another seed makes another market.")
@click.option("--days", default=21, show_default=True, type=click.IntRange(3, 120), help="Days of 1m candles.")
def command(home: Path, seed: int, days: int) -> int:
    """Make a market (regimes, a crash with recovery, gaps, bursts), and replay it through the real engine.

    All five strategies run on it; their posts go to a page that shows what followers would read.
    """
    from app import wiring
    from app.replay import run_replay
    from db.queries import Queries
    from engine.feeds.synthetic import MarketSettings, SyntheticFeed

    begun = time.perf_counter()
    for name in ("engine.db", "engine.candles.db", "feed.html", "feed.jsonl", "models"):
        _remove(home, name)
    config = replace(Config(), home=home, strategies=(BUILT_IN_STRATEGIES,))
    market = MarketSettings(seed=seed, days=days)
    show.say(f"a made market: {len(market.coins)} coins, {days} days of 1m candles after a year of history")
    feed = SyntheticFeed(market)
    plan = wiring.load_strategies(config.strategies).plan
    _train(config, feed, market)
    finished = run_replay(
        config, feed, config.database, symbols=feed.symbols(), since=market.begin, until=market.end,
        stop=stop_on_signals,
    )  # fmt: skip
    with Queries(config.database) as queries:
        positions, standing = queries.positions(), queries.standing()
    show.say()
    numbers.table(numbers.by_bot(positions, [rules.id for rules in plan.strategies]))
    minutes = days * 1440 * len(market.coins)
    show.say(f"{standing.signals} signals, {standing.events} events over {minutes:,} candles of 1m, "
             f"in {time.perf_counter() - begun:.0f} s")  # fmt: skip
    show.say()
    show.say(f"what followers read   {(home / 'feed.html').resolve()}")
    show.say(f"the database          {config.database.resolve()}")
    show.say()
    show.say("next:  engine status --db " + str(config.database))
    show.say("       engine indicators rsi")
    show.say("       engine validate strategies && engine test strategies")
    show.say("       engine backtest strategies/trend.yaml --candles FOLDER_OF_CSV")
    return CLEAN if finished else 130


def _train(config: Config, feed: object, market: object) -> None:
    """Train the AI strategy's model on the year before the replay: nothing it decides on was learnt from."""
    from app import wiring
    from engine.feeds.synthetic import MarketSettings, SyntheticFeed
    from engine.learn.train import TrainingSettings, train

    assert isinstance(feed, SyntheticFeed)
    assert isinstance(market, MarketSettings)
    plan = wiring.load_strategies(config.strategies, only=("ai_ml",)).plan
    with show.progress("training the AI bot", 1.0) as update:
        trained = train(
            plan, "ai_ml", feed, feed.symbols(), market.begin - market.history_days * DAY, market.begin - 2 * DAY,
            TrainingSettings(whole=True), lambda done: update(done, ""),
        )  # fmt: skip
    trained.save(config.models)
    for line in trained.score.lines():
        show.say(f"    {line}")


def _remove(home: Path, name: str) -> None:
    path = home / name
    if path.is_dir():
        shutil.rmtree(path)
    for file in (path, *home.glob(f"{name}-*")):
        file.unlink(missing_ok=True)
