"""Everything the engine remembers, opened together: the database, its queue, its candles, and the right to write."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlite_utils import Database

from db.candles import SqliteCandles
from db.connection import WriterLock, connect
from db.migrations import candle_schema, migrate
from db.outbox import SqliteOutbox
from db.store import SqliteStore


@dataclass(frozen=True)
class Memory:
    """The writer's view of one database file. Close it, or use it as a context."""

    path: Path
    store: SqliteStore
    outbox: SqliteOutbox
    candles: SqliteCandles
    _open: tuple[Database, Database]
    _lock: WriterLock

    @staticmethod
    def open(path: Path, *, durable: bool = True) -> Memory:
        """Open `path` for writing, making or migrating it as needed; its candles are in `STEM.candles.db` beside it.

        Raises DatabaseProblem where another engine writes, or the file is newer, damaged or no database.
        """
        lock = WriterLock(path)
        opened: list[Database] = []
        try:
            beside = candle_path(path)
            for file in (path, beside):
                opened.append(connect(file, durable=durable))
            migrate(opened[0], path)
            migrate(opened[1], beside, candle_schema)
            store, outbox = SqliteStore(opened[0], path), SqliteOutbox(opened[0], path)
            return Memory(path, store, outbox, SqliteCandles(opened[1], beside), (opened[0], opened[1]), lock)
        except BaseException:
            for db in opened:
                db.close()
            lock.release()
            raise

    def close(self) -> None:
        """Close the files, then give the right to write back."""
        for db in self._open:
            db.close()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, why: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def candle_path(path: Path) -> Path:
    """Return where the candles of the database `path` are kept."""
    return path.with_name(f"{path.stem}.candles.db")
