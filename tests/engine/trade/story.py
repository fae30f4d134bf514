"""Write a trade as a trader would: a signal, candles as `open high low close`, and what is told of them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np

from engine.domain.event import (
    Event,
    PartExited,
    PositionAdded,
    PositionClosed,
    PositionEvent,
    PositionOpened,
    StopMoved,
    TakeProfitHit,
)
from engine.domain.market import Market
from engine.domain.position import Position, Status
from engine.domain.signal import EntryOrder, Side, Signal, StopMove, TakeProfit
from engine.domain.strategy import SideRules
from engine.trade.follow import Follower
from engine.trade.held import kept_nodes
from engine.trade.life import Costs, Terms
from engine.trade.path import Bars, Path

MINUTE = 60_000
START = 1_700_000_100_000 // (60 * MINUTE) * (60 * MINUTE)
FREE = Costs()
MARKET = Market("test", "BTC/USDT", tick=Decimal("0.01"))


class Table:
    """Node values by number, one column each: what a plan would give on the strategy's candles."""

    def __init__(self, columns: dict[int, list[float]]) -> None:
        self._columns = {node: np.array(column, float)[:, None] for node, column in columns.items()}

    def of(self, node: int) -> np.ndarray:
        return self._columns[node]


def signal(
    side: str = "long", entry: EntryOrder | float = 100.0, stop: float | None = 95.0, targets=(), **more
) -> Signal:
    """Return a signal of 5m candles; targets are prices, (price, part) or (price, part, then)."""
    order = entry if isinstance(entry, EntryOrder) else EntryOrder("market", entry)
    made = tuple(_target(target, len(targets)) for target in targets)
    return Signal("bot", "BTC/USDT", "5m", Side(side), START, order, stop, made, 80.0, **more)


def _target(target, number: int) -> TakeProfit:
    if isinstance(target, TakeProfit):
        return target
    price, part, then = (*target, None, None)[:3] if isinstance(target, tuple) else (target, None, None)
    return TakeProfit(price, part or 1 / number, move(then) if then else None)


def move(to: str) -> StopMove:
    """Read `entry`, `+0.1%`, `target 1` or a price."""
    if to == "entry":
        return StopMove("entry")
    if to.endswith("%"):
        return StopMove("offset", float(to[:-1]) / 100)
    if to.startswith("target"):
        return StopMove("target", int(to.split()[1]))
    return StopMove("price", float(to))


def candles(*rows: str | None, minutes: int = 1, first: int = 0) -> Path:
    """Return candles from `open high low close`; None is a candle that does not exist."""
    there = [(place, [float(x) for x in row.split()]) for place, row in enumerate(rows, 1) if row is not None]
    times = np.array([START + (first + place) * minutes * MINUTE for place, _ in there], np.int64)
    columns = np.array([prices for _, prices in there], float).reshape(-1, 4).T.copy()
    return Path(times - minutes * MINUTE, times, *columns)


def bars(closes: list[float], values: dict[int, list[float]] | None = None, minutes: int = 5) -> Bars:
    """Return the strategy's candles by their closes, with the values of nodes on them."""
    times = np.array([START + (n + 1) * minutes * MINUTE for n in range(len(closes))], np.int64)
    return Bars(times, np.array(closes, float), np.arange(len(closes)), Table(values or {}), 0)


def pending(made: Signal, rules: SideRules | None = None, kept: dict[int, float] | None = None) -> Position:
    places = kept_nodes(rules) if rules else ()
    at_entry = tuple((place, (kept or {})[node]) for place, node in enumerate(places))
    return Position(made, Status.PENDING, stop=made.stop, followed_until=START, at_entry=at_entry, told=1)


def follow(
    made: Signal, path: Path, strategy: Bars | None = None, rules: SideRules | None = None, costs: Costs = FREE,
    position: Position | None = None, market: Market = MARKET, kept: dict[int, float] | None = None,
) -> tuple[list[Event], Position]:  # fmt: skip
    """Return everything told of a signal over the candles, and the position after them."""
    until = int(max(path.close_time[-1], strategy.close_time[-1] if strategy else 0))
    follower = Follower(position or pending(made, rules, kept), Terms(market, costs, rules), path, strategy, until)
    events: list[Event] = []
    while (found := follower.next()) is not None:
        events.extend(found[1])
    return events, follower.position


def told(events: list[Event]) -> list[str]:
    """Return the events as short lines: minutes after the signal, what, and the price."""
    return [f"{(event.time - START) // MINUTE} {_line(event)}" for event in events if isinstance(event, PositionEvent)]


def _line(event: PositionEvent) -> str:
    match event:
        case PositionOpened(fill=fill):
            return f"opened {fill.price:g}"
        case PositionAdded(fill=fill):
            return f"added {fill.price:g} x{fill.part:g}"
        case TakeProfitHit(fill=fill, target=number):
            return f"target {number} {fill.price:g} x{fill.part:g}"
        case StopMoved(why=why):
            return f"stop {event.position.stop:g} ({why})"
        case PartExited(rule=rule, fill=fill):
            return f"exit {rule} {fill.price:g} x{fill.part:g}"
        case PositionClosed(reason=reason, fill=fill):
            price = f" {fill.price:g}" if fill else ""
            return f"{event.position.status} ({reason}){price}"
    raise TypeError(type(event).__name__)


def story(made: Signal, *rows: str | None, **more) -> list[str]:
    """Return what is told of a signal over 1m candles, and the count of ambiguous candles where there are some."""
    events, position = follow(made, candles(*rows), **more)
    lines = told(events)
    return [*lines, f"ambiguous {position.ambiguous}"] if position.ambiguous else lines


def with_ids(events: list[Event]) -> list[str]:
    return [replace(event).id for event in events]
