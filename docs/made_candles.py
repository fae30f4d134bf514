"""The made market on which the pages of functions show what they speak of: real plans over candles of its SOL/USDT."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from dsl.load import load_expression
from engine.domain.market import Block, Floats, Timeframe
from engine.domain.strategy import Gaps
from engine.feeds.blocks import gather
from engine.feeds.synthetic import MarketSettings, SyntheticFeed
from engine.plan.evaluate import Evaluator

SYMBOL, TIMEFRAME = "SOL/USDT", Timeframe.parse("1h")
HISTORY_DAYS, SHOWN_DAYS = 120, 360
"""Days of warm-up before the candles on which a condition is counted and a picture may show, and those candles."""
USUAL = 8_280
"""The candle with which most pictures begin: a rise, its top, and a fall with pullbacks."""


@dataclass(frozen=True, slots=True)
class Bars:
    """The candles that a picture may show, oldest first."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats

    def __len__(self) -> int:
        return len(self.close)


@cache
def _feed() -> SyntheticFeed:
    return SyntheticFeed(MarketSettings(history_days=HISTORY_DAYS + SHOWN_DAYS - 21))


@cache
def _block(frames: tuple[Timeframe, ...], symbols: tuple[str, ...], series: tuple[str, ...]) -> Block:
    settings = _feed().settings
    return gather(_feed(), symbols, frames, settings.begin - settings.history_days * 86_400_000, settings.end, series)


def _shown(block: Block) -> Any:
    """Return which rows of a block's candles are shown: the last days, without the hours that do not exist."""
    here = block.panels[TIMEFRAME].here[:, 0] > 0
    here[: -SHOWN_DAYS * 24] = False
    return here


@cache
def bars() -> Bars:
    """Return the candles that pictures are cut from."""
    block = _block((TIMEFRAME,), (SYMBOL,), ())
    panel, here = block.panels[TIMEFRAME], _shown(block)
    return Bars(*(panel.fields[name][here, 0] for name in ("open", "high", "low", "close")))


@cache
def values(text: str) -> Any:
    """Return an expression's value on each candle of `bars`: float64 with NaN for unknown, or bool. Raises ValueError.

    Where a condition is unknown it does not hold.
    """
    plan, node, found = load_expression(text, str(TIMEFRAME), gaps=Gaps("skip", 0))
    if node is None:
        raise ValueError(f"{text}: {found[0].message}")
    others = {frame.symbol for frame in plan.frames() if frame.symbol} - {SYMBOL}
    frames = tuple(sorted({TIMEFRAME, *(frame.timeframe for frame in plan.frames())}))
    symbols = (SYMBOL, *sorted(others))
    series = tuple(sorted(str(part.params[0]) for part in plan.nodes if part.op == "series"))
    block = _block(frames, symbols, series)
    given = Evaluator(plan, symbols, keep=(node,)).advance(block).of(node)[_shown(block), 0]
    return given == 2 if plan.nodes[node].boolean else given.astype(np.float64)
