"""`engine stability`: would more history before the first decision have changed anything?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli import options, show
from app.failure import CLEAN, FINDINGS, Failure

if TYPE_CHECKING:
    from engine.sceptic.stability import Settled, Warmed

_DAY = 86_400_000


@click.command()
@click.argument("strategies", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--candles", required=True, type=click.Path(exists=True, path_type=Path), help="A file, folder or store.")
@click.option("--to", "until", type=show.Moment(), help="The last time that is looked at.")
@click.option("--symbols", help="These symbols instead of the watchlists', as in BTC/USDT,ETH/USDT; or all.")
@click.option("--starts", type=click.IntRange(1, 1000), default=5, show_default=True, help="Begin at so many times.")
@click.option("--seed", type=click.IntRange(0), default=7, show_default=True)
@click.option("--all", "every", is_flag=True, help="List every value, not only those that settle late.")
@options.config
@options.as_json
def command(
    strategies: tuple[Path, ...], candles: Path, config: Path | None, until: int | None, symbols: str | None,
    starts: int, seed: int, every: bool, as_json: bool,
) -> int:  # fmt: skip
    """Measure after how many candles the values of STRATEGIES no longer depend on where history began.

    From several late starts every value is compared with that of all history, and signals after one, two and four
    times the declared warm-up with those after all of it. Status 1: a value settles later than declared, or a longer
    warm-up changes a signal.
    """
    from app import wiring
    from app.sceptical import checked
    from engine.sceptic import stability

    settings = options.read_config(config)
    known = wiring.candle_feed(candles, settings).symbols() if symbols else None
    made = checked(strategies, candles, settings, options.chosen_symbols(symbols, known), (None, until))
    ground = made.ground
    for line in made.notes:
        show.note(line)
    declared = stability.warm_up(ground.plan)
    whole = ground.end - ground.first
    length = min(4 * declared + 20 * ground.timeframes[-1].ms, whole // 2)
    begins = stability.starts(ground, length, starts, seed)
    if not begins:
        raise Failure(f"there is too little history: {whole / _DAY:.1f} days")
    with show.progress("values", len(begins), unit="starts") as update:
        values = stability.settled(ground, begins, length, made.models, lambda done, total: update(done, ""))
    with show.progress("signals", len(begins), unit="starts") as update:
        later = [begin + declared for begin in begins if begin + declared + ground.timeframes[-1].ms < ground.end]
        signals = stability.warmed(
            ground, made.settings, later or begins, max(declared, 7 * _DAY), made.models,
            lambda done, total: update(done, ""),
        )  # fmt: skip
    late = [one for one in values if one.late]
    short = [one for one in values if one.looked <= one.declared]
    if as_json:
        show.as_json({
            "strategies": [rules.id for rules in ground.plan.strategies], "starts": begins, "warm_up_ms": declared,
            "values": [{**asdict(one), "late": one.late} for one in values],
            "signals": [asdict(one) for one in signals],
        })  # fmt: skip
    else:
        _text(values if every else late, values, short, signals, declared, whole)
    return FINDINGS if late or any(one.changed for one in signals) else CLEAN


def _text(
    listed: list[Settled], values: list[Settled], short: list[Settled], signals: list[Warmed], declared: int, whole: int
) -> None:
    show.say(
        f"declared warm-up: {declared / _DAY:.1f} days of {whole / _DAY:.1f}; {len(values)} values that rules read"
    )
    if listed:
        rows = [
            [
                one.text, one.timeframe, str(one.declared),
                f"not within {one.looked}" if one.measured is None else str(one.measured),
                "late" if one.late else "", one.symbol, show.when(one.start),
            ]
            for one in sorted(listed, key=lambda one: (not one.late, one.text))
        ]  # fmt: skip
        show.table(["value", "tf", "declared", "settled after", "", "symbol", "from"], rows, right=(2, 3))
    if not any(one.late for one in values):
        show.say("every value settles within the candles that are declared for it")
    if short:
        show.say(f"{len(short)} of them could not be followed for as long as declared: there is too little history")
    rows = [
        [f"{one.times} x", str(one.signals), str(len(one.missing)), str(len(one.extra)), str(len(one.moved))]
        if one.signals or one.changed
        else [f"{one.times} x", "not enough history, or no signals", "", "", ""]
        for one in signals
    ]
    show.table(["warm-up", "signals", "missing", "extra", "moved"], rows, right=(2, 3, 4))
    for one in signals:
        for what, names in (("missing", one.missing), ("extra", one.extra), ("moved", one.moved)):
            for name in names[:5]:
                show.say(f"{one.times} x: {what}: {name}")
            if len(names) > 5:
                show.say(f"{one.times} x: {what}: and {len(names) - 5} more")
