"""`engine lookahead`: does anything that a strategy says depend on what comes after?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli import options, show
from app.failure import CLEAN, FINDINGS

if TYPE_CHECKING:
    from engine.sceptic.lookahead import Change, Leak


@click.command()
@click.argument("strategies", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--candles", required=True, type=click.Path(exists=True, path_type=Path), help="A file, folder or store.")
@click.option("--from", "since", type=show.Moment(), help="The first time that is decided.")
@click.option("--to", "until", type=show.Moment(), help="The last time that is looked at.")
@click.option("--symbols", help="These symbols instead of the watchlists', as in BTC/USDT,ETH/USDT; or all.")
@click.option("--cuts", type=click.IntRange(0), default=500, show_default=True, help="Cut at so many signals at most.")
@click.option("--random", type=click.IntRange(1), default=200, show_default=True, help="And at so many random times.")
@click.option("--runs", type=click.IntRange(0), default=8, show_default=True, help="Whole backtests that end early.")
@click.option("--seed", type=click.IntRange(0), default=7, show_default=True)
@options.config
@options.as_json
def command(
    strategies: tuple[Path, ...], candles: Path, config: Path | None, since: int | None, until: int | None,
    symbols: str | None, cuts: int, random: int, runs: int, seed: int, as_json: bool,
) -> int:  # fmt: skip
    """Cut history at many times and prove that nothing at or before a cut changes.

    Every value of STRATEGIES on every candle is computed again with history ending at the next cut, and whole
    backtests are run that end there. Status 1: something differs, that is, it looked ahead.
    """
    from app import wiring
    from app.sceptical import checked
    from engine.backtest import backtest
    from engine.sceptic import lookahead

    settings = options.read_config(config)
    known = wiring.candle_feed(candles, settings).symbols() if symbols else None
    made = checked(strategies, candles, settings, options.chosen_symbols(symbols, known), (since, until))
    ground = made.ground
    for line in made.notes:
        show.note(line)
    whole = backtest(
        ground.plan, ground.feed, ground.universe, made.settings,
        start=ground.begin, end=ground.end, predictors=made.models,
    )  # fmt: skip
    signals = lookahead.signal_times(whole)
    chosen = lookahead.choose(ground, signals, cuts, random, seed)
    ends = lookahead.choose(ground, signals, -(-runs // 2), runs // 2, seed + 1) if runs else []
    with show.progress("values", 1.0) as update:
        leaks = lookahead.leaks(ground, chosen, made.models, lambda done, total: update(done / total, ""))
    with show.progress("backtests", max(len(ends), 1), unit="runs") as update:
        changes = lookahead.changes(
            ground, made.settings, whole, ends, made.models, lambda done, total: update(done, "")
        )  # fmt: skip
    about = {
        "strategies": [rules.id for rules in ground.plan.strategies], "from": ground.first, "to": ground.end,
        "nodes": len(ground.plan.nodes), "signals": len(signals), "cuts": len(chosen), "runs": len(ends),
    }  # fmt: skip
    if as_json:
        show.as_json({**about, "leaks": [asdict(leak) for leak in leaks], "changes": [asdict(one) for one in changes]})
    else:
        _text(about, leaks, changes)
    return FINDINGS if leaks or changes else CLEAN


def _text(about: dict[str, Any], leaks: list[Leak], changes: list[Change]) -> None:
    show.say(
        f"{', '.join(about['strategies'])}: {about['nodes']} values on every candle from {show.when(about['from'])} to "
        f"{show.when(about['to'])} UTC,\ncut at {about['cuts']} times, {about['runs']} backtests that ended early"
    )
    if not leaks and not changes:
        show.say("nothing looked ahead")
        return
    if leaks:
        first = leaks[0]
        show.say(f"\nit begins with `{first.text}`, {len(leaks)} values differ:")
        rows = [
            [
                leak.text, leak.timeframe, leak.symbol, show.when(leak.time),
                f"{leak.then:g}", f"{leak.known:g}", str(leak.candles),
            ]
            for leak in leaks[:20]
        ]  # fmt: skip
        show.table(["value", "tf", "symbol", "first at", "then", "later", "candles"], rows, right=(4, 5, 6))
    for one in changes[:20]:
        show.say(f"{show.when(one.time)} {one.text}: told only {one.only}, {show.when(one.cut)}")
    if len(changes) > 20:
        show.say(f"... and {len(changes) - 20} more")
