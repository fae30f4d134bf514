"""External series beside a feed: cut at publication, read anew when their file changes, and missed by name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dsl.load import load
from engine.feeds.beside import BesideFeed
from engine.feeds.files import CandleFileError
from engine.feeds.memory import MemoryFeed
from engine.feeds.scope import survey
from tests.engine.feeds.made import MINUTE, START, walk

DAY = 1440 * MINUTE
ELITE = Path(__file__).parents[3] / "strategies" / "elite.yaml"


def fng(folder: Path, *values: float) -> Path:
    path = folder / "mood.csv"
    rows = (f"{START + day * DAY},{value}" for day, value in enumerate(values))
    path.write_text("\n".join(("timestamp_ms,value", *rows)) + "\n")
    return path


def test_it_is_cut_at_publication_and_read_anew_when_it_changes(tmp_path: Path) -> None:
    path = fng(tmp_path, 20)
    feed = BesideFeed(MemoryFeed.of([walk(300)]), {"fng": path})
    seen = feed.series("fng", START + DAY)
    assert seen is not None
    assert seen.values.tolist() == [20.0]
    fng(tmp_path, 20, 40, 60)
    os.utime(path, ns=(1, 1))
    seen = feed.series("fng", START + DAY)
    assert seen is not None
    assert seen.values.tolist() == [20.0, 40.0]
    assert feed.series("other", START) is None
    assert feed.candles("BTC/USDT", walk(1).timeframe, 0, START + DAY).close_time.size == 300


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mood.csv"
    feed = BesideFeed(MemoryFeed.of([walk(3)]), {"fng": path})
    with pytest.raises(CandleFileError, match=r"mood\.csv: cannot be read: No such file"):
        feed.series("fng", START)
    path.write_text("timestamp_ms,value\n1736121600000,high\n")
    with pytest.raises(CandleFileError, match=r"mood\.csv:2: value is not a number"):
        feed.series("fng", START)


def test_a_strategy_whose_series_is_missing_is_told(tmp_path: Path) -> None:
    plan = load([ELITE]).plan
    feed = MemoryFeed.of([walk(300)])
    universe = {"elite": ("BTC/USDT",)}
    assert "elite: the series fng is not here, so what reads it is unknown" in survey(plan, feed, universe).skipped
    beside = BesideFeed(feed, {"fng": fng(tmp_path, 20)})
    assert not any("fng" in line for line in survey(plan, beside, universe).skipped)
    early = survey(plan, beside, universe, (0, START - DAY)).skipped
    assert any("fng" in line for line in early), "none of it was published by then"
