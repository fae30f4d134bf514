"""Compiled text evaluated on made candles: what a strategy says is what is computed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dsl.load import load, load_expression
from engine.domain.market import Block, Floats, Panel, Timeframe
from engine.domain.strategy import Plan
from engine.plan.evaluate import Evaluator
from tests.dsl.texts import strategy

M5, H1 = Timeframe.parse("5m"), Timeframe.parse("1h")
SYMBOLS = ("ETH/USDT", "BTC/USDT")
START = 1_700_006_400_000 // H1.ms * H1.ms
CANDLES = 36 * 12


def block() -> Block:
    random = np.random.default_rng(7)
    close = 100 * np.exp(np.cumsum(random.normal(0, 0.01, (CANDLES, 2)), axis=0))
    open_ = np.vstack([close[:1], close[:-1]])
    fine = {
        "open": open_,
        "high": np.maximum(open_, close) * 1.001,
        "low": np.minimum(open_, close) * 0.999,
        "close": close,
        "volume": random.uniform(1, 100, (CANDLES, 2)),
    }
    hours = {name: values.reshape(-1, 12, 2) for name, values in fine.items()}
    coarse = {
        "open": hours["open"][:, 0],
        "high": hours["high"].max(axis=1),
        "low": hours["low"].min(axis=1),
        "close": hours["close"][:, -1],
        "volume": hours["volume"].sum(axis=1),
    }
    panels = {M5: panel(M5, fine), H1: panel(H1, coarse)}
    return Block(START, START + CANDLES * M5.ms, panels)


def panel(timeframe: Timeframe, fields: dict[str, Floats]) -> Panel:
    count = len(fields["close"])
    times = START + timeframe.ms * np.arange(1, count + 1)
    here = np.ones((count, 2), np.int8)
    return Panel(timeframe, SYMBOLS, times, here, {name: np.ascontiguousarray(v) for name, v in fields.items()})


BLOCK = block()
FINE = BLOCK.panels[M5].fields


def evaluated(plan: Plan, node: int) -> Floats:
    found: Floats = Evaluator(plan, SYMBOLS, keep=(node,)).advance(BLOCK).of(node)
    return found


def values(text: str) -> Floats:
    plan, node, findings = load_expression(text, "5m")
    assert findings == []
    assert node is not None
    return evaluated(plan, node)


def test_arithmetic_and_looking_back() -> None:
    found = values("(close - close[3]) / close[3]")
    assert np.isnan(found[:3]).all()
    np.testing.assert_array_equal(found[3:], (FINE["close"][3:] - FINE["close"][:-3]) / FINE["close"][:-3])


def test_crossing() -> None:
    close, open_ = FINE["close"], FINE["open"]
    middle = (FINE["high"] + FINE["low"]) / 2
    expected = (close[1:] > middle[1:]) & (close[:-1] <= middle[:-1])
    np.testing.assert_array_equal(values("close crosses above hl2")[1:] == 2, expected)
    assert (values("close crosses open") == 2).sum() == (
        ((close[1:] > open_[1:]) & (close[:-1] <= open_[:-1])) | ((close[1:] < open_[1:]) & (close[:-1] >= open_[:-1]))
    ).sum()


def test_the_hour_that_closes_now_is_seen_and_the_next_one_is_not() -> None:
    found = values("close@1h")
    assert np.isnan(found[:11]).all()
    hours = BLOCK.panels[H1].fields["close"]
    for i in range(11, CANDLES):
        np.testing.assert_array_equal(found[i], hours[(i + 1) // 12 - 1])


def test_another_symbol_is_the_same_for_all() -> None:
    found = values('close@"BTC/USDT"')
    np.testing.assert_array_equal(found, np.repeat(FINE["close"][:, 1:], 2, axis=1))


def test_the_turnover_of_a_day() -> None:
    turnover = FINE["close"] * FINE["volume"]
    expected = np.array([turnover[i - 287 : i + 1].sum(axis=0) for i in range(287, CANDLES)])
    np.testing.assert_allclose(values("quote_volume_24h")[287:], expected, rtol=1e-12)


LIBRARY = """\
language: 1
id: lib
define:
  smooth(source=close, weight=0.1 in 0 to 1):
    about: An average that never forgets.
    settles: 300
    let:
      before: prev(value, source)
      value: before + weight * (source - before)
    returns: {value: value, rising: "value > prev(value, source)"}
  ratchet(reach=2% in 0% to 10%):
    about: A line that only rises until the price falls through it.
    settles: 500
    let:
      floor: close * (1 - reach)
      line: if close < prev(line, floor) then floor else max(floor, prev(line, floor))
    returns: line
"""


def use(tmp_path: Path, expression: str, *, truth: bool = False) -> Floats:
    """Return the values of what a condition compares with 0, or with `truth` its own."""
    (tmp_path / "lib.yaml").write_text(LIBRARY)
    rules = f"use: [lib.yaml]\nlong:\n  when: {{it: '{expression}'}}\n"
    (tmp_path / "sample.yaml").write_text(strategy(rules))
    loaded = load([tmp_path / "sample.yaml"])
    assert [d.message for d in loaded.diagnostics] == []
    condition = loaded.plan.strategies[0].rules[M5][0].conditions[0]
    return evaluated(loaded.plan, condition.node if truth else condition.parts[0][1])


def test_a_recursion_gives_what_a_loop_gives(tmp_path: Path) -> None:
    close = FINE["close"]
    expected = np.empty_like(close)
    state = close[0]
    for i, now in enumerate(close):
        state = state + 0.25 * (now - state)
        expected[i] = state
    np.testing.assert_array_equal(use(tmp_path, "lib.smooth(close, 0.25).value > 0"), expected)
    rising = use(tmp_path, "lib.smooth(close, 0.25).rising", truth=True)
    np.testing.assert_array_equal(rising == 2, expected > np.vstack([close[:1], expected[:-1]]))


def test_a_recursion_over_conditions(tmp_path: Path) -> None:
    close = FINE["close"]
    floor = close * (1 - 0.02)
    expected, line = np.empty_like(close), floor[0]
    for i, now in enumerate(close):
        line = np.where(now < line, floor[i], np.maximum(floor[i], line))
        expected[i] = line
    np.testing.assert_array_equal(use(tmp_path, "lib.ratchet() > 0"), expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("close > open for 2 bars", lambda up: up[1:] & up[:-1]),
        ("close > open within 2 bars", lambda up: up[1:] | up[:-1]),
    ],
)
def test_windows_of_conditions(text: str, expected: object) -> None:
    up = FINE["close"] > FINE["open"]
    np.testing.assert_array_equal(values(text)[1:] == 2, expected(up))  # type: ignore[operator]
