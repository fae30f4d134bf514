"""What people read: `engine status`, `engine report`, the feed page, the dashboard. Nothing here writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlite_utils import Database

from db.codec import loads
from db.connection import connect, explained
from db.migrations import require_current
from db.rows import event_of, position_of
from engine.domain.event import Event
from engine.domain.position import Position
from engine.domain.signal import Signal

LIVE = "('PENDING', 'OPEN')"
WITH_SIGNAL = "FROM positions p JOIN signals s USING (id)"


@dataclass(frozen=True, slots=True)
class Post:
    """One message of the outbox, with what it is made of and what became of it. Times are ms."""

    key: str
    channel: str
    event_kind: str
    thread: str
    created_at: int
    changed_at: int
    state: str
    attempts: int
    remote_id: str
    error: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the engine stands. Times are ms; None: not yet."""

    origin: int | None
    decided_from: int | None
    cursor: int | None
    signals: int
    events: int


@dataclass(frozen=True, slots=True)
class Run:
    """One start of the engine. `outcome` None: it is running, or its process was killed after `seen_at`."""

    number: int
    mode: str
    started_at: int
    seen_at: int
    ended_at: int | None
    engine_version: str
    plan_hash: str
    outcome: str | None


class Queries:
    """A reader of one database file, beside a writer. Raises DatabaseProblem where it cannot be read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: Database = connect(path, read_only=True)
        try:
            require_current(self._db, path)
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, why: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def standing(self) -> Standing:
        """Return where the engine stands, and how much it has said."""
        rows = self._rows("SELECT origin, decided_from, cursor FROM standing")
        row = rows[0] if rows else {"origin": None, "decided_from": None, "cursor": None}
        counts = self._rows("SELECT (SELECT count(*) FROM signals) AS signals, (SELECT count(*) FROM events) AS events")
        return Standing(**row, **counts[0])

    def runs(self, limit: int = 10) -> tuple[Run, ...]:
        """Return the last starts of the engine, newest first."""
        rows = self._rows(
            "SELECT seq AS number, mode, started_at, seen_at, ended_at, engine_version, plan_hash, outcome "
            "FROM runs ORDER BY seq DESC LIMIT ?",
            limit,
        )
        return tuple(Run(**row) for row in rows)

    def live_positions(self, strategy: str | None = None) -> tuple[Position, ...]:
        """Return pending and open positions, oldest signal first."""
        rows = self._rows(
            f"SELECT p.body, s.body AS signal {WITH_SIGNAL} WHERE p.status IN {LIVE} "
            "AND (? IS NULL OR p.strategy = ?) ORDER BY s.close_time, p.id",
            strategy, strategy,
        )  # fmt: skip
        return tuple(map(position_of, rows))

    def ended_positions(self, since: int, until: int, strategy: str | None = None) -> tuple[Position, ...]:
        """Return positions whose end was told with since < time <= until, in the order of their ends."""
        rows = self._rows(
            "SELECT p.body, s.body AS signal FROM events e JOIN positions p ON p.id = e.signal_id "
            "JOIN signals s ON s.id = p.id WHERE e.kind = 'closed' AND e.time > ? AND e.time <= ? "
            "AND (? IS NULL OR p.strategy = ?) ORDER BY e.seq",
            since, until, strategy, strategy,
        )  # fmt: skip
        return tuple(map(position_of, rows))

    def positions(self) -> tuple[Position, ...]:
        """Return every position there ever was, oldest signal first."""
        rows = self._rows(f"SELECT p.body, s.body AS signal {WITH_SIGNAL} ORDER BY s.close_time, p.id")
        return tuple(map(position_of, rows))

    def events(
        self, since: int, until: int, kinds: tuple[str, ...] = (), *, strategy: str = "", symbol: str = ""
    ) -> tuple[Event, ...]:
        """Return events with since < time <= until, as they happened: of these kinds, strategy and symbol (none
        given: all)."""
        rows = self._rows(
            "SELECT e.kind, e.body, s.body AS signal FROM events e LEFT JOIN signals s ON s.id = e.signal_id "
            "WHERE e.time > ? AND e.time <= ? AND (? = '[]' OR e.kind IN (SELECT value FROM json_each(?))) "
            "AND ? IN ('', e.strategy) AND ? IN ('', e.symbol) ORDER BY e.seq",
            since, until, json.dumps(kinds), json.dumps(kinds), strategy, symbol,
        )  # fmt: skip
        return tuple(map(event_of, rows))

    def symbols(self, strategy: str) -> tuple[str, ...]:
        """Return the symbols that a strategy has events of, sorted."""
        rows = self._rows("SELECT DISTINCT symbol FROM events WHERE strategy = ? AND symbol <> '' ORDER BY 1", strategy)
        return tuple(row["symbol"] for row in rows)

    def signals_named(self, beginning: str, limit: int = 5) -> tuple[Signal, ...]:
        """Return the signals whose id begins so, oldest first."""
        rows = self._rows(
            "SELECT body FROM signals WHERE substr(id, 1, length(?1)) = ?1 ORDER BY close_time LIMIT ?2",
            beginning, limit,
        )  # fmt: skip
        return tuple(loads(Signal, row["body"]) for row in rows)

    def life(self, signal_id: str) -> tuple[Event, ...]:
        """Return every event of one signal, in order."""
        rows = self._rows(
            "SELECT e.kind, e.body, s.body AS signal FROM events e JOIN signals s ON s.id = e.signal_id "
            "WHERE e.signal_id = ? ORDER BY e.seq",
            signal_id,
        )
        return tuple(map(event_of, rows))

    def recent_events(self, limit: int = 20) -> tuple[Event, ...]:
        """Return the last events, newest first."""
        rows = self._rows(
            "SELECT e.kind, e.body, s.body AS signal FROM events e LEFT JOIN signals s ON s.id = e.signal_id "
            "ORDER BY e.seq DESC LIMIT ?",
            limit,
        )
        return tuple(map(event_of, rows))

    def posts(self, channel: str | None = None, limit: int = -1, newest_first: bool = False) -> tuple[Post, ...]:
        """Return messages of one channel, or of all, in the order in which they were owed."""
        columns = "key, channel, event_kind, thread, created_at, changed_at, state, attempts, remote_id, error"
        order = "DESC" if newest_first else "ASC"
        source = "outbox JOIN payloads USING (key) WHERE (? IS NULL OR channel = ?)"
        sql = f"SELECT {columns}, body AS payload FROM {source} ORDER BY seq {order} LIMIT ?"  # noqa: S608
        rows = self._rows(sql, channel, channel, limit)
        return tuple(Post(**{**row, "payload": json.loads(row["payload"])}) for row in rows)

    def message_states(self) -> Mapping[str, Mapping[str, int]]:
        """Return for each channel how many messages are in which state."""
        found: dict[str, dict[str, int]] = {}
        for row in self._rows("SELECT channel, state, count(*) AS n FROM outbox GROUP BY channel, state"):
            found.setdefault(row["channel"], {})[row["state"]] = row["n"]
        return found

    def position_states(self) -> Mapping[str, Mapping[str, int]]:
        """Return for each strategy how many positions are in which status."""
        found: dict[str, dict[str, int]] = {}
        for row in self._rows("SELECT strategy, status, count(*) AS n FROM positions GROUP BY strategy, status"):
            found.setdefault(row["strategy"], {})[row["status"]] = row["n"]
        return found

    def notes(self, limit: int = 20) -> tuple[tuple[int, str, str], ...]:
        """Return the last notes as (time, kind, text), newest first."""
        rows = self._rows("SELECT time, kind, text FROM notes ORDER BY seq DESC LIMIT ?", limit)
        return tuple((row["time"], row["kind"], row["text"]) for row in rows)

    def _rows(self, sql: str, *values: object) -> list[dict[str, Any]]:
        with explained(self._path):
            return list(self._db.query(sql, list(values)))
