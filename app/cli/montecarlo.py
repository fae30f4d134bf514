"""`engine montecarlo`: what the trades of a backtest could have looked like."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli import options, show
from app.failure import CLEAN, Failure

if TYPE_CHECKING:
    from app.backtested import Done
    from engine.domain.market import Floats
    from engine.sceptic.montecarlo import Account, Spread
    from engine.statistics.trades import Trades

_PERCENT = click.FloatRange(0, 100)
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@click.command()
@click.argument("strategies", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--candles", required=True, type=click.Path(exists=True, path_type=Path), help="A file, folder or store.")
@click.option("--from", "since", type=show.Moment(), help="The first time that is decided; before it is warm-up.")
@click.option("--to", "until", type=show.Moment(), help="The last time that is decided.")
@click.option("--symbols", help="Trade these instead of the watchlists', as in BTC/USDT,ETH/USDT; or all.")
@click.option("--fees", type=click.FloatRange(0, 10), help="Fee per fill in percent. [default: the configuration's]")
@click.option("--slippage", type=click.FloatRange(0, 10), help="Slippage of market and stop fills in percent.")
@click.option("--runs", type=click.IntRange(10, 1_000_000), default=10_000, show_default=True)
@click.option(
    "--block", type=click.IntRange(1), default=1, show_default=True, help="Draw so many consecutive trades at a time."
)
@click.option(
    "--noise", type=_PERCENT, default=0.05, show_default=True, help="Deviation of further slippage in percent."
)
@click.option("--missed", type=_PERCENT, default=5.0, show_default=True, help="Trades missed in percent.")
@click.option(
    "--delay", type=click.IntRange(0, 100), default=1, show_default=True, help="Entries late by up to so many candles."
)
@click.option(
    "--stake",
    type=click.FloatRange(0, 1000, min_open=True),
    help="Percent of the equity on each trade. [default: results are added]",
)
@click.option(
    "--ruin",
    type=click.FloatRange(0, min_open=True),
    default=50.0,
    show_default=True,
    help="Loss in percent that ends the game.",
)
@click.option("--seed", type=click.IntRange(0), default=7, show_default=True)
@options.config
@options.as_json
def command(
    strategies: tuple[Path, ...], candles: Path, config: Path | None, since: int | None, until: int | None,
    symbols: str | None, fees: float | None, slippage: float | None, runs: int, block: int, noise: float,
    missed: float, delay: int, stake: float | None, ruin: float, seed: int, as_json: bool,
) -> int:  # fmt: skip
    """Backtest STRATEGIES, then tell how else their trades could have come out.

    In another order, drawn again with replacement, and with fills that are a little worse: how the result and the
    deepest fall are spread, and how often the game is over.
    """
    from app import backtested, wiring
    from app.wish import Wish
    from engine.sceptic import montecarlo as mc

    settings = options.read_config(config)
    known = wiring.candle_feed(candles, settings).symbols() if symbols else None
    wish = Wish(
        strategies, candles, since, until, options.chosen_symbols(symbols, known),
        None if fees is None else fees / 100, slippage=None if slippage is None else slippage / 100,
    )  # fmt: skip
    done = backtested.run(wish, settings)
    for line in done.notes:
        show.note(line)
    trades = done.study.trades
    if len(trades) < 2:
        raise Failure(f"there are too few trades: {len(trades)}, and at least 2 are needed")
    result = done.study.result
    late = mc.late_entries(trades, done.feed, done.follow, delay, (result.start, result.end))
    account = mc.Account((stake or 0.0) / 100, ruin / 100)
    draws = {
        "shuffled": mc.shuffled(trades.result),
        "drawn": mc.drawn(trades.result, block),
        "perturbed": mc.perturbed(trades, mc.Noise(noise / 100, missed / 100, delay), late),
    }
    spreads = []
    with show.progress("ways", len(draws), unit="ways") as update:
        for count, (way, draw) in enumerate(draws.items(), start=1):
            spreads.append(mc.simulate(way, draw, runs, len(trades), account, seed))
            update(count, way)
    ended, fall, ruined = (column[0] for column in mc.paths(trades.result[None, :], account))
    own = {"result": float(ended), "drawdown": float(fall), "ruined": bool(ruined)}
    if as_json:
        show.as_json(
            {
                "trades": len(trades),
                "runs": runs,
                "seed": seed,
                "as_it_was": own,
                "ways": [_facts(s, own) for s in spreads],
            }
        )
    else:
        _text(done, trades, spreads, own, runs, account)
    return CLEAN


def _percent(name: str, value: float) -> str:
    return f"{value * 100:.1f} %" if name == "drawdown" else show.percent(value, 1)


def _quantiles(values: Floats) -> dict[str, float]:
    import numpy as np

    return {f"{q:g}": float(value) for q, value in zip(QUANTILES, np.quantile(values, QUANTILES), strict=True)}


def _facts(spread: Spread, own: dict[str, Any]) -> dict[str, Any]:
    import numpy as np

    return {
        "way": spread.way, "result": _quantiles(spread.result), "drawdown": _quantiles(spread.drawdown),
        "mean_result": float(np.mean(spread.result)), "lost": spread.lost, "ruined": spread.ruined,
        "deeper_than_it_was": float(np.mean(spread.drawdown > own["drawdown"] + 1e-12)),
    }  # fmt: skip


def _text(done: Done, trades: Trades, spreads: list[Spread], own: dict[str, Any], runs: int, account: Account) -> None:
    names = ", ".join(rules.id for rules in done.plan.strategies)
    show.say(
        f"{names}: {len(trades)} trades, {show.when(done.study.result.start)} to {show.when(done.study.result.end)} UTC"
    )
    how = (
        f"each trade stakes {account.share * 100:g} % of the equity"
        if account.share
        else "results are added, in stakes"
    )
    show.say(f"{runs:,} runs of each way; {how}")
    for name, title in (("result", "result"), ("drawdown", "deepest fall")):
        rows = [["as it was", "", "", _percent(name, own[name]), "", ""]]
        for spread in spreads:
            told = _quantiles(spread.result if name == "result" else spread.drawdown)
            rows.append([spread.way, *(_percent(name, value) for value in told.values())])
        show.table(["way", *(f"{q * 100:g} %" for q in QUANTILES)], rows, title=title, right=range(1, 6))
    rows = [
        [
            s.way,
            f"{s.lost * 100:.1f} %",
            f"{s.ruined * 100:.1f} %",
            f"{_facts(s, own)['deeper_than_it_was'] * 100:.1f} %",
        ]
        for s in spreads
    ]
    columns = ["way", "ends below 0", f"loses {account.ruin * 100:g} % on the way", "falls deeper than it did"]
    show.table(columns, rows, title="how often", right=(1, 2, 3))
