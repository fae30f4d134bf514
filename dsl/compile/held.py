"""Expressions over a position: what each open position has its own value of, and nodes for all the rest."""

from __future__ import annotations

from collections.abc import Mapping

from dsl.check.terms import Term
from dsl.compile.place import Placer
from engine.domain.strategy import Apply, AtEntry, Constant, Frame, Held, PositionField, Ref


class Holder:
    """Turns terms of one side into held expressions. `fires`: the node per side that has one."""

    def __init__(self, placer: Placer, frame: Frame, fires: Mapping[str, int]) -> None:
        self.placer, self.frame, self.fires = placer, frame, fires
        self.kept: dict[int, None] = {}
        """Nodes whose value at the signal is asked for by at_entry()."""

    def hold(self, term: Term) -> Held:
        """Return the held form; the largest parts that do not touch the position are nodes."""
        if term.value is not None:
            return Constant(term.value)
        if not term.held:
            return Ref(self.placer.place(term, self.frame))
        if term.op == "position":
            return PositionField(str(term.params[0]))
        if term.op == "fires":
            return Ref(self.fires[str(term.params[0])])
        if term.op == "at_entry":
            return self._at_entry(term.args[0])
        args = tuple(self.hold(a) for a in term.args)
        if term.op == "at_least":
            args = (Constant(float(term.params[0])), *args)
        return Apply(term.op, args, term.type.is_bool)

    def _at_entry(self, inner: Term) -> Held:
        if inner.value is not None:
            return Constant(inner.value)
        node = self.placer.place(inner, self.frame)
        self.kept[node] = None
        return AtEntry(node)
