"""The universe that a live engine keeps is the one that a backtest reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.universe_kept import keep_universe
from engine.feeds.files import CandleFileError
from engine.feeds.universe import read_universe

DAY = 86_400_000
MONDAY = 1_736_121_600_000


def test_a_list_is_written_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "var" / "universe.csv"
    assert keep_universe(path, MONDAY + 5, ["BTC/USDT", "LUNA/USDT"])
    assert not keep_universe(path, MONDAY + DAY + 5, ["LUNA/USDT", "BTC/USDT"])
    assert keep_universe(path, MONDAY + 2 * DAY + 5, ["BTC/USDT"])
    assert not keep_universe(path, MONDAY + 3 * DAY, [])
    assert dict(read_universe(path)) == {
        MONDAY: frozenset({"BTC/USDT", "LUNA/USDT"}), MONDAY + 2 * DAY: frozenset({"BTC/USDT"}),
    }  # fmt: skip


def test_two_starts_on_one_day_are_united(tmp_path: Path) -> None:
    path = tmp_path / "universe.csv"
    assert keep_universe(path, MONDAY, ["BTC/USDT"])
    assert keep_universe(path, MONDAY + 10, ["ETH/USDT"])
    assert not keep_universe(path, MONDAY + 20, ["BTC/USDT"])
    assert dict(read_universe(path)) == {MONDAY: frozenset({"BTC/USDT", "ETH/USDT"})}


def test_a_file_that_is_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "universe.csv"
    path.write_text("mine\n")
    with pytest.raises(CandleFileError, match="first line"):
        keep_universe(path, MONDAY, ["BTC/USDT"])
    assert path.read_text() == "mine\n"
