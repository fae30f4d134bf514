"""Placing terms: each becomes a node of the graph, in the frame it is evaluated on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dsl.catalogue import Catalogue
from dsl.check.terms import Term
from engine.domain.market import MARKET_FIELDS, Timeframe
from engine.domain.strategy import ELEMENT_WISE, Frame
from engine.plan.graph import Graph

DAY_MS = 86_400_000
UNKNOWN = 1.0
_PLAIN = frozenset({*ELEMENT_WISE, "output", "model"})
_AVERAGES = {"hl2": ("high", "low"), "hlc3": ("high", "low", "close"), "ohlc4": ("open", "high", "low", "close")}


class Placer:
    """Puts the terms of one strategy into a graph that all strategies share.

    `assume` are the constants for market fields that the data may lack. What was read from outside is kept in
    `symbols`, `series`, `assumed` and `missing`.
    """

    def __init__(self, graph: Graph, catalogue: Catalogue, assume: Mapping[str, float]) -> None:
        self.graph, self.catalogue, self.assume = graph, catalogue, assume
        self.symbols: dict[str, None] = {}
        self.series: dict[str, None] = {}
        self.assumed: dict[str, None] = {}
        self.missing: dict[str, None] = {}
        self._placed: dict[tuple[int, Frame], int] = {}

    def place(self, term: Term, frame: Frame) -> int:
        """Return the node of a term that touches neither the position nor the confidence."""
        key = (term.same, frame)
        if key not in self._placed:
            self._placed[key] = self._place(term, frame)
        return self._placed[key]

    def emit(self, op: str, frame: Frame, inputs: tuple[int, ...], params: tuple[float | str, ...] = (), *,
             boolean: bool = False, text: str = "") -> int:  # fmt: skip
        """Intern an operation over nodes of the frame, with the warm-up its primitive declares."""
        function = self.catalogue.get(op)
        primitive = function.primitive if function else None
        defined = converged = None
        if primitive is None and op not in _PLAIN:
            raise LookupError(f"no operation or primitive is named {op!r}")
        if primitive is not None:
            lengths = tuple(float(p) for p in params)
            defined, converged = primitive.defined(lengths), primitive.converged(lengths)
        return self.graph.intern(
            op, frame, inputs, params, boolean=boolean, defined=defined, converged=converged, text=text
        )

    def const(self, value: float, frame: Frame, *, boolean: bool = False) -> int:
        return self.graph.intern("const", frame, (), (float(value),), boolean=boolean, text=f"{value:g}")

    def unknown(self, frame: Frame) -> int:
        """Return the truth that is never known."""
        return self.graph.intern("const", frame, (), (UNKNOWN,), boolean=True, text="unknown")

    def _place(self, term: Term, frame: Frame) -> int:
        special = _SPECIAL.get(term.op)
        if special is not None:
            return special(self, term, frame)
        inputs = tuple(self.place(a, frame) for a in term.args)
        return self.emit(term.op, frame, inputs, term.params, boolean=term.type.is_bool, text=term.text)

    def _const(self, term: Term, frame: Frame) -> int:
        return self.const(float(term.params[0]), frame, boolean=term.type.is_bool)

    def _timeframe(self, term: Term, frame: Frame) -> int:
        return self.const(float(frame.timeframe.ms), frame)

    def _field(self, term: Term, frame: Frame) -> int:
        name = str(term.params[0])
        if name in _AVERAGES:
            return self._average(name, frame)
        if name == "quote_volume_24h":
            return self._or_assumed(name, self._turnover(frame), frame)
        node = self.graph.intern("field", frame, (), (name,), text=name)
        return self._or_assumed(name, node, frame) if name in MARKET_FIELDS else node

    def _average(self, name: str, frame: Frame) -> int:
        fields = [self.graph.intern("field", frame, (), (field,), text=field) for field in _AVERAGES[name]]
        total = fields[0]
        for field in fields[1:]:
            total = self.emit("add", frame, (total, field))
        return self.emit("div", frame, (total, self.const(len(fields), frame)), text=name)

    def _turnover(self, frame: Frame) -> int:
        """Return the turnover of the last 24 hours, from candles: no ticker is needed, and history has it too."""
        close = self.graph.intern("field", frame, (), ("close",), text="close")
        volume = self.graph.intern("field", frame, (), ("volume",), text="volume")
        turnover = self.emit("mul", frame, (close, volume), text="close * volume")
        candles = max(1, round(DAY_MS / frame.timeframe.ms))
        return self.emit("sum", frame, (turnover,), (float(candles),), text="quote_volume_24h")

    def _or_assumed(self, name: str, node: int, frame: Frame) -> int:
        if name in self.assume:
            self.assumed[name] = None
            return self.emit("default", frame, (node, self.const(self.assume[name], frame)), text=name)
        if name != "quote_volume_24h":
            self.missing[name] = None
        return node

    def _series(self, term: Term, frame: Frame) -> int:
        name = str(term.params[0])
        self.series[name] = None
        return self.graph.intern("series", frame, (), (name,), text=name)

    def _at(self, term: Term, frame: Frame) -> int:
        timeframe, symbol = str(term.params[0]), str(term.params[1])
        if symbol:
            self.symbols[symbol] = None
        there = Frame(Timeframe.parse(timeframe) if timeframe else frame.timeframe, symbol or frame.symbol, frame.gaps)
        inner = self.place(term.args[0], there)
        if there == frame:
            return inner
        if self.graph[inner].op == "const":
            node = self.graph[inner]
            return self.const(float(node.params[0]), frame, boolean=node.boolean)
        return self.graph.intern("join", frame, (inner,), (), boolean=term.type.is_bool, text=term.text)

    def _at_least(self, term: Term, frame: Frame) -> int:
        count = self.const(float(term.params[0]), frame)
        inputs = (count, *(self.place(a, frame) for a in term.args))
        return self.emit("at_least", frame, inputs, boolean=True, text=term.text)

    def _recur(self, term: Term, frame: Frame) -> int:
        settles, *program = term.params
        inputs = tuple(self.place(a, frame) for a in term.args)
        return self.graph.intern(
            "recur", frame, inputs, tuple(program), defined=1, converged=int(settles), text=term.text
        )


_SPECIAL: dict[str, Callable[[Placer, Term, Frame], int]] = {
    "const": Placer._const,
    "timeframe": Placer._timeframe,
    "field": Placer._field,
    "series": Placer._series,
    "at": Placer._at,
    "at_least": Placer._at_least,
    "recur": Placer._recur,
}
