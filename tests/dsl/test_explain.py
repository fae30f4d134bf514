"""Explanations never disagree with the run, and say how far off a condition was."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from dsl.explain import FALSE, TRUE, UNKNOWN, Anatomy, Part, Told, lay_open, recorded, tell
from dsl.load import Loaded, load
from engine.domain.market import Block, Timeframe
from engine.feeds.blocks import gather
from engine.feeds.scope import first_candle, last_candle, survey
from engine.feeds.synthetic import COINS, MarketSettings, SyntheticFeed
from engine.plan.evaluate import Evaluator, Values
from engine.plan.explain import value_at, verdicts

ROOT = Path(__file__).parents[2]
BUILT_IN = ("scalper", "trend", "qfl", "elite", "ai_ml")

BOT = """\
language: 1
id: bot
name: Bot
version: 1.0.0
about: For tests.
timeframes: [15m]
universe: {{symbols: [BTC/USDT]}}
params:
  least: 40 in 10 to 60 step 1
let:
  fast: ema(close, 5)
  slow: ema(close, 20)
long:
  when:
{conditions}
  stop: 2%
  targets: 1%
"""


@cache
def feed() -> SyntheticFeed:
    return SyntheticFeed(MarketSettings(days=3, history_days=20, coins=COINS[:2]))


@cache
def built_in() -> Loaded:
    loaded = load([ROOT / "strategies"])
    assert not loaded.errors, loaded.errors
    return loaded


@cache
def span(strategy: str) -> tuple[tuple[str, ...], Block]:
    """Return the symbols and the whole market as one block, as a run of the strategies sees it."""
    loaded = built_in()
    scope = survey(loaded.plan, feed(), dict.fromkeys(BUILT_IN, feed().symbols()))
    first, last = first_candle(feed(), scope), last_candle(feed(), scope)
    assert first is not None
    assert last is not None
    return scope.symbols, gather(feed(), scope.symbols, scope.timeframes, first, last, scope.series)


def laid(tmp_path: Path, *conditions: str, deep: bool = False) -> Anatomy:
    path = tmp_path / "bot.yaml"
    path.write_text(BOT.format(conditions="\n".join(f"    {line}" for line in conditions)))
    loaded = load([path])
    assert not loaded.errors, loaded.errors
    return lay_open(loaded, "bot", Timeframe.parse("15m"), deep=deep)


def evaluated(anatomy: Anatomy) -> tuple[Values, Block]:
    scope = survey(anatomy.plan, feed(), {anatomy.strategy.id: ("BTC/USDT",)})
    first, last = first_candle(feed(), scope), last_candle(feed(), scope)
    assert first is not None
    assert last is not None
    block = gather(feed(), scope.symbols, scope.timeframes, first, last, scope.series)
    return Evaluator(anatomy.plan, scope.symbols, keep=anatomy.nodes()).advance(block), block


def every(told: Told) -> list[Told]:
    return [told, *(inner for part in told.parts for inner in every(part))]


@pytest.mark.parametrize("strategy", BUILT_IN)
def test_on_every_candle_the_explanation_says_what_the_run_says(strategy: str) -> None:
    """The plan with the explaining nodes, and the plan as it is run, evaluated apart."""
    symbols, block = span(strategy)
    run = Evaluator(built_in().plan, symbols).advance(block)
    for timeframe, sides in built_in().plan.strategy(strategy).rules.items():
        anatomy = lay_open(built_in(), strategy, timeframe, deep=True)
        explained = Evaluator(anatomy.plan, symbols, keep=anatomy.nodes()).advance(block)
        for rules, side in zip(sides, anatomy.sides, strict=True):
            assert side.rules == rules
            assert np.array_equal(run.of(rules.fires), explained.of(side.rules.fires))
            assert np.array_equal(run.of(rules.confidence), explained.of(side.confidence[0]), equal_nan=True)
            low, high = (explained.of(node) for node in side.confidence)
            assert not (low > high).any()
            for rule, part in zip(rules.conditions, side.conditions, strict=True):
                assert np.array_equal(run.of(rule.node), explained.of(part.node)), rule.name
            _agrees(rules.conditions, side.conditions, run, explained, len(block.panels[timeframe].close_time))


def _agrees(rules, conditions, run: Values, explained: Values, rows: int) -> None:  # type: ignore[no-untyped-def]
    """Check candles all over the span: each tree's root, and every part of it against the parts below."""
    for row in range(7, rows, max(1, rows // 12)):
        for rule, part in zip(rules, conditions, strict=True):
            told = tell(part, lambda node, row=row: value_at(explained.of(node), row, 1))  # type: ignore[misc]
            assert told.truth == run.of(rule.node)[row, 1]
            for inner in every(told):
                _follows(inner)


def _follows(told: Told) -> None:
    """A part says what follows from its parts, for those where nothing else goes in."""
    below = [part.truth for part in told.parts]
    match told.part.op:
        case "and" if not told.part.call:
            assert told.truth == min(below)  # type: ignore[type-var]
        case "or" if not told.part.call:
            assert told.truth == max(below)  # type: ignore[type-var]
        case "not":
            assert told.truth == 2 - below[0]  # type: ignore[operator]
        case "gt" | "ge" | "lt" | "le" if told.parts:
            left, right = (part.value for part in told.parts)
            assert left is not None
            assert right is not None
            signs = {"gt": left > right, "ge": left >= right, "lt": left < right, "le": left <= right}
            unknown = math.isnan(left) or math.isnan(right)
            assert told.truth == (UNKNOWN if unknown else TRUE if signs[told.part.op] else FALSE)
            if told.gap is not None:
                assert told.gap.by == abs(left - right)


def test_the_verdicts_of_a_signal_are_those_of_its_explanation() -> None:
    symbols, block = span("scalper")
    timeframe = Timeframe.parse("5m")
    anatomy = lay_open(built_in(), "scalper", timeframe)
    values = Evaluator(anatomy.plan, symbols, keep=anatomy.nodes()).advance(block)
    side = anatomy.sides[0]
    fired = np.argwhere(values.of(side.rules.fires) == TRUE)
    assert len(fired)
    for row, lane in fired.tolist():
        for said, part in zip(verdicts(side.rules, values, row, lane), side.conditions, strict=True):
            told = tell(part, lambda node, row=row, lane=lane: value_at(values.of(node), row, lane))  # type: ignore[misc]
            assert told.truth == said.truth


def texts(part: Part) -> list[str]:
    return [part.text, *(text for inner in part.parts if inner.boolean for text in texts(inner))]


@pytest.mark.parametrize(
    ("condition", "shown"),
    [
        ("fast crosses above slow", ["fast > slow", "fast[1] <= slow[1]"]),
        ("rsi(close, 14) crosses below 30", ["rsi(close, 14) < 30", "rsi(close, 14)[1] >= 30"]),
        ("rsi(close, 14) between least and 60", ["rsi(close, 14) >= least", "rsi(close, 14) <= 60"]),
        ("fast > slow and slow > slow[1] and close > fast", ["fast > slow", "slow > slow[1]", "close > fast"]),
        ("(close > fast and close > slow)[2]", ["(close > fast)[2]", "(close > slow)[2]"]),
        ("(close > fast and close > slow)@1h", ["(close > fast)@1h", "(close > slow)@1h"]),
        ("not (close > fast)", ["close > fast"]),
        ("close > fast within 3 bars", ["close > fast"]),
    ],
)
def test_parts_are_told_apart(tmp_path: Path, condition: str, shown: list[str]) -> None:
    (part,) = laid(tmp_path, f"one: {condition}").sides[0].conditions
    assert part.text == condition
    assert texts(part)[1:] == shown


def test_a_definition_is_opened_on_demand(tmp_path: Path) -> None:
    closed, opened = (
        laid(tmp_path, "one: rsi(close, 14) < 30", deep=deep).sides[0].conditions[0] for deep in (False, True)
    )
    assert [part.text for part in closed.parts] == ["rsi(close, 14)", "30"]
    assert not closed.parts[0].parts
    assert len(list(opened.nodes())) > 10


def test_how_far_off(tmp_path: Path) -> None:
    anatomy = laid(tmp_path, "one: not (close > fast) and rsi(close, 14) < 0 and close > 0.5 * slow")
    (part,) = anatomy.sides[0].conditions
    known = dict.fromkeys(part.nodes(), math.nan)
    for inner in [part, *part.parts, *part.parts[0].parts]:
        for leaf in inner.parts:
            values = {"close": 110.0, "fast": 100.0, "rsi(close, 14)": 25.0, "0.5 * slow": 60.0}
            if leaf.text in values:
                known[leaf.node] = values[leaf.text]
    known = {node: value for node, value in known.items() if not math.isnan(value)}
    told = tell(part, recorded(anatomy.plan, known))
    negated, index, holds = told.parts
    assert told.truth == FALSE
    assert negated.truth == FALSE
    gap = negated.parts[0].gap
    assert gap is not None, "under a `not` what is true was in the way"
    assert (gap.by, gap.share) == (10.0, 0.1)
    assert index.gap is not None
    assert index.gap.by == 25.0
    assert math.isnan(index.gap.share), "a share of 0 is no number"
    assert holds.truth == TRUE
    assert holds.gap is None


def test_a_window_says_when_its_condition_last_held(tmp_path: Path) -> None:
    anatomy = laid(tmp_path, "one: close > highest(high, 20)[1] within 4 bars", "two: close > slow for 3 bars")
    values, block = evaluated(anatomy)
    recent, steady = anatomy.sides[0].conditions
    rows = np.flatnonzero(block.panels[anatomy.timeframe].here[:, 0])
    assert len(rows) < len(block.panels[anatomy.timeframe].here), "candles that are missing are not counted"
    inner = values.of(recent.parts[0].node)[rows, 0]
    above = values.of(steady.parts[0].node)[rows, 0]
    seen = set()
    for row in range(100, len(rows), 13):
        read = lambda node, row=rows[row]: value_at(values.of(node), row, 0)  # noqa: E731
        told, held = tell(recent, read), tell(steady, read)
        last = np.flatnonzero(inner[: row + 1] == TRUE)
        assert told.ago == row - last[-1]
        assert told.truth == (TRUE if told.ago < 4 else FALSE)
        assert held.ago == row - np.flatnonzero(above[: row + 1] == FALSE)[-1]
        assert held.truth == (TRUE if held.ago >= 3 else FALSE)
        seen |= {(told.truth, held.truth)}
    assert len(seen) >= 3


def test_what_is_not_recorded_is_not_invented(tmp_path: Path) -> None:
    anatomy = laid(tmp_path, "one: close > fast and close > slow")
    (part,) = anatomy.sides[0].conditions
    first, second = part.parts
    read = recorded(anatomy.plan, {first.parts[0].node: 10.0, first.parts[1].node: 11.0})
    told = tell(part, read)
    assert [inner.truth for inner in every(told) if inner.part.boolean] == [FALSE, FALSE, None]
    assert told.parts[1].parts[1].value is None
    read = recorded(anatomy.plan, {second.parts[0].node: 10.0, second.parts[1].node: math.nan})
    assert tell(second, read).truth == UNKNOWN
