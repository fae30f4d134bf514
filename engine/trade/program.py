"""From a held expression to the program that the simulator runs on each candle (engine.kernels.simulate).

A program is a list of (operation, operand) in postfix order. On the stack numbers are float64 with NaN for unknown,
and truths 0, NaN and 1, whatever they are elsewhere: three-valued logic is then arithmetic. What decides an `and` or
an `or` skips the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from engine.domain.strategy import Apply, AtEntry, Constant, Held, PositionField, Ref
from engine.kernels import columns as at

Item = tuple[float, float]

FIELDS = {"entry": at.F_ENTRY, "bars": at.F_BARS, "best": at.F_BEST, "stop": at.F_STOP, "profit": at.F_PROFIT}
CODES = {
    "neg": at.NEG, "not": at.NOT, "abs": at.ABS, "sign": at.SIGN, "floor": at.FLOOR, "sqrt": at.SQRT, "log": at.LOG,
    "exp": at.EXP, "known": at.KNOWN, "add": at.ADDITION, "sub": at.SUB, "mul": at.MUL, "div": at.DIV, "lt": at.LT,
    "le": at.LE, "gt": at.GT, "ge": at.GE, "eq": at.EQ, "ne": at.NE, "and": at.AND, "or": at.OR, "min": at.MIN,
    "max": at.MAX, "default": at.DEFAULT, "if": at.IF, "clip": at.CLIP, "at_least": at.AT_LEAST,
}  # fmt: skip
"""The code of each element-wise operation."""
_FOLDED = frozenset({"and", "or", "min", "max"})
_OF_TRUTHS = frozenset({"and", "or", "not"})
_SKIPS = {"and": at.SKIP_FALSE, "or": at.SKIP_TRUE}


class Writer:
    """Writes programs of one strategy, one after the other, and collects the nodes that they read on each candle."""

    def __init__(self, is_truth: Callable[[int], bool]) -> None:
        self._is_truth = is_truth
        self.items: list[Item] = []
        self.numbers: dict[int, int] = {}
        self.truths: dict[int, int] = {}
        """Place of each node among the columns of its kind."""
        self._kept: Mapping[int, int] = {}
        self._frozen = False

    def write(
        self, held: Held, kept: Sequence[int] = (), *, truth: bool = False, frozen: bool = False
    ) -> tuple[int, int]:
        """Add a program; return where it begins and ends. `kept` are the nodes kept at the signal, in their order.

        `truth`: a truth is asked for. `frozen`: nodes are read as they were at the signal.
        """
        self._kept, self._frozen = {node: place for place, node in enumerate(kept)}, frozen
        start = len(self.items)
        self._add(held, truth)
        return start, len(self.items)

    def depth(self) -> int:
        """Return a height of stack that is enough for all programs."""
        return len(self.items) + 1

    def _add(self, held: Held, truth: bool) -> None:
        match held:
            case Apply(op, args):
                self._apply(op, args, truth)
            case Constant(value):
                self._push(at.PUSH, value, truth)
            case AtEntry(node):
                self._node(node, truth, kept=True)
            case Ref(node):
                self._node(node, truth, kept=self._frozen)
            case PositionField(name):
                self._field(name, truth)

    def _field(self, name: str, truth: bool) -> None:
        field = FIELDS.get(name.removeprefix("position."))
        if field is None:
            raise ValueError(f"a position has no field {name!r}")
        self._push(at.FIELD, field, truth)

    def _node(self, node: int, truth: bool, *, kept: bool) -> None:
        is_truth = self._is_truth(node)
        if kept:
            if node not in self._kept:
                self._push(at.PUSH, float("nan"), False)
                return
            self._push(at.KEPT_TRUTH if is_truth else at.KEPT, self._kept[node], truth and not is_truth)
            return
        columns = self.truths if is_truth else self.numbers
        place = columns.setdefault(node, len(columns))
        self._push(at.TRUTH if is_truth else at.NUMBER, place, truth and not is_truth)

    def _push(self, code: int, operand: float, as_truth: bool) -> None:
        """Push a value; one that is written as a number and stands where a truth is asked for becomes one."""
        self.items.append((code, operand))
        if as_truth:
            self.items.append((at.AS_TRUTH, 0.0))

    def _apply(self, op: str, args: Sequence[Held], truth: bool) -> None:
        if op not in CODES:
            raise LookupError(f"there is no operation {op!r}")
        if op in _FOLDED:
            self._folded(op, args)
        elif op == "at_least":
            self._add(args[0], False)
            for arg in args[1:]:
                self._add(arg, True)
            self.items.append((CODES[op], len(args) - 1))
        else:
            for place, arg in enumerate(args):
                self._add(arg, self._asks_truth(op, place, args, truth))
            self.items.append((CODES[op], 0.0))

    def _folded(self, op: str, args: Sequence[Held]) -> None:
        """Write `a and b and c`: what follows a part that decides is skipped."""
        self._add(args[0], op in _OF_TRUTHS)
        skips: list[int] = []
        for arg in args[1:]:
            if op in _SKIPS:
                skips.append(len(self.items))
                self.items.append((_SKIPS[op], 0.0))
            self._add(arg, op in _OF_TRUTHS)
            self.items.append((CODES[op], 0.0))
        for place in skips:
            self.items[place] = (self.items[place][0], len(self.items) - place - 1)

    def _asks_truth(self, op: str, place: int, args: Sequence[Held], truth: bool) -> bool:
        if op in _OF_TRUTHS or (op == "if" and place == 0):
            return True
        if op in ("if", "default"):
            return truth or any(self._says_truth(arg) for arg in args[1 if op == "if" else 0 :])
        return op in ("eq", "ne", "known") and any(self._says_truth(arg) for arg in args)

    def _says_truth(self, held: Held) -> bool:
        match held:
            case Apply(_, _, boolean):
                return boolean
            case Ref(node) | AtEntry(node):
                return self._is_truth(node)
        return False
