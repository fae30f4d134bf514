"""Recorded candles through the real replay and the real backtest, for tests."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from app import wiring
from app.config import Config
from app.replay import run_replay
from engine import __version__
from engine.backtest import Result, backtest
from engine.decide import Settings
from engine.domain.event import Event
from engine.domain.strategy import Plan
from engine.feeds.files import FilesFeed
from engine.learn.train import TrainingSettings, train

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("SIGNAL_ENGINE_DATA") or ROOT.parent / "shared" / "data") / "candles"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"the recorded candles are not here: {DATA}")
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


class Road:
    """One home folder, one set of files and one span: replayed and backtested as the commands do."""

    def __init__(self, home: Path, files: list[Path], start: int, end: int, *, symbols: bool = False) -> None:
        self.config = replace(Config(), home=home)
        self.feed = FilesFeed(files, self.config.venues)
        self.plan: Plan = wiring.load_strategies(self.config.strategies).plan
        self.symbols = self.feed.symbols() if symbols else ()
        self.start, self.end = start, end
        self.database = home / "replay.db"

    def train(self, since: int, until: int) -> None:
        """Train the model of ai_ml on a span before the start."""
        trained = train(
            self.plan, "ai_ml", self.feed, self.feed.symbols(), since, until, TrainingSettings(), lambda done: None
        )
        assert trained.manifest.known_from <= self.start, "nothing it decides on was learnt from"
        trained.save(self.config.models)

    def replay(self) -> None:
        assert run_replay(
            self.config, self.feed, self.database, symbols=self.symbols, since=self.start, until=self.end
        ), "it came to its end"

    def backtest(self) -> Result:
        config = self.config
        return backtest(
            self.plan, self.feed, wiring.universe_of(self.plan, config, self.symbols),
            Settings(fees=config.costs.fee, slippage=config.costs.slippage, engine_version=__version__),
            start=self.start, end=self.end, predictors=wiring.predictors(self.plan, config),
        )  # fmt: skip


def told(event: Event) -> str:
    """Return all that an event says."""
    return repr(event)


def dump(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table, but for the list of starts."""
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    assert {"signals", "positions", "events", "outbox", "lanes", "standing", "runs", "notes"} <= set(names)
    rows = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names if name != "runs"}
    connection.close()
    return {name: sorted(found, key=repr) for name, found in rows.items()}
