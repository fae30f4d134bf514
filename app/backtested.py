"""A backtest as the command runs it: strategies, candles and an account in, a study and what must be said out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from app import piecewise, wiring
from app.config import Config
from app.failure import Failure
from app.wish import Wish, feed_of
from engine.account.costs import Fees
from engine.decide import Settings
from engine.domain.market import Followed, FundingRates, Market, Timeframe
from engine.domain.strategy import Plan
from engine.feeds import universe as recorded
from engine.feeds.funding import read_funding
from engine.feeds.scope import survey
from engine.ports import Feed, RiskRule
from engine.study import Question, Study, study

if TYPE_CHECKING:
    from app.funnelled import Funnel


PERPETUAL = frozenset({"binanceusdm", "bybit", "phemex", "krakenfutures", "okx", "hyperliquid"})
"""Venues whose candles here are of perpetual futures, which cost funding."""


@dataclass(frozen=True, slots=True)
class Done:
    """A finished backtest. `universe` says in a sentence which symbols were traded and who chose them; `notes` are
    lines on what the data lacks, `failed` the strategies that could not be loaded."""

    wish: Wish
    plan: Plan
    study: Study
    fees: Fees
    slippage: float
    markets: Mapping[str, Market]
    follow: Mapping[str, Followed]
    universe: str
    feed: Feed
    symbols: Mapping[str, tuple[str, ...]]
    risk: tuple[RiskRule, ...]
    notes: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


def run(wish: Wish, config: Config, tell: Callable[[float, float], None] = lambda done, whole: None) -> Done:
    """Run it; `tell` is called with the ms of history that are done and how much there is.

    Raises Failure, and FeedError for candles that cannot be read.
    """
    loaded = wiring.load_strategies(wish.strategies)
    plan = loaded.plan
    known = _universe(wish)
    symbols = _symbols(wish, plan, config, known)
    feed = feed_of(wish, plan, config, symbols)
    taker = config.costs.fee if wish.fee is None else wish.fee
    fees = Fees(taker if wish.maker is None else wish.maker, taker)
    slippage = config.costs.slippage if wish.slippage is None else wish.slippage
    risk: tuple[RiskRule, ...] = wiring.protections(config)
    if known is not None:
        risk = (wiring.recorded_universe(known[1]), *risk)
    how = Settings(fees=taker, slippage=slippage, risk=risk)
    try:
        result = piecewise.run(piecewise.Order(wish, config, symbols, how), plan, feed, tell)
    except ValueError as error:
        raise Failure(str(error)) from None
    scope = survey(plan, feed, symbols, (result.start, result.end))
    rates = read_funding(wish.candles, scope.markets)
    question = Question(
        account=wish.account, fees=fees if wish.maker is not None else None, slippage=slippage,
        rates=rates or None, seed=wish.seed,
    )  # fmt: skip
    here = _with_candles(feed, scope.universe, result.start, result.end)
    made = study(result, feed, here, question, scope.markets, scope.follow)
    notes = (
        *wiring.missing_models(plan, config), *result.skipped, *_detail_notes(wish, scope.follow),
        *_funding_notes(rates, scope.markets, made), *_missing(known, scope.markets),
    )  # fmt: skip
    said = _said(wish, plan, here, known)
    return Done(wish, plan, made, fees, slippage, scope.markets, scope.follow, said, feed, symbols, risk, notes,
                tuple(loaded.failed))  # fmt: skip


Known = tuple[Path, Mapping[int, frozenset[str]]]


def _universe(wish: Wish) -> Known | None:
    """Return the recorded universe: the one that is named, else the one beside the candles."""
    path = wish.universe or (wish.candles / recorded.FILE if wish.candles.is_dir() else None)
    if path is None or (wish.universe is None and not path.is_file()):
        return None
    return path, recorded.read_universe(path)


def _symbols(wish: Wish, plan: Plan, config: Config, known: Known | None) -> dict[str, tuple[str, ...]]:
    if known is None or wish.symbols:
        return wiring.universe_of(plan, config, wish.symbols)
    every = tuple(sorted(frozenset[str]().union(*known[1].values())))
    return {rules.id: every if rules.universe.watchlist else rules.universe.symbols for rules in plan.strategies}


def _with_candles(
    feed: Feed, universe: Mapping[str, Sequence[str]], start: int, end: int
) -> dict[str, tuple[str, ...]]:
    """Return per strategy the symbols that have a candle in the span: the others could not be traded or held."""

    def there(symbol: str) -> bool:
        spans = (feed.span(symbol, timeframe) for timeframe in feed.timeframes(symbol))
        return any(span is not None and span[0] <= end and span[1] > start for span in spans)

    return {name: tuple(symbol for symbol in part if there(symbol)) for name, part in universe.items()}


def _detail_notes(wish: Wish, follow: Mapping[str, Followed]) -> list[str]:
    if wish.detail is None:
        return []
    other: dict[Timeframe, list[str]] = {}
    for symbol, followed in follow.items():
        if followed.finest != wish.detail:
            other.setdefault(followed.finest, []).append(symbol)
    return [
        f"{', '.join(symbols)}: there are no {wish.detail} candles here, so positions are followed on {timeframe}"
        for timeframe, symbols in sorted(other.items())
    ]


def _funding_notes(rates: Mapping[str, FundingRates], markets: Mapping[str, Market], made: Study) -> list[str]:
    if not rates:
        perpetual = sorted({market.venue for market in markets.values() if market.venue in PERPETUAL})
        where = " and ".join(perpetual)
        return [f"funding on {where} is not known (no funding file here), and left out"] if perpetual else []
    without = [symbol for symbol in made.unfunded if symbol in markets]
    return (
        [f"{', '.join(without)}: funding is not known over all trades, and left out where it is not"] if without else []
    )


def _missing(known: Known | None, markets: Mapping[str, Market]) -> list[str]:
    """Name what was in the recorded universe and has no candles: those are the ones that did not survive."""
    if known is None:
        return []
    gone = sorted(frozenset[str]().union(*known[1].values()) - set(markets))
    return [f"{', '.join(gone)}: in the recorded universe, but without candles here"] if gone else []


def _said(wish: Wish, plan: Plan, here: Mapping[str, Sequence[str]], known: Known | None) -> str:
    """Say which universe was used, and what follows from that."""
    count = len({symbol for part in here.values() for symbol in part})
    symbols = f"{count} symbol" + ("" if count == 1 else "s")
    if known is not None:
        return f"{symbols}; each day those that {known[0].name} recorded for it ({len(known[1])} lists)"
    if wish.symbols:
        return f"{symbols}, chosen by --symbols today: whoever chose knew the outcome"
    lists = sorted({rules.universe.watchlist for rules in plan.strategies if rules.universe.watchlist})
    if lists:
        return f"{symbols} of today's watchlist {', '.join(lists)}: those that did not survive are not in it"
    return f"{symbols}, named by the strategies"


def funnels(done: Done, config: Config) -> dict[str, list[Funnel]]:
    """Count per strategy how often each condition held over the span of the backtest, each strategy by itself."""
    from app.explained import journey
    from app.funnelled import count
    from dsl.load import strategy_files

    found: dict[str, list[Funnel]] = {}
    start, end = done.study.result.start, done.study.result.end
    for path in strategy_files(done.wish.strategies):
        if path.stem not in {rules.id for rules in done.plan.strategies}:
            continue
        plan = wiring.load_strategies([path]).plan
        rules = plan.strategies[0]
        symbols = {rules.id: done.symbols[rules.id]}
        way = journey(plan, done.feed, symbols, start)
        if way is None:
            continue
        way = replace(way, end=min(way.end, end))
        how = Settings(fees=done.fees.taker, slippage=done.slippage, risk=done.risk)
        found[rules.id] = count(
            plan, rules, done.feed, way, how, wiring.predictors(plan, config), tuple(rules.rules)
        )  # fmt: skip
    return found
