"""The schema, step by step. A step that was released is never changed: what follows is a new step.

Times are integer milliseconds UTC (the `readable_` views show them as ISO-8601), prices decimal text, parts and
ratios REAL. `body` columns hold a noun in full (db.codec); the columns beside them are for reading and joining.
"""

from __future__ import annotations

from pathlib import Path

from sqlite_utils import Database, Migrations

from db.connection import DatabaseProblem, explained

schema = Migrations("signal_engine")
candle_schema = Migrations("signal_engine_candles")

TIMES = frozenset({"time", "close_time", "expires_at", "opened_at", "closed_at", "created_at", "due_at"})


@schema()
def m0001_memory(db: Database) -> None:
    """Signals, positions, events, the outbox, and where the engine stands."""
    _run(
        db,
        """CREATE TABLE signals (
            id TEXT PRIMARY KEY, strategy TEXT NOT NULL, symbol TEXT NOT NULL, timeframe TEXT NOT NULL,
            side TEXT NOT NULL CHECK (side IN ('long', 'short')), close_time INTEGER NOT NULL,
            entry_kind TEXT NOT NULL, entry_price TEXT NOT NULL, stop TEXT, targets TEXT NOT NULL,
            confidence REAL NOT NULL, expires_at INTEGER NOT NULL, version TEXT NOT NULL, plan_hash TEXT NOT NULL,
            engine_version TEXT NOT NULL, venue TEXT NOT NULL, short_of_history INTEGER NOT NULL, body TEXT NOT NULL,
            UNIQUE (strategy, symbol, timeframe, side, close_time)
        ) STRICT""",
        "CREATE INDEX signals_by_time ON signals (close_time)",
        """CREATE TABLE positions (
            id TEXT PRIMARY KEY REFERENCES signals (id), strategy TEXT NOT NULL, symbol TEXT NOT NULL,
            side TEXT NOT NULL,
            status TEXT NOT NULL CHECK (status IN
                ('PENDING', 'OPEN', 'TP_HIT', 'SL_HIT', 'EXPIRED', 'CANCELLED', 'EXITED')),
            opened_at INTEGER NOT NULL, closed_at INTEGER NOT NULL, entry_price TEXT, exit_price TEXT, stop TEXT,
            remaining REAL NOT NULL, targets_hit INTEGER NOT NULL, result REAL, result_r REAL,
            best TEXT, worst TEXT, ambiguous INTEGER NOT NULL, followed_until INTEGER NOT NULL, body TEXT NOT NULL
        ) STRICT""",
        """CREATE UNIQUE INDEX one_live_position ON positions (strategy, symbol, side)
            WHERE status IN ('PENDING', 'OPEN')""",
        "CREATE INDEX positions_by_end ON positions (closed_at, strategy)",
        """CREATE TABLE events (
            seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, time INTEGER NOT NULL,
            signal_id TEXT REFERENCES signals (id), strategy TEXT NOT NULL, symbol TEXT NOT NULL, body TEXT NOT NULL
        ) STRICT""",
        "CREATE INDEX events_by_time ON events (time, kind)",
        "CREATE INDEX events_by_signal ON events (signal_id) WHERE signal_id IS NOT NULL",
        """CREATE TABLE lanes (
            seq INTEGER PRIMARY KEY, strategy TEXT NOT NULL, symbol TEXT NOT NULL, body TEXT NOT NULL,
            UNIQUE (strategy, symbol)
        ) STRICT""",
        """CREATE TABLE outbox (
            seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, event_id TEXT NOT NULL REFERENCES events (id),
            event_kind TEXT NOT NULL, channel TEXT NOT NULL, thread TEXT NOT NULL, created_at INTEGER NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('due', 'sending', 'sent', 'dead', 'in_doubt')),
            attempts INTEGER NOT NULL DEFAULT 0, due_at INTEGER NOT NULL, changed_at INTEGER NOT NULL,
            remote_id TEXT NOT NULL DEFAULT '', error TEXT NOT NULL DEFAULT ''
        ) STRICT""",
        # apart from the state, which changes often, so that a change of state does not write the payload again
        "CREATE TABLE payloads (key TEXT PRIMARY KEY REFERENCES outbox (key), body TEXT NOT NULL) STRICT",
        "CREATE INDEX outbox_open ON outbox (channel, seq) WHERE state IN ('due', 'sending')",
        "CREATE INDEX outbox_threads ON outbox (thread, channel, seq) WHERE thread <> ''",
        "CREATE INDEX outbox_states ON outbox (channel, state)",
        """CREATE TABLE standing (
            one INTEGER PRIMARY KEY CHECK (one = 1), origin INTEGER NOT NULL, decided_from INTEGER NOT NULL,
            cursor INTEGER
        ) STRICT""",
        """CREATE TABLE runs (
            seq INTEGER PRIMARY KEY, mode TEXT NOT NULL, started_at INTEGER NOT NULL, ended_at INTEGER,
            seen_at INTEGER NOT NULL, plan_hash TEXT NOT NULL, engine_version TEXT NOT NULL, outcome TEXT
        ) STRICT""",
        """CREATE TABLE notes (
            seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL
        ) STRICT""",
        _view(
            "signals",
            *("close_time", "strategy", "symbol", "timeframe", "side", "entry_kind", "entry_price", "stop", "targets"),
            *("confidence", "expires_at", "id"),
        ),
        _view(
            "positions",
            *("strategy", "symbol", "side", "status", "opened_at", "closed_at", "entry_price", "exit_price", "stop"),
            *("remaining", "targets_hit", "result", "result_r", "id"),
        ),
        _view("events", "seq", "time", "kind", "strategy", "symbol", "signal_id", "id"),
        _view(
            "outbox",
            *("seq", "created_at", "channel", "event_kind", "state", "attempts", "due_at", "remote_id", "error", "key"),
        ),
    )


