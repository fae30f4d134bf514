"""The rules of one side on one timeframe: conditions, firing, entry, stop, targets, trail and exits over nodes."""

from __future__ import annotations

from dataclasses import dataclass

from dsl.check import checked
from dsl.check.checked import Level
from dsl.compile.confidence import Ends, Intervals, weighted
from dsl.compile.held import Holder
from dsl.compile.parts import parts
from dsl.compile.place import Placer
from engine.domain.signal import Side
from engine.domain.strategy import (
    AddRule,
    Clamp,
    ConditionRule,
    Constant,
    EntryRule,
    ExitRule,
    Frame,
    LevelValue,
    MoveRule,
    SideRules,
    StopRule,
    TargetRule,
    TrailRule,
)


@dataclass(frozen=True)
class Firing:
    """What decides whether a side fires: its conditions, the node that fires, the confidence published, and what
    the confidence would be if all that is unknown held."""

    conditions: tuple[ConditionRule, ...]
    fires: int
    confidence: int
    at_best: int


def firing(placer: Placer, side: checked.Side, frame: Frame) -> Firing:
    """Return the nodes that decide on one side: every must, and `fire` (default: every condition)."""
    conditions = tuple(_condition(placer, given, frame) for given in side.conditions)
    share = weighted(placer, side.conditions, frame)
    published = share
    if side.confidence is not None:
        published = _own(placer, Intervals(placer, frame, share, share).ends(side.confidence), frame)
    intervals = Intervals(placer, frame, share, published)
    if side.fire is not None:
        fires = [c.node for c in conditions if c.must] + [intervals.truth(side.fire)]
    else:
        fires = [c.node for c in conditions] or [placer.const(0.0, frame, boolean=True)]
    fires = list(dict.fromkeys(fires))
    node = (
        fires[0]
        if len(fires) == 1
        else placer.emit("and", frame, tuple(fires), boolean=True, text=f"{side.side} fires")
    )
    return Firing(conditions, node, published[0], published[1])


def _own(placer: Placer, ends: Ends, frame: Frame) -> Ends:
    """Return a confidence of the strategy's own within 0 to 100; where it cannot be known it may be anything."""
    zero, hundred = placer.const(0, frame), placer.const(100, frame)
    low, high = (placer.emit("clip", frame, (end, zero, hundred), text="confidence") for end in ends)
    return placer.emit("default", frame, (low, zero)), placer.emit("default", frame, (high, hundred))


def _condition(placer: Placer, given: checked.Condition, frame: Frame) -> ConditionRule:
    node = placer.place(given.term, frame)
    under = parts(given.term)
    shown = tuple((part.text, placer.place(part, frame)) for part in under)
    units = tuple("bool" if part.type.is_bool else str(part.type.unit) for part in under)
    return ConditionRule(given.name, given.text, node, given.must, given.weight, shown, units)


def side_rules(placer: Placer, side: checked.Side, decided: Firing, holder: Holder) -> SideRules:
    """Return the rules of a side; `holder` knows what fires on either side."""
    stop = None
    if side.stop is not None:
        stop = StopRule(_level(holder, side.stop.level), _clamp(holder, side.stop), side.stop.text)
    targets = tuple(
        TargetRule(_level(holder, t.place.level), t.part, _move(holder, t.then), t.place.text, _clamp(holder, t.place))
        for t in side.targets
    )
    exits = tuple(ExitRule(e.name, holder.hold(e.term), e.take, e.text) for e in side.exits)
    trails = tuple(TrailRule(_level(holder, t.level), t.after, t.text) for t in side.trails)
    return SideRules(
        Side(side.side), decided.conditions, decided.fires, decided.confidence, _entry(holder, side.entry), stop,
        targets, exits, trails, side.expire_ms, tuple(holder.kept),
    )  # fmt: skip


def _level(holder: Holder, level: Level) -> LevelValue:
    return LevelValue(level.kind, holder.hold(level.term))


def _clamp(holder: Holder, place: checked.Clamped) -> Clamp | None:
    if place.clamp is None:
        return None
    low, high = place.clamp
    return Clamp(_level(holder, low), _level(holder, high))


def _move(holder: Holder, move: checked.Move | None) -> MoveRule | None:
    if move is None:
        return None
    if move.kind == "target":
        return MoveRule("target", Constant(float(move.target)))
    return MoveRule(move.kind) if move.term is None else MoveRule(move.kind, holder.hold(move.term))


def _entry(holder: Holder, entry: checked.Entry) -> EntryRule:
    price = holder.hold(entry.price) if entry.price is not None else None
    adds = tuple(AddRule(_level(holder, level), part) for level, part in entry.adds)
    return EntryRule(entry.kind, price, entry.bars, entry.part, adds)
