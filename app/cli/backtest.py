"""`engine backtest`: strategies over history, without a database."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli import options, show
from app.failure import BROKEN, CLEAN, Failure

if TYPE_CHECKING:
    from app.backtested import Done
    from app.config import Config
    from engine.account.settings import Account
    from engine.domain.market import Timeframe
    from engine.domain.position import Position

_PERCENT = click.FloatRange(0, 10)
_LIMIT = click.IntRange(1)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_PAGE = click.Path(dir_okay=False, path_type=Path)
_GROUPS = ("strategy", "symbol", "side", "timeframe", "end", "condition", "hour", "weekday", "month")


@click.command()
@click.argument("strategies", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--candles",
    required=True,
    type=click.Path(exists=True, path_type=Path),
    help="Candles: a file, a folder or a store.",
)
@options.config
@click.option("--from", "since", type=show.Moment(), help="The first time that is decided; before it is warm-up.")
@click.option("--to", "until", type=show.Moment(), help="The last time that is decided.")
@click.option("--symbols", help="Trade these instead of the watchlists', as in BTC/USDT,ETH/USDT; or all.")
@click.option("--universe", type=_FILE, help="The symbols of each day. [default: universe.csv beside the candles]")
@click.option("--fees", type=_PERCENT, help="Fee per fill in percent. [default: the configuration's]")
@click.option(
    "--maker", type=_PERCENT, help="Fee in percent of what rests: limit entries, adds, targets. [default: --fees]"
)
@click.option("--slippage", type=_PERCENT, help="Slippage of market and stop fills in percent.")
@click.option(
    "--detail-timeframe", "detail", metavar="TF", help="Follow positions on these candles. [default: the finest]"
)
@click.option("--capital", type=float, help="Trade one account with this much money. [default: each signal by itself]")
@click.option("--stake", help="Of one position: 500, 10% of the equity, 'risk 1%' to the stop. [default: 10%]")
@click.option("--max-open", type=_LIMIT, help="Positions of the account at a time.")
@click.option("--max-per-strategy", type=_LIMIT, help="Positions of one strategy at a time.")
@click.option("--max-per-symbol", type=_LIMIT, help="Positions on one symbol at a time.")
@click.option("--leverage", type=float, help="A position binds its value divided by this. [default: 1]")
@click.option(
    "--by", multiple=True, type=click.Choice(_GROUPS), help="A table per strategy, symbol, condition …; again for more."
)
@click.option("--trades", is_flag=True, help="List every trade.")
@click.option("--html", "page", type=_PAGE, help="Write a report to this file: one page, no network needed.")
@click.option("--jobs", type=click.IntRange(1), help="Processes for a long history. [default: one for each core]")
@click.option("--seed", type=int, default=20_250_407, show_default=True, help="Of the confidence intervals.")
@options.as_json
def command(
    strategies: tuple[Path, ...], candles: Path, config: Path | None, since: int | None, until: int | None,
    symbols: str | None, universe: Path | None, fees: float | None, maker: float | None, slippage: float | None,
    detail: str | None, capital: float | None, stake: str | None, max_open: int | None, max_per_strategy: int | None,
    max_per_symbol: int | None, leverage: float | None, by: tuple[str, ...], trades: bool, page: Path | None,
    jobs: int | None, seed: int, as_json: bool,
) -> int:  # fmt: skip
    """Run STRATEGIES over candles and print what would have come of them.

    The same evaluation, decision and trade simulation as the live engine's, so the same signals. With --capital an
    account takes them in the order of time, as far as its money and its limits allow.
    """
    account = _account(capital, stake, max_open, max_per_strategy, max_per_symbol, leverage)
    from app import backtested, wiring
    from app.wish import Wish

    settings = options.read_config(config)
    known = wiring.candle_feed(candles, settings).symbols() if symbols else None
    wish = Wish(
        strategies, candles, since, until, options.chosen_symbols(symbols, known), _ratio(fees), _ratio(maker),
        _ratio(slippage), account, _timeframe(detail), universe, seed, jobs or 0,
    )  # fmt: skip
    with show.progress("backtest", 1.0) as update:
        done = backtested.run(wish, settings, lambda ready, whole: update(ready / whole if whole else 1.0, ""))
    for failed in done.failed:
        show.note(f"{failed} cannot be loaded and was left out; `engine validate {failed}` tells why")
    for line in done.notes:
        show.note(line)
    if page is not None:
        _write(page, done, settings)
    if as_json:
        from app.study_facts import facts

        show.as_json(facts(done))
    else:
        from app.cli.studied import tell

        tell(done, by)
        if trades:
            show.say()
            _trades(done.study.counted)
    return BROKEN if done.failed else CLEAN


def _write(path: Path, done: Done, settings: Config) -> None:
    """Write the report. Raises Failure."""
    from app.backtested import funnels
    from app.study_page import page

    text = page(done, funnels(done, settings))
    beside = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text, "utf-8")
        beside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise Failure(f"{path}: cannot be written: {error.strerror}") from None
    show.note(f"the report is {path}, {len(text.encode()) / 1e6:.1f} MB")


def _account(
    capital: float | None, stake: str | None, max_open: int | None, max_per_strategy: int | None,
    max_per_symbol: int | None, leverage: float | None,
) -> Account | None:  # fmt: skip
    """Return the account that is asked for, None for none. Raises Failure."""
    if capital is None:
        named = {"--stake": stake, "--max-open": max_open, "--max-per-strategy": max_per_strategy,
                 "--max-per-symbol": max_per_symbol, "--leverage": leverage}  # fmt: skip
        given = [name for name, value in named.items() if value is not None]
        if given:
            belong = f"{' and '.join(given)} {'belongs' if len(given) == 1 else 'belong'}"
            raise Failure(f"{belong} to an account: give it --capital, as in --capital 10000")
        return None
    from engine.account.settings import Account, Stake

    try:
        return Account(
            capital, Stake.parse(stake or "10%"), max_open or 0, max_per_strategy or 0, max_per_symbol or 0,
            1.0 if leverage is None else leverage,
        )  # fmt: skip
    except ValueError as error:
        raise Failure(str(error)) from None


def _ratio(percent: float | None) -> float | None:
    return None if percent is None else percent / 100


def _timeframe(text: str | None) -> Timeframe | None:
    from engine.domain.market import Timeframe

    try:
        return None if text is None else Timeframe.parse(text)
    except ValueError as error:
        raise Failure(f"--detail-timeframe: {error}") from None


def _trades(positions: tuple[Position, ...]) -> None:
    rows: list[tuple[Any, ...]] = [
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
