"""A checked document: what dsl.compile turns into rules. Nothing in it can still be wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dsl import ast
from dsl.check.terms import Term
from engine.domain.market import Timeframe


@dataclass(frozen=True, slots=True)
class Level:
    """kind: price, distance, percent or r."""

    kind: str
    term: Term


@dataclass(frozen=True, slots=True)
class Clamped:
    level: Level
    clamp: tuple[Level, Level] | None
    text: str


@dataclass(frozen=True, slots=True)
class Condition:
    name: str
    text: str
    term: Term
    must: bool
    weight: float


@dataclass(frozen=True, slots=True)
class Move:
    """kind: price, entry, offset or target."""

    kind: str
    term: Term | None = None
    target: int = 0


@dataclass(frozen=True, slots=True)
class Target:
    place: Clamped
    part: float
    then: Move | None


@dataclass(frozen=True, slots=True)
class Entry:
    """kind: market, limit or stop; `adds` are levels on the adverse side with their parts."""

    kind: str = "market"
    price: Term | None = None
    bars: int = 0
    part: float = 1.0
    adds: tuple[tuple[Level, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Exit:
    name: str
    term: Term
    take: float
    text: str


@dataclass(frozen=True, slots=True)
class Trail:
    level: Level
    after: tuple[str, float] | None
    text: str


@dataclass(frozen=True, slots=True)
class Side:
    side: str
    conditions: tuple[Condition, ...]
    fire: Term | None
    confidence: Term | None
    entry: Entry
    stop: Clamped | None
    targets: tuple[Target, ...]
    exits: tuple[Exit, ...]
    trails: tuple[Trail, ...]
    expire_ms: int


@dataclass(frozen=True, slots=True)
class Checked:
    """A strategy without mistakes. `params` are the values used, `assume` the constants for absent fields."""

    document: ast.Document
    timeframes: tuple[Timeframe, ...]
    sides: tuple[Side, ...]
    where: Term | None = None
    features: tuple[tuple[str, Term], ...] = ()
    params: Mapping[str, float] = field(default_factory=dict)
    assume: Mapping[str, float] = field(default_factory=dict)
    lets: Mapping[str, Term] = field(default_factory=dict)
