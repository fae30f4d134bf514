"""The scene of one block: its candles and the plan's values on them, per symbol and timeframe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from engine.domain.market import Block, Followed, Market, Timeframe, Times
from engine.domain.strategy import Plan, SideRules, StrategyRules
from engine.trade.path import Bars, Path
from engine.trade.settings import Settings

TRUE = 2


class PlanValues(Protocol):
    """What is read of engine.plan.evaluate.Values."""

    @property
    def symbols(self) -> tuple[str, ...]: ...

    def of(self, node: int) -> npt.NDArray[Any]: ...


@dataclass(frozen=True, slots=True)
class Rule:
    """One side of a strategy on one timeframe. `key` names it within the lane."""

    timeframe: Timeframe
    side: SideRules
    key: tuple[str, str]


def rules_of(strategy: StrategyRules) -> tuple[Rule, ...]:
    """Return a strategy's sides in the order in which they are decided."""
    return tuple(
        Rule(timeframe, side, (timeframe.text, str(side.side)))
        for timeframe, sides in strategy.rules.items()
        for side in sides
    )


@dataclass(slots=True)
class Firing:
    """The candles on which one rule fires for one symbol; those before `at` have been decided.

    `rows` are rows of the timeframe's panel.
    """

    times: Times
    rows: npt.NDArray[np.intp]
    at: int = 0

    def next_time(self) -> int | None:
        return int(self.times[self.at]) if self.at < len(self.times) else None

    def skip_before(self, time: int | None) -> int | None:
        """Pass those before `time` (None: all); return the last one passed, None if there was none."""
        after = len(self.times) if time is None else int(self.times.searchsorted(time))
        if after <= self.at:
            return None
        self.at = after
        return int(self.times[after - 1])


class Scene:
    """One block with its values, markets and settings."""

    def __init__(
        self, plan: Plan, values: PlanValues, block: Block, markets: Mapping[str, Market], settings: Settings
    ) -> None:
        self.plan, self.values, self.block, self.markets, self.settings = plan, values, block, markets, settings
        self.lanes = {symbol: lane for lane, symbol in enumerate(values.symbols)}
        self._paths: dict[str, Path] = {}
        self._bars: dict[tuple[str, Timeframe], Bars] = {}

    def market(self, symbol: str) -> Market:
        return self.markets.get(symbol) or Market(self.settings.venue, symbol)

    def path(self, symbol: str) -> Path:
        """Return the finest candles of a symbol."""
        if symbol not in self._paths:
            self._paths[symbol] = Path.along(self.block.panels, self.lanes[symbol], self.followed(symbol))
        return self._paths[symbol]

    def followed(self, symbol: str) -> Followed:
        """Return the candles on which positions of a symbol are followed."""
        told = self.settings.follow.get(symbol) or min(self.block.panels)
        return told if isinstance(told, Followed) else Followed(told)

    def bars(self, symbol: str, timeframe: Timeframe) -> Bars:
        """Return the candles of a strategy's timeframe, which the block must have."""
        key = (symbol, timeframe)
        if key not in self._bars:
            self._bars[key] = Bars.of(self.block.panels[timeframe], self.lanes[symbol], self.values)
        return self._bars[key]

    def symbols(self, strategy: StrategyRules) -> tuple[str, ...]:
        """Return the symbols that a strategy may trade, as far as they are here."""
        named = self.settings.universe.get(strategy.id, strategy.universe.symbols or tuple(self.markets))
        return tuple(symbol for symbol in named if symbol in self.lanes)

    def firings(self, strategy: StrategyRules) -> Iterator[tuple[str, int, Firing]]:
        """Yield (symbol, place of the rule, its candles) for every symbol and rule that fires in the block."""
        symbols = {self.lanes[symbol]: symbol for symbol in self.symbols(strategy)}
        for place, rule in enumerate(rules_of(strategy)):
            panel = self.block.panels.get(rule.timeframe)
            if panel is None or not len(panel.close_time):
                continue
            lanes, rows = np.nonzero(((self.values.of(rule.side.fires) == TRUE) & (panel.here == 1)).T)
            borders = np.flatnonzero(np.diff(lanes)) + 1
            for part, found in zip(np.split(lanes, borders), np.split(rows, borders), strict=True):
                if len(part) and int(part[0]) in symbols:
                    yield symbols[int(part[0])], place, Firing(panel.close_time[found], found)
