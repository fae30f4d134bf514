"""Strategies as the engine knows them: a plan of nodes, and the rules that read their values.

A plan is one graph for all strategies, timeframes and symbols. Nodes are interned: equal expressions
in one frame are one node. Nothing here knows YAML; `dsl.compile` builds it, `engine.plan` evaluates it,
`engine.decide` reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.domain.market import Timeframe
from engine.domain.signal import Side

ELEMENT_WISE = (
    "add", "sub", "mul", "div", "neg", "lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not", "if", "min", "max",
    "clip", "abs", "sign", "floor", "sqrt", "log", "exp", "default", "known", "at_least",
)  # fmt: skip
"""The names of the element-wise operations, whose arithmetic is in engine.plan.operations."""


@dataclass(frozen=True, slots=True)
class Gaps:
    """What a hole does to a series. `skip`: a hole of more than `limit` candles starts it anew;
    `fill`: flat candles of volume 0; `stop`: the strategy stops on that symbol. limit 0 with skip: never."""

    kind: str = "skip"
    limit: int = 12


@dataclass(frozen=True, slots=True)
class Frame:
    """The rows and lanes a node has: one timeframe, and each symbol of the plan (`symbol` None) or one fixed symbol.

    A node of a frame with a fixed symbol has one lane.
    """

    timeframe: Timeframe
    symbol: str | None = None
    gaps: Gaps = Gaps()


@dataclass(frozen=True, slots=True)
class Node:
    """One step of the plan. Its identity is (op, frame, inputs, params); `text` only explains it.

    `op` is the name of a primitive, or one of the operations of engine.plan.operations:
    `const field series join output` and the element-wise `add sub mul div neg lt le gt ge eq ne and or
    not if min max clip abs sign sqrt log exp default known at_least model`. Inputs are indexes of
    earlier nodes; for a node with several outputs `output` (params: its index) takes one. `join` brings
    its input, a node of another frame, into this frame by close time.

    `defined` and `converged` are the candles of **base history** (the frame's own timeframe) that the
    node needs, added up over its inputs; `history_ms` is the longest time span back, over all frames.
    """

    op: str
    frame: Frame
    inputs: tuple[int, ...] = ()
    params: tuple[float | str, ...] = ()
    boolean: bool = False
    defined: int = 1
    converged: int = 1
    history_ms: int = 0
    text: str = ""


# -- expressions over a position: the few that cannot be nodes, because each position has its own values --


@dataclass(frozen=True, slots=True)
class Ref:
    """The value of a node on the strategy's candle."""

    node: int


@dataclass(frozen=True, slots=True)
class AtEntry:
    """The value that a node had on the signal's candle."""

    node: int


@dataclass(frozen=True, slots=True)
class PositionField:
    """`entry bars profit best stop` of the position, or `long.fires` / `short.fires` resolved to a Ref."""

    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    """A number; truths are 0 1 2."""

    value: float


@dataclass(frozen=True, slots=True)
class Apply:
    """An element-wise operation of engine.plan.operations over held expressions."""

    op: str
    args: tuple[Held, ...]
    boolean: bool = False


Held = Ref | AtEntry | PositionField | Constant | Apply
"""An expression evaluated per open position and candle, three-valued like the plan."""


# -- rules --


@dataclass(frozen=True, slots=True)
class ConditionRule:
    """A named condition. `parts` are (text, node) of the values under it, for explanations, `units` theirs."""

    name: str
    text: str
    node: int
    must: bool
    weight: float
    parts: tuple[tuple[str, int], ...] = ()
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Clamp:
    """Bounds of a level's distance from the entry: (kind, value) pairs, kind percent | distance | r."""

    low: LevelValue
    high: LevelValue


@dataclass(frozen=True, slots=True)
class LevelValue:
    """A price, a distance, a percentage of the entry (ratio) or a multiple of the risk, as a held expression."""

    kind: str
    value: Held


@dataclass(frozen=True, slots=True)
class StopRule:
    level: LevelValue
    clamp: Clamp | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class MoveRule:
    """`then stop to`: kind price | entry | offset | target; value a held expression (offset: ratio; target: number)."""

    kind: str
    value: Held = Constant(0.0)


@dataclass(frozen=True, slots=True)
class TargetRule:
    level: LevelValue
    part: float
    then: MoveRule | None = None
    text: str = ""
    clamp: Clamp | None = None


@dataclass(frozen=True, slots=True)
class AddRule:
    level: LevelValue
    part: float


@dataclass(frozen=True, slots=True)
class EntryRule:
    """`market`, `limit PRICE [for N bars]`, `stop PRICE [for N bars]`, with adds."""

    kind: str = "market"
    price: Held | None = None
    cancel_after: int = 0
    part: float = 1.0
    adds: tuple[AddRule, ...] = ()


@dataclass(frozen=True, slots=True)
class ExitRule:
    """A named condition that closes at market; `take` is the part of what is left (1: all)."""

    name: str
    when: Held
    take: float = 1.0
    text: str = ""


@dataclass(frozen=True, slots=True)
class TrailRule:
    """A line (kind price) or a distance (kind distance | percent | r) behind the best price.

    Active from the start, or `after` ("target", n) | ("r", x) | ("percent", ratio).
    """

    level: LevelValue
    after: tuple[str, float] | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class SideRules:
    """One side of a strategy on one timeframe; node ids are of the plan.

    `fires` is boolean: every must holds and fire holds. `confidence` is the lower end of the
    interval, 0 to 100. `held_nodes` are nodes to be kept at the signal for `at_entry`.
    """

    side: Side
    conditions: tuple[ConditionRule, ...]
    fires: int
    confidence: int
    entry: EntryRule
    stop: StopRule | None
    targets: tuple[TargetRule, ...]
    exits: tuple[ExitRule, ...] = ()
    trails: tuple[TrailRule, ...] = ()
    expire_ms: int = 0
    held_nodes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the engine looks: kind `close`, `every` (seconds) or `cron` (line)."""

    kind: str = "close"
    seconds: int = 0
    cron: str = ""


@dataclass(frozen=True, slots=True)
class Universe:
    """Symbols by name, or a watchlist's name that the configuration resolves; `where` a node per timeframe."""

    symbols: tuple[str, ...] = ()
    watchlist: str = ""
    where: Mapping[Timeframe, int] = field(default_factory=dict)
    where_text: str = ""


@dataclass(frozen=True, slots=True)
class Cooldown:
    """No signal for `ms` after a signal, exit or stop of the same strategy and symbol."""

    ms: int
    after: str


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """The `model:` part: a trained model's name, its features as node ids per timeframe, and its label.

    label: up_pct before down_pct within bars (ratios; down negative).
    """

    name: str
    features: Mapping[Timeframe, tuple[tuple[str, int], ...]]
    up: float
    down: float
    within: int
    trust_training_span: bool = False


@dataclass(frozen=True, slots=True)
class StrategyRules:
    """A compiled strategy. `rules` keeps the document's order of timeframes, long before short."""

    id: str
    name: str
    version: str
    about: str
    path: str
    hash: str
    schedule: Schedule
    gaps: Gaps
    universe: Universe
    rules: Mapping[Timeframe, tuple[SideRules, ...]]
    cooldowns: tuple[Cooldown, ...] = ()
    params: Mapping[str, float] = field(default_factory=dict)
    model: ModelSpec | None = None
    uses_symbols: tuple[str, ...] = ()
    uses_series: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    missing_fields: tuple[str, ...] = ()
    """Market fields that are read but neither derived nor assumed: unknown on data that lacks them."""

    def defined(self, plan: Plan, timeframe: Timeframe) -> int:
        """Candles of `timeframe` after which every rule can be known."""
        sides = self.rules[timeframe]
        nodes = [side.fires for side in sides] + [c.node for side in sides for c in side.conditions]
        return max(plan.nodes[node].defined for node in nodes)


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole graph, inputs before users, and the strategies that read it. `hash` names all of it."""

    nodes: tuple[Node, ...]
    strategies: tuple[StrategyRules, ...]
    hash: str = ""

    def frames(self) -> tuple[Frame, ...]:
        return tuple(dict.fromkeys(node.frame for node in self.nodes))

    def strategy(self, strategy_id: str) -> StrategyRules:
        return next(s for s in self.strategies if s.id == strategy_id)
