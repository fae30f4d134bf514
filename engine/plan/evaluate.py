"""Evaluation: the values of a plan's nodes over blocks of candles.

One walk for everything: a backtest gives one long block, a replay a block per day, live a block of one instant.
What a node remembers is carried from block to block, so any split of a history gives the same values to the bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from engine.domain.market import Block, Timeframe, Times, Truths
from engine.domain.strategy import ELEMENT_WISE, Frame, Plan
from engine.plan.frames import FrameState, Rows
from engine.plan.fuse import fused, needed
from engine.plan.operations import Array
from engine.plan.parts import parts
from engine.plan.reads import rule_nodes
from engine.plan.run import Run, Sheets, Work
from engine.plan.steps import Models, Moment, step_of
from engine.ports import Predictor

_NO_STEPS = frozenset({"const", "field", "output", *ELEMENT_WISE})
"""What is no call of its own."""


class Values:
    """The values of the kept nodes over one block. Arrays are read-only.

    Numbers are float64 with NaN for unknown, truths int8 0 1 2. Where a candle does not exist everything is
    unknown, also what does not depend on the candle.
    """

    def __init__(
        self,
        plan: Plan,
        lanes: Mapping[str, int],
        rows: Mapping[Frame, Rows],
        where: Mapping[int, tuple[int, bool, int]],
        sheets: Sheets,
    ) -> None:
        """`where` tells of each kept node which sheet it is on, and at which index."""
        self._plan, self._lanes, self._rows, self._where, self._sheets = plan, lanes, rows, where, sheets

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(self._lanes)

    def close_time(self, timeframe: Timeframe) -> Times:
        """Return the close times of that timeframe in the block, int64 (T,); empty where the plan has no such frame."""
        times = (rows.close_time for frame, rows in self._rows.items() if frame.timeframe == timeframe)
        return next(times, np.empty(0, np.int64))

    def lane(self, symbol: str) -> int:
        """Return the column of a symbol. Raises KeyError."""
        return self._lanes[symbol]

    def here(self, frame: Frame) -> Truths:
        """Return int8 (T, S): 0 no candle, 1 a candle, 2 a candle after a hole that started the series anew."""
        return self._rows[frame].here

    def of(self, node: int) -> Array:
        """Return the node's values, (T, S) of its frame; S is 1 for a frame of one symbol.

        Raises KeyError for a node that was not kept.
        """
        where = self._where.get(node)
        if where is None:
            raise KeyError(f"node {node} ({self._plan.nodes[node].text}) was not kept: ask for it with keep=")
        place, truth, index = where
        values: Array = self._sheets[place, truth][index]
        return values


class Evaluator:
    """Evaluates a plan for `symbols`, block after block.

    `keep` are nodes whose values are asked for besides those that rules read; a plan without strategies keeps
    all where nothing is asked for. Nodes that nothing kept needs are not evaluated. Large parts are evaluated by
    so many `threads`, with the same values. Panels must cover exactly `symbols`, in this order. Raises LookupError for
    an unknown operation, ValueError for a frame of a symbol that is not among them.
    """

    def __init__(
        self,
        plan: Plan,
        symbols: Sequence[str],
        *,
        predictors: Mapping[str, Predictor] | None = None,
        keep: Iterable[int] | None = None,
        threads: int = 1,
    ) -> None:
        self.plan, self.symbols = plan, tuple(symbols)
        everything = keep is None and not plan.strategies
        self.kept = frozenset(range(len(plan.nodes))) if everything else rule_nodes(plan) | frozenset(keep or ())
        nodes, used = fused(plan.nodes, self.kept)
        frames = list(dict.fromkeys(nodes[i].frame for i in used))
        self._frames = [FrameState(frame, self.symbols) for frame in frames]
        self._by_frame = {frame: place for place, frame in enumerate(frames)}
        self._timeframes = {frame.timeframe for frame in frames}
        self._lanes = {symbol: lane for lane, symbol in enumerate(self.symbols)}
        lanes = {state.frame: len(state.symbols) for state in self._frames}
        models = Models(predictors or {})
        stepped = [i for i in used if nodes[i].op not in _NO_STEPS]
        self._steps = {i: step_of(i, nodes, lanes, self._by_frame, models) for i in stepped}
        work = Work(nodes, self._steps, self._by_frame, [lanes[frame] for frame in frames])
        self._run = Run(work, used, sorted(self.kept), threads)
        remembering = [i for i, step in self._steps.items() if step.remembers]
        self._skip = Run(work, needed(nodes, remembering), (), threads)

    def advance(self, block: Block) -> Values:
        """Return the values over the next block; it must begin where the last one ended."""
        self._check(block)
        pieces = parts(block, self._timeframes, len(self.symbols), self._run.columns)
        if len(pieces) == 1:
            rows = self._rows(block)
            sheets = self._run.sheets(rows)
            self._run.advance(Moment(block, rows), sheets)
            return self._values(rows, sheets)
        whole = [state.empty(block.panels.get(state.frame.timeframe)) for state in self._frames]
        sheets, starts = self._run.sheets(whole), [0] * len(whole)
        for piece in pieces:
            rows = self._rows(piece)
            self._run.advance(Moment(piece, rows), sheets, starts)
            for place, part in enumerate(rows):
                start, starts[place] = starts[place], starts[place] + part.shape[0]
                whole[place].here[start : starts[place]] = part.here
                whole[place].whole &= part.whole
        return self._values(whole, sheets)

    def skip(self, block: Block) -> None:
        """Go over the next block as `advance` does, for those that come after it alone: nothing is kept of it."""
        self._check(block)
        for piece in parts(block, self._timeframes, len(self.symbols), self._skip.columns):
            self._skip.advance(Moment(piece, self._rows(piece)), {})

    def _check(self, block: Block) -> None:
        for timeframe in self._timeframes:
            panel = block.panels.get(timeframe)
            if panel is not None and panel.symbols != self.symbols:
                raise ValueError(f"the panel of {timeframe} covers {panel.symbols}, not {self.symbols}")

    def _rows(self, block: Block) -> list[Rows]:
        return [state.advance(block.panels.get(state.frame.timeframe)) for state in self._frames]

    def _values(self, rows: Sequence[Rows], sheets: Sheets) -> Values:
        for sheet in sheets.values():
            sheet.flags.writeable = False
        by_frame = {state.frame: there for state, there in zip(self._frames, rows, strict=True)}
        return Values(self.plan, self._lanes, by_frame, self._run.where, sheets)

    def snapshot(self) -> tuple[object, ...]:
        """Return all that is remembered, to be given to `restore` of an evaluator of the same plan and symbols."""
        frames = tuple(state.snapshot() for state in self._frames)
        return frames, tuple(step.snapshot() for step in self._steps.values())

    def restore(self, snapshot: tuple[Any, ...]) -> None:
        """Go on from a snapshot; it stays usable."""
        frames, steps = snapshot
        for state, kept in zip(self._frames, frames, strict=True):
            state.restore(kept)
        for step, kept in zip(self._steps.values(), steps, strict=True):
            step.restore(kept)
