"""The queue between decision and publishing. Every change of a message's state is its own transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from db.connection import explained, transaction
from engine.domain.message import OutboxMessage, State

HEADS = "SELECT channel, min(seq) AS seq FROM outbox WHERE state IN ('due', 'sending') GROUP BY channel"


class SqliteOutbox:
    """The Outbox on SQLite, over the store's own connection."""

    def __init__(self, db: Database, path: Path) -> None:
        self._db, self._path = db, path

    def due(self, now: int, limit: int) -> tuple[OutboxMessage, ...]:
        """Return up to `limit` messages per channel that may be sent at `now`, in the order they were owed.

        A channel's messages are sent in order: one that has to wait holds back those behind it, on its own
        channel only.
        """
        found: list[tuple[int, OutboxMessage]] = []
        with explained(self._path):
            for head in list(self._db.query(HEADS)):
                rows = self._db.query(
                    "SELECT outbox.*, body AS payload FROM outbox JOIN payloads USING (key) "
                    "WHERE channel = ? AND state IN ('due', 'sending') ORDER BY seq LIMIT ?",
                    [head["channel"], limit],
                )
                for row in rows:
                    if row["state"] != State.DUE or row["due_at"] > now:
                        break
                    found.append((row["seq"], _message(row)))
        return tuple(message for _, message in sorted(found, key=lambda pair: pair[0]))

    def next_due(self) -> int | None:
        """Return when the first channel may send again, None where nothing waits."""
        return min(self.heads().values(), default=None)

    def heads(self) -> Mapping[str, int]:
        """Return for each channel that may send when its first message is due; one that is sending may not."""
        with explained(self._path):
            rows = self._db.query(
                f"SELECT o.channel, o.due_at FROM outbox o JOIN ({HEADS}) USING (seq) WHERE o.state = 'due'"  # noqa: S608
            )
            return {row["channel"]: row["due_at"] for row in rows}

    def mark_sending(self, key: str, now: int) -> None:
        """Record, before the request leaves, that it will: an attempt more."""
        self._change(key, now, (State.DUE,), state=State.SENDING, more_attempts=1)

    def mark_sent(self, key: str, now: int, remote_id: str) -> None:
        self._change(key, now, (State.SENDING,), state=State.SENT, remote_id=remote_id, error="")

    def mark_later(self, key: str, due_at: int, error: str) -> None:
        self._change(key, None, (State.SENDING, State.DUE), state=State.DUE, due_at=due_at, error=error)

    def mark_dead(self, key: str, now: int, error: str) -> None:
        self._change(key, now, (State.SENDING, State.DUE), state=State.DEAD, error=error)

    def mark_in_doubt(self, key: str, now: int, error: str) -> None:
        self._change(key, now, (State.SENDING,), state=State.IN_DOUBT, error=error)

    def recover(self, now: int, idempotent: frozenset[str]) -> int:
        """After a start: SENDING becomes DUE on channels in `idempotent`, else IN_DOUBT. Return how many."""
        why = "the engine ended before the answer was read"
        with explained(self._path), transaction(self._db):
            rows = list(self._db.query("SELECT key, channel FROM outbox WHERE state = 'sending'"))
            for row in rows:
                state = State.DUE if row["channel"] in idempotent else State.IN_DOUBT
                self._db.conn.execute(
                    "UPDATE outbox SET state = ?, error = ?, changed_at = ? WHERE key = ?",
                    (str(state), why, now, row["key"]),
                )
        return len(rows)

    def remote_id(self, thread: str, channel: str) -> str:
        """Return the remote id of the first message of a thread on a channel, or ''."""
        with explained(self._path):
            row = self._db.conn.execute(
                "SELECT remote_id FROM outbox WHERE thread = ? AND channel = ? AND thread <> '' AND state = 'sent' "
                "AND remote_id <> '' ORDER BY seq LIMIT 1",
                (thread, channel),
            ).fetchone()
        return row[0] if row else ""

    def _change(
        self, key: str, now: int | None, allowed: tuple[State, ...], more_attempts: int = 0, **fields: str | int
    ) -> None:
        """Change one message. Raises LookupError where it is not in a state from which that may happen."""
        row = {name: str(value) if isinstance(value, State) else value for name, value in fields.items()}
        assigned = ", ".join(f"{name} = :{name}" for name in row)
        states = ", ".join(f"'{state}'" for state in allowed)
        with explained(self._path):
            changed = self._db.execute(
                f"UPDATE outbox SET {assigned}, attempts = attempts + :more, changed_at = coalesce(:now, changed_at) "  # noqa: S608
                f"WHERE key = :key AND state IN ({states})",
                {**row, "more": more_attempts, "now": now, "key": key},
            ).rowcount
        if not changed:
            raise LookupError(f"message {key} is not {' or '.join(allowed)}")


def _message(row: Mapping[str, Any]) -> OutboxMessage:
    return OutboxMessage(
        key=row["key"],
        event_id=row["event_id"],
        event_kind=row["event_kind"],
        channel=row["channel"],
        thread=row["thread"],
        created_at=row["created_at"],
        payload=json.loads(row["payload"]),
        state=State(row["state"]),
        attempts=row["attempts"],
        due_at=row["due_at"],
        remote_id=row["remote_id"],
        error=row["error"],
    )
