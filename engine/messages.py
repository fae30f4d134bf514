"""Which messages an event owes, to which channel. Pure: the same events give the same messages.

A payload is JSON-able and complete: a template needs nothing else. Its parts:

| part | what |
|---|---|
| `event` | `id`, `kind`, `time` (ISO-8601, UTC) |
| `brand` | `name`, `url`, `disclaimer`, `hashtag`, `link_on_x` |
| `bot` | `id`, `name`, `version`, `about` |
| `signal` | exactly schemas/signal.schema.json; null for a report and for a block |
| `pair` | `BTC/USDT`, empty for a report |
| `text` | prices as decimal text on the market's tick: `entry stop targets exit price old_stop new_stop`; null: none |
| `position` | the position after the event; null for a report and for a block |
| `detail` | `target part why reason rule`, null where the event has none; a block adds `symbol timeframe side` |
| `report` | the day's numbers; null for anything else |

Numbers that are not known are null, never NaN. Percentages are in percent, on the profit side positive.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from engine.domain.event import (
    DailyReport,
    Event,
    PartExited,
    PositionAdded,
    PositionClosed,
    PositionEvent,
    PositionOpened,
    SignalBlocked,
    SignalFired,
    StopMoved,
    TakeProfitHit,
)
from engine.domain.market import Market, wire_symbol
from engine.domain.message import Bot, Brand, Channel, OutboxMessage
from engine.domain.position import Fill, Position
from engine.domain.signal import Signal, Verdict

TRUTHS = ("false", "unknown", "true")


def messages(
    events: Iterable[Event],
    channels: Sequence[Channel],
    brand: Brand,
    markets: Mapping[str, Market],
    bots: Mapping[str, Bot],
) -> tuple[OutboxMessage, ...]:
    """Return what `events` owe to `channels`, in the order of the events, then of the channels.

    `markets` and `bots` are by symbol and by strategy id; what they lack is shown by its id and with the
    price's own digits.
    """
    owed: list[OutboxMessage] = []
    for event in events:
        strategy = _strategy(event)
        takers = [channel for channel in channels if wants(channel, news_of(event), strategy)]
        if not takers:
            continue
        payload = payload_of(event, brand, markets, bots)
        owed.extend(
            OutboxMessage(
                key=f"{event.id}@{channel.name}",
                event_id=event.id,
                event_kind=event.kind,
                channel=channel.name,
                thread=thread_of(event),
                created_at=event.time,
                payload=payload,
                due_at=event.time,
            )
            for channel in takers
        )
    return tuple(owed)


def news_of(event: Event) -> str:
    """Return the name under which channels ask for an event: its kind, but `trailed` for a step of a trailing stop.

    A trailing stop may move with every candle: most channels want to hear only of moves that a target caused.
    """
    return "trailed" if isinstance(event, StopMoved) and event.why == "trail" else event.kind


def wants(channel: Channel, news: str, strategy: str) -> bool:
    """Tell whether `channel` gets news of that name from that strategy."""
    return news in channel.events and (not channel.bots or strategy in channel.bots)


def thread_of(event: Event) -> str:
    """Return what joins messages about one signal: its id; empty for what belongs to none."""
    return event.signal.id if isinstance(event, (SignalFired, PositionEvent)) else ""


def payload_of(event: Event, brand: Brand, markets: Mapping[str, Market], bots: Mapping[str, Bot]) -> dict[str, Any]:
    """Return the complete, JSON-able payload of one event (see the top of this file)."""
    strategy = _strategy(event)
    bot = bots.get(strategy, Bot(strategy, strategy))
    signal = event.signal if isinstance(event, (SignalFired, PositionEvent)) else None
    position = event.position if isinstance(event, (SignalFired, PositionEvent)) else None
    symbol = signal.symbol if signal else event.symbol if isinstance(event, SignalBlocked) else ""
    market = markets.get(symbol, Market(signal.venue if signal else "", symbol))
    return {
        "event": {"id": event.id, "kind": event.kind, "time": iso(event.time)},
        "brand": asdict(brand),
        "bot": {"id": bot.id, "name": bot.name or bot.id, "version": bot.version, "about": bot.about},
        "signal": wire_signal(signal) if signal else None,
        "pair": symbol.partition(":")[0],
        "text": _text(event, signal, position, market),
        "position": wire_position(position) if position else None,
        "detail": _detail(event),
        "report": _report(event) if isinstance(event, DailyReport) else None,
    }


def wire_signal(signal: Signal) -> dict[str, Any]:
    """Return the signal in the form of schemas/signal.schema.json."""
    entry = signal.entry
    meta: dict[str, Any] = {
        "entry": {
            "kind": entry.kind,
            "part": entry.part,
            "cancel_after": entry.cancel_after,
            "adds": [{"price": add.price, "part": add.part} for add in entry.adds],
        },
        "conditions": [_condition(verdict) for verdict in signal.verdicts],
        "short_of_history": signal.short_of_history,
    }
    if signal.meta:
        meta["values"] = {name: _plain(value) for name, value in signal.meta}
    return {
        "id": signal.id,
        "source": signal.strategy.upper(),
        "symbol": wire_symbol(signal.symbol),
        "timeframe": signal.timeframe,
        "side": str(signal.side),
        "entry_price": entry.price,
        "stop_loss": signal.stop,
        "take_profits": [{"price": target.price, "part": target.part} for target in signal.targets],
        "confidence": _number(signal.confidence) or 0.0,
        "created_at": iso(signal.close_time),
        "expires_at": iso(signal.expires_at) if signal.expires_at else None,
        "strategy_version": signal.version,
        "engine_version": signal.engine_version,
        "venue": signal.venue,
        "meta": meta,
    }


def wire_position(position: Position) -> dict[str, Any]:
    """Return the position as posts show it: percentages over the average entry, None where unknown."""
    sign = position.signal.side.sign
    return {
        "status": str(position.status),
        "opened_at": iso(position.opened_at) if position.opened_at else None,
        "closed_at": iso(position.closed_at) if position.closed_at else None,
        "entry_price": _number(position.entry),
        "exit_price": _number(position.exit_price),
        "stop": _number(position.stop),
        "targets_hit": position.targets_hit,
        "targets_total": len(position.signal.targets),
        "remaining": position.remaining,
        "result_pct": _percent(position.result) if position.filled else None,
        "result_r": _number(position.result_r),
        "best_pct": _excursion(position.best, position.entry, sign),
        "worst_pct": _excursion(position.worst, position.entry, sign),
        "ambiguous": position.ambiguous,
    }


def iso(time: int) -> str:
    """Return ms since 1970 as ISO-8601 in UTC; milliseconds only where there are some."""
    seconds, rest = divmod(time, 1000)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{rest:03d}Z" if rest else f"{text}Z"


def _strategy(event: Event) -> str:
    match event:
        case SignalFired() | PositionEvent():
            return event.signal.strategy
        case SignalBlocked() | DailyReport():
            return event.strategy
    raise TypeError(f"no message is defined for {type(event).__name__}")


def _text(event: Event, signal: Signal | None, position: Position | None, market: Market) -> dict[str, Any]:
    def price(value: float | None) -> str | None:
        return None if value is None or not math.isfinite(value) else market.price_text(value)

    fill = _fill(event)
    moved = isinstance(event, StopMoved)
    return {
        "entry": price(signal.entry.price) if signal else None,
        "stop": price(signal.stop) if signal else None,
        "targets": [price(target) for target in _targets(signal, position)] if signal else [],
        "exit": price(position.exit_price) if position else None,
        "price": price(fill.price) if fill else None,
        "old_stop": price(event.old) if isinstance(event, StopMoved) else None,
        "new_stop": price(position.stop) if moved and position else None,
    }


def _targets(signal: Signal, position: Position | None) -> tuple[float, ...]:
    """Return the targets in force: adds may have moved them."""
    return (position.targets if position else ()) or tuple(target.price for target in signal.targets)


def _fill(event: Event) -> Fill | None:
    match event:
        case PositionOpened() | PositionAdded() | TakeProfitHit() | PartExited() | PositionClosed():
            return event.fill
    return None


def _detail(event: Event) -> dict[str, Any]:
    fill = _fill(event)
    detail: dict[str, Any] = {
        "target": None, "part": fill.part if fill else None, "why": None, "reason": None, "rule": None,
    }  # fmt: skip
    match event:
        case TakeProfitHit():
            detail["target"] = event.target
        case StopMoved():
            detail["why"] = event.why
        case PartExited():
            detail["rule"] = event.rule
        case PositionClosed():
            detail["reason"] = event.reason
        case SignalBlocked():
            symbol = wire_symbol(event.symbol)
            detail |= {"symbol": symbol, "timeframe": event.timeframe, "side": event.side}
            detail |= {"reason": event.reason, "why": event.detail}
    return detail


def _report(report: DailyReport) -> dict[str, Any]:
    return {"strategy": report.strategy, "day": report.day, **{name: _plain(v) for name, v in report.numbers}}


def _condition(verdict: Verdict) -> dict[str, Any]:
    return {
        "name": verdict.name,
        "text": verdict.text,
        "truth": TRUTHS[verdict.truth],
        "must": verdict.must,
        "weight": verdict.weight,
        "parts": [
            {"text": text, "value": _number(value), "unit": verdict.units[place] if verdict.units else ""}
            for place, (text, value) in enumerate(verdict.parts)
        ],
    }


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _percent(ratio: float) -> float | None:
    return round(ratio * 100, 6) if math.isfinite(ratio) else None


def _excursion(price: float, entry: float, sign: int) -> float | None:
    return _percent(sign * (price - entry) / entry) if entry else None


def _plain(value: Any) -> Any:
    """Return a JSON-able copy: tuples as lists, numbers that are not finite as None."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, float):
        return _number(value)
    return value if isinstance(value, int) else str(value)
