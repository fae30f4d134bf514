"""Strategies drawn at random: every kind of entry, add, stop, target, move, exit, trail, expiry and cooldown there is.

tests.engine.made has one plan that uses everything; here each seed mixes the parts anew, on a market of any scale.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np

from engine.decide import Settings
from engine.domain.market import Block, Market, Timeframe
from engine.domain.signal import Side
from engine.domain.strategy import (
    AddRule,
    Apply,
    AtEntry,
    Clamp,
    ConditionRule,
    Constant,
    Cooldown,
    EntryRule,
    ExitRule,
    Held,
    LevelValue,
    MoveRule,
    Plan,
    PositionField,
    Ref,
    SideRules,
    StopRule,
    StrategyRules,
    TargetRule,
    TrailRule,
)
from tests.engine.made import M1, M5, M15, MINUTE, Maker, Values, _coarser, market_block

SYMBOLS = ("BTC/USDT", "LATE/USDT")
SCALES = ((1.0, "0.01"), (1.0, "0.05"), (1.0, "0"), (1e-8, "1E-13"), (1e4, "0.25"), (1e6, "50"), (30.0, "1E-18"))


class Draw:
    """Draws one plan over one block."""

    def __init__(self, seed: int, minutes: int) -> None:
        self.random = np.random.default_rng(seed)
        self.scale, tick = self.one(*SCALES)
        self.block = self._market(seed, minutes, float(self.one(0.0, 0.01, 0.2)))
        self.maker = Maker(self.block, seed + 1)
        self.markets = {symbol: Market("made", symbol, Decimal(tick)) for symbol in SYMBOLS}
        self.settings = Settings(
            fees=float(self.one(0.0, 0.001)), slippage=float(self.one(0.0, 0.0005)), follow=dict.fromkeys(SYMBOLS, M1)
        )

    def one(self, *choices: Any) -> Any:
        return choices[int(self.random.integers(len(choices)))]

    def some(self, most: int, make: Callable[[], Any]) -> tuple[Any, ...]:
        return tuple(make() for _ in range(int(self.random.integers(most + 1))))

    def plan(self) -> tuple[Plan, Values]:
        return self.maker.plan(*(self._strategy(name) for name in ("last", "first")))

    def _market(self, seed: int, minutes: int, holes: float) -> Block:
        """Return random walks of that scale; the second symbol is listed late."""
        block = market_block(seed, minutes, SYMBOLS, holes)
        panel = block.panels[M1]
        here = panel.here.copy()
        here[: int(self.random.integers(minutes)), 1] = 0
        fields = {
            name: np.where(here, column * (1.0 if name == "volume" else self.scale), np.nan)
            for name, column in panel.fields.items()
        }
        fine = replace(panel, here=here, fields=fields)
        return replace(block, panels={M1: fine, M5: _coarser(fine, M5), M15: _coarser(fine, M15)})

    def _strategy(self, name: str) -> StrategyRules:
        timeframes = [M15, M1, M5]
        self.random.shuffle(timeframes)
        sides = self.one(("long",), ("short",), ("long", "short"))
        rules = {timeframe: tuple(self._side(timeframe, side) for side in sides) for timeframe in timeframes[:2]}
        cooldowns = self.some(2, lambda: Cooldown(self.one(60_000, 1_800_000), self.one("signal", "exit", "stop")))
        return self.maker.strategy(name, rules, cooldowns=cooldowns)

    def _side(self, timeframe: Timeframe, name: str) -> SideRules:
        maker, sign = self.maker, 1 if name == "long" else -1
        fires, confidence = maker.truth(timeframe, self.one(0.01, 0.1, 0.9)), maker.number(timeframe, 0, 100)
        kept = maker.near(timeframe, 1.0, 0.1), maker.truth(timeframe, 0.5, 0.1)
        kind = self.one("market", "limit", "stop")
        beside = 1 - sign * 0.002 if kind == "limit" else 1 + sign * 0.002
        adds = self.some(2, lambda: AddRule(self._level(timeframe, 1 - sign * 0.006, 0.001, 0.01), 0.25))
        price = None if kind == "market" else Ref(maker.near(timeframe, beside))
        entry = EntryRule(kind, price, self.one(0, 3), 1 - 0.25 * len(adds), adds)
        clamp = Clamp(self._percent(0.001, 0.004), self._percent(0.005, 0.02))
        stop = StopRule(self._level(timeframe, 1 - sign * 0.01, 0.001, 0.02), self.one(None, clamp))
        parts = self.one((), (1.0,), (0.5, 0.5), (0.3, 0.3, 0.4))
        targets = tuple(self._target(timeframe, sign, kept, part, place) for place, part in enumerate(parts))
        exits = tuple(
            ExitRule(f"exit {place}", self._truth(timeframe, kept), self.one(1.0, 0.5, 0.25))
            for place in range(int(self.random.integers(4)))
        )
        trails = self.some(2, lambda: self._trail(timeframe, kept))
        return SideRules(
            Side(name), (ConditionRule("made", "made", fires, True, 0.0),), fires, confidence, entry,
            self.one(stop, stop, stop, None), targets, exits, trails, self.one(0, 7, 45, 600) * MINUTE, kept,
        )  # fmt: skip

    def _target(self, timeframe: Timeframe, sign: int, kept: tuple[int, int], part: float, place: int) -> TargetRule:
        reads = Apply("mul", (Constant(0.001), PositionField("bars")))
        first = MoveRule("target", Constant(1.0)) if place else None
        move = self.one(
            None, first, MoveRule("entry"), MoveRule("price", self._number(timeframe, kept)),
            MoveRule("offset", Constant(0.001)), MoveRule("offset", reads),
        )  # fmt: skip
        return TargetRule(self._level(timeframe, 1 + sign * 0.012, 0.001, 0.02), part, move)

    def _trail(self, timeframe: Timeframe, kept: tuple[int, int]) -> TrailRule:
        line = LevelValue("price", self._number(timeframe, kept))
        risk = LevelValue("r", Constant(float(self.random.uniform(0.5, 2))))
        level = self.one(line, risk, self._percent(0.003, 0.02))
        return TrailRule(level, self.one(None, ("target", 1), ("r", 1.0), ("percent", 0.004)))

    def _percent(self, low: float, high: float) -> LevelValue:
        return LevelValue("percent", Constant(float(self.random.uniform(low, high))))

    def _level(self, timeframe: Timeframe, ratio: float, low: float, high: float) -> LevelValue:
        far = float(self.random.uniform(low, high)) * 100 * self.scale
        line = LevelValue("price", Ref(self.maker.near(timeframe, ratio)))
        return self.one(line, LevelValue("distance", Constant(far)), self._percent(low, high))

    def _number(self, timeframe: Timeframe, kept: tuple[int, int], depth: int = 2) -> Held:
        def part() -> Held:
            return self._number(timeframe, kept, depth - 1)

        leaf = (
            Ref(self.maker.near(timeframe, 1.0)), AtEntry(kept[0]), Ref(kept[0]),
            PositionField(self.one("entry", "best", "stop")),
        )  # fmt: skip
        if not depth:
            return self.one(*leaf)
        ratio = Apply("clip", (Constant(float(self.random.uniform(0.9, 1.1))), Constant(0.97), Constant(1.03)))
        whole = (
            Apply(self.one("min", "max"), (part(), part(), part())), Apply("default", (part(), part())),
            Apply("if", (self._truth(timeframe, kept, depth - 1), part(), part())), Apply("mul", (part(), ratio)),
        )  # fmt: skip
        return self.one(*leaf, *whole)

    def _truth(self, timeframe: Timeframe, kept: tuple[int, int], depth: int = 2) -> Held:
        def part() -> Held:
            return self._truth(timeframe, kept, depth - 1)

        bars = Apply("ge", (PositionField("bars"), Constant(float(self.random.integers(1, 60)))), True)
        gain = Constant(float(self.random.normal() * 0.01))
        leaf = (
            Ref(self.maker.truth(timeframe, 0.2, 0.1)), AtEntry(kept[1]), bars,
            Apply(self.one("ge", "lt", "le", "gt"), (PositionField("profit"), gain), True),
        )  # fmt: skip
        if not depth:
            return self.one(*leaf)
        whole = (
            Apply(self.one("and", "or"), (part(), part(), part()), True), Apply("not", (part(),), True),
            Apply(self.one("eq", "ne", "default"), (part(), part()), True), Apply("if", (part(), part(), part()), True),
            Apply("at_least", (Constant(2.0), part(), part(), part()), True),
            Apply("known", (self._number(timeframe, kept, depth - 1),), True),
        )  # fmt: skip
        return self.one(*leaf, *whole)
