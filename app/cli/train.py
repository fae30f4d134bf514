"""`engine train`: the model of a strategy, from candles."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from app.cli import options, show
from app.failure import CLEAN, Failure


@click.command()
@click.argument("strategy")
@click.option("--candles", required=True, type=click.Path(exists=True, path_type=Path), help="A candle file or folder.")
@options.config
@click.option("--from", "since", type=show.Moment(), help="Learn from candles that closed after this.")
@click.option("--to", "until", type=show.Moment(), help="Learn from candles that closed up to this.")
@click.option("--symbols", help="Learn from these instead of the watchlist's; or all.")
@click.option("--seed", default=7, show_default=True, help="Seed of the training.")
@click.option("--whole", is_flag=True, help="Fit once more on everything after scoring: for live use from now on.")
def command(
    strategy: str, candles: Path, config: Path | None, since: int | None, until: int | None,
    symbols: str | None, seed: int, whole: bool,
) -> int:  # fmt: skip
    """Train the model of STRATEGY (its id, or its file) and print how good it is on later candles."""
    from app import wiring
    from engine.learn.train import TrainingSettings, train

    settings = options.read_config(config)
    path = Path(strategy)
    if path.suffix in (".yaml", ".yml"):
        settings, strategy = replace(settings, strategies=(path,)), path.stem
    plan = wiring.load_strategies(settings.strategies, only=(strategy,)).plan
    feed = wiring.candle_feed(candles, settings)
    chosen = options.chosen_symbols(symbols, feed.symbols())
    universe = wiring.universe_of(plan, settings, chosen)[strategy]
    known = tuple(symbol for symbol in universe if symbol in feed.symbols())
    if not known:
        raise Failure(f"{candles} has none of the symbols {', '.join(universe)}")
    with show.progress("training", 1.0) as update:
        trained = train(
            plan,
            strategy,
            wiring.with_series(feed, settings),
            known,
            since or 0,
            until or 2**61,
            TrainingSettings(seed=seed, whole=whole),
            lambda done: update(done, ""),
        )
    saved = trained.save(settings.models)
    for line in trained.score.lines():
        show.say(line)
    show.say(f"saved {saved}; nothing before {show.when(trained.manifest.known_from)} UTC is decided with it")
    return CLEAN
