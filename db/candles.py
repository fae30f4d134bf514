"""Closed candles kept for restarts, in a file of their own: what was decided on is decided on again, unchanged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sqlite_utils import Database

from db.connection import explained, transaction
from engine.domain.market import Candles, Timeframe

COLUMNS = "close_time, open, high, low, close, volume"


class SqliteCandles:
    """The CandleStore on SQLite. `path` is only for messages; the caller holds the writer's lock."""

    def __init__(self, db: Database, path: Path) -> None:
        self._db, self._path = db, path

    def append(self, candles: Candles) -> int:
        """Keep `candles`; return how many are new or differ from what was kept, which they replace."""
        columns = (candles.close_time, candles.open, candles.high, candles.low, candles.close, candles.volume)
        rows = list(zip(*(column.tolist() for column in columns), strict=True))
        if not rows:
            return 0
        with explained(self._path), transaction(self._db):
            number = self._number(candles)
            before = self._db.conn.total_changes
            self._db.conn.executemany(
                f"INSERT INTO candles (series, {COLUMNS}) VALUES ({number}, ?, ?, ?, ?, ?, ?) "  # noqa: S608
                "ON CONFLICT (series, close_time) DO UPDATE SET open = excluded.open, high = excluded.high, "
                "low = excluded.low, close = excluded.close, volume = excluded.volume "
                "WHERE (open, high, low, close, volume) IS NOT "
                "(excluded.open, excluded.high, excluded.low, excluded.close, excluded.volume)",
                rows,
            )
            return self._db.conn.total_changes - before

    def load(self, venue: str, symbol: str, timeframe: Timeframe, after: int, until: int) -> Candles:
        """Return those with after < close time <= until, oldest first."""
        with explained(self._path):
            rows = self._db.conn.execute(
                f"SELECT {COLUMNS} FROM candles WHERE series = "  # noqa: S608 (names of our own)
                "(SELECT id FROM series WHERE venue = ? AND symbol = ? AND timeframe = ?) "
                "AND close_time > ? AND close_time <= ? ORDER BY close_time",
                (venue, symbol, timeframe.text, after, until),
            ).fetchall()
        times = np.array([row[0] for row in rows], np.int64)
        prices = np.array([row[1:] for row in rows], np.float64).reshape(len(rows), 5).T.copy()
        opened, high, low, close, volume = prices
        return Candles(symbol, timeframe, times, opened, high, low, close, volume, venue)

    def let_go(self, until: int) -> int:
        """Drop the candles that closed up to `until`; return how many."""
        with explained(self._path), transaction(self._db):
            row = self._db.conn.execute(
                "DELETE FROM candles WHERE series IN (SELECT id FROM series) AND close_time <= ?", (until,)
            )
        return row.rowcount

    def _number(self, candles: Candles) -> int:
        key = (candles.venue, candles.symbol, candles.timeframe.text)
        self._db.conn.execute("INSERT OR IGNORE INTO series (venue, symbol, timeframe) VALUES (?, ?, ?)", key)
        row = self._db.conn.execute(
            "SELECT id FROM series WHERE venue = ? AND symbol = ? AND timeframe = ?", key
        ).fetchone()
        return int(row[0])
