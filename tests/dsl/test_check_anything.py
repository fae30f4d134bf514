"""Whatever is written, the checker answers with findings or a plan, never with an exception."""

from __future__ import annotations

import random
import re

import pytest

from dsl.lint import lint
from engine.indicators import PRIMITIVES
from engine.plan.operations import OPERATIONS
from tests.dsl.texts import load_text


def words(text: str) -> list[str]:
    return text.split()


ATOMS = words("""close open volume spread quote_volume_24h fng hl2 timeframe time.hour entry position.bars
position.profit position.stop confidence weighted it n share a model.up long.fires short.fires true false 3 0 1% 2R
15m -1 rsi14 bands bands.upper nope""")
CALLS = words("""rsi({}) ema({},{}) sma({},10) macd({}).hist bbands({}).upper rising({},2) highest({},5) lowest({},n)
atr(14) min({},{}) max({},{},{}) clip({},{},{}) abs({}) sqrt({}) sign({}) log({}) default({},{}) known({})
at_least(1,{},{}) at_entry({}) barssince({},20) valuewhen({},{},1,50) stdev({},20) pivot_low({}).price supertrend().up
roc({},5) prev({},{}) cum({},{}) psar().line""")
SIGNS = words("+ - * / < <= > >= == != and or")
PLAIN = {*OPERATIONS, *words("const field series join output model recur")}
FRAMES = ["1h", "5m", '"BTC/USDT"', "7m", "4h"]

PARTS = {
    "features": "model: {name: m, label: 1% before -1% within 24 bars, features: {f: 'EXPR'}}",
    "let": "let: {a: 'EXPR', rsi14: rsi(14), bands: bbands()}",
    "when": "  when: {it: 'EXPR'}",
    "fire": "  fire: 'EXPR'",
    "confidence": "  confidence: 'EXPR'",
    "entry": "  entry: 'limit EXPR'",
    "stop": "  stop: 'EXPR'",
    "targets": "  targets: ['EXPR', 'EXPR']",
    "exit": "  exit: {x: 'EXPR'}",
    "trail": "  trail: 'EXPR'",
}
SOUND = {
    "features": "rsi14", "let": "close", "when": "close > open", "fire": "it", "confidence": "weighted",
    "entry": "close", "stop": "1%", "targets": "2%", "exit": "close > open", "trail": "1%",
}  # fmt: skip


class Writer:
    """Writes expressions that the grammar takes and that seldom make sense."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def expression(self, depth: int) -> str:
        pick = self.random
        kind = pick.random()
        if depth <= 0 or kind < 0.2:
            return pick.choice(ATOMS)
        inner = lambda: self.expression(depth - 1)  # noqa: E731
        if kind < 0.4:
            return re.sub(r"\{\}", lambda _: inner(), pick.choice(CALLS))
        if kind < 0.7:
            return f"({inner()} {pick.choice(SIGNS)} {inner()})"
        forms = (
            lambda: f"({inner()} crosses {pick.choice(['above', 'below', ''])} {inner()})",
            lambda: f"({inner()} between {inner()} and {inner()})",
            lambda: f"({inner()} {pick.choice(['for', 'within'])} {pick.choice(['3', 'n', '1', inner()])} bars)",
            lambda: f"(if {inner()} then {inner()} else {inner()})",
            lambda: f"({inner()})[{pick.choice(['1', 'n', '0'])}]",
            lambda: f"({inner()})@{pick.choice(FRAMES)}",
            lambda: f"not ({inner()})",
            lambda: f"-({inner()})",
        )
        return pick.choice(forms)()

    def strategy(self) -> str:
        """Return a strategy of which one part, or every part, is anything."""
        free = self.random.choice([*PARTS, *PARTS, "all"])
        lines = ["params: {n: 5 in 1 to 20, share: 1% in 0% to 5%}"]
        for name, line in PARTS.items():
            if name == "when":
                lines.append("long:")
            depth = self.random.choice([1, 2, 2, 3])
            text = self.expression(depth) if free in (name, "all") else SOUND[name]
            lines.append(line.replace("EXPR", text))
        return "\n".join(lines) + "\n"


@pytest.mark.parametrize("seed", range(12))
def test_anything_is_answered(seed: int) -> None:
    writer = Writer(seed)
    good = 0
    for _ in range(60):
        body = writer.strategy()
        loaded = load_text(body)
        lint(loaded)
        good += not loaded.errors
        assert bool(loaded.errors) == bool(loaded.failed), body
        for finding in loaded.diagnostics:
            assert finding.message
            assert finding.span.end >= finding.span.start
        for node in loaded.plan.nodes:
            assert node.op in PLAIN or node.op in PRIMITIVES, body
    assert good
