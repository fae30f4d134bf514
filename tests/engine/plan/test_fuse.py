"""Definitions with a kernel of their own: it gives what their nodes give, to the bit, over anything candles may do."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dsl.load import load_expression
from engine.domain.strategy import Gaps, Plan
from engine.plan import fuse
from engine.plan.evaluate import Evaluator
from engine.plan.fuse import FUSED, fused
from tests.engine.plan.grids import MONDAY, Array, Grid, walk

M5 = 300_000
TEXTS = {
    "rsi(close, 1)": "rsi", "rsi(close, 5)": "rsi", "rsi(volume, 3)": "rsi", "rsi(ema(close, 2), 3)": "rsi",
    "atr(1)": "atr", "atr(6)": "atr", "natr(4)": "atr",
    "macd(close, 3, 6, 2).line + macd(close, 3, 6, 2).signal": "macd", "macd(close, 3, 6, 2).hist": "macd",
    "macd(close, 6, 3, 4).signal": "macd", "macd(close, 2, 2, 2).signal": "macd",
    "macd(volume, 1, 1, 1).signal": "macd",
}  # fmt: skip
"""Expressions, and the kernel that takes the place of some of their nodes."""
GAPS = (Gaps("skip", 0), Gaps("skip", 2), Gaps("fill"), Gaps("stop"))
quick = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def compiled(text: str, gaps: Gaps = GAPS[0]) -> tuple[Plan, int]:
    plan, node, found = load_expression(text, "5m", gaps=gaps)
    assert node is not None, found
    return plan, node


def market(seed: int, rows: int, lanes: int, absent: float, unknown: float) -> Grid:
    """Return symbols with holes, unknown and flat prices, listed late and ended early."""
    rng = np.random.default_rng(seed)
    close = walk(rng, rows, lanes)
    flat = rng.random((rows, lanes)) < 0.2
    for t in range(1, rows):
        close[t] = np.where(flat[t], close[t - 1], close[t])
    here = (rng.random((rows, lanes)) >= absent).astype(np.int8)
    if absent:
        here[: rows // 3, -1] = 0
        here[rows - rows // 4 :, 0] = 0
    columns = {
        "high": close + rng.choice([0.0, 1.0, 3.0], close.shape),
        "low": close - rng.choice([0.0, 2.0], close.shape),
        "volume": rng.lognormal(0, 1, close.shape),
    }
    for values in (close, *columns.values()):
        values[rng.random(values.shape) < unknown] = np.nan
    grid = Grid(tuple(f"S{lane}/USDT" for lane in range(lanes)))
    grid.add("5m", close, here, **columns)
    return grid


def run(plan: Plan, node: int, grid: Grid, cuts: Sequence[int] = ()) -> Array:
    edges = [MONDAY, *(MONDAY + M5 * cut for cut in cuts), grid.until]
    evaluator = Evaluator(plan, grid.symbols, keep=[node])
    return np.concatenate([evaluator.advance(grid.block(a, b)).of(node) for a, b in pairwise(edges)])


@pytest.mark.parametrize("text", TEXTS)
def test_its_nodes_are_not_computed_one_by_one(text: str) -> None:
    plan, node = compiled(text)
    nodes, order = fused(plan.nodes, [node])
    ops = [nodes[i].op for i in order]
    assert f"fused {TEXTS[text]}" in ops
    assert ops.count(f"fused {TEXTS[text]}") == 1
    assert not {"rma"} & set(ops)
    assert len(order) < len(plan.nodes)


@pytest.mark.parametrize("text", TEXTS)
@quick
@given(data=st.data())
def test_it_gives_what_the_definition_gives(text: str, data: st.DataObject) -> None:
    rows, lanes = data.draw(st.integers(1, 80)), data.draw(st.sampled_from([1, 2, 5]))
    grid = market(
        data.draw(st.integers(0, 999)), rows, lanes, data.draw(st.sampled_from([0.0, 0.05, 0.4])),
        data.draw(st.sampled_from([0.0, 0.05, 0.3])),
    )  # fmt: skip
    plan, node = compiled(text, data.draw(st.sampled_from(GAPS)))
    cuts = sorted(data.draw(st.sets(st.integers(1, max(rows - 1, 1)), max_size=4)))
    every = range(1, rows)
    got = run(plan, node, grid)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fuse, "_ALL", ())
        nodes, order = fused(plan.nodes, [node])
        assert not any(nodes[i].op in FUSED for i in order)
        wanted = run(plan, node, grid)
    assert got.tobytes() == wanted.tobytes()
    assert run(plan, node, grid, cuts).tobytes() == run(plan, node, grid, every).tobytes() == wanted.tobytes()


@pytest.mark.parametrize("text", TEXTS)
def test_a_snapshot_of_it_goes_on(text: str) -> None:
    plan, node = compiled(text, Gaps("skip", 2))
    grid = market(4, 90, 3, 0.1, 0.05)
    middle = MONDAY + 41 * M5
    first = Evaluator(plan, grid.symbols, keep=[node])
    first.advance(grid.block(MONDAY, middle))
    kept = first.snapshot()
    wanted = first.advance(grid.block(middle, grid.until)).of(node)
    again = Evaluator(plan, grid.symbols, keep=[node])
    again.skip(grid.block(MONDAY, middle))
    assert again.advance(grid.block(middle, grid.until)).of(node).tobytes() == wanted.tobytes()
    other = Evaluator(plan, grid.symbols, keep=[node])
    other.restore(kept)
    assert other.advance(grid.block(middle, grid.until)).of(node).tobytes() == wanted.tobytes()
    assert (~np.isnan(wanted)).any()


def test_what_others_need_of_it_is_still_there() -> None:
    """`rma(tr(), 5)` is the true range's average and somebody also asks for the range, and for another average."""
    plan, node = compiled("atr(5) + tr() + rma(tr(), 3) + ema(tr(), 3)")
    nodes, order = fused(plan.nodes, [node])
    assert sorted(nodes[i].op for i in order if nodes[i].op in (*FUSED, "ema", "rma")) == [
        "ema",
        "fused atr",
        "fused atr",
    ]
    grid = market(1, 60, 2, 0.1, 0.05)
    got = run(plan, node, grid)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fuse, "_ALL", ())
        assert got.tobytes() == run(plan, node, grid).tobytes()


@pytest.mark.parametrize(
    "text",
    [
        "100 * rma(max(mom(1), 0), 3) / (rma(max(mom(1), 0), 3) + rma(max(close[1] - close, 0), 3))",
        "rma(max(high, close[1]) - min(low, close[1]), 3)",
        "ema(close, 3) - ema(close, 6)",
        "ema(ema(close, 3) - ema(open, 6), 3)",
        "ema(ema(close, 3) - sma(close, 6), 3)",
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    plan, node = compiled(text)
    nodes, order = fused(plan.nodes, [node])
    assert not any(nodes[i].op in FUSED for i in order)
