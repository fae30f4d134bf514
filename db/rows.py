"""Events and positions as rows, and rows as events and positions.

What a signal says is stored once, in `signals`: the bodies of its position and of its events leave it out and
get it back when they are read.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from db.codec import KINDS, dumps, dumps_plain, plain, revive
from engine.domain.event import DailyReport, Event, PositionEvent, SignalBlocked, SignalFired
from engine.domain.position import Position
from engine.domain.signal import Signal

Row = Mapping[str, Any]


def signal_row(signal: Signal) -> dict[str, Any]:
    """Return the columns of `signals`."""
    return {
        "id": signal.id,
        "strategy": signal.strategy,
        "symbol": signal.symbol,
        "timeframe": signal.timeframe,
        "side": str(signal.side),
        "close_time": signal.close_time,
        "entry_kind": signal.entry.kind,
        "entry_price": decimal_text(signal.entry.price),
        "stop": decimal_text(signal.stop),
        "targets": dumps_plain([[decimal_text(target.price), target.part] for target in signal.targets]),
        "confidence": signal.confidence,
        "expires_at": signal.expires_at,
        "version": signal.version,
        "plan_hash": signal.plan_hash,
        "engine_version": signal.engine_version,
        "venue": signal.venue,
        "short_of_history": signal.short_of_history,
        "body": dumps(signal),
    }


def position_row(position: Position) -> dict[str, Any]:
    """Return the columns of `positions`."""
    return {
        "id": position.id,
        "strategy": position.signal.strategy,
        "symbol": position.signal.symbol,
        "side": str(position.signal.side),
        "status": str(position.status),
        "opened_at": position.opened_at,
        "closed_at": position.closed_at,
        "entry_price": decimal_text(position.entry),
        "exit_price": decimal_text(position.exit_price),
        "stop": decimal_text(position.stop),
        "remaining": position.remaining,
        "targets_hit": position.targets_hit,
        "result": position.result,
        "result_r": position.result_r,
        "best": decimal_text(position.best),
        "worst": decimal_text(position.worst),
        "ambiguous": position.ambiguous,
        "followed_until": position.followed_until,
        "body": dumps_plain(plain(position, without="signal")),
    }


def event_row(event: Event) -> dict[str, Any]:
    """Return the columns of `events` but `seq`."""
    signal_id, strategy, symbol = None, "", ""
    match event:
        case SignalFired() | PositionEvent():
            signal_id, strategy, symbol = event.signal.id, event.signal.strategy, event.signal.symbol
            position = plain(event.position, without="signal")
            if isinstance(event, SignalFired):
                data = {"id": event.id, "time": event.time, "position": position}
            else:
                data = plain(event, without="position") | {"position": position}
        case SignalBlocked():
            data, strategy, symbol = plain(event), event.strategy, event.symbol
        case DailyReport():
            data, strategy = plain(event), event.strategy
        case _:
            raise TypeError(f"no row is defined for {type(event).__name__}")
    return {
        "id": event.id,
        "kind": event.kind,
        "time": event.time,
        "signal_id": signal_id,
        "strategy": strategy,
        "symbol": symbol,
        "body": dumps_plain(data),
    }


def position_of(row: Row) -> Position:
    """Return the position of a row with `body` and, of its signal, `signal`."""
    return revive(Position, json.loads(row["body"]) | {"signal": json.loads(row["signal"])})


def event_of(row: Row) -> Event:
    """Return the event of a row with `kind`, `body` and, of its signal (if it has one), `signal`."""
    data = json.loads(row["body"])
    if row["signal"] is not None:
        signal = json.loads(row["signal"])
        data["position"]["signal"] = signal
        if row["kind"] == SignalFired.kind:
            data["signal"] = signal
    return revive(KINDS[row["kind"]], data)


def decimal_text(value: float | None) -> str | None:
    """Return the shortest decimal text that reads back as `value`, never in E notation; None where unknown."""
    if value is None or not math.isfinite(value):
        return None
    return format(Decimal(repr(float(value))), "f")
