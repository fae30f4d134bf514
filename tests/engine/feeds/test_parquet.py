"""A candle store: what was written is what is read, whatever was interrupted, in bounded memory."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.domain.market import Candles, Timeframe
from engine.feeds.contents import Contents, read_contents
from engine.feeds.files import CandleFileError, FilesFeed
from engine.feeds.filling import CANDLES, missing_windows
from engine.feeds.keeping import StoreWriter
from engine.feeds.parquet import ParquetFeed
from tests.engine.feeds.made import MINUTE, START, csv, same, walk, without, write

T = Timeframe.parse
DAY = 86_400_000


def stored(folder: Path, *parts: Candles) -> Path:
    with StoreWriter(folder) as writer:
        for part in parts:
            writer.add(part)
    return folder


def cut(candles: Candles, start: int, stop: int) -> Candles:
    return without(candles, [*range(start), *range(stop, len(candles))])


@pytest.fixture(scope="module")
def long() -> Candles:
    """Two months and a half of minutes with holes: three files, many row groups."""
    return without(walk(75 * 1440), [5, 6, 7, 1440 * 20, *range(1440 * 31 - 10, 1440 * 31 + 700)])


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, long: Candles) -> Path:
    return stored(tmp_path_factory.mktemp("long") / "store", long, walk(80 * 24, "1h", seed=3, start=START - DAY))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, long: Candles) -> FilesFeed:
    folder = tmp_path_factory.mktemp("files")
    write(folder, "made_BTCUSDT_1m.csv", csv(long))
    write(folder, "made_BTCUSDT_1h.csv", csv(walk(80 * 24, "1h", seed=3, start=START - DAY)))
    return FilesFeed([folder])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["1m", "3m", "5m", "15m", "1h", "2h", "4h", "1d", "1w"]),
    st.integers(-2 * DAY, 82 * DAY), st.integers(0, 12 * DAY),
)  # fmt: skip
def test_a_store_serves_what_files_serve(store: Path, files: FilesFeed, frame: str, begin: int, length: int) -> None:
    feed = ParquetFeed(store, keep_bytes=1 << 20)
    after, until = START + begin, START + begin + length
    mine, theirs = (one.candles("BTC/USDT", T(frame), after, until) for one in (feed, files))
    assert same(mine, theirs)


def test_spans_timeframes_and_ticks_are_those_of_files(store: Path, files: FilesFeed) -> None:
    feed = ParquetFeed(store)
    assert feed.timeframes("BTC/USDT") == files.timeframes("BTC/USDT")
    assert feed.markets(["BTC/USDT"]) == files.markets(["BTC/USDT"])
    for frame in feed.timeframes("BTC/USDT"):
        assert feed.span("BTC/USDT", frame) == files.span("BTC/USDT", frame), frame


def test_pieces_in_any_order_and_twice_give_the_same_store(tmp_path: Path, long: Candles) -> None:
    borders = [0, 10, 1440 * 25, 1440 * 26, 1440 * 60, len(long)]
    pieces = [cut(long, a, b) for a, b in pairwise(borders)]
    other = stored(tmp_path / "store", *(pieces[place] for place in (3, 0, 4, 1, 1, 2, 3)))
    feed = ParquetFeed(other)
    assert same(feed.candles("BTC/USDT", T("1m"), 0, 2**53), long)
    (contents,) = read_contents(other)
    assert contents.rows == len(long)
    on_disk = sorted(path.name for path in (other / contents.folder).glob("*.parquet*"))
    assert on_disk == sorted(part.file for part in contents.parts)


def test_memory_is_bounded_by_what_is_kept(store: Path, long: Candles) -> None:
    feed = ParquetFeed(store, keep_bytes=3 * 10_080 * 48)
    for day in range(75):
        feed.candles("BTC/USDT", T("1m"), START + day * DAY, START + (day + 1) * DAY)
    kept = feed._kept._groups.values()
    assert len(kept) <= 3
    assert feed._kept._bytes == sum(len(group) * 48 for group in kept)


def test_a_candle_that_is_told_differently_is_refused_and_nothing_changes(tmp_path: Path) -> None:
    candles = walk(100)
    folder = stored(tmp_path / "store", candles)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    other = replace(candles, volume=candles.volume + np.where(np.arange(100) == 42, 1.0, 0.0))
    opened = int(candles.close_time[42]) - MINUTE
    with StoreWriter(folder) as writer, pytest.raises(CandleFileError, match=f"opens at {opened} is there already"):
        writer.add(other)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_two_markets_of_one_name_are_never_mixed(tmp_path: Path) -> None:
    spot = walk(100)
    folder = stored(tmp_path / "store", spot)
    perpetual = replace(walk(100, start=START + DAY), symbol="BTC/USDT:USDT", venue=spot.venue)
    with StoreWriter(folder) as writer, pytest.raises(CandleFileError, match="holds BTC/USDT already"):
        writer.add(perpetual)
    assert [(found.symbol, found.rows) for found in read_contents(folder)] == [("BTC/USDT", 100)]


def test_a_bad_candle_is_refused_with_its_place(tmp_path: Path) -> None:
    candles = walk(10)
    bad = replace(candles, high=candles.low - 1)
    with StoreWriter(tmp_path / "store") as writer, pytest.raises(CandleFileError, match="the high is below the low"):
        writer.add(bad)
    assert read_contents(tmp_path / "store") == ()


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    with StoreWriter(tmp_path / "store"), pytest.raises(CandleFileError, match="another process"):
        StoreWriter(tmp_path / "store")
    StoreWriter(tmp_path / "store").close()


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(CandleFileError, match="is not a candle store"):
        StoreWriter(tmp_path)
    with pytest.raises(CandleFileError, match="this is not a candle store"):
        ParquetFeed(tmp_path)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda f: (f / "candles.json").write_text('{"format": 9}'), "format 9, not 1"),
        (lambda f: (f / "candles.json").write_text("{"), "candles.json: cannot be read"),
        (lambda f: (f / "made_BTCUSDT_1m/series.json").write_text("[]"), "not a table of contents"),
        (lambda f: (f / "made_BTCUSDT_1m/series.json").write_text('{"parts": [{}]}'), "not the contents of a series"),
        (lambda f: (f / "made_BTCUSDT_1m/2025-01.1.parquet").write_bytes(b"PAR1 not"), "2025-01.1.parquet: cannot be"),
        (lambda f: (f / "made_BTCUSDT_1m/2025-01.1.parquet").unlink(), "2025-01.1.parquet: cannot be read"),
    ],
)
def test_what_was_spoiled_is_named(tmp_path: Path, spoil: object, words: str) -> None:
    folder = stored(tmp_path / "store", walk(100))
    assert callable(spoil)
    spoil(folder)
    with pytest.raises(CandleFileError, match=words):
        ParquetFeed(folder).candles("BTC/USDT", T("1m"), 0, 2**53)


KILLED = """
import sys, numpy as np
from engine.feeds.keeping import StoreWriter
from tests.engine.feeds.made import walk, without
whole = walk(75 * 1440)
print("ready", flush=True)
with StoreWriter(sys.argv[1]) as writer:
    for begin in range(0, len(whole), 3000):
        writer.add(without(whole, [*range(begin), *range(min(begin + 3000, len(whole)), len(whole))]))
