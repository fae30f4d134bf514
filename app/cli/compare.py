"""`engine compare`: every signal in which two backtests, or a backtest and a database, differ, and why."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli import options, show
from app.failure import CLEAN, FINDINGS, Failure

if TYPE_CHECKING:
    from app.config import Config
    from engine.sceptic.compare import Difference
    from engine.sceptic.telling import Telling

_PERCENT = click.FloatRange(0, 10)
_THERE = click.Path(exists=True, path_type=Path)


@click.command()
@click.argument("one", metavar="A")
@click.argument("other", metavar="B")
@click.option("--candles", type=_THERE, help="Candles of both: a file, folder or store.")
@click.option("--candles-b", type=_THERE, help="Candles of B, where they are others.")
@click.option("--symbols", help="Trade these instead of the watchlists', as in BTC/USDT,ETH/USDT; or all.")
@click.option("--from", "since", type=show.Moment(), help="The first time that is compared.")
@click.option("--to", "until", type=show.Moment(), help="The last time that is compared.")
@click.option("--fees", type=_PERCENT, help="Fee per fill in percent. [default: the configuration's]")
@click.option("--fees-b", type=_PERCENT, help="The same of B, where it is another.")
@click.option("--slippage", type=_PERCENT, help="Slippage of market and stop fills in percent.")
@click.option("--slippage-b", type=_PERCENT, help="The same of B, where it is another.")
@click.option("--signals-only", is_flag=True, help="Do not compare how trades came out.")
@click.option("--top", type=click.IntRange(1), default=20, show_default=True, help="Differences to tell in full.")
@options.config
@options.as_json
def command(
    one: str, other: str, candles: Path | None, candles_b: Path | None, symbols: str | None, since: int | None,
    until: int | None, fees: float | None, fees_b: float | None, slippage: float | None, slippage_b: float | None,
    signals_only: bool, top: int, config: Path | None, as_json: bool,
) -> int:  # fmt: skip
    """Compare what A and B tell, signal by signal: each a strategy (a file, or a configured id) or a database.

    Two versions of a strategy, the same one over other candles or with other costs, or a backtest and the database of
    a live engine. For every signal that only one has, the other is asked what it saw: a missing candle, a block, or
    which condition did not hold, with both values. Status 1: they differ.
    """
    from app.compared import Side
    from engine.sceptic.compare import compare

    settings = options.read_config(config)
    chosen = options.chosen_symbols(symbols)
    sides = (
        Side(_source(settings, one), candles, chosen, _ratio(fees), _ratio(slippage)),
        Side(
            _source(settings, other), candles_b or candles, chosen, _ratio(fees if fees_b is None else fees_b),
            _ratio(slippage if slippage_b is None else slippage_b),
        ),
    )  # fmt: skip
    a, b = _tellings(sides, settings, (since, until))
    found = [part for part in compare(a, b) if not (signals_only and part.reason == "outcome")]
    same = sum(key in b.positions for key in a.positions) - sum(not part.only for part in found)
    if as_json:
        show.as_json({
            "a": _facts(a), "b": _facts(b), "same": same,
            "differences": [
                {"symbol": d.key[0], "timeframe": d.key[1], "side": d.key[2], "time": d.key[3],
                 **{name: value for name, value in asdict(d).items() if name != "key"}}
                for d in found
            ],
        })  # fmt: skip
    else:
        _text(a, b, same, found, top)
    return FINDINGS if found else CLEAN


def _ratio(percent: float | None) -> float | None:
    return None if percent is None else percent / 100


def _source(config: Config, text: str) -> Path:
    from app.cli.explain import find_strategy

    return find_strategy(config, text)


def _tellings(sides: tuple, settings: Config, span: tuple[int | None, int | None]) -> tuple[Telling, Telling]:  # type: ignore[type-arg]
    from app.compared import is_database, recorded, tested

    kinds = [is_database(side.source) for side in sides]
    if all(kinds):
        raise Failure("one of the two must be a strategy: its rules tell what a database should have said")
    found: list[Telling | None] = [None, None]
    with show.progress("backtests", kinds.count(False), unit="runs") as update:
        for place, side in enumerate(sides):
            if not kinds[place]:
                found[place], notes = tested(side, "AB"[place], settings, span)
                update(sum(one is not None for one in found), "")
                for line in notes:
                    show.note(line)
    for place, side in enumerate(sides):
        if kinds[place]:
            known = next(one for one in found if one is not None)
            assert known.ground is not None
            found[place] = recorded(side.source, "AB"[place], settings, known.ground.plan, span)
    one, other = found
    assert one is not None
    assert other is not None
    return one, other


def _facts(telling: Telling) -> dict[str, object]:
    rules = telling.rules
    return {
        "strategy": rules.id if rules else "", "version": rules.version if rules else "", "hash": telling.hash,
        "from": telling.begin, "to": telling.end, "signals": len(telling.positions),
    }  # fmt: skip


def _text(a: Telling, b: Telling, same: int, found: list[Difference], top: int) -> None:
    for telling in (a, b):
        rules = telling.rules
        what = f"{rules.id} {rules.version}" if rules else "rules that are not here"
        span = f"{show.when(telling.begin)} to {show.when(telling.end)} UTC"
        show.say(f"{telling.label}: {what} ({telling.hash}), {span}, {len(telling.positions)} signals")
    if not found:
        show.say(f"all {same} signals are the same")
        return
    counts: dict[tuple[str, str], int] = {}
    for one in found:
        counts[one.only, one.reason] = counts.get((one.only, one.reason), 0) + 1
    rows = [
        [f"only {only}" if only else "both", reason, str(count)] for (only, reason), count in sorted(counts.items())
    ]
    show.table(
        ["who has it", "why they differ", "signals"],
        rows,
        title=f"{same} are the same, {len(found)} differ",
        right=(2,),
    )
    for one in found[:top]:
        symbol, timeframe, side, time = one.key
        who = f"only {one.only}" if one.only else "both"
        show.say(f"{show.when(time)} {side} {symbol} {timeframe}, {who}: {one.text}")
        for line in one.details:
            show.say(f"    {line}")
    if len(found) > top:
        show.say(f"... and {len(found) - top} more; --top tells more of them, --json all")
