"""Events: all that ever happens to a signal. They are what is stored, and what messages are made of.

An event's `id` is deterministic (signal id and its place in the life of that signal), so the same
candles give the same ids whenever and wherever they are decided, and a second commit changes nothing.
The last event of a slice carries the position as it stands once the whole slice has been applied.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from engine.domain.position import Fill, Position
from engine.domain.signal import Signal, Verdict


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a signal at `time` (ms: the close of the candle that told it)."""

    kind: ClassVar[str] = "event"
    id: str
    time: int


@dataclass(frozen=True, slots=True)
class SignalFired(Event):
    """A signal was made; `position` is its position, PENDING."""

    kind: ClassVar[str] = "signal"
    signal: Signal
    position: Position


@dataclass(frozen=True, slots=True)
class SignalBlocked(Event):
    """A side fired but no signal was made. `reason` is one of: cooldown, open-position, filter, stale,
    unknown-stop, stop-wrong-side, target-wrong-side, unknown-target, unknown-entry, entry-wrong-side,
    protection:NAME. Only the first of a run of blocked candles with the same reason is told (of open-position: the
    first of each position)."""

    kind: ClassVar[str] = "blocked"
    strategy: str
    symbol: str
    timeframe: str
    side: str
    reason: str
    detail: str = ""
    verdicts: tuple[Verdict, ...] = ()


@dataclass(frozen=True, slots=True)
class PositionEvent(Event):
    """Something that changed a position; `position` is its state afterwards."""

    position: Position
    filled_at: int = 0
    """When it happened, if it is known better than the candle's close; else 0."""

    @property
    def signal(self) -> Signal:
        return self.position.signal


@dataclass(frozen=True, slots=True)
class PositionOpened(PositionEvent):
    kind: ClassVar[str] = "opened"
    fill: Fill = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class PositionAdded(PositionEvent):
    kind: ClassVar[str] = "added"
    fill: Fill = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class TakeProfitHit(PositionEvent):
    """Target `target` (from 1) was reached; if it was the last part, PositionClosed follows."""

    kind: ClassVar[str] = "target"
    target: int = field(kw_only=True)
    fill: Fill = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class StopMoved(PositionEvent):
    """The stop moved from `old` to the position's stop; `why` is `target N`, `trail` or the like."""

    kind: ClassVar[str] = "stop_moved"
    old: float | None = field(kw_only=True)
    why: str = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class PartExited(PositionEvent):
    """An exit rule with `take` closed a part of what was left."""

    kind: ClassVar[str] = "part_exited"
    rule: str = field(kw_only=True)
    fill: Fill = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class PositionClosed(PositionEvent):
    """The end. `position.status` says which; `reason` adds the rule's or the cancellation's name."""

    kind: ClassVar[str] = "closed"
    reason: str = field(kw_only=True)
    fill: Fill | None = field(kw_only=True, default=None)


@dataclass(frozen=True, slots=True)
class DailyReport(Event):
    """The numbers of one bot over one UTC day, made by engine.report. `numbers` is JSON-able."""

    kind: ClassVar[str] = "report"
    strategy: str
    day: str
    numbers: tuple[tuple[str, object], ...] = ()
