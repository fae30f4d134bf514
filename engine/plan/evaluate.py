"""Evaluation: the values of a plan's nodes over blocks of candles.

One walk for everything: a backtest gives one long block, a replay a block per day, live a block of one instant.
What a node remembers is carried from block to block, so any split of a history gives the same values to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any

import numpy as np

from engine.domain.market import Block, Timeframe, Times, Truths
from engine.domain.strategy import Frame, Node, Plan
from engine.plan.frames import FrameState, Rows
from engine.plan.operations import UNKNOWN, Array
from engine.plan.parts import Sheets, parts
from engine.plan.reads import rule_nodes
from engine.plan.steps import Models, Moment, step_of
from engine.ports import Predictor

_Ready = tuple[int, Callable[..., Any], bool, int, tuple[int, ...], bool, list[int]]
"""A node, what computes it, whether that is pure, its frame's place, what it reads, whether its values are written
to a sheet, and what nobody needs after it."""


class _Way(Enum):
    """What becomes of the values of the nodes that rules read."""

    HELD = "held as they are"
    WRITTEN = "written to the sheets of the whole block"
    FORGOTTEN = "forgotten; only what a later block needs is computed"


class Values:
    """The values of the kept nodes over one block. Arrays are read-only.

    Numbers are float64 with NaN for unknown, truths int8 0 1 2. Where a candle does not exist everything is
    unknown, also what does not depend on the candle; `finished` values are so already.
    """

    def __init__(
        self,
        plan: Plan,
        lanes: Mapping[str, int],
        rows: Mapping[Frame, Rows],
        kept: frozenset[int],
        store: Sequence[Any],
        *,
        finished: bool = False,
    ) -> None:
        self._plan, self._lanes, self._rows, self._kept, self._store = plan, lanes, rows, kept, store
        self._finished = finished
        self._masked: dict[int, Array] = {}

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
        found = self._masked.get(node)
        if found is None:
            found = self._masked[node] = self._mask(node)
        return found

    def _mask(self, node: int) -> Array:
        if node not in self._kept:
            raise KeyError(f"node {node} ({self._plan.nodes[node].text}) was not kept: ask for it with keep=")
        rows, values = self._rows[self._plan.nodes[node].frame], self._store[node]
        if not rows.shape[0]:
            values = np.empty(rows.shape, np.int8 if self._plan.nodes[node].boolean else np.float64)
        elif isinstance(values, tuple):
            values = values[0]
        if rows.whole or self._finished:
            values = np.broadcast_to(values, rows.shape)
        else:
            unknown = UNKNOWN if values.dtype == np.int8 else np.nan
            values = np.where(rows.here != 0, values, np.asarray(unknown, values.dtype))
        view: Array = values.view()
        view.flags.writeable = False
        return view


class Evaluator:
    """Evaluates a plan for `symbols`, block after block.

    `keep` are nodes whose values are asked for besides those that rules read; a plan without strategies keeps
    all where nothing is asked for. Nodes that nothing kept needs are not evaluated. Panels must cover exactly
    `symbols`, in this order. Raises LookupError for an unknown operation, ValueError for a frame of a symbol that is
    not among them.
    """

    def __init__(
        self,
        plan: Plan,
        symbols: Sequence[str],
        *,
        predictors: Mapping[str, Predictor] | None = None,
        keep: Iterable[int] | None = None,
    ) -> None:
        self.plan, self.symbols = plan, tuple(symbols)
        everything = keep is None and not plan.strategies
        self.kept = frozenset(range(len(plan.nodes))) if everything else rule_nodes(plan) | frozenset(keep or ())
        used = _reachable(plan.nodes, self.kept)
        frames = list(dict.fromkeys(plan.nodes[i].frame for i in used))
        self._frames = [FrameState(frame, self.symbols) for frame in frames]
        lanes = {state.frame: len(state.symbols) for state in self._frames}
        self._timeframes = {frame.timeframe for frame in frames}
        self._places = {frame: place for place, frame in enumerate(frames)}
        models = Models(predictors or {})
        self._steps = {i: step_of(i, plan.nodes, lanes, self._places, models) for i in used}
        self._needed = {
            _Way.HELD: used,
            _Way.WRITTEN: used,
            _Way.FORGOTTEN: _reachable(plan.nodes, (i for i, step in self._steps.items() if step.remembers)),
        }
        self._active: dict[tuple[_Way, tuple[bool, ...]], list[_Ready]] = {}
        """Per set of frames in which candles closed, the steps that have something to do."""
        self._lanes = {symbol: lane for lane, symbol in enumerate(self.symbols)}

    def advance(self, block: Block) -> Values:
        """Return the values over the next block; it must begin where the last one ended."""
        self._check(block)
        pieces = parts(block, self._timeframes, len(self.symbols))
        if len(pieces) == 1:
            rows = self._rows(block)
            store = self._run(_Way.HELD, block, rows)
            return Values(self.plan, self._lanes, self._by_frame(rows), self.kept, store)
        whole = [state.empty(block.panels.get(state.frame.timeframe)) for state in self._frames]
        sheets = Sheets(self.plan.nodes, self.kept, self._places, whole)
        for piece in pieces:
            rows = self._rows(piece)
            sheets.begin(rows)
            self._run(_Way.WRITTEN, piece, rows, sheets)
        return Values(self.plan, self._lanes, self._by_frame(whole), self.kept, sheets.values, finished=True)

    def skip(self, block: Block) -> None:
        """Go over the next block as `advance` does, for those that come after it alone: nothing is kept of it."""
        self._check(block)
        for piece in parts(block, self._timeframes, len(self.symbols)):
            self._run(_Way.FORGOTTEN, piece, self._rows(piece))

    def _check(self, block: Block) -> None:
        for timeframe in self._timeframes:
            panel = block.panels.get(timeframe)
            if panel is not None and panel.symbols != self.symbols:
                raise ValueError(f"the panel of {timeframe} covers {panel.symbols}, not {self.symbols}")

    def _rows(self, block: Block) -> list[Rows]:
        return [state.advance(block.panels.get(state.frame.timeframe)) for state in self._frames]

    def _by_frame(self, rows: Sequence[Rows]) -> dict[Frame, Rows]:
        return {state.frame: there for state, there in zip(self._frames, rows, strict=True)}

    def _run(self, way: _Way, block: Block, rows: Sequence[Rows], sheets: Sheets | None = None) -> list[Any]:
        """Evaluate a block or a part of one; return the values that are held, or write them into the sheets."""
        moment = Moment(block, rows)
        store: list[Any] = [None] * len(self.plan.nodes)
        with np.errstate(all="ignore"):
            for i, function, pure, place, inputs, written, frees in self._ready(way, rows):
                given = [store[j] for j in inputs]
                store[i] = function(*given) if pure else function(rows[place], given, moment)
                if written and sheets is not None:
                    sheets.write(i, store[i])
                for j in frees:
                    store[j] = None
        return store

    def _ready(self, way: _Way, rows: Sequence[Rows]) -> list[_Ready]:
        alive = tuple(len(there.close_time) > 0 for there in rows)
        ready = self._active.get((way, alive))
        if ready is None:
            ready = self._active[way, alive] = self._list(way, alive)
        return ready

    def _list(self, way: _Way, alive: Sequence[bool]) -> list[_Ready]:
        nodes = self.plan.nodes
        places = {i: self._places[nodes[i].frame] for i in self._needed[way]}
        doing = [i for i, place in places.items() if self._steps[i].always or alive[place]]
        held = self.kept if way is _Way.HELD else frozenset()
        written = self.kept if way is _Way.WRITTEN else frozenset()
        return [
            (i, self._steps[i].function, self._steps[i].pure, places[i], nodes[i].inputs, i in written, frees)
            for i, frees in zip(doing, _last_uses(nodes, doing, held), strict=True)
        ]

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


def _reachable(nodes: Sequence[Node], wanted: Iterable[int]) -> list[int]:
    """Return the nodes that the wanted ones need, themselves included, in order."""
    found = set(wanted)
    for i in range(len(nodes) - 1, -1, -1):
        if i in found:
            found.update(nodes[i].inputs)
    return sorted(found)


def _last_uses(nodes: Sequence[Node], used: Sequence[int], held: frozenset[int]) -> list[list[int]]:
    """Return per step the nodes that nobody needs after it."""
    last: dict[int, int] = {}
    for place, i in enumerate(used):
        last[i] = place
        for j in nodes[i].inputs:
            last[j] = place
    frees: list[list[int]] = [[] for _ in used]
    for i, place in last.items():
        if i not in held:
            frees[place].append(i)
    return frees
