"""The syntax tree of the language: what a document says, before anyone asks whether it makes sense.

Every part keeps its span in the file. Names are not resolved here and nothing is checked. The file is long
because it is a list: one noun of the language after the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from dsl.errors import Span

# -- expressions --


@dataclass(frozen=True, slots=True)
class Expr:
    span: Span


@dataclass(frozen=True, slots=True)
class Number(Expr):
    """`unit`: '' plain, '%' (value already divided by 100), 'R' multiple of the risk, 'ms' a duration."""

    value: float
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Boolean(Expr):
    value: bool


@dataclass(frozen=True, slots=True)
class Name(Expr):
    name: str


@dataclass(frozen=True, slots=True)
class Attribute(Expr):
    """`base.name`: an output of a call, or `position.bars time.hour model.up long.fires volume_lib.burst`."""

    base: Expr
    name: str
    name_span: Span


@dataclass(frozen=True, slots=True)
class Argument:
    value: Expr
    name: str | None = None
    name_span: Span | None = None


@dataclass(frozen=True, slots=True)
class Call(Expr):
    """`name(...)`; a function of a library is `library.name`."""

    name: str
    name_span: Span
    args: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Index(Expr):
    """`base[n]`: n candles ago."""

    base: Expr
    ago: Expr


@dataclass(frozen=True, slots=True)
class At(Expr):
    """`base@1h` or `base@"BTC/USDT"`: exactly one of the two is set."""

    base: Expr
    timeframe: str | None
    symbol: str | None
    target_span: Span


@dataclass(frozen=True, slots=True)
class Unary(Expr):
    """op: `-` or `not`."""

    op: str
    operand: Expr


@dataclass(frozen=True, slots=True)
class Binary(Expr):
    """op: `+ - * / < <= > >= == != and or`."""

    op: str
    left: Expr
    right: Expr
    op_span: Span


@dataclass(frozen=True, slots=True)
class Between(Expr):
    """`value between low and high`, both included."""

    value: Expr
    low: Expr
    high: Expr


@dataclass(frozen=True, slots=True)
class Crosses(Expr):
    """direction: `above`, `below` or `any`."""

    direction: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Window(Expr):
    """`condition for N bars` (kind `for`) or `condition within N bars` (kind `within`)."""

    kind: str
    condition: Expr
    bars: Expr


@dataclass(frozen=True, slots=True)
class If(Expr):
    condition: Expr
    then: Expr
    otherwise: Expr


# -- the small sentences of a document --


@dataclass(frozen=True, slots=True)
class Condition:
    """`[must] EXPR [weight N]`; weight None when not written."""

    expr: Expr
    must: bool
    weight: float | None
    span: Span
    weight_span: Span | None = None


@dataclass(frozen=True, slots=True)
class ParamValue:
    """`30 in 10 to 45 step 1`; a param may also be a bare number."""

    default: Number
    low: Number | None
    high: Number | None
    step: Number | None
    span: Span


@dataclass(frozen=True, slots=True)
class ClampRange:
    low: Expr
    high: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Stop:
    """`LEVEL [clamp A to B]`."""

    level: Expr
    clamp: ClampRange | None
    span: Span


@dataclass(frozen=True, slots=True)
class Move:
    """`then stop to ...`: kind price | entry | offset | target; expr for price and offset, target the number."""

    kind: str
    span: Span
    expr: Expr | None = None
    target: int = 0


@dataclass(frozen=True, slots=True)
class Target:
    """`LEVEL [clamp A to B] [take P%] [then stop to X]`; take None when shared."""

    level: Expr
    clamp: ClampRange | None
    take: Expr | None
    then: Move | None
    span: Span


@dataclass(frozen=True, slots=True)
class EntryLeg:
    """kind market | limit | stop | add; price None for market; `bars` of `for N bars`; take None if not written."""

    kind: str
    price: Expr | None
    bars: Expr | None
    take: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class Exit:
    """`EXPR [take P%]`."""

    expr: Expr
    take: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class Trail:
    """`LEVEL [after target N | after 1R | after 1%]`; after is (target|r|percent, value)."""

    level: Expr
    after: tuple[str, float] | None
    span: Span


@dataclass(frozen=True, slots=True)
class CooldownRule:
    """`30m after stop`."""

    ms: int
    after: str
    span: Span


@dataclass(frozen=True, slots=True)
class ScheduleRule:
    """kind close | every | cron."""

    kind: str
    span: Span
    ms: int = 0
    cron: str = ""


@dataclass(frozen=True, slots=True)
class GapsRule:
    """kind skip | fill | stop."""

    kind: str
    limit: int
    span: Span


@dataclass(frozen=True, slots=True)
class Label:
    """`1% before -1% within 24 bars`."""

    up: Number
    down: Number
    bars: int
    span: Span


@dataclass(frozen=True, slots=True)
class SignatureParam:
    """`source=close`, `fast=12 in 1 to 500`, `length in 1 to 500`; kind series unless it has a range or a number."""

    name: str
    span: Span
    default: Expr | None
    low: Number | None
    high: Number | None

    @property
    def constant(self) -> bool:
        return self.low is not None or isinstance(self.default, Number)


@dataclass(frozen=True, slots=True)
class Signature:
    """`macd(source=close, fast=12 in 1 to 500)`."""

    name: str
    params: tuple[SignatureParam, ...]
    span: Span


# -- documents --


class EveryName(frozenset[str]):
    """A set that has every name: what a part declares that could not be read at all."""

    def __contains__(self, name: object) -> bool:
        return True

    def __or__(self, other: object) -> EveryName:
        return self

    __ror__ = __or__


@dataclass(frozen=True, slots=True)
class Key:
    """A key as written, with its place."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class SideBlock:
    side: str
    span: Span
    when: dict[str, tuple[Key, Condition]] = field(default_factory=dict)
    fire: Expr | None = None
    confidence: Expr | None = None
    entry: tuple[EntryLeg, ...] = ()
    stop: Stop | None = None
    targets: tuple[Target, ...] = ()
    exits: dict[str, tuple[Key, Exit]] = field(default_factory=dict)
    trails: tuple[Trail, ...] = ()
    expire_ms: int = 0
    broken: frozenset[str] = frozenset()
    """Conditions that could not be read; findings have said why."""