"""


def test_a_killed_import_leaves_a_store_that_is_whole_and_goes_on(tmp_path: Path) -> None:
    folder, whole = tmp_path / "store", walk(75 * 1440)
    for wait in (0.02, 0.1, 0.3, 0.6):
        process = subprocess.Popen([sys.executable, "-c", KILLED, str(folder)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        try:
            process.wait(wait)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        if (folder / "candles.json").exists() and read_contents(folder):
            feed = ParquetFeed(folder)
            got = feed.candles("BTC/USDT", T("1m"), 0, 2**53)
            assert same(got, whole.between(0, int(got.close_time[-1])))
            assert feed.span("BTC/USDT", T("1m")) == (START + MINUTE, got.close_time[-1])
    stored(folder, whole)
    assert same(ParquetFeed(folder).candles("BTC/USDT", T("1m"), 0, 2**53), whole)
    (contents,) = read_contents(folder)
    assert len(list((folder / contents.folder).glob("*.parquet*"))) == len(contents.parts)


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(1, 40)), max_size=6), st.integers(0, 100), st.integers(0, 60))
def test_missing_windows_and_what_is_held_cover_the_span_once(
    held: list[tuple[int, int]], begin: int, length: int
) -> None:
    from engine.feeds.ladder import unite

    step = CANDLES // 7 * MINUTE
    spans = unite((START + a * step, START + (a + size) * step) for a, size in held)
    since, until = START + begin * step, START + (begin + length) * step
    windows = list(missing_windows(Contents("made", "BTC/USDT", T("1m"), spans=spans), since, until))
    assert all(0 < b - a <= CANDLES * MINUTE for a, b in windows)
    assert all(b <= c or d <= a for a, b in windows for c, d in spans)
    inside = sum(max(0, min(b, until) - max(a, since)) for a, b in spans)
    assert sum(b - a for a, b in windows) + inside == until - since
    assert unite([*windows, *spans]) == unite([*spans, (since, until)] if since < until else spans)


def test_the_contents_are_readable_by_people_and_machines(tmp_path: Path) -> None:
    folder = stored(tmp_path / "store", without(walk(100), [3]))
    told = json.loads((folder / "made_BTCUSDT_1m" / "series.json").read_text())
    assert told["venue"] == "made"
    assert told["tick"] == "0.01"
    assert told["spans"] == [[START, START + 100 * MINUTE]]
    assert read_contents(folder)[0].missing == 1
