"""The schedule of a plan: which compiled calls, in which order, and where each result is kept how long.

A step (a kernel, a join, a model) is a call of its own. Element-wise operations between steps are one program per
frame and stage. Results share the slots of their frame's pool: a slot is free again after the stage that reads it last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from engine.domain.strategy import ELEMENT_WISE, Node
from engine.plan.elementwise import Column, Program, Writer
from engine.plan.steps import Step


@dataclass(slots=True)
class Task:
    """A step with the columns it reads and writes."""

    step: Step
    place: int
    stage: int
    inputs: tuple[Column, ...]
    outputs: tuple[Column, ...]


@dataclass(slots=True)
class Space:
    """How much of a frame's pool there is of one kind (numbers or truths)."""

    constants: list[float] = field(default_factory=list)
    dense: dict[int, float] = field(default_factory=dict)
    """Constants that kernels or rules read: slots that are filled once."""
    registers: int = 0
    slots: int = 0
    kept: int = 0
    """The first so many slots hold what is kept, in order; those that only steps have to do with are the last."""
    copied: int = 0
    """How many of them come before those."""


@dataclass(slots=True)
class Schedule:
    calls: list[Task | Program]
    kept: dict[int, Column]
    spaces: dict[tuple[int, bool], Space]
    """By place and whether of truths."""
    fields: dict[int, dict[str, Column]]
    """By place: the fields of candles that are read."""


def schedule(
    nodes: Mapping[int, Node],
    order: Sequence[int],
    steps: Mapping[int, Step],
    places: Mapping[int, int],
    kept: Sequence[int],
) -> Schedule:
    """Return the schedule of the nodes in `order` (inputs before their users); `places` are those of their frames."""
    return _Scheduler(nodes, steps).schedule(order, places, kept)


class _Scheduler:
    def __init__(self, nodes: Mapping[int, Node], steps: Mapping[int, Step]) -> None:
        self._nodes, self._steps = nodes, steps
        self._writer = Writer()
        self._tasks: list[Task] = []
        self._fields: dict[int, dict[str, Column]] = {}
        self._columns: dict[int, tuple[Column, ...]] = {}

    def schedule(self, order: Sequence[int], places: Mapping[int, int], kept: Sequence[int]) -> Schedule:
        for i in order:
            self._columns[i] = self._node(i, places[i])
        wanted = {i: self._as(self._nodes[i].boolean, self._columns[i][0]) for i in kept}
        last = max((column.stage for columns in self._columns.values() for column in columns), default=0)
        calls: list[Task | Program] = []
        for stage in range(last + 1):
            calls += [task for task in self._tasks if task.stage == stage]
            calls += [program for key, program in self._writer.programs.items() if key[1] == stage]
        return Schedule(calls, wanted, _homes(calls, wanted.values(), self._fields), self._fields)

    def _node(self, i: int, place: int) -> tuple[Column, ...]:
        node = self._nodes[i]
        inputs = [self._columns[j][0] for j in node.inputs]
        if node.op == "const":
            return (self._writer.constant(place, float(node.params[0]), node.boolean),)
        if node.op == "output":
            column = self._columns[node.inputs[0]][int(node.params[0])]
            return (self._writer.true(column) if node.boolean else column,)
        if node.op in ELEMENT_WISE:
            column = self._writer.node(node, inputs)
            return (self._writer.true(column) if node.boolean else column,)
        if node.op == "field":
            fields = self._fields.setdefault(place, {})
            return (fields.setdefault(str(node.params[0]), Column(place, False, 0)),)
        return self._task(i, place, inputs)

    def _as(self, truth: bool, column: Column) -> Column:
        return self._writer.true(column) if truth else self._writer.number(column)

    def _task(self, i: int, place: int, inputs: Sequence[Column]) -> tuple[Column, ...]:
        step = self._steps[i]
        given = tuple(
            column if truth is None else self._as(truth, column)
            for column, truth in zip(inputs, step.takes, strict=True)
        )
        stage = max((column.stage + 1 for column in given), default=0)
        outputs = tuple(Column(place, truth, stage) for truth in step.gives)
        self._tasks.append(Task(step, place, stage, given, outputs))
        if len(outputs) == 1 and self._nodes[i].boolean:
            return (self._writer.true(outputs[0]),)
        return outputs


