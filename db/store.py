"""The memory of the engine: signals, positions, events, the outbox's entries and the cursor, in one transaction.

Everything is written once: what is already there (an event's id, a signal's identity, a message's key) is left
as it is, so committing the same again changes nothing, however often and after whatever crash.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from sqlite_utils import Database

from db.codec import dumps_plain, plain, revive
from db.connection import explained, transaction
from db.rows import event_of, event_row, position_of, position_row, signal_row
from engine.domain.book import Book, Lane
from engine.domain.event import Event, PositionEvent, SignalFired
from engine.domain.message import OutboxMessage
from engine.domain.position import Position
from engine.domain.signal import Side

LIVE = "('PENDING', 'OPEN')"


class Standing(NamedTuple):
    """Where the engine stands, ms: candles are read from `origin` on, decided on after `decided_from`,
    and everything up to `cursor` has been decided (None: nothing yet)."""

    origin: int
    decided_from: int
    cursor: int | None


class SqliteStore:
    """The Store on SQLite. `path` is only for messages; the caller holds the writer's lock."""

    def __init__(self, db: Database, path: Path) -> None:
        self._db, self._path = db, path
        self._book: Book | None = None

    def commit(
        self,
        events: Iterable[Event],
        messages: Iterable[OutboxMessage],
        cursor: int,
        book: Book | None = None,
    ) -> int:
        """Write all of it in one transaction and move the cursor; return how many events were new.

        `book` is the book at the cursor, with what candles changed without an event (bars, best and worst,
        followed_until); None: what the events say. Raises DatabaseProblem where the file cannot be written.
        """
        with explained(self._path), transaction(self._db):
            known = self._book if self._book is not None else self._read_book()
            fresh = [event for event in events if self._add_event(event)]
            for message in messages:
                self._add_message(message)
            stands = self.cursor()
            if book is None or (stands is not None and cursor < stands):
                book = known.apply(fresh)
            self._save_positions(fresh, known, book)
            self._save_lanes(known, book)
            self._db.conn.execute(
                "INSERT INTO standing (one, origin, decided_from, cursor) VALUES (1, ?1, ?1, ?1) "
                "ON CONFLICT (one) DO UPDATE SET cursor = max(coalesce(cursor, ?1), ?1)",
                (cursor,),
            )
        self._book = book
        return len(fresh)

    def begin(self, origin: int, decided_from: int) -> Standing:
        """Remember where the very first start begins; return where the engine stands.

        Later starts find what the first one wrote, but for an origin that lies further back (a new strategy
        needs more history): that moves.
        """
        with explained(self._path), transaction(self._db):
            self._db.conn.execute(
                "INSERT INTO standing (one, origin, decided_from) VALUES (1, ?, ?) "
                "ON CONFLICT (one) DO UPDATE SET origin = min(origin, excluded.origin)",
                (origin, decided_from),
            )
            row = self._db.conn.execute("SELECT origin, decided_from, cursor FROM standing").fetchone()
        return Standing(*row)

    def cursor(self) -> int | None:
        """Return the close time up to which everything has been decided, None at the very start."""
        with explained(self._path):
            row = self._db.conn.execute("SELECT cursor FROM standing").fetchone()
        return row[0] if row else None

    def book(self) -> Book:
        """Return the book as the committed events left it: equal to the one that was kept in memory."""
        if self._book is None:
            with explained(self._path):
                self._book = self._read_book()
        return self._book

    def signals(self, since: int, until: int) -> tuple[SignalFired, ...]:
        """Return the signals with since < close time <= until, in the order in which they were made."""
        with explained(self._path):
            rows = self._db.query(
                "SELECT e.kind, e.body, s.body AS signal FROM signals s JOIN events e ON e.signal_id = s.id "
                "AND e.kind = 'signal' WHERE s.close_time > ? AND s.close_time <= ? ORDER BY e.seq",
                [since, until],
            )
            return tuple(event for event in map(event_of, rows) if isinstance(event, SignalFired))

    def ended(self, since: int, until: int) -> tuple[Position, ...]:
        """Return the positions whose end was told with since < time <= until, in the order of their ends."""
        with explained(self._path):
            rows = self._db.query(
                "SELECT p.body, s.body AS signal FROM events e JOIN positions p ON p.id = e.signal_id "
                "JOIN signals s ON s.id = p.id WHERE e.kind = 'closed' AND e.time > ? AND e.time <= ? ORDER BY e.seq",
                [since, until],
            )
            return tuple(map(position_of, rows))

    def note(self, at: int, kind: str, text: str) -> None:
        """Record what the people behind the engine may want to know later: late candles, a feed's failure."""
        with explained(self._path):
            self._db.execute("INSERT INTO notes (time, kind, text) VALUES (?, ?, ?)", (at, kind, text))

    def let_go(self, until: int, origin: int) -> int:
        """Drop the blocks and notes up to `until`, and read candles only from `origin` on; return how many went.

        Messages about those blocks go with them; one that a channel still owes keeps its block.
        """
        done = (
            "SELECT o.key FROM outbox o JOIN events e ON e.id = o.event_id "
            "WHERE e.kind = 'blocked' AND e.time <= ?1 AND o.state IN ('sent', 'dead')"
        )
        with explained(self._path), transaction(self._db):
            run = self._db.conn.execute
            keys = run(done, (until,)).fetchall()
            self._db.conn.executemany("DELETE FROM payloads WHERE key = ?", keys)
            self._db.conn.executemany("DELETE FROM outbox WHERE key = ?", keys)
            blocks = run(
                "DELETE FROM events WHERE kind = 'blocked' AND time <= ? "
                "AND id NOT IN (SELECT event_id FROM outbox WHERE event_kind = 'blocked')",
                (until,),
            ).rowcount
            notes = run("DELETE FROM notes WHERE time <= ?", (until,)).rowcount
            run("UPDATE standing SET origin = max(origin, ?)", (origin,))
        return blocks + notes

    def start_run(self, mode: str, plan_hash: str, engine_version: str) -> int:
        """Record that the engine started, by the clock of the wall; return the run's number."""
        now = time.time_ns() // 1_000_000
        with explained(self._path), transaction(self._db):
            row = self._db.conn.execute(
                "INSERT INTO runs (mode, started_at, seen_at, plan_hash, engine_version) VALUES (?, ?, ?, ?, ?)",
                (mode, now, now, plan_hash, engine_version),
            )
        return int(row.lastrowid or 0)

    def seen(self, run: int, outcome: str = "") -> None:
        """Record that the run is alive, or with an `outcome` how it ended."""
        now = time.time_ns() // 1_000_000
        with explained(self._path):
            self._db.execute(
                "UPDATE runs SET seen_at = ?1, outcome = nullif(?2, ''), ended_at = iif(?2 = '', NULL, ?1) "
                "WHERE seq = ?3",
                (now, outcome, run),
            )

    def _add_event(self, event: Event) -> bool:
        connection = self._db.conn
        if connection.execute("SELECT 1 FROM events WHERE id = ?", (event.id,)).fetchone():
            return False
        if isinstance(event, SignalFired) and not self._insert("signals", signal_row(event.signal), "OR IGNORE"):
            return False
        self._insert("events", event_row(event))
        return True

    def _update_position(self, position: Position) -> None:
        row = position_row(position)
        fields = ", ".join(f"{name} = :{name}" for name in row if name != "id")
        if not self._db.conn.execute(f"UPDATE positions SET {fields} WHERE id = :id", row).rowcount:  # noqa: S608
            raise LookupError(f"position {position.id} has an event, but its signal was never committed")

    def _add_message(self, message: OutboxMessage) -> None:
        row = {
            "key": message.key, "event_id": message.event_id, "event_kind": message.event_kind,
            "channel": message.channel, "thread": message.thread, "created_at": message.created_at,
            "state": str(message.state), "attempts": message.attempts,
            "due_at": message.due_at, "changed_at": message.created_at, "remote_id": message.remote_id,
            "error": message.error,
        }  # fmt: skip
        names = ", ".join(row)
        values = ", ".join(f":{name}" for name in row)
        new = self._db.conn.execute(
            f"INSERT OR IGNORE INTO outbox ({names}) SELECT {values} "  # noqa: S608 (names of our own)
            "WHERE EXISTS (SELECT 1 FROM events WHERE id = :event_id)",
            row,
        ).rowcount
        if new:
            self._insert("payloads", {"key": message.key, "body": dumps_plain(message.payload)})

    def _insert(self, table: str, row: Mapping[str, Any], how: str = "") -> bool:
        names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
        sql = f"INSERT {how} INTO {table} ({names}) VALUES ({values})"  # noqa: S608 (names of our own)
        return bool(self._db.conn.execute(sql, dict(row)).rowcount)

    def _save_positions(self, fresh: Iterable[Event], known: Book, book: Book) -> None:
        """Write each position that changed once, as it stands now."""
        before = {position.id: position for position in known.live_positions()}
        now = {event.position.id: event.position for event in fresh if isinstance(event, (SignalFired, PositionEvent))}
        now |= {position.id: position for position in book.live_positions()}
        made = {event.position.id for event in fresh if isinstance(event, SignalFired)}
        for number, position in sorted(now.items(), key=lambda pair: pair[1].status.live):  # ends make room first
            if number in made:
                self._insert("positions", position_row(position))
            elif position is not before.get(number):
                self._update_position(position)

    def _save_lanes(self, known: Book, book: Book) -> None:
        for key, lane in book.lanes.items():
            if lane == known.lanes.get(key):
                continue
            body = plain(lane, without="live") | {"live": [position.id for position in lane.live.values()]}
            self._db.conn.execute(
                "INSERT INTO lanes (strategy, symbol, body) VALUES (?, ?, ?) "
                "ON CONFLICT (strategy, symbol) DO UPDATE SET body = excluded.body",
                (*key, dumps_plain(body)),
            )

    def _read_book(self) -> Book:
        rows = self._db.query(
            f"SELECT p.body, s.body AS signal FROM positions p JOIN signals s USING (id) WHERE p.status IN {LIVE}"  # noqa: S608
        )
        live = {position.id: position for position in map(position_of, rows)}
        lanes: dict[tuple[str, str], Lane] = {}
        for row in self._db.query("SELECT strategy, symbol, body FROM lanes ORDER BY strategy, symbol"):
            body = json.loads(row["body"])
            own: dict[Side, Position] = {live[name].signal.side: live[name] for name in body.pop("live")}
            lanes[row["strategy"], row["symbol"]] = replace(revive(Lane, body), live=own)
        return Book(lanes)
