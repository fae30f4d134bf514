"""`engine backtest`: strategies over history, without a database."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli import numbers, options, show
from app.failure import CLEAN, Failure

if TYPE_CHECKING:
    from engine.domain.position import Position

_PERCENT = click.FloatRange(0, 10)


@click.command()
@click.argument("strategies", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--candles", required=True, type=click.Path(exists=True, path_type=Path), help="A candle file or folder.")
@options.config
@click.option("--from", "since", type=show.Moment(), help="The first time that is decided; before it is warm-up.")
@click.option("--to", "until", type=show.Moment(), help="The last time that is decided.")
@click.option("--symbols", help="Trade these instead of the watchlists', as in BTC/USDT,ETH/USDT; or all.")
@click.option("--fees", type=_PERCENT, help="Fee per fill in percent. [default: the configuration's]")
@click.option("--slippage", type=_PERCENT, help="Slippage of market and stop fills in percent.")
@click.option("--trades", is_flag=True, help="List every trade.")
@options.as_json
def command(
    strategies: tuple[Path, ...], candles: Path, config: Path | None, since: int | None, until: int | None,
    symbols: str | None, fees: float | None, slippage: float | None, trades: bool, as_json: bool,
) -> int:  # fmt: skip
    """Run STRATEGIES over candle files and print what would have come of them.

    The same evaluation, decision and trade simulation as the live engine's, so the same signals.
    """
    from app import wiring
    from engine.backtest import backtest
    from engine.decide import Settings

    settings = replace(options.read_config(config), strategies=strategies)
    costs = settings.costs
    feed = wiring.candle_feed(candles, settings)
    plan = wiring.load_strategies(strategies).plan
    chosen = options.chosen_symbols(symbols, feed.symbols())
    try:
        result = backtest(
            plan, wiring.with_series(feed, settings), wiring.universe_of(plan, settings, chosen),
            Settings(
                fees=costs.fee if fees is None else fees / 100,
                slippage=costs.slippage if slippage is None else slippage / 100,
                risk=wiring.protections(settings),
            ),
            start=since, end=until, predictors=wiring.predictors(plan, settings),
        )  # fmt: skip
    except ValueError as error:
        raise Failure(str(error)) from None
    for line in (*wiring.missing_models(plan, settings), *result.skipped):
        show.note(line)
    found = numbers.by_bot(result.positions, [rules.id for rules in plan.strategies])
    if as_json:
        show.as_json(
            {
                "from": result.start, "to": result.end, "skipped": list(result.skipped),
                "bots": numbers.facts(found), "trades": [_facts(position) for position in result.positions],
            }
        )  # fmt: skip
        return CLEAN
    numbers.table(found, f"{show.when(result.start)} to {show.when(result.end)} UTC")
    if trades:
        _trades(result.positions)
    ambiguous = sum(made.ambiguous for made in found.values())
    show.say(f"{ambiguous} candles left open which of two things came first; each was taken as the worse one")
    return CLEAN


def _facts(position: Position) -> dict[str, Any]:
    signal = position.signal
    return {
        "id": signal.id, "strategy": signal.strategy, "symbol": signal.symbol, "timeframe": signal.timeframe,
        "side": str(signal.side), "signal_at": signal.close_time, "confidence": signal.confidence,
        "entry_price": signal.entry.price, "stop": signal.stop, "targets": [t.price for t in signal.targets],
        "status": str(position.status), "opened_at": position.opened_at, "closed_at": position.closed_at,
        "entry": position.entry, "exit": position.exit_price, "targets_hit": position.targets_hit,
        "result": position.result, "result_r": position.result_r, "ambiguous": position.ambiguous,
    }  # fmt: skip


def _trades(positions: tuple[Position, ...]) -> None:
    rows = [
        (
            p.signal.strategy, p.signal.symbol, p.signal.timeframe, str(p.signal.side), show.when(p.signal.close_time),
            f"{p.signal.confidence:.0f}", str(p.status), show.when(p.closed_at),
            f"{p.targets_hit}/{len(p.signal.targets)}",
            show.percent(p.result), show.number(p.result_r),
        )
        for p in positions
    ]  # fmt: skip
    columns = ("bot", "pair", "tf", "side", "signal", "conf", "end", "closed", "targets", "result", "R")
    show.table(columns, rows, right=(5, 8, 9, 10))
