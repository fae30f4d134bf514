"""The built-in strategies: any split of the history gives the same bits, and the future changes nothing."""

from __future__ import annotations

import itertools
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from dsl.load import load
from engine.domain.strategy import Plan
from engine.plan.evaluate import Evaluator, Values
from tests.engine.plan.grids import MONDAY, Grid, published, walk

STRATEGIES = Path(__file__).parents[3] / "strategies"
MINUTE = 60_000
HOURS = 4


@cache
def built_in() -> Plan:
    loaded = load(sorted(path for path in STRATEGIES.glob("*.yaml") if not path.name.endswith(".test.yaml")))
    assert len(loaded.plan.strategies) >= 5
    return loaded.plan


@cache
def history() -> Grid:
    """Return three symbols on every timeframe of the plan, with holes; each timeframe is a walk of its own."""
    rng = np.random.default_rng(11)
    plan = built_in()
    fixed = {frame.symbol for frame in plan.frames() if frame.symbol}
    grid = Grid(tuple(sorted({"BTC/USDT", "ETH/USDT", "SOL/USDT"} | fixed)))
    for timeframe in sorted({frame.timeframe for frame in plan.frames()}):
        rows = HOURS * 60 * MINUTE // timeframe.ms * 4
        close = walk(rng, rows, len(grid.symbols), 0.03)
        grid.add(str(timeframe), close, volume=rng.lognormal(3, 1, close.shape))
    grid.series = {"fng": published({MONDAY - MINUTE: 20.0, MONDAY + 90 * MINUTE: 70.0}, 10**9)}
    return grid


def parts(cuts: list[int], until: int) -> list[Values]:
    evaluator = Evaluator(built_in(), history().symbols)
    edges = [MONDAY, *cuts, until]
    return [evaluator.advance(history().block(a, b)) for a, b in itertools.pairwise(edges)]


def together(values: list[Values], node: int) -> bytes:
    return np.concatenate([part.of(node) for part in values]).tobytes()


@pytest.mark.parametrize("minutes", [1, 7, 60])
def test_the_same_bits_for_every_split(minutes: int) -> None:
    span = HOURS * 60 if minutes > 1 else 100
    until = MONDAY + span * MINUTE
    whole = parts([], until)
    pieces = parts([MONDAY + MINUTE * m for m in range(minutes, span, minutes)], until)
    kept = Evaluator(built_in(), history().symbols).kept
    assert len(kept) > 100
    for node in kept:
        assert together(whole, node) == together(pieces, node), built_in().nodes[node]


@pytest.mark.parametrize("minutes", [61, 120])
def test_cutting_the_future_off_changes_nothing(minutes: int) -> None:
    (early,), (late,) = parts([], MONDAY + minutes * MINUTE), parts([], MONDAY + HOURS * 4 * 60 * MINUTE)
    seen = 0
    for node in Evaluator(built_in(), history().symbols).kept:
        values = early.of(node)
        assert values.tobytes() == np.ascontiguousarray(late.of(node)[: len(values)]).tobytes(), built_in().nodes[node]
        seen += len(values)
    assert seen > 1_000
