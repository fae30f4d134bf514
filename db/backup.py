"""Copies of a database that is in use, proved before they are called a backup."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from db.connection import DatabaseProblem, connect, explained


def backup(source: Path, target: Path) -> int:
    """Copy the database `source` to `target` while it is being used; return the copy's size in bytes.

    The copy is made beside the target, checked in full (integrity and foreign keys) and only then put in its
    place. Raises DatabaseProblem where the source cannot be read, the target exists or the copy is not sound.
    """
    if target.exists():
        raise DatabaseProblem(f"{target} exists: give the backup another name")
    db = connect(source, read_only=True)
    half = target.with_name(f".{target.name}.part")
    try:
        with explained(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            half.unlink(missing_ok=True)
            copy = sqlite3.connect(half)
            try:
                db.conn.backup(copy)
                copy.execute("PRAGMA journal_mode = DELETE")  # one file, whole in itself
                _prove(copy, target)
            finally:
                copy.close()
            os.replace(half, target)
    finally:
        db.close()
        half.unlink(missing_ok=True)
    return target.stat().st_size


def _prove(copy: sqlite3.Connection, target: Path) -> None:
    found = [row[0] for row in copy.execute("PRAGMA integrity_check")]
    if found != ["ok"]:
        raise DatabaseProblem(f"{target} was not written: the copy is damaged ({found[0]})")
    if copy.execute("PRAGMA foreign_key_check").fetchone():
        raise DatabaseProblem(f"{target} was not written: the copy has rows whose signal or event is missing")
