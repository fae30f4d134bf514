"""What the rules call impossible never happens on candles, and what is sane they leave in peace."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dsl.errors import Diagnostic
from dsl.lint import lint
from dsl.load import load, load_expression
from engine.plan.evaluate import Evaluator
from tests.dsl.test_compile_values import BLOCK, SYMBOLS
from tests.dsl.texts import load_text

STRATEGIES = Path(__file__).parents[3] / "strategies"
FALSE, UNKNOWN, TRUE = 0, 1, 2

QUANTITIES = {
    "price": ("close", "low", "highest(high, {n})[1]", "ema(close, {n})", "sma(hl2, {n})", "bbands({n}, 2).lower",
              "wma(close, {n})@1h"),
    "index": ("rsi(close, {n})", "stoch({n}, 3, 3).k", "adx({n}).adx", "mfi({n})", "percentrank(close, {n})"),
    "volume": ("volume", "highest(volume, {n})[1]", "volume[1]", "sma(volume, {n})", "ema(volume, {n})"),
    "ratio": ("natr({n})", "roc(close, {n})", "volume_surge({n})"),
}  # fmt: skip
CANDLES = ("bullish_engulfing()", "hammer()", "rising(ema(close, {n}), 2)",
           "close crosses above ema(close, {n})", "time.hour between 8 and 20", "(volume > volume[1] for 2 bars)",
           "(rsi(close, {n}) < 25 within 5 bars)",
           "not inside_bar()", "(close > ema(close, {n}))@1h")  # fmt: skip


class Sane:
    """Writes strategies as people mean them: conditions of different things, targets beyond stops."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.lengths = iter(self.random.sample(range(5, 120), 100))
        self.candles = iter(self.random.sample(CANDLES, len(CANDLES)))

    def filled(self, text: str) -> str:
        return text.replace("{n}", str(next(self.lengths)))

    def condition(self) -> str:
        pick = self.random
        kind = pick.choice(["price", "index", "volume", "ratio", "candle", "both"])
        if kind == "candle":
            return self.filled(next(self.candles, "volume > sma(volume, {n})"))
        if kind == "both":
            return f"({self.condition()} {pick.choice(['and', 'or'])} {self.condition()})"
        what = self.filled(pick.choice(QUANTITIES[kind]))
        sign = pick.choice(["<", ">", "<=", ">="])
        if kind == "index":
            return f"{what} {sign} {pick.randint(15, 85)}"
        if kind == "ratio":
            return f"{what} {sign} {pick.choice(['0.4%', '1%', '1.5%'])}"
        return (
            f"{what} {sign} {pick.choice(['', '1.02 * ', '0.98 * '])}{self.filled(pick.choice(QUANTITIES[kind][3:]))}"
        )

    def side(self, name: str) -> str:
        pick = self.random
        count = pick.randint(2, 5)
        when = [f"    must_{name}: must {self.condition()}"]
        when += [f"    c{i}: {self.condition()} weight 2" for i in range(count)]
        fire = pick.choice(["confidence >= 50", "confidence >= 60", f"must_{name} and confidence >= 50"])
        low = "lowest(low, 10)" if name == "long" else "highest(high, 10)"
        sign = "-" if name == "long" else "+"
        stop, targets = pick.choice(
            [
                ("2 * atr(14)", ["1R", "2R", "4R"]),
                ("1.5%", ["1%", "2%", "4%"]),
                (f"{low} {sign} 0.25 * atr(14) clamp 0.5% to 2%", ["1R take 40%", "3% take 30%", "5%"]),
                (f"{low} clamp 0.8% to 3%", ["2 * atr(14) take 50% then stop to entry", "4 * atr(14)"]),
            ]
        )
        lines = [f"{name}:", "  when:", *when, f"  fire: {fire}", "  entry: market", f"  stop: {stop}", "  targets:"]
        return "\n".join([*lines, *(f"    - {target}" for target in targets)]) + "\n"


def test_the_strategies_that_come_with_the_engine_are_clean() -> None:
    assert lint(load([STRATEGIES])) == []


@pytest.mark.parametrize("start", range(0, 200, 20))
def test_sane_strategies_are_left_in_peace(start: int) -> None:
    for seed in range(start, start + 20):
        sane = Sane(seed)
        body = sane.side("long") + sane.side("short")
        loaded = load_text(body)
        assert loaded.errors == [], body
        assert [(d.name, d.span.text, d.message) for d in lint(loaded)] == [], body


