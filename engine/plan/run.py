"""A run: a schedule with the pools of its frames, called once per part of a block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.domain.market import Block
from engine.domain.strategy import Frame, Node
from engine.plan.elementwise import Program
from engine.plan.frames import Rows
from engine.plan.operations import Array
from engine.plan.pool import Pool
from engine.plan.schedule import Task, schedule
from engine.plan.steps import Call, Moment, Place, Step

Sheets = Mapping[tuple[int, bool], Array]
"""The kept numbers (False) and truths (True) of each frame, by its place: (K, T, S)."""
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

    def __init__(self, work: Work, order: Sequence[int], kept: Sequence[int]) -> None:
        """`order`: all nodes to be run, inputs before their users; `kept` those whose values are asked for."""
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
        for pool, rows in zip(self._pools, moment.rows, strict=True):
            if pool.begin(rows):
                self._ready.clear()
        with np.errstate(all="ignore"):
            for function, given in self._calls_for(tuple(rows.shape[0] for rows in moment.rows)):
                function(*given)
        for (place, truth), sheet in sheets.items():
            rows = moment.rows[place]
            if count := rows.shape[0]:
                start = 0 if starts is None else starts[place]
                self._pools[place].keep(truth, rows, sheet[:, start : start + count])

    def _calls_for(self, counts: tuple[int, ...]) -> list[Call]:
        """Return the calls that have something to do where so many rows are in each frame."""
        ready = self._ready.get(counts)
        if ready is None:
            if len(self._ready) == _MOST:
                self._ready.clear()
            ready = self._ready[counts] = [
                self._call(at, call, counts)
                for at, call in enumerate(self._calls)
                if counts[call.place] or (isinstance(call, Task) and call.step.always)
            ]
        return ready

    def _call(self, at: int, call: Task | Program, counts: Sequence[int]) -> Call:
        pool, rows = self._pools[call.place], counts[call.place]
        if isinstance(call, Program):
            return pool.ready(rows, at, lambda: (self._elementwise, pool.program(call, rows)))

        def made() -> Call:
            place = Place(call.place, self._moment, pool.here(rows), pool.times(rows))
            given = [self._pools[column.place].view(column, counts[column.place]) for column in call.inputs]
            return call.step.call(place, given, [pool.view(column, rows) for column in call.outputs])

        own = all(column.place == call.place for column in call.inputs)
        return pool.ready(rows, at, made) if own else made()
