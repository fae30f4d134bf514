"""Run an expression over candles by the real road: text, plan, evaluator, values."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from dsl.load import load_expression
from engine.plan.evaluate import Evaluator
from library_data import Bars, Floats

from engine.domain.market import Block, Panel, Timeframe
from engine.domain.strategy import Gaps, Plan

SYMBOL = "BTC/USDT"
NEVER = Gaps("skip", 0)
"""No hole resets a series: daily sheets of stocks have no weekends."""
START = 1_483_228_800_000  # 2017-01-01, a midnight


def compiled(text: str, timeframe: str = "1d") -> tuple[Plan, int]:
    """Return the plan of an expression and its node. Raises AssertionError with what was found against it."""
    plan, node, diagnostics = load_expression(text, timeframe, gaps=NEVER)
    assert not diagnostics, f"{text}: " + "; ".join(f"{d.name}: {d.message} ({d.help})" for d in diagnostics)
    return plan, node


def block(bars: Bars, start: int, stop: int, timeframe: str = "1d", origin: int = START) -> Block:
    """Return the candles start <= i < stop of `bars` as a block of one symbol.

    The first candle of `bars` closes one step after `origin`.
    """
    step = Timeframe.parse(timeframe)
    times = origin + step.ms * np.arange(start + 1, stop + 1, dtype=np.int64)
    columns = {
        name: np.ascontiguousarray(getattr(bars, name)[start:stop, None])
        for name in ("open", "high", "low", "close", "volume")
    }
    here = np.ones((stop - start, 1), dtype=np.int8)
    panel = Panel(step, (SYMBOL,), times, here, columns)
    return Block(origin + step.ms * start, origin + step.ms * stop, {step: panel})


def evaluate(text: str, bars: Bars, timeframe: str = "1d", cuts: Sequence[int] = (), origin: int = START) -> Floats:
    """Return the expression's value on each candle: float64 with NaN for unknown; truths become 0.0, NaN and 1.0.

    `cuts` are the candles before which a new block begins.
    """
    plan, node = compiled(text, timeframe)
    evaluator = Evaluator(plan, (SYMBOL,))
    edges = [0, *cuts, len(bars)]
    parts = []
    for start, stop in pairwise(edges):
        values = evaluator.advance(block(bars, start, stop, timeframe, origin))
        parts.append(np.array(values.of(node)[:, 0]))
    joined = np.concatenate(parts)
    return np.choose(joined, (0.0, np.nan, 1.0)) if plan.nodes[node].boolean else joined
