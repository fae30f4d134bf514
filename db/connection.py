"""Opening the database: one writer, any number of readers, and one clear line for what can go wrong."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from sqlite_utils import Database

BUSY_MS = 5_000


class DatabaseProblem(Exception):
    """The database cannot be used as it is; the text is one clear line for the user."""


class WriterLock:
    """The right to write, held by one process at a time: an advisory lock on `PATH.lock`.

    The lock goes with the process, however it ends. Raises DatabaseProblem where another holds it.
    """

    def __init__(self, path: Path) -> None:
        with explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: IO[str] | None = open(f"{path}.lock", "a+", encoding="ascii")  # noqa: SIM115 (kept open)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            holder = self._file.read().strip()
            self.release()
            who = f" (process {holder})" if holder else ""
            raise DatabaseProblem(f"{path} is being written by another engine{who}: stop that one first") from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, why: BaseException | None, at: TracebackType | None) -> None:
        self.release()


def connect(path: Path, *, read_only: bool = False, durable: bool = True) -> Database:
    """Open `path` with what every connection of ours has: WAL, foreign keys, a busy time-out.

    `durable` False gives up the last commits after a loss of power (never after a crash of the process) for
    speed: for replays. Raises DatabaseProblem where the file cannot be opened or is no database.
    """
    if read_only and not path.exists():
        raise DatabaseProblem(f"{path} does not exist: there is nothing to read yet")
    with explained(path):
        if read_only:
            connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_MS / 1000)
        else:
            connection = sqlite3.connect(path, timeout=BUSY_MS / 1000)
        try:
            db = Database(connection, recursive_triggers=False, execute_plugins=False)
            connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
            connection.execute("PRAGMA foreign_keys = ON")
            if not read_only:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except BaseException:
            connection.close()
            raise
    return db


@contextmanager
def transaction(db: Database) -> Iterator[None]:
    """Do all of it or nothing. Takes the write lock first, so that what was read stays true until the commit."""
    connection = db.conn
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite says about a file into one clear line. A broken constraint is ours and passes."""
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
        raise
    except sqlite3.DatabaseError as problem:
        raise DatabaseProblem(f"{path}: {_advice(problem)}") from problem
    except OSError as problem:
        raise DatabaseProblem(f"{path}: {problem.strerror or problem}") from problem


def _advice(problem: sqlite3.DatabaseError) -> str:
    text = str(problem)
    if "not a database" in text:
        return "this file is not a database: give another path, or restore a backup"
    if "malformed" in text or "corrupt" in text:
        return f"the database is damaged ({text}): restore a backup"
    if "locked" in text or "busy" in text:
        return "the database is locked by another program: close it and try again"
    if "readonly" in text:
        return "the database is read-only: check the rights of the file and its folder"
    if "full" in text:
        return "the disk is full: nothing was written"
    if "unable to open" in text:
        return "the database cannot be opened: check that the folder exists and may be written"
    return text
