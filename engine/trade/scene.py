"""The scene of one block: its candles and the plan's values on them, as the simulator reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from engine.domain.market import Block, Floats, Followed, Market, Panel, Timeframe, Times, Truths
from engine.domain.strategy import Plan, SideRules, StrategyRules
from engine.trade.settings import Settings
from engine.trade.tape import Tape, along, column_of, here_of, side_by_side, tape_of

TRUE = 2

Rows = npt.NDArray[np.intp]


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


@dataclass(frozen=True, slots=True)
class Strips:
    """The candles of some timeframes of a strategy, one timeframe after the other: times int64 (B,), `here` int8 and
    `close` float64 (S, B). `frames` int64 (F, 2) has where each begins and ends, `whole` int8 (F, S) where no candle
    of a symbol is missing."""

    time: Times
    here: Truths
    close: Floats
    frames: npt.NDArray[np.int64]
    whole: Truths


class Scene:
    """One block with its values, markets and settings."""

    def __init__(
        self, plan: Plan, values: PlanValues, block: Block, markets: Mapping[str, Market], settings: Settings
    ) -> None:
        self.plan, self.values, self.block, self.markets, self.settings = plan, values, block, markets, settings
        self.lanes = {symbol: lane for lane, symbol in enumerate(values.symbols)}
        self._tapes: dict[Timeframe, Tape] = {}
        self._whole: dict[Timeframe, Truths] = {}
        self._strips: dict[tuple[Timeframe, ...], Strips] = {}

    def market(self, symbol: str) -> Market:
        return self.markets.get(symbol) or Market(self.settings.venue, symbol)

    def tape(self, symbol: str) -> tuple[Tape, int]:
        """Return the finest candles of a symbol, and its lane in them."""
        followed = self.followed(symbol)
        if followed.coarser:
            return along(self.block.panels, self.lanes[symbol], followed), 0
        if followed.finest not in self._tapes:
            panel = self.block.panels.get(followed.finest) or _no_panel(followed.finest, self.values.symbols)
            self._tapes[followed.finest] = tape_of(panel, self.whole(panel))
        return self._tapes[followed.finest], self.lanes[symbol]

    def followed(self, symbol: str) -> Followed:
        """Return the candles on which positions of a symbol are followed."""
        told = self.settings.follow.get(symbol) or min(self.block.panels)
        return told if isinstance(told, Followed) else Followed(told)

    def whole(self, panel: Panel) -> Truths:
        """Return int8 (S,): 1 for a symbol that has every candle of the panel."""
        found = self._whole.get(panel.timeframe)
        if found is None:
            here = panel.here
            all_of = np.ones(here.shape[1], np.bool_) if here.all() else np.all(here == 1, axis=0)
            found = self._whole[panel.timeframe] = all_of.view(np.int8)
        return found

    def strips(self, timeframes: tuple[Timeframe, ...]) -> Strips:
        """Return the candles of these timeframes; one that the block lacks has none."""
        found = self._strips.get(timeframes)
        if found is None:
            there = self.block.panels
            found = self._strips[timeframes] = self._join(
                [there.get(timeframe) or _no_panel(timeframe, self.values.symbols) for timeframe in timeframes]
            )
        return found

    def _join(self, panels: Sequence[Panel]) -> Strips:
        ends = np.cumsum([0, *(len(panel.close_time) for panel in panels)])
        frames = np.ascontiguousarray(np.column_stack([ends[:-1], ends[1:]]).astype(np.int64))
        if not panels:
            panels = [_no_panel(Timeframe.parse("1m"), self.values.symbols)]
        whole = np.ascontiguousarray(np.stack([self.whole(panel) for panel in panels]))
        if whole.all():
            here = here_of(panels[0], whole[0])
        else:
            here = joined([side_by_side(panel.here, np.int8) for panel in panels], np.int8, axis=1)
        return Strips(
            joined([panel.close_time for panel in panels], np.int64),
            here,
            joined([column_of(panel, "close") for panel in panels], np.float64, axis=1),
            frames, whole,
        )  # fmt: skip

    def symbols(self, strategy: StrategyRules) -> tuple[str, ...]:
        """Return the symbols that a strategy may trade, as far as they are here."""
        named = self.settings.universe.get(strategy.id, strategy.universe.symbols or tuple(self.markets))
        return tuple(symbol for symbol in named if symbol in self.lanes)

    def firings(self, rule: Rule, allowed: npt.NDArray[np.bool_]) -> tuple[Rows, Rows]:
        """Return (lanes, rows of the panel) of the candles on which a rule fires for `allowed` lanes: lane by lane,
        oldest first."""
        panel = self.block.panels.get(rule.timeframe)
        if panel is None or not len(panel.close_time):
            return np.empty(0, np.intp), np.empty(0, np.intp)
        fires = self.values.of(rule.side.fires) == TRUE
        if not self.whole(panel).all():
            fires = fires & (panel.here == 1)
        count = panel.here.shape[1]
        if fires.shape[1] != count:
            fires = np.broadcast_to(fires, panel.here.shape)
        found = np.flatnonzero(fires)
        if count == 1:
            return (np.zeros(len(found), np.intp), found) if allowed[0] else (found[:0], found[:0])
        rows, lanes = np.divmod(found, count)
        if not allowed.all():
            kept = allowed[lanes]
            rows, lanes = rows[kept], lanes[kept]
        order = np.argsort(lanes, kind="stable")
        return lanes[order], rows[order]

    def at(self, node: int, rows: Rows, lanes: Rows) -> npt.NDArray[Any]:
        """Return a node's values on some cells; a frame of one symbol answers for every lane."""
        values = self.values.of(node)
        found: npt.NDArray[Any] = values[rows, lanes if values.shape[1] > 1 else 0]
        return found


def joined(parts: Sequence[npt.NDArray[Any]], kind: type, axis: int = 0) -> npt.NDArray[Any]:
    """Return the parts one after the other as compiled code takes them, without a copy where there is one part."""
    whole = parts[0] if len(parts) == 1 else np.concatenate(parts, axis)
    return np.require(whole, kind, ["C", "W"])


def _no_panel(timeframe: Timeframe, symbols: tuple[str, ...]) -> Panel:
    none = np.empty((0, len(symbols)))
    fields = dict.fromkeys(("open", "high", "low", "close", "volume"), none)
    return Panel(timeframe, symbols, np.empty(0, np.int64), np.empty((0, len(symbols)), np.int8), fields)