@dataclass(frozen=True, slots=True)
class UniverseBlock:
    span: Span
    symbols: tuple[tuple[str, Span], ...] = ()
    watchlist: str = ""
    where: Expr | None = None


@dataclass(frozen=True, slots=True)
class ModelBlock:
    span: Span
    name: str
    features: dict[str, tuple[Key, Expr]]
    label: Label | None
    trust_training_span: bool = False


@dataclass(frozen=True, slots=True)
class Definition:
    """A function in the language. `returns` has the key 'value' for a single result."""

    signature: Signature
    about: str
    reference: str
    lets: dict[str, tuple[Key, Expr]]
    returns: dict[str, tuple[Key, Expr]]
    span: Span
    units: dict[str, str] = field(default_factory=dict)
    bounds: dict[str, tuple[float | None, float | None]] = field(default_factory=dict)
    settles: Expr | None = None
    deprecated: str = ""
    example: str = ""
    broken: frozenset[str] = frozenset()
    """Lets and outputs that could not be read; findings have said why."""


@dataclass(frozen=True, slots=True)
class Document:
    """A strategy (kind 'strategy') or a library (kind 'library'), parsed as far as it could be."""

    kind: str
    path: str
    span: Span
    id: str = ""
    id_span: Span | None = None
    name: str = ""
    version: str = ""
    version_span: Span | None = None
    about: str = ""
    schedule: ScheduleRule | None = None
    timeframes: tuple[tuple[str, Span], ...] = ()
    gaps: GapsRule | None = None
    universe: UniverseBlock | None = None
    assume: dict[str, tuple[Key, Expr]] = field(default_factory=dict)
    use: tuple[tuple[str, Span], ...] = ()
    params: dict[str, tuple[Key, ParamValue]] = field(default_factory=dict)
    lets: dict[str, tuple[Key, Expr]] = field(default_factory=dict)
    defines: dict[str, Definition] = field(default_factory=dict)
    model: ModelBlock | None = None
    sides: tuple[SideBlock, ...] = ()
    cooldowns: tuple[CooldownRule, ...] = ()
    broken: frozenset[str] = frozenset()
    """Lets, params and functions that are written but could not be read: they exist, so they are not unknown names."""
