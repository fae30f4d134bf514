"""A side's conditions as trees over the plan's own nodes.

The trees are made of the checked terms and placed into the compiled graph again, where every expression finds the
node it already has: what is shown is what was run. A few nodes are added that only explain: values of another frame
as they are seen from here, the upper end of the confidence, and how long ago a window's condition changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from dsl.catalogue import catalogue
from dsl.check import checked
from dsl.check.terms import Term, term
from dsl.compile.confidence import Intervals, weighted
from dsl.compile.place import Placer
from dsl.compile.rules import firing
from dsl.errors import Span
from dsl.load import Loaded
from dsl.units import BOOL, COUNT, Type
from engine.domain.market import MARKET_FIELDS, Timeframe
from engine.domain.strategy import Frame, Plan, SideRules, StrategyRules
from engine.plan.graph import Graph

SIGNS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
WINDOWS = {"held": "for", "happened": "within"}
LONGEST = 5_000
"""So many candles back it is looked for when a window's condition last changed."""


@dataclass(frozen=True, slots=True)
class Part:
    """One expression of a condition. `node` is its node in the strategy's frame, `unit` the name of its unit.

    `since` is, of a window, the node that counts the candles since its condition last held (`within`) or last did
    not (`for`); -1: none. `bars` is the window's length. `call`: it is the result of a function; `crossing`: it is
    `a crosses above b`, which its parts take apart. `span` is where it is written.
    """

    text: str
    op: str
    node: int
    boolean: bool
    unit: str = ""
    parts: tuple[Part, ...] = ()
    since: int = -1
    bars: int = 0
    call: bool = False
    crossing: bool = False
    span: Span | None = None

    def nodes(self) -> Iterator[int]:
        """Yield the nodes that explain this part."""
        yield self.node
        if self.since >= 0:
            yield self.since
        for part in self.parts:
            yield from part.nodes()


@dataclass(frozen=True, slots=True)
class Fire:
    """What `fire:` asks for; both sides of its comparison as (lowest, highest) nodes where it is one."""

    text: str
    node: int
    op: str = ""
    left: tuple[int, int] = (-1, -1)
    right: tuple[int, int] = (-1, -1)


@dataclass(frozen=True, slots=True)
class SideParts:
    """One side as it is explained; `conditions` are in the order of the rules' conditions."""

    rules: SideRules
    conditions: tuple[Part, ...]
    fire: Fire | None
    confidence: tuple[int, int]

    def nodes(self) -> Iterator[int]:
        """Yield every node that an explanation of this side reads."""
        yield from (self.rules.fires, *self.confidence)
        if self.fire is not None:
            yield from (n for n in (self.fire.node, *self.fire.left, *self.fire.right) if n >= 0)
        for part in self.conditions:
            yield from part.nodes()


@dataclass(frozen=True, slots=True)
class Anatomy:
    """A strategy on one timeframe, laid open. `plan` is the compiled plan with the explaining nodes at its end."""

    plan: Plan
    strategy: StrategyRules
    timeframe: Timeframe
    sides: tuple[SideParts, ...]
    where: Part | None = None
    sources: frozenset[int] = field(default_factory=frozenset)
    """Nodes that read from outside what may be missing: series, models, fields of the market."""

    def nodes(self) -> frozenset[int]:
        """Return every node that an explanation reads."""
        where = self.where.nodes() if self.where else ()
        return self.sources.union(where, *(side.nodes() for side in self.sides))


def lay_open(loaded: Loaded, strategy: str, timeframe: Timeframe, *, deep: bool = False) -> Anatomy:
    """Return the parts of one strategy's conditions. `deep` opens the functions of the library as well.

    Raises KeyError for a strategy or timeframe that is not there.
    """
    given, rules = loaded.checked[strategy], loaded.plan.strategy(strategy)
    graph = _again(loaded.plan)
    placer = Placer(graph, catalogue(), given.assume)
    frame = Frame(timeframe, None, rules.gaps)
    written = {side.side: side for side in given.sides}
    opener = _Opener(placer, frame, deep)
    sides = tuple(_side(opener, side, written[str(side.side)]) for side in rules.rules[timeframe])
    where = opener.part(given.where) if given.where is not None else None
    added = graph.plan_nodes()[len(loaded.plan.nodes) :]
    plan = replace(loaded.plan, nodes=(*loaded.plan.nodes, *added))
    laid = Anatomy(plan, rules, timeframe, sides, where)
    return replace(laid, sources=frozenset(_sources(plan, set(laid.nodes()))))


def _again(plan: Plan) -> Graph:
    """Return the graph that a plan was made of, so that equal expressions find their nodes."""
    graph = Graph()
    for place, node in enumerate(plan.nodes):
        made = graph.intern(node.op, node.frame, node.inputs, node.params, boolean=node.boolean,
                            defined=node.defined, converged=node.converged, text=node.text)  # fmt: skip
        if made != place:
            raise ValueError(f"node {place} of the plan ({node.text}) is not distinct")
    return graph


