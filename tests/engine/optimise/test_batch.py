"""A batch of variants makes the trades of each variant's own backtest, to the bit."""

from __future__ import annotations

from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import pytest

from dsl.load import load
from dsl.read import read_document
from dsl.tuning import Variants
from engine.backtest import Result, backtest
from engine.decide import Settings
from engine.domain.strategy import Plan
from engine.feeds.files import FilesFeed
from engine.optimise import batch
from engine.optimise.objectives import OBJECTIVES, Trades, figures
from engine.plan.reads import rule_nodes
from engine.report import numbers
from engine.risk import PROTECTIONS
from tests.app.bot import BOT, COSTS, FIVE
from tests.app.command import candles

SYMBOLS = ("BTC/USDT", "ETH/USDT")
TUNED = (
    BOT.replace("let:\n", "params:\n  quick: 5 in 3 to 9 step 1\n  slow: 20 in 10 to 40 step 5\n"
                "  stop_at: 1% in 0.2% to 2% step 0.2%\n  sure: 60 in 20 to 90 step 10\nlet:\n")
    .replace("ema(close, 5)", "ema(close, quick)").replace("sma(close, 20)", "sma(close, slow)")
    .replace("  slow: sma", "  line: sma").replace("close < slow", "close < line").replace("above slow", "above line")
    .replace("stop: 1%", "stop: stop_at").replace("[1%, 2%]", "[stop_at, 2 * stop_at]").replace(">= 60", ">= sure")
)  # fmt: skip
POINTS = [
    {"quick": float(quick), "slow": float(slow), "stop_at": stop_at, "sure": float(sure)}
    for quick, slow, stop_at, sure in ((5, 20, 0.01, 60), (3, 20, 0.01, 60), (3, 10, 0.002, 20), (9, 40, 0.02, 90),
                                       (5, 20, 0.01, 50), (4, 35, 0.006, 70), (5, 20, 0.004, 60), (8, 15, 0.012, 30))
]  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("batch")
    (folder / "bot.yaml").write_text(TUNED)
    candles(folder / "data")
    path = candles(folder / "data", "ETHUSDT")
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:200], *lines[203:]]) + "\n")
    return folder


def alone(home: Path, point: dict[str, float], settings: Settings, span: tuple[int, int]) -> Result:
    plan = load([home / "bot.yaml"], values={"bot": point}).plan
    return backtest(plan, FilesFeed([home / "data"]), {"bot": SYMBOLS}, settings, start=span[0], end=span[1])


def whole(home: Path) -> tuple[int, int]:
    first, last = FilesFeed([home / "data"]).span("BTC/USDT", FIVE) or (0, 0)
    return first + 150 * FIVE.ms, last - 20 * FIVE.ms


@pytest.mark.parametrize(
    "settings", [COSTS, replace(COSTS, risk=(PROTECTIONS["max_open"](1),))], ids=["free", "max-open"]
)
@pytest.mark.parametrize("budget", [batch.BUDGET, 20_000], ids=["at-once", "in-parts"])
def test_the_batch_equals_single_runs_to_the_bit(home: Path, settings: Settings, budget: int) -> None:
    plan, faults = Variants(read_document(home / "bot.yaml")[0]).plan(POINTS)
    assert faults == [""] * len(POINTS)
    span = whole(home)
    together = batch.run(plan, FilesFeed([home / "data"]), SYMBOLS, settings, span, budget=budget)
    made = []
    for point, trades in zip(POINTS, together, strict=True):
        single = batch.trades_of(alone(home, point, settings, span), ["bot"], span)[0]
        for one, other in zip(astuple(trades), astuple(single), strict=True):
            assert np.array_equal(one, other, equal_nan=isinstance(one, np.ndarray) and one.dtype == np.float64)
        made.append((len(trades), float(trades.result.sum())))
    assert min(made) > (0,)
    assert len(set(made)) > 5, "the params matter"


def test_figures_are_those_of_the_report(home: Path) -> None:
    span = whole(home)
    for point in POINTS[:4]:
        result = alone(home, point, COSTS, span)
        (trades,) = batch.trades_of(result, ["bot"], span)
        found, told = figures(trades), numbers(result.positions)
        assert found["trades"] == told.closed
        assert found["result"] == pytest.approx(told.result, rel=1e-12)
        assert found["expectancy"] == told.expectancy
        assert found["profit_factor"] == told.profit_factor
        assert found["win_rate"] == told.win_rate
        assert found["average_r"] == told.average_r
        assert found["drawdown"] == pytest.approx(told.drawdown, abs=1e-12)
        assert float(trades.daily().sum()) == pytest.approx(told.result, abs=1e-12)


def test_daily_returns_are_of_utc_days() -> None:
    day = 86_400_000
    closed = np.array([day + 1, 2 * day, 2 * day + 1, 4 * day])
    trades = Trades(day, 4 * day, closed, np.array([0.1, 0.2, -0.3, 0.5]), np.full(4, np.nan))
    assert trades.daily() == pytest.approx([0.3, -0.3, 0.5])


def test_what_cannot_be_known_is_none() -> None:
    nothing = Trades(0, 86_400_000, np.empty(0, np.int64), np.empty(0), np.empty(0))
    found = figures(nothing)
    assert {name for name, value in found.items() if value is not None} == {"result", "drawdown", "trades"}
    assert set(found) == set(OBJECTIVES)
    won = Trades(0, 2 * 86_400_000, np.array([5, 9]), np.array([0.1, 0.2]), np.array([1.0, np.nan]))
    assert figures(won)["profit_factor"] is None
    assert figures(won)["average_r"] == 1.0


def test_most_of_a_batch_is_shared(home: Path) -> None:
    """What does not depend on the params is evaluated once: fewer nodes for all of them than for three alone."""
    variants = Variants(read_document(home / "bot.yaml")[0])
    plan, _ = variants.plan(POINTS)
    own = [needed(variants.plan([point])[0]) for point in POINTS]
    assert needed(plan) < sum(own) / 2


def needed(plan: Plan) -> int:
    """Count the nodes that have to be evaluated."""
    wanted = set(rule_nodes(batch.lean(plan)))
    for node in range(len(plan.nodes) - 1, -1, -1):
        if node in wanted:
            wanted.update(plan.nodes[node].inputs)
    return len(wanted)


def test_memory_is_bounded_by_the_span(home: Path) -> None:
    plan, _ = Variants(read_document(home / "bot.yaml")[0]).plan(POINTS)
    thin = batch.lean(plan)
    hour = batch.span_within(thin, 2, 1)
    assert hour == 15 * 60_000, "never less than one candle of every timeframe"
    assert batch.span_within(thin, 2, 2**30) > 100 * batch.span_within(thin, 200, 2**24)
