"""The ways that a position can go by its strategy's rules: what of them the events of a run took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from engine.domain.event import (
    Event,
    PositionAdded,
    PositionClosed,
    PositionEvent,
    PositionOpened,
    SignalBlocked,
    SignalFired,
    StopMoved,
    TakeProfitHit,
)
from engine.domain.position import Status
from engine.domain.strategy import SideRules, StrategyRules

Way = tuple[str, str]
"""A side, or nothing for what is the strategy's; and the way's name."""


def ways_of(rules: StrategyRules) -> tuple[Way, ...]:
    """Return every way there is in a strategy, in the order in which a reader looks for them."""
    sides = {side.side: side for sides in rules.rules.values() for side in sides}
    found = [(str(side.side), name) for side in sides.values() for name in _of_side(side)]
    found += [("", f"signal on {timeframe}") for timeframe in rules.rules]
    found += [("", f"cooldown after {cooldown.after}") for cooldown in rules.cooldowns]
    return tuple(dict.fromkeys(found))


def _of_side(side: SideRules) -> Iterator[str]:
    yield "filled"
    if side.entry.kind != "market" and (side.entry.cancel_after or side.expire_ms):
        yield "unfilled"
    if side.stop is not None:
        yield "cancelled beyond the stop"
    for number in range(len(side.entry.adds)):
        yield f"add {number + 1}"
    for number, target in enumerate(side.targets, 1):
        yield f"target {number}"
        if target.then is not None and number < len(side.targets):
            yield f"stop moved after target {number}"
            yield f"stopped there after target {number}"
    if side.stop is not None:
        yield "stop"
    for number in range(len(side.trails)):
        yield f"trail {number + 1}" if len(side.trails) > 1 else "trail"
    if side.trails:
        yield "stopped by the trail"
    for rule in side.exits:
        yield f"exit {rule.name}"
    if side.expire_ms:
        yield "expire"


def taken(events: Iterable[Event]) -> Counter[Way]:
    """Count the ways that the events of a run took."""
    return Counter(way for event in events for way in dict.fromkeys(_of_event(event)))


def _of_event(event: Event) -> Iterator[Way]:
    if isinstance(event, SignalFired):
        yield "", f"signal on {event.signal.timeframe}"
    elif isinstance(event, SignalBlocked) and event.reason == "cooldown":
        yield "", f"cooldown {event.detail}"
    elif isinstance(event, PositionEvent):
        side = str(event.signal.side)
        for name in _of_position(event):
            yield side, name


def _of_position(event: PositionEvent) -> Iterator[str]:
    match event:
        case PositionOpened():
            yield "filled"
        case PositionAdded():
            yield f"add {event.position.adds_filled}"
        case TakeProfitHit():
            yield f"target {event.target}"
        case StopMoved(why="trail"):
            yield from ("trail", *(f"trail {place + 1}" for place in event.position.trailing))
        case StopMoved():
            yield f"stop moved after {event.why}"
        case PositionClosed():
            yield from _of_end(event)
    yield from (f"exit {name}" for name in event.position.exits_taken)


def _of_end(event: PositionClosed) -> Iterator[str]:
    match event.position.status, event.reason:
        case Status.SL_HIT, "stop":
            yield "stop"
        case Status.SL_HIT, "trail":
            yield "stopped by the trail"
        case Status.SL_HIT, reason:
            yield f"stopped there after {reason}"
        case _, "unfilled":
            yield "unfilled"
        case Status.CANCELLED, _:
            yield "cancelled beyond the stop"
        case Status.EXPIRED, _:
            yield "expire"
