"""`engine funnel`: how often each condition held over a span, and which blocks most."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli import options, show
from app.failure import CLEAN, Failure

if TYPE_CHECKING:
    from app.funnelled import Counted, Funnel

WIDTH = 80


@click.command()
@click.argument("strategy")
@click.option("--candles", required=True, type=click.Path(exists=True, path_type=Path), help="A candle file or folder.")
@click.option("--symbols", help="These symbols instead of the watchlist's, as in BTC/USDT,ETH/USDT; or all.")
@click.option("--timeframe", help="Only this timeframe.")
@click.option("--from", "since", type=show.Moment(), help="Count what closed after; before it is warm-up.")
@click.option("--to", "until", type=show.Moment(), help="Count what closed up to.")
@options.config
@options.as_json
def command(
    strategy: str, candles: Path, symbols: str | None, timeframe: str | None, since: int | None, until: int | None,
    config: Path | None, as_json: bool,
) -> int:  # fmt: skip
    """Count over a span of candles how often each condition of STRATEGY (a file, or a configured id) held.

    Alone, and where all the others held; how many more candles would have fired but for it; and what became of
    those that fired.
    """
    from app import wiring
    from app.cli.explain import find_strategy
    from app.explained import journey
    from app.funnelled import count
    from engine.decide import Settings

    settings = options.read_config(config)
    loaded = wiring.load_strategies([find_strategy(settings, strategy)])
    rules = loaded.plan.strategies[0]
    frames = [frame for frame in rules.rules if timeframe in (None, frame.text)]
    if not frames:
        raise Failure(f"{rules.id} does not run on {timeframe}; it runs on {', '.join(map(str, rules.rules))}")
    feed = wiring.candle_feed(candles, settings)
    chosen = options.chosen_symbols(symbols, feed.symbols())
    whole = wiring.with_series(feed, settings)
    way = journey(loaded.plan, whole, wiring.universe_of(loaded.plan, settings, chosen), since)
    if way is None:
        raise Failure(f"there are no candles of the symbols of {rules.id} here; there is {', '.join(feed.symbols())}")
    way = replace(way, end=min(way.end, way.end if until is None else until))
    if way.begin >= way.end:
        raise Failure("there are no candles of these symbols in that span")
    costs = settings.costs
    how = Settings(fees=costs.fee, slippage=costs.slippage, risk=wiring.protections(settings))
    found = count(loaded.plan, rules, whole, way, how, wiring.predictors(loaded.plan, settings), frames)
    for line in (*wiring.missing_models(loaded.plan, settings), *way.scope.skipped):
        show.note(line)
    if as_json:
        about = {"strategy": rules.id, "version": rules.version, "from": way.begin, "to": way.end}
        show.as_json({**about, "sides": [_facts(funnel) for funnel in found]})
        return CLEAN
    show.say(f"{rules.id} {rules.version}, {show.when(way.begin)} to {show.when(way.end)} UTC")
    for funnel in found:
        if funnel.candles:
            show.say("\n".join(("", *_lines(funnel))))
    return CLEAN


def _facts(funnel: Funnel) -> dict[str, Any]:
    most = funnel.blocks_most
    return {
        "timeframe": funnel.rule.timeframe.text, "side": str(funnel.rule.side.side), "symbols": list(funnel.symbols),
        "candles": funnel.candles, "fires": funnel.fires, "fires_unknown": funnel.unknown,
        "signals": funnel.signals, "blocked": dict(funnel.blocked.most_common()),
        "blocks_most": most.rule.name if most is not None else None,
        "conditions": [
            {
                "name": c.rule.name, "text": c.rule.text, "must": c.rule.must, "weight": c.rule.weight,
                "held": c.held, "unknown": c.unknown, "others_held": c.others, "held_with_others": c.with_others,
                "alone_in_the_way": c.alone,
            }
            for c in funnel.conditions
        ],
    }  # fmt: skip


def _lines(funnel: Funnel) -> Iterator[str]:
    symbols = f"{len(funnel.symbols)} symbols" if len(funnel.symbols) > 1 else funnel.symbols[0]
    yield f"{funnel.rule.timeframe} {funnel.rule.side.side}: {funnel.candles:,} candles of {symbols}"
    yield f"{'condition':<22}{'':<11}{'held':>8}{'unknown':>9}{'with the others':>18}{'alone':>10}"
    for counted in funnel.conditions:
        yield _row(counted, funnel.candles)
    yield from textwrap.wrap(_outcome(funnel), WIDTH, subsequent_indent="  ")
    most = funnel.blocks_most
    if most is not None:
        text = f"blocks most: {most.rule.name}; but for it alone {most.alone:,} more candles would have fired"
    elif funnel.conditions:
        rarest = min(funnel.conditions, key=lambda counted: counted.held)
        text = f"no condition was ever alone in the way; {rarest.rule.name} held least"
    else:
        return
    yield from textwrap.wrap(text, WIDTH, subsequent_indent="  ")


def _row(counted: Counted, candles: int) -> str:
    rule = counted.rule
    name = rule.name if len(rule.name) <= 21 else f"{rule.name[:20]}…"
    kind = "must" if rule.must else f"weight {rule.weight:g}"
    others = f"{counted.with_others:,} of {counted.others:,}"
    shares = f"{_share(counted.held, candles):>8}{_share(counted.unknown, candles):>9}"
    return f"{name:<22}{kind:<11}{shares}{others:>18}{counted.alone:>10,}"


def _share(part: int, whole: int) -> str:
    """Return a share in percent; what happened is never shown as nothing."""
    if not part:
        return "-"
    share = 100 * part / whole
    return f"{share:.1f}%" if share >= 0.1 else "<0.1%"


def _outcome(funnel: Funnel) -> str:
    blocked = sum(funnel.blocked.values())
    reasons = ", ".join(f"{reason} {times:,}" for reason, times in funnel.blocked.most_common())
    unknown = f", {funnel.unknown:,} unknown" if funnel.unknown else ""
    return f"fired {funnel.fires:,}{unknown}: {funnel.signals:,} signals, {blocked:,} blocked" + (
        f" ({reasons})" if reasons else ""
    )