def _homes(
    calls: Sequence[Task | Program], kept: Iterable[Column], fields: Mapping[int, Mapping[str, Column]]
) -> dict[tuple[int, bool], Space]:
    """Give every column its home."""
    shared = _lives(calls)
    homes = _Homes()
    kept = list(kept)
    columns = [column for named in fields.values() for column in named.values()]
    asked = {id(column) for column in kept}
    for column in columns:
        column.worked |= id(column) in asked
    for column in sorted(kept, key=lambda column: not (column.worked or column.constant is not None)):
        homes.pin(column, kept=True)
    for column in columns:
        if column.home == "":
            homes.slot(column)
    ending: dict[int, list[Column]] = {}
    ended: list[Column] = []
    for column in columns:
        if not homes.pinned(column):
            ending.setdefault(column.last, []).append(column)
    for at, call in enumerate(calls):
        if isinstance(call, Task):
            made, read = call.outputs, call.inputs
        else:
            made = tuple(instruction.out for instruction in call.instructions)
            read = tuple(column for instruction in call.instructions for column in instruction.operands)
        for column in read:
            if column.constant is not None and column.home == "":
                homes.constant(column, dense=id(column) in shared)
        for column in made:
            if column.home == "" and (isinstance(call, Task) or id(column) in shared):
                homes.slot(column)
                ending.setdefault(max(column.last, at), []).append(column)
        if isinstance(call, Program):
            homes.registers(call)
        ended += ending.pop(at, ())
        if at + 1 == len(calls) or calls[at + 1].stage != call.stage:
            # Not before: what is called in one stage may be called at the same time.
            for column in ended:
                homes.free(column)
            ended.clear()
    return homes.spaces


def _lives(calls: Sequence[Task | Program]) -> set[int]:
    """Note who makes and who last reads each column; return (by id) those that outlive the program they are made in."""
    shared: set[int] = set()
    for at, call in enumerate(calls):
        if isinstance(call, Task):
            for column in call.outputs:
                column.made = column.last = at
            for column in call.inputs:
                column.last = at
                shared.add(id(column))
            continue
        for instruction in call.instructions:
            instruction.out.made = instruction.out.last = at
            instruction.out.worked = True
            for column in instruction.operands:
                column.worked = True
                if column.constant is None and column.made != at:
                    shared.add(id(column))
                column.last = at
    return shared


class _Homes:
    """Slots, registers and constants, handed out and taken back."""

    def __init__(self) -> None:
        self.spaces: dict[tuple[int, bool], Space] = {}
        self._free: dict[tuple[int, bool], list[int]] = {}
        self._pinned: set[int] = set()

    def _space(self, column: Column) -> Space:
        return self.spaces.setdefault((column.place, column.truth), Space())

    def pinned(self, column: Column) -> bool:
        return id(column) in self._pinned

    def pin(self, column: Column, *, kept: bool = False) -> None:
        """Give the column a slot for good."""
        if column.home:
            return
        space = self._space(column)
        column.home, column.index = "slot", space.slots
        space.slots += 1
        self._pinned.add(id(column))
        if column.constant is not None:
            space.dense[column.index] = column.constant
        if kept:
            assert space.kept == column.index
            space.kept += 1
            space.copied += not column.beside

    def constant(self, column: Column, *, dense: bool) -> None:
        if dense:
            self.pin(column)
            return
        assert column.constant is not None
        space = self._space(column)
        column.home, column.index = "constant", len(space.constants)
        space.constants.append(column.constant)

    def slot(self, column: Column) -> None:
        space, free = self._space(column), self._free.setdefault((column.place, column.truth), [])
        column.home = "slot"
        if free:
            column.index = free.pop()
        else:
            column.index = space.slots
            space.slots += 1

    def free(self, column: Column) -> None:
        self._free[column.place, column.truth].append(column.index)

    def registers(self, program: Program) -> None:
        """Give what only this program needs a register; none is written by an instruction that reads it."""
        last: dict[int, int] = {}
        for at, instruction in enumerate(program.instructions):
            for column in (instruction.out, *instruction.operands):
                last[id(column)] = at
        free: dict[bool, list[int]] = {False: [], True: []}
        count = {False: 0, True: 0}
        for at, instruction in enumerate(program.instructions):
            out = instruction.out
            if out.home == "":
                out.home = "register"
                if free[out.truth]:
                    out.index = free[out.truth].pop()
                else:
                    out.index = count[out.truth]
                    count[out.truth] += 1
            for column in {id(c): c for c in (out, *instruction.operands)}.values():
                if column.home == "register" and last[id(column)] == at:
                    free[column.truth].append(column.index)
        for truth, needed in count.items():
            if needed:
                space = self.spaces.setdefault((program.place, truth), Space())
                space.registers = max(space.registers, needed)