@schema()
def m0002_letting_go(db: Database) -> None:
    """What deletes old blocks looks up whether a message is still owed about one."""
    _run(db, "CREATE INDEX outbox_by_event ON outbox (event_id)")


@candle_schema()
def m0001_candles(db: Database) -> None:
    """Closed candles, one row each, ordered by series and close time."""
    _run(
        db,
        """CREATE TABLE series (
            id INTEGER PRIMARY KEY, venue TEXT NOT NULL, symbol TEXT NOT NULL, timeframe TEXT NOT NULL,
            UNIQUE (venue, symbol, timeframe)
        ) STRICT""",
        """CREATE TABLE candles (
            series INTEGER NOT NULL REFERENCES series (id), close_time INTEGER NOT NULL, open REAL NOT NULL,
            high REAL NOT NULL, low REAL NOT NULL, close REAL NOT NULL, volume REAL NOT NULL,
            PRIMARY KEY (series, close_time)
        ) STRICT, WITHOUT ROWID""",
    )


def migrate(db: Database, path: Path, steps: Migrations = schema) -> tuple[str, ...]:
    """Bring the database up to date, each step in its own transaction; return the names of the steps taken.

    Raises DatabaseProblem where the schema is newer than this engine.
    """
    with explained(path):
        _refuse_newer(db, path, steps)
        pending = tuple(step.name for step in steps.pending(db))
        if pending:
            steps.apply(db)
    return pending


def require_current(db: Database, path: Path, steps: Migrations = schema) -> None:
    """Raise DatabaseProblem unless the schema is exactly this engine's: readers never change it."""
    with explained(path):
        _refuse_newer(db, path, steps)
        if steps.pending(db):
            raise DatabaseProblem(f"{path} has an older schema: run `engine db migrate` first")


def _refuse_newer(db: Database, path: Path, steps: Migrations) -> None:
    ours = {step.name for step in steps.pending(Database(memory=True))}
    newer = sorted({step.name for step in steps.applied(db)} - ours)
    if newer:
        raise DatabaseProblem(
            f"{path} was written by a newer engine (its schema has {', '.join(newer)}): upgrade this engine"
        )


def _view(table: str, *columns: str) -> str:
    shown = ", ".join(_iso(name) if name in TIMES else name for name in columns)
    return f"CREATE VIEW readable_{table} AS SELECT {shown} FROM {table}"  # noqa: S608 (names of our own)


def _iso(column: str) -> str:
    shown = f"strftime('%Y-%m-%dT%H:%M:%SZ', {column} / 1000, 'unixepoch')"
    return f"CASE WHEN {column} > 0 THEN {shown} END AS {column}"


def _run(db: Database, *statements: str) -> None:
    for statement in statements:
        db.execute(statement)
