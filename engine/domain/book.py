"""The book: what is remembered between candles, and the only thing decide reads besides values.

It is rebuilt from the events in order: `book.apply(events)` returns the next book. A book that was
stored and read back equals the one that was kept in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from engine.domain.event import Event, PositionClosed, PositionEvent, SignalBlocked, SignalFired
from engine.domain.position import Position
from engine.domain.signal import Side


@dataclass(frozen=True, slots=True)
class Lane:
    """What is remembered of one strategy on one symbol. Times are ms; 0 means never.

    `live` has at most one position (pending or open) per side.
    `blocked` has per (timeframe, side) why the last told block was one (`why_blocked`), `fired` the close time of
    the last candle on which that side fired, whatever came of it: so a run of blocked candles is told once.
    `fired`, and how far a position has been followed since its last event, change without an event; following
    the same candles again gives them back.
    """

    live: Mapping[Side, Position] = field(default_factory=dict)
    last_signal: int = 0
    last_exit: int = 0
    last_stop: int = 0
    blocked: Mapping[tuple[str, str], str] = field(default_factory=dict)
    fired: Mapping[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Book:
    """Lanes by (strategy, symbol), in that order. apply returns a new book that shares what did not change."""

    lanes: Mapping[tuple[str, str], Lane] = field(default_factory=dict)

    def lane(self, strategy: str, symbol: str) -> Lane:
        return self.lanes.get((strategy, symbol), Lane())

    def apply(self, events: Iterable[Event]) -> Book:
        """Return the book after `events`, which are in the order in which they happened."""
        lanes = dict(self.lanes)
        for event in events:
            key = lane_of(event)
            if key is not None:
                lanes[key] = step(lanes.get(key, Lane()), event)
        return Book(in_order(lanes))

    def live_positions(self) -> tuple[Position, ...]:
        return tuple(position for lane in self.lanes.values() for position in lane.live.values())


def lane_of(event: Event) -> tuple[str, str] | None:
    """Return (strategy, symbol) of what the event happened to, None if it is about no lane."""
    match event:
        case SignalFired():
            return event.signal.strategy, event.signal.symbol
        case PositionEvent():
            return event.signal.strategy, event.signal.symbol
        case SignalBlocked():
            return event.strategy, event.symbol
    return None


def step(lane: Lane, event: Event) -> Lane:
    """Return the lane after one event."""
    match event:
        case SignalFired():
            signal = event.signal
            blocked = {k: v for k, v in lane.blocked.items() if k != (signal.timeframe, signal.side)}
            live = {**lane.live, signal.side: event.position}
            return replace(lane, live=in_order(live), last_signal=event.time, blocked=blocked)
        case PositionClosed():
            live = {side: p for side, p in lane.live.items() if p.id != event.position.id}
            if not event.position.filled:  # an entry order that was never filled is no exit
                return replace(lane, live=live)
            stopped = event.position.status == "SL_HIT"
            return replace(lane, live=live, last_exit=event.time, last_stop=event.time if stopped else lane.last_stop)
        case PositionEvent():
            return replace(lane, live={**lane.live, event.signal.side: event.position})
        case SignalBlocked():
            why = why_blocked(event.reason, event.detail)
            return replace(lane, blocked=in_order({**lane.blocked, (event.timeframe, event.side): why}))
    return lane


K = TypeVar("K", Side, tuple[str, str])
V = TypeVar("V")


def in_order(remembered: Mapping[K, V]) -> dict[K, V]:
    """Return the same in the order of its keys: what is remembered does not depend on the order of events."""
    return dict(sorted(remembered.items(), key=lambda item: item[0]))


def why_blocked(reason: str, detail: str) -> str:
    """Return what makes two blocks the same: the reason, and of an open position also which one it is."""
    return f"{reason} {detail}" if reason == "open-position" else reason
