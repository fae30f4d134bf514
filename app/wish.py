"""What is to be backtested, and the candles that it is backtested on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app import wiring
from app.config import Config
from app.failure import Failure
from engine.account.settings import Account
from engine.domain.market import Timeframe
from engine.domain.strategy import Plan
from engine.feeds.detail import DetailFeed
from engine.ports import Feed


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be backtested. Ratios are ratios (0.001 is 0.1 %); None: the configuration's, or not asked for.

    `jobs` is how many processes work on a long history, 0: one for each core.
    """

    strategies: tuple[Path, ...]
    candles: Path
    since: int | None = None
    until: int | None = None
    symbols: tuple[str, ...] = ()
    fee: float | None = None
    maker: float | None = None
    slippage: float | None = None
    account: Account | None = None
    detail: Timeframe | None = None
    universe: Path | None = None
    seed: int = 20_250_407
    jobs: int = 0


def feed_of(wish: Wish, plan: Plan, config: Config, symbols: Mapping[str, Sequence[str]]) -> Feed:
    """Return the candles that are wished for. Raises Failure, and FeedError for candles that cannot be read."""
    feed = wiring.with_series(wiring.candle_feed(wish.candles, config), config)
    if wish.detail is None:
        return feed
    for rules in plan.strategies:
        for timeframe in rules.rules:
            here = any(timeframe in feed.timeframes(symbol) for symbol in symbols[rules.id])
            if here and not timeframe.is_multiple_of(wish.detail):
                raise Failure(f"{rules.id} runs on {timeframe}, which is no multiple of the detail of {wish.detail}")
    return DetailFeed(feed, wish.detail)
