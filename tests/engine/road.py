"""A whole small road of the real rooms, for tests: a made market, a busy strategy, a database, a channel."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from db.memory import Memory
from dsl.load import load
from engine.domain.event import Event
from engine.domain.message import Channel, Delivery, Post, Rendered, Sent
from engine.domain.strategy import Plan
from engine.feeds.synthetic import COINS, MarketSettings, SyntheticFeed
from engine.loop import Journey, Loop, Road, Settings, journey
from engine.ports import Clock, Feed
from engine.relay import Outlet, Relay

HERE = Path(__file__).parent
DAY = 86_400_000
KINDS = frozenset({"signal", "opened", "added", "target", "stop_moved", "part_exited", "closed", "report", "trailed"})
CHANNELS = (Channel("free", "console", KINDS - {"opened", "added"}), Channel("vip", "console", KINDS))
TABLES = ("signals", "positions", "events", "lanes", "notes")


@cache
def market(days: int = 3, history_days: int = 3) -> SyntheticFeed:
    """Return two made coins: days of 15m candles, then `days` of 1m."""
    return SyntheticFeed(MarketSettings(days=days, history_days=history_days, coins=COINS[:2]))


@cache
def plan(name: str = "cross") -> Plan:
    loaded = load([HERE / "strategies" / f"{name}.yaml"])
    assert not loaded.errors, loaded.errors
    return loaded.plan


@cache
def trip(days: int = 3) -> Journey:
    """Return a replay of the days of 1m candles, from six hours after their first."""
    begin = market(days).span("BTC/USDT", min(market(days).timeframes("BTC/USDT")))
    assert begin is not None
    found = journey(plan(), market(days), {}, begin[0] + DAY // 4)
    assert found is not None
    return found


@dataclass
class Paper:
    """The outside world behind a notifier: takes every post down."""

    idempotent: bool = False
    keys: list[str] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)

    def send(self, post: Post) -> Delivery:
        self.keys.append(post.key)
        self.replies.append(post.reply_to)
        return Sent(f"remote:{post.key}")

    def close(self) -> None: ...


class Words:
    """Renders the event's id."""

    def render(self, event_kind: str, channel_kind: str, payload: Mapping[str, Any]) -> Rendered:
        return Rendered(payload["event"]["id"], "")


@dataclass
class Heard:
    """A watcher that keeps what it is told."""

    slices: list[tuple[int, tuple[Event, ...]]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    steps: list[tuple[int, int, int]] = field(default_factory=list)

    def progress(self, time: int, start: int, end: int) -> None:
        self.steps.append((time, start, end))

    def told(self, time: int, events: Sequence[Event]) -> None:
        self.slices.append((time, tuple(events)))

    def warn(self, text: str) -> None:
        self.warnings.append(text)


def drive(
    memory: Memory,
    clock: Clock,
    feed: Feed,
    papers: Mapping[str, Paper],
    way: Journey,
    heard: Heard | None = None,
    **how: Any,
) -> Loop:
    """Wire the real rooms together."""
    outlets = {name: Outlet("console", paper) for name, paper in papers.items()}
    relay = Relay(memory.outbox, Words(), outlets, clock)
    channels = tuple(channel for channel in CHANNELS if channel.name in papers)
    road = Road(plan(), feed, memory.store, relay, clock, channels, watcher=heard or Heard())
    return Loop(road, Settings(fees=0.0005, slippage=0.0002, **{"reports": False, **how}), way.scope)


def contents(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return what a database says, without the order of its rows' numbers."""
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    found: dict[str, list[tuple[object, ...]]] = {}
    for table in TABLES:
        rows = connection.execute(f"SELECT * FROM {table}").fetchall()
        found[table] = sorted(tuple(row[key] for key in row.keys() if key != "seq") for row in rows)  # noqa: SIM118
    found["owed"] = sorted(
        tuple(row) for row in connection.execute("SELECT key, body FROM outbox JOIN payloads USING (key)")
    )
    found["standing"] = [tuple(row) for row in connection.execute("SELECT * FROM standing")]
    connection.close()
    return found
