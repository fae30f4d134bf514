"""Write a trade as a trader would: a signal, candles as `open high low close`, and what is told of them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np

from engine.decide import Settings, decide
from engine.domain.book import Book, Lane
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
from engine.domain.market import Block, Market, Panel, Timeframe
from engine.domain.position import Position, Status
from engine.domain.signal import EntryOrder, Side, Signal, StopMove, TakeProfit
from engine.domain.strategy import Frame, Gaps, Node, Plan, Schedule, SideRules, StrategyRules, Universe
from engine.trade.held import kept_nodes
from tests.engine.trade.reference_life import Costs
from tests.engine.trade.reference_path import Bars, Path

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
    """Return everything told of a signal over the candles, and the position after them: as decide does, with a book
    that has the position, and a strategy that has those rules (None: it is gone)."""
    before = position or pending(made, rules, kept)
    block, values = _scene(path, strategy, before.followed_until, made.timeframe)
    plan = _plan(values, rules, made.timeframe)
    book = Book({(made.strategy, made.symbol): Lane(live={made.side: before})})
    how = Settings(costs.fees, costs.slippage, follow={made.symbol: min(block.panels)})
    decisions = decide(plan, values, block, book, {made.symbol: market}, how)
    events = [event for _, told in decisions for event in told]
    live = decisions.book.lane(made.strategy, made.symbol).live
    return events, live[made.side] if live else events[-1].position


class Columns:
    """What decide reads of a plan's values: node 0 never fires, the others are those of the strategy's candles."""

    symbols = ("BTC/USDT",)

    def __init__(self, count: int, table: Table | None) -> None:
        self._count, self.table = count, table

    def of(self, node: int) -> np.ndarray:
        if node == 0 or self.table is None:
            return np.zeros((self._count, 1), np.int8 if node == 0 else np.float64)
        return self.table.of(node)


def _scene(path: Path, strategy: Bars | None, after: int, timeframe: str) -> tuple[Block, Columns]:
    """Return a block of the candles, on the full grid of times, and the values on it."""
    until = int(max(path.close_time[-1], strategy.close_time[-1] if strategy else 0))
    fine = int(path.close_time[0] - path.open_time[0])
    prices = {name: getattr(path, name) for name in ("open", "high", "low", "close")}
    panels = [_panel(Timeframe.parse(f"{fine // MINUTE}m"), path.close_time, prices, after, until)]
    if strategy is not None:
        closes = dict.fromkeys(("open", "high", "low", "close"), strategy.close)
        panels.append(
            _panel(Timeframe.parse(timeframe), strategy.close_time, closes, int(strategy.close_time[0]) - 1, until)
        )
    block = Block(after, until, {panel.timeframe: panel for panel in panels})
    return block, Columns(len(panels[-1].close_time), strategy.values if strategy else None)


def _panel(timeframe: Timeframe, times: np.ndarray, prices: dict[str, np.ndarray], after: int, until: int) -> Panel:
    grid = np.arange(timeframe.floor(after) + timeframe.ms, until + 1, timeframe.ms, dtype=np.int64)
    kept = (times > after) & (times <= until)
    rows = np.searchsorted(grid, times[kept])
    here, fields = np.zeros((len(grid), 1), np.int8), {}
    here[rows] = 1
    for name, column in prices.items():
        fields[name] = np.full((len(grid), 1), np.nan)
        fields[name][rows, 0] = column[kept]
    return Panel(timeframe, ("BTC/USDT",), grid, here, fields)


def _plan(values: Columns, rules: SideRules | None, timeframe: str) -> Plan:
    frame = Timeframe.parse(timeframe)
    nodes = tuple(Node("made", Frame(frame), boolean=node == 0) for node in range(100))
    if rules is None:
        return Plan(nodes, ())
    bot = StrategyRules("bot", "bot", "", "", "", "", Schedule(), Gaps(), Universe(("BTC/USDT",)), {frame: (rules,)})
    return Plan(nodes, (bot,))


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
