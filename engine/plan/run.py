"""A run: a schedule with the pools of its frames, called once per part of a block."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from engine.domain.market import Block
from engine.domain.strategy import Frame, Node
from engine.plan.elementwise import Column, Program
from engine.plan.frames import Rows
from engine.plan.operations import Array
from engine.plan.pool import Pool
from engine.plan.schedule import Task, schedule
from engine.plan.steps import Call, Moment, Place, Step

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

Sheets = Mapping[tuple[int, bool], Array]
"""The kept numbers (False) and truths (True) of each frame, by its place: (K, T, S)."""
LARGE = 32_768
"""Candles of a frame from which on making calls ready anew costs less than copying what they read and write."""
_MOST = 64
"""Combinations of numbers of rows for which the calls are remembered."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be run: nodes, the steps of those that have one, the place of every frame, and its lanes."""

    nodes: Mapping[int, Node]
    steps: Mapping[int, Step]
    places: Mapping[Frame, int]
    lanes: Sequence[int]


class Run:
    """The evaluation of some nodes, and what is kept of it."""

    def __init__(self, work: Work, order: Sequence[int], kept: Sequence[int], threads: int = 1) -> None:
        """`order`: all nodes to be run, inputs before their users; `kept` those whose values are asked for."""
        self._helpers = _helpers(threads - 1)
        self._threads = threads
        from engine.kernels.elementwise import elementwise  # loaded when something is evaluated, as all kernels

        self._elementwise = elementwise
        places = {i: work.places[work.nodes[i].frame] for i in order}
        made = schedule(work.nodes, order, work.steps, places, kept)
        self._calls = made.calls
        self.where = {i: (column.place, column.truth, column.index) for i, column in made.kept.items()}
        """Of each kept node the frame's place, whether it is a truth, and its index on that sheet."""
        self._pools = [
            Pool(lanes, made.spaces.get((place, False)), made.spaces.get((place, True)), made.fields.get(place, {}))
            for place, lanes in enumerate(work.lanes)
        ]
        self._names = {id(column): name for named in made.fields.values() for name, column in named.items()}
        self._kept = [key for key, space in made.spaces.items() if space.kept]
        self._counts = {key: made.spaces[key].kept for key in self._kept}
        self._moment = Moment(Block(0, 0, {}), ())
        self._ready: dict[tuple[int, ...], list[Call]] = {}
        self.columns = max((pool.slots for pool in self._pools), default=1)
        """Of the frame that needs most: how many columns of numbers there are at once."""

    def sheets(self, rows: Sequence[Rows]) -> dict[tuple[int, bool], Array]:
        """Return empty sheets for those rows."""
        made = {}
        for key in self._kept:
            place, truth = key
            made[key] = np.empty((self._counts[key], *rows[place].shape), np.int8 if truth else np.float64)
        return made

    def advance(self, moment: Moment, sheets: Sheets, starts: Sequence[int] | None = None) -> None:
        """Evaluate a part and write what is kept of it into the sheets, from the row `starts` of each frame on."""
        self._moment.block, self._moment.rows = moment.block, moment.rows
        counts = tuple(rows.shape[0] for rows in moment.rows)
        large = [count * pool.lanes >= LARGE for count, pool in zip(counts, self._pools, strict=True)]
        for pool, rows, much in zip(self._pools, moment.rows, large, strict=True):
            if pool.begin(rows, large=much):
                self._ready.clear()
        parts = {
            key: sheet[:, start : start + counts[key[0]]]
            for key, sheet in sheets.items()
            for start in (0 if starts is None else starts[key[0]],)
        }
        with np.errstate(all="ignore"):
            if self._helpers is not None and any(large):
                self._together(self._helpers, counts, parts, large)
            else:
                for function, given in self._list(counts, parts, large) if any(large) else self._calls_for(counts):
                    function(*given)
        for (place, truth), part in parts.items():
            if counts[place]:
                self._pools[place].keep(truth, moment.rows[place], part, large=large[place])

    def _calls_for(self, counts: tuple[int, ...]) -> list[Call]:
        """Return the calls that have something to do where so many rows are in each frame."""
        ready = self._ready.get(counts)
        if ready is None:
            if len(self._ready) == _MOST:
                self._ready.clear()
            ready = self._ready[counts] = self._list(counts, {}, [False] * len(counts))
        return ready

    def _together(
        self, helpers: ThreadPoolExecutor, counts: Sequence[int], parts: Sheets, large: Sequence[bool]
    ) -> None:
        """Run the calls of each stage beside each other: first its steps, then its programs."""
        for _, group in groupby(enumerate(self._calls), key=lambda item: (item[1].stage, isinstance(item[1], Task))):
            beside: deque[Call] = deque()
            alone: list[Call] = []
            for at, call in group:
                if self._idle(call, counts):
                    continue
                compiled = isinstance(call, Program) or call.step.compiled
                (beside if compiled else alone).append(self._call(at, call, counts, parts, large))
            helping = [helpers.submit(_drain, beside) for _ in range(min(self._threads, len(beside)) - 1)]
            _drain(deque(alone))
            _drain(beside)
            for help_ in helping:
                help_.result()

    def _idle(self, call: Task | Program, counts: Sequence[int]) -> bool:
        return not counts[call.place] and not (isinstance(call, Task) and call.step.always)

    def _list(self, counts: Sequence[int], parts: Sheets, large: Sequence[bool]) -> list[Call]:
        return [
            self._call(at, call, counts, parts, large)
            for at, call in enumerate(self._calls)
            if not self._idle(call, counts)
        ]

    def _call(self, at: int, call: Task | Program, counts: Sequence[int], parts: Sheets, large: Sequence[bool]) -> Call:
        pool, rows = self._pools[call.place], counts[call.place]
        if isinstance(call, Program):
            return pool.ready(rows, at, lambda: (self._elementwise, pool.program(call, rows)))

        def array(column: Column) -> Array:
            return self._array(column, counts[column.place], parts, large[column.place])

        def made() -> Call:
            place = Place(call.place, self._moment, pool.here(rows))
            return call.step.call(place, [array(c) for c in call.inputs], [array(c) for c in call.outputs])

        columns = (*call.inputs, *call.outputs)
        own = all(column.place == call.place and not (large[column.place] and column.beside) for column in columns)
        return pool.ready(rows, at, made) if own else made()

    def _array(self, column: Column, rows: int, parts: Sheets, large: bool) -> Array:
        """Return where a column is: in the pool, or of a large part on its sheet, or among the candles."""
        if large and column.beside:
            name = self._names.get(id(column))
            if name is not None:
                there = self._moment.rows[column.place]
                values: Array = there.field(name)
                whole = values if values.shape == there.shape else np.broadcast_to(values, there.shape)
                return np.require(whole, np.float64, ["C", "W"])
            part = parts.get((column.place, column.truth))
            if part is not None and column.index < len(part):
                sheet: Array = part[column.index]
                return sheet
        return self._pools[column.place].view(column, rows)


def _helpers(count: int) -> ThreadPoolExecutor | None:
    if count < 1:
        return None
    from concurrent.futures import ThreadPoolExecutor  # what is evaluated by one thread need not wait for it

    return ThreadPoolExecutor(count)


def _drain(calls: deque[Call]) -> None:
    """Make the calls; several threads may take from the same ones."""
    while calls:
        try:
            function, given = calls.popleft()
        except IndexError:  # another thread took the last
            return
        function(*given)