def _side(opener: _Opener, rules: SideRules, given: checked.Side) -> SideParts:
    placer, frame = opener.placer, opener.frame
    decided = firing(placer, given, frame)
    if decided.fires != rules.fires:
        raise ValueError(f"{given.side} does not fire by the node it was compiled to")
    conditions = tuple(opener.part(condition.term) for condition in given.conditions)
    confidence = decided.confidence, decided.at_best
    fire = None
    if given.fire is not None:
        share = weighted(placer, given.conditions, frame)
        intervals = Intervals(placer, frame, share, confidence)
        fire = Fire(given.fire.text, intervals.truth(given.fire))
        if given.fire.op in SIGNS and given.fire.uncertain:
            left, right = (intervals.ends(side) for side in given.fire.args)
            fire = replace(fire, op=given.fire.op, left=left, right=right)
    return SideParts(rules, conditions, fire, confidence)


def _sources(plan: Plan, wanted: set[int]) -> Iterator[int]:
    found = set(wanted)
    for place in range(len(plan.nodes) - 1, -1, -1):
        if place in found:
            found.update(plan.nodes[place].inputs)
    for place in found:
        node = plan.nodes[place]
        if node.op in ("series", "model") or (node.op == "field" and node.params[0] in MARKET_FIELDS):
            yield place


class _Opener:
    """Turns terms into parts, each once."""

    def __init__(self, placer: Placer, frame: Frame, deep: bool) -> None:
        self.placer, self.frame, self.deep = placer, frame, deep
        self._made: dict[tuple[int, str], Part] = {}

    def part(self, given: Term, text: str = "") -> Part:
        text = text or _text(given)
        key = (given.same, text)
        if key not in self._made:
            self._made[key] = self._part(given, text)
        return self._made[key]

    def _part(self, given: Term, text: str) -> Part:
        node = self.placer.place(given, self.frame)
        call = _called(given)
        since, bars = -1, 0
        if given.op in WINDOWS:
            since, bars = self._since(given), int(given.params[0])
        unit = "" if given.type.is_bool else str(given.type.unit)
        parts = tuple(self._inner(given, text, call))
        crossing = _crossing(given)
        return Part(text, given.op, node, given.type.is_bool, unit, parts, since, bars, call, crossing, given.span)

    def _inner(self, given: Term, text: str, call: bool) -> Iterator[Part]:
        if call and not (self.deep or given.type.is_bool):
            return
        for inner in _flat(given) if given.op in ("and", "or") else _arguments(given):
            if inner.type.kind in ("bool", "number"):
                yield self.part(inner, _told_apart(inner, text))

    def _since(self, given: Term) -> int:
        """Place the count of candles since the window's condition last held, or of `for` last did not."""
        inner = given.args[0]
        if given.op == "held":
            inner = term("not", (inner,), BOOL, inner.span)
        count = term("barssince", (inner,), Type(unit=COUNT), given.span, (float(LONGEST),))
        return self.placer.place(count, self.frame)


def _arguments(given: Term) -> tuple[Term, ...]:
    """Return what a term is made of, as it is seen from the strategy's own candle."""
    if given.op in ("at", "back"):
        inner = given.args[0]
        wrapped = (
            a if a.op == "const" else replace(term(given.op, (a,), a.type, a.span, given.params), shown=a.shown)
            for a in _arguments(inner)
            if a.type.kind in ("bool", "number")
        )
        return tuple(wrapped)
    if given.op == "output":  # of a primitive with several outputs: what the primitive reads
        return given.args[0].args
    return () if given.op in ("recur", "model") else given.args


def _flat(given: Term) -> Iterator[Term]:
    """Yield what `a and b and c` joins, as one row; what has a name of its own stays whole."""
    for inner in given.args:
        named = inner.text.replace("_", "").isalnum()
        if inner.op == given.op and not named and not _called(inner) and not _crossing(inner):
            yield from _flat(inner)
        else:
            yield inner


def _called(given: Term) -> bool:
    """Tell whether a term is what a function gave, also if it is seen from elsewhere."""
    if given.shown is not None:
        return not _crossing(given)
    return given.op in ("at", "back") and _called(given.args[0])


def _crossing(given: Term) -> bool:
    """Tell whether a term is `a crosses above b`: a comparison now, and one on the candle before."""
    inner = [a.op for a in given.args]
    return given.op == "and" and given.shown is not None and inner in (["gt", "le"], ["lt", "ge"])


def _text(given: Term) -> str:
    """Return a term's text; what was wrapped says from where it is seen."""
    # `crosses` looks at the candle before without saying so in its text.
    if given.op == "back" and (given.span is given.args[0].span or " crosses " in given.text):
        return f"{_bracketed(_text(given.args[0]))}[{given.params[0]:g}]"
    if given.op == "const" and " crosses " in given.text and given.value is not None:
        return f"{given.value:g}"
    if given.op == "at" and given.span is given.args[0].span:
        place = given.params[0] or f'"{given.params[1]}"'
        return f"{_bracketed(_text(given.args[0]))}@{place}"
    return given.text


def _told_apart(inner: Term, text: str) -> str:
    """Return a comparison's own text where it was written together with others (`between`, `crosses`)."""
    own = _text(inner)
    together = own == text or " between " in own or " crosses " in own
    if not together or inner.op not in SIGNS or inner.args[0].type.is_bool:
        return own
    left, right = map(_text, inner.args)
    return f"{left} {SIGNS[inner.op]} {right}"


def _bracketed(text: str) -> str:
    plain = text.replace("_", "").replace(".", "").isalnum() or (text.endswith(")") and " " not in text.split("(")[0])
    return text if plain else f"({text})"
