"""The confidence as an interval: what is not known counts at its worst, and at its best.

`weighted` lies between the weights that certainly hold and those that may hold. Whatever is computed from it
is computed for both ends; a comparison holds only where it holds over the whole interval, and is false only
where it fails over all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from dsl.check.checked import Condition
from dsl.check.terms import Term
from dsl.compile.place import Placer
from engine.domain.strategy import Frame

Ends = tuple[int, int]
_RISING = frozenset({"floor", "sqrt", "log", "exp", "sign", "and", "or", "min", "max", "clip", "default", "at_least"})
_RISING_WINDOWS = frozenset({"held", "happened", "back"})
_OPPOSITE = {"lt": "gt", "le": "ge"}


def weighted(placer: Placer, conditions: tuple[Condition, ...], frame: Frame) -> Ends:
    """Return the nodes of the least and the greatest share of the weights that hold, 0 to 100.

    Where no condition has a weight, all count alike.
    """
    weights = [c.weight for c in conditions]
    if not any(weights):
        weights = [1.0] * len(conditions)
    shares = _exact_shares(weights)
    low: list[int] = []
    high: list[int] = []
    for given, share in zip(conditions, shares or weights, strict=True):
        if share:
            truth = placer.place(given.term, frame)
            known = placer.emit("known", frame, (truth,), boolean=True)
            surely = placer.emit("and", frame, (truth, known), boolean=True)
            perhaps = placer.emit("or", frame, (truth, placer.emit("not", frame, (known,), boolean=True)), boolean=True)
            full, none = placer.const(share, frame), placer.const(0, frame)
            low.append(placer.emit("if", frame, (surely, full, none)))
            high.append(placer.emit("if", frame, (perhaps, full, none)))
    total = None if shares is not None else sum(weights)
    return _sum(placer, low, total, frame), _sum(placer, high, total, frame)


def _exact_shares(weights: list[float]) -> list[float] | None:
    """Return each weight as its share of 100 where no sum of them is rounded, else None: thirds do not add up."""
    total = sum(map(Fraction, weights))
    exact = [Fraction(w) * 100 / total for w in weights] if total else []
    if all(share.denominator in (1, 2, 4, 8) for share in exact):
        return [float(share) for share in exact]
    return None


def _sum(placer: Placer, parts: list[int], total: float | None, frame: Frame) -> int:
    node = parts[0] if parts else placer.const(0, frame)
    for part in parts[1:]:
        node = placer.emit("add", frame, (node, part))
    if total is None:
        return node
    scaled = placer.emit("mul", frame, (node, placer.const(100, frame)))
    return placer.emit("div", frame, (scaled, placer.const(total, frame)), text="weighted")


@dataclass
class Intervals:
    """Places terms that read the confidence: each as the nodes of its lower and upper end."""

    placer: Placer
    frame: Frame
    weighted: Ends
    confidence: Ends

    def ends(self, term: Term) -> Ends:
        if not term.uncertain:
            node = self.placer.place(term, self.frame)
            return node, node
        if term.op == "weighted":
            return self.weighted
        if term.op == "confidence":
            return self.confidence
        return self._operation(term, [self.ends(a) for a in term.args])

    def truth(self, term: Term) -> int:
        """Return a condition as one three-valued node: unknown where its ends differ."""
        low, high = self.ends(term)
        if low == high:
            return low
        maybe = self._emit("and", high, self.placer.unknown(self.frame), boolean=True)
        return self._emit("or", low, maybe, boolean=True, text=term.text)

    def _emit(self, op: str, *inputs: int, boolean: bool = False, text: str = "") -> int:
        return self.placer.emit(op, self.frame, inputs, boolean=boolean, text=text)

    def _operation(self, term: Term, args: list[Ends]) -> Ends:
        op, boolean = term.op, term.type.is_bool
        if op == "at_least":
            count = self.placer.const(float(term.params[0]), self.frame)
            args = [(count, count), *args]
        params = term.params if op in _RISING_WINDOWS else ()
        if op in _RISING_WINDOWS or op in _RISING:
            low, high = (
                self.placer.emit(op, self.frame, tuple(a[i] for a in args), params, boolean=boolean, text=term.text)
                for i in (0, 1)
            )
            return low, high
        if op == "add":
            return self._emit("add", args[0][0], args[1][0]), self._emit("add", args[0][1], args[1][1])
        if op == "sub":
            return self._emit("sub", args[0][0], args[1][1]), self._emit("sub", args[0][1], args[1][0])
        if op in ("neg", "not"):
            return self._emit(op, args[0][1], boolean=boolean), self._emit(op, args[0][0], boolean=boolean)
        if op in ("mul", "div"):
            return self._product(op, args[0], args[1])
        if op == "abs":
            return self._abs(args[0])
        if op == "if":
            return self._choice(args, boolean)
        return self._comparison(op, args[0], args[1])

    def _comparison(self, op: str, a: Ends, b: Ends) -> Ends:
        if op in _OPPOSITE:
            return self._comparison(_OPPOSITE[op], b, a)
        if op in ("gt", "ge"):
            return self._emit(op, a[0], b[1], boolean=True), self._emit(op, a[1], b[0], boolean=True)
        if op == "ne":
            low, high = self._comparison("eq", a, b)
            return self._emit("not", high, boolean=True), self._emit("not", low, boolean=True)
        if op != "eq":
            raise ValueError(f"{op} over the confidence should have been refused by the check")
        same = self._emit("eq", a[0], b[1], boolean=True), self._emit("eq", a[1], b[0], boolean=True)
        overlap = self._emit("le", a[0], b[1], boolean=True), self._emit("ge", a[1], b[0], boolean=True)
        return self._emit("and", *same, boolean=True), self._emit("and", *overlap, boolean=True)

    def _product(self, op: str, a: Ends, b: Ends) -> Ends:
        """Return the least and the greatest of the four corners; a divisor that may be 0 makes both unknown."""
        corners = [self._emit(op, x, y) for x in dict.fromkeys(a) for y in dict.fromkeys(b)]
        low, high = corners[0], corners[0]
        for corner in corners[1:]:
            low, high = self._emit("min", low, corner), self._emit("max", high, corner)
        if op == "mul" or b[0] == b[1]:
            return low, high
        apart = self._emit("gt", self._emit("mul", *b), self.placer.const(0, self.frame), boolean=True)
        nothing = self.placer.const(float("nan"), self.frame)
        return self._emit("if", apart, low, nothing), self._emit("if", apart, high, nothing)

    def _abs(self, a: Ends) -> Ends:
        low, high = self._emit("abs", a[0]), self._emit("abs", a[1])
        zero = self.placer.const(0, self.frame)
        across = self._emit("le", self._emit("mul", *a), zero, boolean=True)
        return self._emit("if", across, zero, self._emit("min", low, high)), self._emit("max", low, high)

    def _choice(self, args: list[Ends], boolean: bool) -> Ends:
        test, then, otherwise = args
        least, most = ("and", "or") if boolean else ("min", "max")
        ends = []
        for i, join in ((0, least), (1, most)):
            either = self._emit(join, then[i], otherwise[i], boolean=boolean)
            perhaps = self._emit("if", test[1], either, otherwise[i], boolean=boolean)
            ends.append(self._emit("if", test[0], then[i], perhaps, boolean=boolean))
        return (
            (ends[0], ends[1])
            if test[0] != test[1]
            else (
                self._emit("if", test[0], then[0], otherwise[0], boolean=boolean),
                self._emit("if", test[0], then[1], otherwise[1], boolean=boolean),
            )
        )