def truths(expression: str) -> set[int]:
    """Return every truth that a condition takes on the candles, all but the unknown ones."""
    plan, node, found = load_expression(expression, "5m")
    assert node is not None, (expression, found)
    values = Evaluator(plan, SYMBOLS, keep=(node,)).advance(BLOCK).of(node)
    return {int(value) for value in np.unique(values)} - {UNKNOWN}


def _claims(finding: Diagnostic) -> tuple[str, int] | None:
    """Return (an expression, the truth that it never takes) that a finding says of conditions."""
    text = f"({finding.span.text})"
    notes = [f"({span.text})" for span, _ in finding.notes]
    if finding.name == "never-true":
        return text, TRUE
    if finding.name == "always-true":
        return text, FALSE
    if finding.name == "contradiction":
        return " and ".join([text, *notes]), TRUE
    if finding.name == "redundant-condition":
        if "holds only where" in finding.message:
            return f"{text} and not {notes[0]}", TRUE
        return f"{notes[0]} and not {text}", TRUE
    return None


class Careless:
    """Writes conditions over few quantities, so that they often exclude or imply each other."""

    PRICES = ("close", "open", "high", "low", "close[1]", "high[1]", "hl2", "highest(high, 3)", "lowest(low, 3)",
              "highest(high, 5)", "highest(high, 3)[1]", "max(open, close)", "min(close, close[1])", "ema(close, 3)",
              "(close + open) / 2", "(2 * close - open)", "bbands(3, 2).upper", "bbands(3, 2).lower",
              "bbands(3, 2).middle",
              "keltner(3).upper")  # fmt: skip
    INDEXES = ("rsi(3)", "stoch(3, 1, 1).k", "rsi(3)[1]", "(100 - rsi(3))", "max(rsi(3), 50)", "clip(rsi(3), 20, 80)")

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def comparison(self) -> str:
        pick = self.random
        sign = pick.choice(["<", "<=", ">", ">="])
        kind = pick.random()
        if kind < 0.4:
            factor = pick.choice(["", "", "1.002 * ", "0.998 * "])
            return f"{pick.choice(self.PRICES)} {sign} {factor}{pick.choice(self.PRICES)}"
        if kind < 0.5:
            return (
                f"abs(close - open) {sign} {pick.choice(['high - low', 'abs(high - low)', '0', '0.5 * (high - low)'])}"
            )
        index = pick.choice(self.INDEXES)
        number = pick.choice([0, 20, 30, 50, 70, 80, 100])
        if kind < 0.6:
            return f"{index} between {number} and {number + pick.choice([0, 20, -10])}"
        if kind < 0.7:
            return f"({index} crosses {pick.choice(['above', 'below'])} {number})"
        return f"{index} {sign} {number}"

    def condition(self, depth: int = 3) -> str:
        pick = self.random
        if depth == 0 or pick.random() < 0.3:
            return self.comparison()
        forms: tuple[Callable[[], str], ...] = (
            lambda: f"({self.condition(depth - 1)} and {self.condition(depth - 1)})",
            lambda: f"({self.condition(depth - 1)} or {self.condition(depth - 1)})",
            lambda: f"not ({self.condition(depth - 1)})",
            lambda: f"({self.condition(depth - 1)} {pick.choice(['for', 'within'])} 2 bars)",
            lambda: f"(if {self.comparison()} then {self.condition(depth - 1)} else {self.comparison()})",
            lambda: f"({self.condition(depth - 1)})[1]",
        )
        return pick.choice([*forms[:2], *forms])()


@pytest.mark.parametrize("seed", range(12))
def test_what_is_said_of_anything_is_so(seed: int) -> None:
    """Conditions that make little sense, on made candles: no claim of the rules is ever refuted."""
    writer = Careless(seed)
    claims = 0
    for _ in range(60):
        body = f"long:\n  when:\n    it: {writer.condition()}\n  entry: market\n  stop: 1%\n"
        loaded = load_text(body)
        # What can never hold keeps a strategy from being loaded: a claim like those of the rules.
        assert {found.name for found in loaded.errors} <= {"never-true"}, body
        for claim in filter(None, map(_claims, [*loaded.errors, *lint(loaded)])):
            expression, never = claim
            claims += 1
            assert never not in truths(expression), (expression, body)
    assert claims > 20
