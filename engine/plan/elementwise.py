"""Programs: chains of element-wise operations, put together so that one compiled call runs them all.

A program belongs to one frame. What it needs of elsewhere and what others need of it are columns of the frame's pool
(engine.plan.pool); what only the program itself needs lives in registers as long as a stretch of cells.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from engine.domain.strategy import Node

CODES = {
    "add": 0, "sub": 1, "mul": 2, "div": 3, "neg": 4, "abs": 5, "sign": 6, "floor": 7, "sqrt": 8, "log": 9, "exp": 10,
    "min": 11, "max": 12,
    "lt": 20, "le": 21, "gt": 22, "ge": 23, "eq": 24, "ne": 25, "known_number": 26,
    "and": 30, "or": 31, "not": 32, "known_truth": 33,
    "if_number": 40, "if_truth": 41, "default_number": 42, "default_truth": 43,
    "to_number": 50, "to_truth": 51, "holding": 52, "possible": 53, "at_least": 54,
}  # fmt: skip
"""The code of each operation; the kernel `elementwise` has the same numbers."""
STRETCH = 1024
"""Cells on which a program works at a time, 8 kB a column; the kernel has the same number."""


@dataclass(eq=False, slots=True)
class Column:
    """What one operation leaves: numbers or truths of a frame, and where they are kept while someone needs them."""

    place: int
    """Of its frame."""
    truth: bool
    stage: int
    """When it is there: a step comes one stage after its last input, an element-wise operation in the same."""
    constant: float | None = None
    home: str = ""
    """`constant`, `register` or `slot`."""
    index: int = -1
    made: int = -1
    """The call that makes it, and the last call that reads it."""
    last: int = -1
    worked: bool = False
    """Some program reads it or makes it, so that it has to be in the pool."""

    @property
    def beside(self) -> bool:
        """Return whether only steps have to do with it: they may read and write it elsewhere than in the pool."""
        return self.home == "slot" and self.constant is None and not self.worked


@dataclass(slots=True)
class Instruction:
    code: int
    out: Column
    operands: tuple[Column, ...]


@dataclass(slots=True)
class Program:
    """Element-wise operations of one frame and stage, in order."""

    place: int
    stage: int
    instructions: list[Instruction] = field(default_factory=list)


class Writer:
    """Writes element-wise nodes as instructions."""

    def __init__(self) -> None:
        self.programs: dict[tuple[int, int], Program] = {}
        self._constants: dict[tuple[int, bool, str], Column] = {}
        self._converted: dict[tuple[int, bool], Column] = {}

    def constant(self, place: int, value: float, truth: bool) -> Column:
        """Return the column that is `value` everywhere."""
        key = (place, truth, repr(value))
        if key not in self._constants:
            self._constants[key] = Column(place, truth, 0, constant=value)
        return self._constants[key]

    def emit(self, name: str, truth: bool, *operands: Column) -> Column:
        """Add an instruction to the program of its stage; return its result."""
        place, stage = operands[0].place, max(column.stage for column in operands)
        program = self.programs.setdefault((place, stage), Program(place, stage))
        out = Column(place, truth, stage)
        program.instructions.append(Instruction(CODES[name], out, operands))
        return out

    def number(self, column: Column) -> Column:
        """Return truths as 0.0, NaN, 1.0; numbers as they are."""
        if not column.truth:
            return column
        if column.constant is not None:
            return self.constant(column.place, (0.0, float("nan"), 1.0)[int(column.constant)], False)
        return self._convert("to_number", column)

    def true(self, column: Column) -> Column:
        """Return 0.0, NaN, 1.0 as truths; truths as they are."""
        if column.truth:
            return column
        if column.constant is not None:
            value = column.constant
            return self.constant(column.place, 1.0 if value != value else 2.0 * value, True)
        return self._convert("to_truth", column)

    def _convert(self, name: str, column: Column) -> Column:
        key = (id(column), name == "to_truth")
        if key not in self._converted:
            self._converted[key] = self.emit(name, name == "to_truth", column)
        return self._converted[key]

    def node(self, node: Node, inputs: Sequence[Column]) -> Column:
        """Write one element-wise node; return its result."""
        match node.op:
            case "and" | "or":
                return self._fold(node.op, [self.true(column) for column in inputs], truth=True)
            case "not":
                return self.emit("not", True, self.true(inputs[0]))
            case "known":
                return self.emit("known_truth" if inputs[0].truth else "known_number", True, inputs[0])
            case "if":
                return self._choice("if", self.true(inputs[0]), *self._alike(inputs[1:]))
            case "default":
                return self._choice("default", *self._alike(inputs))
            case "at_least":
                return self._at_least(node, inputs)
        numbers = [self.number(column) for column in inputs]
        match node.op:
            case "min" | "max":
                return self._fold(node.op, numbers, truth=False)
            case "clip":
                return self.emit("min", False, self.emit("max", False, *numbers[:2]), numbers[2])
        return self.emit(node.op, node.op in ("lt", "le", "gt", "ge", "eq", "ne"), *numbers)

    def _fold(self, name: str, operands: Sequence[Column], *, truth: bool) -> Column:
        result = operands[0]
        for column in operands[1:]:
            result = self.emit(name, truth, result, column)
        return result

    def _alike(self, columns: Sequence[Column]) -> Sequence[Column]:
        return columns if all(column.truth for column in columns) else [self.number(column) for column in columns]

    def _choice(self, name: str, *operands: Column) -> Column:
        truth = operands[-1].truth
        return self.emit(f"{name}_truth" if truth else f"{name}_number", truth, *operands)

    def _at_least(self, node: Node, inputs: Sequence[Column]) -> Column:
        """The number may be a parameter of the node or its first input."""
        place = inputs[0].place
        count = self.constant(place, float(node.params[0]), False) if node.params else self.number(inputs[0])
        holding = possible = self.constant(place, 0.0, False)
        for condition in map(self.true, inputs if node.params else inputs[1:]):
            holding = self.emit("holding", False, holding, condition)
            possible = self.emit("possible", False, possible, condition)
        return self.emit("at_least", True, holding, possible, count)


def encode(program: Program, where: Callable[[Column], tuple[int, int]]) -> list[list[int]]:
    """Return the program's rows as its kernel reads them; `where` tells a column's first cell and whether it moves."""
    rows = []
    for instruction in program.instructions:
        row = [instruction.code, *where(instruction.out)]
        for column in instruction.operands:
            row += where(column)
        rows.append(row + [0] * (9 - len(row)))
    return rows
