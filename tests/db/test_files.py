"""Opening, migrating, locking, reading and copying the files: what can go wrong is one clear line."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sqlite_utils import Database

from db.backup import backup
from db.connection import DatabaseProblem, connect
from db.memory import Memory, candle_path
from db.migrations import candle_schema, migrate, schema
from db.queries import Queries
from engine.domain.market import Candles, Timeframe
from engine.domain.signal import Side
from tests.histories import History


def test_every_connection_has_what_it_needs(tmp_path: Path) -> None:
    path = tmp_path / "engine.db"
    Memory.open(path).close()
    for db in (connect(path), connect(path, read_only=True)):
        assert db.execute("PRAGMA foreign_keys").fetchone() == (1,)
        assert db.execute("PRAGMA busy_timeout").fetchone() == (5000,)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        db.close()


def test_every_table_is_strict(tmp_path: Path) -> None:
    path = tmp_path / "engine.db"
    Memory.open(path).close()
    for file in (path, candle_path(path)):
        db = Database(file)
        tables = [table for table in db.tables if not table.name.startswith("_")]
        assert tables
        assert all(table.strict for table in tables)
        db.close()


def test_a_second_writer_gets_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "engine.db"
    with Memory.open(path):
        with pytest.raises(DatabaseProblem, match=r"written by another engine \(process \d+\)"):
            Memory.open(path)
        with Queries(path) as queries:
            assert queries.standing().cursor is None, "readers are welcome meanwhile"
    Memory.open(path).close()


def test_the_right_to_write_goes_with_the_process(tmp_path: Path) -> None:
    path = tmp_path / "engine.db"
    code = (
        f"import os, pathlib; from db.memory import Memory; m = Memory.open(pathlib.Path({str(path)!r})); os._exit(9)"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False)
    assert ended.returncode == 9
    Memory.open(path).close()


@pytest.mark.parametrize("content", [b"", b"hello, I am a text file\n" * 100])
def test_an_empty_file_is_a_new_database_and_another_file_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "engine.db"
    path.write_bytes(content)
    if not content:
        Memory.open(path).close()
        return
    with pytest.raises(DatabaseProblem, match="not a database"):
        Memory.open(path)
    with pytest.raises(DatabaseProblem, match="not a database"):
        Queries(path)
    assert path.read_bytes() == content, "what is not ours is left alone"


def test_a_damaged_database_says_so(tmp_path: Path) -> None:
    path = tmp_path / "engine.db"
    with Memory.open(path) as memory:
        for _ in range(3):
            history = History()
            for number in range(60):
                history.fire(f"bot{number}", "ETH/USDT", Side.LONG, 2000.0)
            memory.store.commit(history.events, (), history.time)
    whole = bytearray(path.read_bytes())
    whole[8192:-8192] = b"\x55" * (len(whole) - 16384)
    path.write_bytes(whole)
    with pytest.raises(DatabaseProblem, match="damaged"):
        read_all(path)
    with pytest.raises(DatabaseProblem, match="damaged"):
        backup(path, tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()


def read_all(path: Path) -> None:
    with Memory.open(path) as memory:
        memory.store.book()
        memory.store.signals(0, 2**60)


def test_a_newer_schema_is_refused_by_writer_and_reader(tmp_path: Path) -> None:
    path = tmp_path / "engine.db"
    Memory.open(path).close()
    db = Database(path)
    db["_sqlite_migrations"].insert({"migration_set": "signal_engine", "name": "m9999_future", "applied_at": "later"})
    db.close()
    for opened in (Memory.open, Queries):
        with pytest.raises(DatabaseProblem, match=r"newer engine \(its schema has m9999_future\)"):
            opened(path)


def test_a_reader_asks_for_the_migration_it_may_not_do(tmp_path: Path) -> None:
    path = tmp_path / "engine.db"
    connect(path).close()
    with pytest.raises(DatabaseProblem, match="engine db migrate"):
        Queries(path)
    with pytest.raises(DatabaseProblem, match="does not exist"):
        Queries(tmp_path / "nowhere.db")


def test_migrating_is_done_once(tmp_path: Path) -> None:
    path = tmp_path / "engine.db"
    db = connect(path)
    assert migrate(db, path)
    assert migrate(db, path) == ()
    db.close()


def test_a_migration_that_fails_leaves_the_schema_as_it_was() -> None:
    for steps in (schema, candle_schema):
        db = Database(memory=True)
        db.execute("CREATE TABLE outbox (x)")
        db.execute("CREATE TABLE candles (x)")
        with pytest.raises(DatabaseProblem, match="already exists"):
            migrate(db, Path("x.db"), steps)
        assert not {"signals", "events", "series"} & set(db.table_names())
        db.close()


def test_a_locked_database_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "engine.db"
    monkeypatch.setattr("db.connection.BUSY_MS", 50)
    with Memory.open(path) as memory:
        other = sqlite3.connect(path)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseProblem, match="locked by another program"):
            memory.store.commit((), (), 5)
        other.rollback()
        other.close()
        memory.store.commit((), (), 5)
        assert memory.store.cursor() == 5


def test_a_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseProblem, match="file"):
        Memory.open(tmp_path / "file" / "engine.db")


def test_a_backup_is_taken_while_the_engine_writes(tmp_path: Path) -> None:
    path, copy = tmp_path / "engine.db", tmp_path / "safe" / "copy.db"
    history = History()
    history.fire("qfl", "ETH/USDT", Side.LONG, 2000.0)
    with Memory.open(path) as memory:
        memory.store.commit(history.events, (), history.time)
        assert backup(path, copy) == copy.stat().st_size
        assert sorted(p.name for p in copy.parent.iterdir()) == ["copy.db"], "one file, whole in itself"
        with pytest.raises(DatabaseProblem, match="exists"):
            backup(path, copy)
    with Memory.open(copy) as restored:
        assert repr(restored.store.book()) == repr(history.book())
        assert restored.store.cursor() == history.time


def test_candles_come_back_to_the_bit_and_corrections_replace(tmp_path: Path) -> None:
    five = Timeframe.parse("5m")
    values = np.random.default_rng(1).lognormal(4, 1, (5, 50))
    times = np.arange(1, 51, dtype=np.int64) * five.ms
    candles = Candles("BTC/USDT", five, times, *values, venue="binanceusdm")  # type: ignore[misc]
    with Memory.open(tmp_path / "engine.db") as memory:
        assert memory.candles.append(candles) == 50
        assert memory.candles.append(candles) == 0
        loaded = memory.candles.load("binanceusdm", "BTC/USDT", five, five.ms * 10, five.ms * 20)
        wanted = candles.between(five.ms * 10, five.ms * 20)
        for name in ("close_time", "open", "high", "low", "close", "volume"):
            np.testing.assert_array_equal(getattr(loaded, name), getattr(wanted, name))
        assert len(memory.candles.load("bybit", "BTC/USDT", five, 0, 2**60)) == 0, "venues are never mixed"
        values[3, 7] += 0.5
        assert memory.candles.append(candles) == 1
        assert memory.candles.load("binanceusdm", "BTC/USDT", five, 0, 2**60).close[7] == values[3, 7]
