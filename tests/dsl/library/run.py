"""Run an expression over candles by the real road: text, plan, evaluator, values."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np

from dsl.load import load_expression
from engine.domain.market import Block, Panel, Timeframe, Truths
from engine.domain.strategy import Gaps, Plan
from engine.plan.evaluate import Evaluator
from tests.dsl.library.data import Bars, Floats

SYMBOLS = ("BTC/USDT", "ETH/USDT", "SOL/USDT")
NEVER = Gaps("skip", 0)
"""No hole resets a series: daily sheets of stocks have no weekends."""
START = 1_483_228_800_000  # 2017-01-01, a midnight


@lru_cache(maxsize=2048)
def compiled(text: str, timeframe: str = "1d") -> tuple[Plan, int]:
    """Return the plan of an expression and its node. Raises AssertionError with what was found against it."""
    plan, node, diagnostics = load_expression(text, timeframe, gaps=NEVER)
    assert not diagnostics, f"{text}: " + "; ".join(f"{d.name}: {d.message} ({d.help})" for d in diagnostics)
    return plan, node


def block(
    lanes: Sequence[Bars], here: Truths, start: int, stop: int, timeframe: str = "1d", origin: int = START
) -> Block:
    """Return the candles start <= i < stop of each lane as a block; the first of all closes one step after `origin`.

    here: int8 (T, S), 1 where a lane has a candle.
    """
    step = Timeframe.parse(timeframe)
    times = origin + step.ms * np.arange(start + 1, stop + 1, dtype=np.int64)
    columns = {
        name: np.stack([getattr(bars, name)[start:stop] for bars in lanes], axis=1)
        for name in ("open", "high", "low", "close", "volume")
    }
    columns = {name: np.where(here[start:stop] == 1, column, np.nan) for name, column in columns.items()}
    panel = Panel(step, SYMBOLS[: len(lanes)], times, np.ascontiguousarray(here[start:stop]), columns)
    return Block(origin + step.ms * start, origin + step.ms * stop, {step: panel})


def evaluate_lanes(
    text: str,
    lanes: Sequence[Bars],
    here: Truths,
    timeframe: str = "1d",
    cuts: Sequence[int] = (),
    origin: int = START,
) -> Floats:
    """Return the expression's value on each candle and lane, (T, S): NaN for unknown; truths become 0.0, NaN, 1.0.

    `cuts` are the candles before which a new block begins.
    """
    plan, node = compiled(text, timeframe)
    evaluator = Evaluator(plan, SYMBOLS[: len(lanes)])
    parts = []
    for start, stop in pairwise([0, *cuts, len(here)]):
        values = evaluator.advance(block(lanes, here, start, stop, timeframe, origin))
        parts.append(np.array(values.of(node)))
    joined = np.concatenate(parts)
    return np.choose(joined, (0.0, np.nan, 1.0)) if plan.nodes[node].boolean else joined


def evaluate(text: str, bars: Bars, timeframe: str = "1d", cuts: Sequence[int] = (), origin: int = START) -> Floats:
    """Return the expression's value on each candle of one symbol without holes, (T,)."""
    here = np.ones((len(bars), 1), dtype=np.int8)
    return np.ascontiguousarray(evaluate_lanes(text, (bars,), here, timeframe, cuts, origin)[:, 0])
