"""The pool of a frame: the memory that the results of its nodes share, and the calls made ready to work in it.

A call gets its arrays once per number of rows, and is then only called: for blocks of one instant, again and again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from engine.domain.market import Truths
from engine.plan.elementwise import STRETCH, Column, Program, encode
from engine.plan.frames import Rows
from engine.plan.operations import Array, unknown_of
from engine.plan.schedule import Space
from engine.plan.steps import Call

_MOST = 8
"""Numbers of rows for which arrays are remembered."""


class Pool:
    """The slots, registers and constants of one frame, for up to as many cells as were ever asked for."""

    def __init__(self, lanes: int, numbers: Space | None, truths: Space | None, fields: Mapping[str, Column]) -> None:
        self.lanes = lanes
        self._spaces = {False: numbers or Space(), True: truths or Space()}
        self._fields = fields
        self._cells = -1
        self._ready: dict[int, dict[int, Call]] = {}
        self._views: dict[str, dict[int, Array]] = {}
        self._whole = False
        self._memory: dict[bool, Array] = {}

    @property
    def slots(self) -> int:
        """Return how many columns of numbers there are, truths counted as an eighth."""
        return self._spaces[False].slots + -(-self._spaces[True].slots // 8)

    def begin(self, rows: Rows, *, large: bool) -> bool:
        """Take in the candles of a part; return whether there was too little memory, so that all calls are void.

        Of a large part, fields that only steps read stay where they are.
        """
        count, _ = rows.shape
        cells = count * self.lanes
        grown = cells > self._cells
        if grown:
            self._grow(cells)
        if not count:
            return grown
        if not (rows.whole and self._whole):
            self._here[:] = 1
            self._whole = rows.whole
            if not rows.whole:
                self._here[:cells] = rows.here.reshape(-1)
        for name, column in self._fields.items():
            if not (large and column.beside):
                self._field_view(name, column, count)[...] = rows.field(name)
        return grown

    def _grow(self, cells: int) -> None:
        self._cells = cells
        self._ready.clear()
        self._views.clear()
        self._whole = False
        self._here = np.empty(cells, np.int8)
        self._memory.clear()

    def _all(self, truth: bool) -> Array:
        """Return the memory of one kind; it is made when it is first needed."""
        if truth not in self._memory:
            self._memory[truth] = self._made(truth)
        return self._memory[truth]

    def _made(self, truth: bool) -> Array:
        space = self._spaces[truth]
        dtype = np.dtype(np.int8 if truth else np.float64)
        memory = np.empty(self._head(truth) + space.slots * self._cells, dtype)
        for index, value in enumerate(space.constants):
            memory[index * STRETCH : (index + 1) * STRETCH] = value
        for slot, value in space.dense.items():
            start = self._head(truth) + slot * self._cells
            memory[start : start + self._cells] = value
        return memory

    def _head(self, truth: bool) -> int:
        space = self._spaces[truth]
        return (len(space.constants) + space.registers) * STRETCH

    def _where(self, column: Column) -> tuple[int, int]:
        """Return the first cell of a column, and 1 where it moves on with the stretch, else 0."""
        space = self._spaces[column.truth]
        match column.home:
            case "constant":
                return column.index * STRETCH, 0
            case "register":
                return (len(space.constants) + column.index) * STRETCH, 0
        return self._head(column.truth) + column.index * self._cells, 1

    def view(self, column: Column, rows: int) -> Array:
        """Return a column with a slot as (rows, lanes)."""
        start, _ = self._where(column)
        return self._all(column.truth)[start : start + rows * self.lanes].reshape(rows, self.lanes)

    def here(self, rows: int) -> Truths:
        return self._here[: rows * self.lanes].reshape(rows, self.lanes)

    def _field_view(self, name: str, column: Column, rows: int) -> Array:
        views = self._views.setdefault(name, {})
        if rows not in views:
            if len(views) == _MOST:
                views.clear()
            views[rows] = self.view(column, rows)
        return views[rows]

    def ready(self, rows: int, at: int, make: Callable[[], Call]) -> Call:
        """Return a call of this frame for so many rows, by its place in the schedule; it is made if it is new."""
        if rows not in self._ready:
            if len(self._ready) == _MOST:
                self._ready.clear()
            self._ready[rows] = {}
        ready = self._ready[rows]
        if at not in ready:
            ready[at] = make()
        return ready[at]

    def program(self, program: Program, rows: int) -> tuple[Any, ...]:
        """Return what the kernel `elementwise` takes to run a program over so many rows."""
        table = np.array(encode(program, self._where), np.int64)
        return table, self._all(False), self._all(True), rows * self.lanes

    def keep(self, truth: bool, rows: Rows, sheet: Array, *, large: bool) -> None:
        """Write the kept columns of the part into a sheet (K, T, S), unknown where no candle exists.

        Of a large part, those that only steps have to do with are there already.
        """
        space, cells = self._spaces[truth], rows.shape[0] * self.lanes
        kept, start = space.copied if large else space.kept, self._head(truth)
        if kept:
            columns = self._all(truth)[start : start + kept * self._cells].reshape(kept, self._cells)
            sheet[:kept] = columns[:, :cells].reshape(kept, *rows.shape)
        if not rows.whole:
            np.copyto(sheet, unknown_of(sheet.dtype), where=rows.here == 0, casting="unsafe")
