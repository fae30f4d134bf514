"""Candidates: the candles of a block on which a strategy's rules fire, and what each of them would make of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.domain.market import Floats, Times
from engine.domain.strategy import StrategyRules
from engine.kernels import columns as at
from engine.trade.quote import Ticks, quote, width
from engine.trade.rulebook import Rulebook
from engine.trade.scene import TRUE, Scene
from engine.trade.tape import column_of

Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Candidates:
    """All candidates of a strategy in a block, n of them: rule by rule, in a rule lane by lane, oldest first.

    `rule`, `lane` and `row` (of the timeframe's panel) name the candle; `refused` is 0 or why it makes no signal
    whatever came before, `which` and `price` what was refused (engine.trade.quote). `terms` (n, W).
    """

    rule: Places
    lane: Places
    row: Places
    time: Times
    close: Floats
    refused: npt.NDArray[np.int64]
    which: npt.NDArray[np.int64]
    price: Floats
    terms: Floats
    confidence: Floats

    def __len__(self) -> int:
        return len(self.time)

    def bounds(self, lanes: Places, rules: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return where the candidates of each of `lanes` and each rule begin and end, int64 (L, R)."""
        first, last = np.zeros((len(lanes), rules), np.int64), np.zeros((len(lanes), rules), np.int64)
        edges = np.searchsorted(self.rule, np.arange(rules + 1))
        for rule in range(rules):
            own = self.lane[edges[rule] : edges[rule + 1]]
            first[:, rule] = edges[rule] + own.searchsorted(lanes, side="left")
            last[:, rule] = edges[rule] + own.searchsorted(lanes, side="right")
        return first, last

    def take(self, places: Places) -> Candidates:
        """Return some of them."""
        columns = (getattr(self, name)[places] for name in self.__dataclass_fields__)
        return Candidates(*columns)


def candidates_of(scene: Scene, strategy: StrategyRules, rulebook: Rulebook, room: tuple[int, int, int]) -> Candidates:
    """Return every candidate of a strategy in the scene's block."""
    allowed = np.zeros(len(scene.lanes), np.bool_)
    allowed[[scene.lanes[symbol] for symbol in scene.symbols(strategy)]] = True
    parts = []
    for place, rule in enumerate(rulebook.rules):
        lanes, rows = scene.firings(rule, allowed)
        if len(lanes):
            parts.append(judged(scene, strategy, rulebook, place, lanes, rows, room))
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return none(room)
    return Candidates(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in Candidates.__dataclass_fields__)
    )


def none(room: tuple[int, int, int]) -> Candidates:
    """Return no candidates."""
    whole, places, real = np.empty(0, np.int64), np.empty(0, np.intp), np.empty(0)
    return Candidates(places, places, places, whole, real, whole, whole, real, np.empty((0, width(*room))), real)


def judged(
    scene: Scene, strategy: StrategyRules, rulebook: Rulebook, place: int, lanes: Places, rows: Places,
    room: tuple[int, int, int],
) -> Candidates:  # fmt: skip
    """Return candidates of one rule on these cells of its panel."""
    rule = rulebook.rules[place]
    panel = scene.block.panels[rule.timeframe]
    times, close = panel.close_time[rows], column_of(panel, "close")[lanes, rows]
    read = partial(_read, scene, rows, lanes, {})
    quotes = quote(rule.side, read, times, close, ticks_of(scene, lanes), rulebook.kept[place], room)
    where = strategy.universe.where.get(rule.timeframe)
    if where is not None:
        quotes.refused[read(where) != TRUE] = at.R_FILTER
    if scene.settings.now is not None:
        quotes.refused[scene.settings.now - times > rule.timeframe.ms] = at.R_STALE
    confidence = read(rule.side.confidence).astype(np.float64, copy=False)
    return Candidates(
        np.full(len(rows), place, np.intp), lanes, rows, times, close, quotes.refused, quotes.which, quotes.price,
        quotes.terms, confidence,
    )  # fmt: skip


def _read(scene: Scene, rows: Places, lanes: Places, known: dict[int, npt.NDArray[Any]], node: int) -> npt.NDArray[Any]:
    found = known.get(node)
    if found is None:
        found = known[node] = scene.at(node, rows, lanes)
    return found


def ticks_of(scene: Scene, lanes: Places) -> Ticks:
    """Return the ticks of the markets of some lanes."""
    ticks = Ticks.of([scene.market(symbol) for symbol in scene.lanes])
    return ticks.take(lanes)
