"""A telling: what a backtest or a database says of one strategy over a span, and what it saw on any candle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from engine.domain.event import Event, SignalBlocked
from engine.domain.market import Timeframe
from engine.domain.position import Position
from engine.domain.signal import Signal, Verdict
from engine.domain.strategy import SideRules, StrategyRules
from engine.plan import explain
from engine.plan.evaluate import Evaluator
from engine.ports import Predictor
from engine.sceptic.walk import Ground

Key = tuple[str, str, str, int]
"""Symbol, timeframe, side and close time of a signal's candle."""
Lane = tuple[str, str, str]
TRUE = 2


@dataclass(frozen=True, slots=True)
class Witness:
    """What a side's rules say on one candle: whether they fire (0 1 2), and every condition. None: no such candle."""

    fires: int
    verdicts: tuple[Verdict, ...]


@dataclass
class Telling:
    """What one side of a comparison says of one strategy over (begin, end], ms.

    `ground` has the candles to ask what was seen (None: not known), `silent` spans in which nothing ran. `rules` None:
    the rules it was made by are not here; `hashes` are those its signals carry.
    """

    label: str
    begin: int
    end: int
    rules: StrategyRules | None
    symbols: frozenset[str]
    positions: Mapping[Key, Position]
    blocks: Mapping[Lane, tuple[SignalBlocked, ...]]
    ground: Ground | None = None
    models: Mapping[str, Predictor] | None = None
    silent: tuple[tuple[int, int], ...] = ()
    hashes: frozenset[str] = frozenset()
    seen: dict[Key, Witness | None] = field(default_factory=dict)

    @property
    def hash(self) -> str:
        return self.rules.hash if self.rules is not None else ", ".join(sorted(self.hashes))

    def side(self, key: Key) -> SideRules | None:
        """Return the rules of the side that a key is about, None where there are none."""
        if self.rules is None:
            return None
        sides = self.rules.rules.get(Timeframe.parse(key[1]), ())
        return next((side for side in sides if str(side.side) == key[2]), None)


def told(
    events: Sequence[Event], positions: Sequence[Position]
) -> tuple[dict[Key, Position], dict[Lane, tuple[SignalBlocked, ...]]]:
    """Return positions by the key of their signal, and what was told as blocked per lane, in the order of time."""
    blocks: dict[Lane, list[SignalBlocked]] = {}
    for event in events:
        if isinstance(event, SignalBlocked):
            blocks.setdefault((event.symbol, event.timeframe, event.side), []).append(event)
    by_key = {key_of(position.signal): position for position in positions}
    return by_key, {lane: tuple(found) for lane, found in blocks.items()}


def key_of(signal: Signal) -> Key:
    return signal.symbol, signal.timeframe, str(signal.side), signal.close_time


def ask(telling: Telling, keys: Sequence[Key]) -> None:
    """Evaluate a telling's rules on these candles."""
    ground, rules = telling.ground, telling.rules
    wanted = sorted({key for key in keys if telling.side(key) is not None}, key=lambda key: key[3])
    if ground is None or rules is None or not wanted:
        return
    sides = {key[1:3]: side for key in wanted if (side := telling.side(key)) is not None}
    keep = {node for side in sides.values() for node in _nodes(side)}
    evaluator = Evaluator(ground.plan, ground.scope.symbols, predictors=telling.models, keep=keep)
    place = 0
    for after, until in ground.cuts(ground.first, min(ground.end, wanted[-1][3]), max(len(keep), 1)):
        block = ground.block(after, until)
        if wanted[place][3] > until:
            evaluator.skip(block)
            continue
        values = evaluator.advance(block)
        while place < len(wanted) and wanted[place][3] <= until:
            key = wanted[place]
            place += 1
            telling.seen[key] = None
            timeframe = Timeframe.parse(key[1])
            if key[0] not in values.symbols or timeframe not in ground.timeframes:
                continue
            times, lane = values.close_time(timeframe), values.lane(key[0])
            row = int(times.searchsorted(key[3]))
            panel = block.panels[timeframe]
            if row < len(times) and times[row] == key[3] and panel.here[row, lane]:
                side = sides[key[1:3]]
                fires = values.of(side.fires)
                truth = int(fires[row, lane if fires.shape[1] > 1 else 0])
                telling.seen[key] = Witness(truth, explain.verdicts(side, values, row, lane))
        if place == len(wanted):
            return


def _nodes(side: SideRules) -> Iterator[int]:
    yield side.fires
    for condition in side.conditions:
        yield condition.node
        yield from (node for _, node in condition.parts)


def when(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M}"
