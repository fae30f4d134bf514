"""Made plans and blocks: several frames over the same symbols, cut wherever a test wants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.domain.market import Block, Panel, Series, Timeframe
from engine.domain.strategy import Plan
from engine.plan.evaluate import Evaluator, Values
from engine.plan.graph import Graph

Array = npt.NDArray[Any]
MONDAY = 1_743_379_200_000  # 2025-03-31, a Monday's midnight


def plan_of(graph: Graph) -> Plan:
    return Plan(graph.plan_nodes(), ())


@dataclass
class Grid:
    """Candles on full grids from `origin`: per timeframe `here` (T, S) and fields (T, S)."""

    symbols: tuple[str, ...]
    origin: int = MONDAY
    here: dict[Timeframe, Array] = field(default_factory=dict)
    fields: dict[Timeframe, dict[str, Array]] = field(default_factory=dict)
    series: dict[str, Series] = field(default_factory=dict)

    def add(self, timeframe: str, close: Array, here: Array | None = None, **fields: Array) -> Timeframe:
        parsed = Timeframe.parse(timeframe)
        close = np.asarray(close, np.float64)
        there = (~np.isnan(close)).astype(np.int8) if here is None else here
        columns = {
            "close": close,
            "open": close,
            "high": close + 1,
            "low": close - 1,
            "volume": np.ones_like(close),
            **fields,
        }
        self.here[parsed] = there
        self.fields[parsed] = {name: np.where(there != 0, values, np.nan) for name, values in columns.items()}
        return parsed

    @property
    def until(self) -> int:
        return max(self.origin + timeframe.ms * len(here) for timeframe, here in self.here.items())

    def block(self, after: int, until: int) -> Block:
        panels = {}
        for timeframe, here in self.here.items():
            times = timeframe.floor(self.origin) + timeframe.ms * np.arange(1, len(here) + 1, dtype=np.int64)
            cut = (times > after) & (times <= until)
            columns = {name: values[cut] for name, values in self.fields[timeframe].items()}
            panels[timeframe] = Panel(timeframe, self.symbols, times[cut], here[cut], columns)
        return Block(after, until, panels, self.series)

    def run(self, plan: Plan, cuts: Sequence[int] = (), **given: Any) -> list[Values]:
        """Return the values of the consecutive blocks between `origin`, the cuts and the end."""
        evaluator = Evaluator(plan, self.symbols, **given)
        edges = [self.origin, *cuts, self.until]
        return [evaluator.advance(self.block(a, b)) for a, b in pairwise(edges)]


def joined(parts: Sequence[Values], node: int) -> Array:
    return np.concatenate([part.of(node) for part in parts])


def walk(rng: np.random.Generator, rows: int, lanes: int, absent: float = 0.0) -> Array:
    close = 100.0 + np.cumsum(rng.normal(size=(rows, lanes)), axis=0)
    close[rng.random((rows, lanes)) < absent] = np.nan
    return close


def published(values: Mapping[int, float], max_age_ms: int) -> Series:
    return Series("fng", np.array(list(values), np.int64), np.array(list(values.values())), max_age_ms)
