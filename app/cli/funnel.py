"""`engine funnel`: how often each condition held over a span, and which blocks most."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli import options, show
from app.failure import CLEAN, Failure

if TYPE_CHECKING:
    from app.config import Config
    from app.explained import Journey
    from app.funnelled import Counted, Funnel
    from app.recorded import Recorded
    from app.wiring import History
    from engine.domain.market import Timeframe
    from engine.domain.strategy import Plan, StrategyRules

WIDTH = 80


@click.command()
@click.argument("strategy")
@options.candles
@options.database
@click.option("--symbols", help="These symbols instead of the watchlist's, as in BTC/USDT,ETH/USDT; or all.")
@click.option("--timeframe", help="Only this timeframe.")
@click.option("--from", "since", type=show.Moment(), help="Count what closed after; before it is warm-up.")
@click.option("--to", "until", type=show.Moment(), help="Count what closed up to.")
@options.config
@options.as_json
def command(
    strategy: str, candles: Path | None, database: Path | None, symbols: str | None, timeframe: str | None,
    since: int | None, until: int | None, config: Path | None, as_json: bool,
) -> int:  # fmt: skip
    """Count over a span of candles how often each condition of STRATEGY (a file, or a configured id) held.

    Alone, and where all the others held; how many more candles would have fired but for it; and what became of
    those that fired. --candles counts over files; --db over the candles that a live engine kept (default: the
    configuration's database), and tells what it recorded.
    """
    from app import wiring
    from app.cli.explain import find_strategy

    settings = options.read_config(config)
    loaded = wiring.load_strategies([find_strategy(settings, strategy)])
    rules = loaded.plan.strategies[0]
    frames = [frame for frame in rules.rules if timeframe in (None, frame.text)]
    if not frames:
        raise Failure(f"{rules.id} does not run on {timeframe}; it runs on {', '.join(map(str, rules.rules))}")
    recorded = None
    if candles is None or database is not None:
        recorded = _recorded(database or settings.database, rules, (since, until))
    feed = _candles(settings, candles, recorded, rules, loaded.plan)
    if feed is None:
        assert recorded is not None
        return _tell(rules, None, (), recorded, as_json=as_json)
    chosen = options.chosen_symbols(symbols, feed.symbols())
    if not chosen and recorded is not None and candles is None:
        named = wiring.universe_of(loaded.plan, settings)[rules.id]
        chosen = tuple(symbol for symbol in feed.symbols() if symbol in (*named, *recorded.symbols))
    begun = recorded.begin if recorded is not None and since is None else since
    way = _way(settings, loaded.plan, feed, chosen, begun, until, recorded)
    found = _count(settings, loaded.plan, feed, way, frames)
    return _tell(rules, way, found, recorded, as_json=as_json)


def _recorded(database: Path, rules: StrategyRules, span: tuple[int | None, int | None]) -> Recorded:
    from app.recorded import read_counts

    if not database.is_file():
        raise Failure(f"there is no database at {database}; give --candles, or another --db")
    return read_counts(database, rules.id, *span)


def _candles(
    settings: Config, candles: Path | None, recorded: Recorded | None, rules: StrategyRules, plan: Plan
) -> History | None:
    """Return the candles to count over; None where a database has none of its own, and only what it recorded."""
    from app import wiring
    from app.recorded import kept_candles

    if candles is not None:
        return wiring.candle_feed(candles, settings)
    assert recorded is not None
    named = wiring.universe_of(plan, settings)[rules.id]
    wanted = tuple({*named, *recorded.symbols, *rules.uses_symbols})
    feed = kept_candles(recorded.path, settings.venues, wanted, rules)
    if feed is None and not (recorded.signals or recorded.blocked):
        raise Failure(f"{recorded.path} keeps no candles, and recorded nothing of {rules.id}: give --candles")
    return feed


def _way(
    settings: Config, plan: Plan, feed: History, chosen: tuple[str, ...], since: int | None, until: int | None,
    recorded: Recorded | None,
) -> Journey:  # fmt: skip
    from app import wiring
    from app.explained import journey

    rules = plan.strategies[0]
    way = journey(plan, wiring.with_series(feed, settings), wiring.universe_of(plan, settings, chosen), since)
    if way is None:
        raise Failure(f"there are no candles of the symbols of {rules.id} here; there is {', '.join(feed.symbols())}")
    last = way.end if until is None else until
    if recorded is not None:  # what closed after is not decided yet
        last = min(last, recorded.end)
    way = replace(way, end=min(way.end, last))
    if way.begin >= way.end:
        raise Failure("there are no candles of these symbols in that span")
    return way


def _count(settings: Config, plan: Plan, feed: History, way: Journey, frames: list[Timeframe]) -> list[Funnel]:
    from app import wiring
    from app.funnelled import count
    from engine.decide import Settings

    costs = settings.costs
    how = Settings(fees=costs.fee, slippage=costs.slippage, risk=wiring.protections(settings))
    whole, predictors = wiring.with_series(feed, settings), wiring.predictors(plan, settings)
    found = count(plan, plan.strategies[0], whole, way, how, predictors, frames)
    for line in (*wiring.missing_models(plan, settings), *way.scope.skipped):
        show.note(line)
    return found


def _tell(
    rules: StrategyRules, way: Journey | None, found: Sequence[Funnel], recorded: Recorded | None, *, as_json: bool
) -> int:
    begin, end = (way.begin, way.end) if way is not None else (recorded.begin, recorded.end) if recorded else (0, 0)
    if as_json:
        about = {"strategy": rules.id, "version": rules.version, "from": begin, "to": end}
        kept = recorded.facts() if recorded is not None else None
        show.as_json({**about, "sides": [_facts(funnel) for funnel in found], "recorded": kept})
        return CLEAN
    show.say(f"{rules.id} {rules.version}, {show.when(begin)} to {show.when(end)} UTC")
    for funnel in found:
        if funnel.candles:
            show.say("\n".join(("", *_lines(funnel))))
    if recorded is not None:
        show.say()
        show.say("\n".join(_recorded_lines(recorded)))
    if way is None:
        show.note("the database keeps no candles (a replay's does not): give --candles to count the conditions")
    return CLEAN


def _recorded_lines(recorded: Recorded) -> Iterator[str]:
    """Yield what an engine recorded: the first of each run of blocked candles has an event of its own."""
    told = sum(recorded.blocked.values())
    yield f"the engine recorded from {show.when(recorded.begin)} to {show.when(recorded.end)} UTC:"
    reasons = ", ".join(f"{reason} {times:,}" for reason, times in recorded.blocked.most_common())
    text = f"{_many(recorded.signals, 'signal')}, {_many(told, 'block')} told" + (f" ({reasons})" if reasons else "")
    yield from textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ")


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
    return f"fired {funnel.fires:,}{unknown}: {_many(funnel.signals, 'signal')}, {blocked:,} blocked" + (
        f" ({reasons})" if reasons else ""
    )


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
