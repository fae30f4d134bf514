"""The loop: one road for replay and live, start and recovery the same, whatever ends it wherever."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from db.memory import Memory
from db.queries import Queries
from engine.domain.event import DailyReport, PositionClosed, SignalFired
from engine.feeds.replay import ReplayFeed, VirtualClock
from engine.loop import spans
from engine.messages import news_of
from tests.engine.road import CHANNELS, DAY, Heard, Paper, contents, drive, market, trip


def replay(path: Path, heard: Heard | None = None, papers: dict[str, Paper] | None = None, **how: object) -> bool:
    """Run the whole replay on the database `path`, or what is left of it."""
    way, papers = trip(), {} if papers is None else papers
    with Memory.open(path, durable=False) as memory:
        clock = VirtualClock(way.start)
        loop = drive(memory, clock, market(), papers, way, heard, **how)
        loop.start(way.origin, way.start)
        return loop.advance(way.end) and loop.finish()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[object, ...]]]:
    """Return the contents after an uninterrupted run."""
    path = tmp_path_factory.mktemp("whole") / "engine.db"
    assert replay(path, papers={"free": Paper(), "vip": Paper()})
    return contents(path)


def test_the_road_is_busy_enough_to_test_anything(whole: dict[str, list[tuple[object, ...]]]) -> None:
    kinds = {row[1] for row in whole["events"]}
    assert kinds == {"signal", "blocked", "opened", "added", "target", "stop_moved", "closed"}
    assert len(whole["signals"]) > 100


def test_a_second_run_adds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "engine.db"
    papers = {"free": Paper(), "vip": Paper()}
    replay(path, papers=papers)
    before = contents(path)
    heard, again = Heard(), {"free": Paper(), "vip": Paper()}
    assert replay(path, heard, again)
    assert contents(path) == before
    assert heard.slices == []
    assert again["vip"].keys == again["free"].keys == []


def test_every_message_is_sent_once_in_order(tmp_path: Path, whole: dict[str, list[tuple[object, ...]]]) -> None:
    heard, papers = Heard(), {"free": Paper(), "vip": Paper()}
    replay(tmp_path / "engine.db", heard, papers)
    events = [event for _, part in heard.slices for event in part]
    for channel in CHANNELS:
        wanted = [f"{event.id}@{channel.name}" for event in events if news_of(event) in channel.events]
        assert papers[channel.name].keys == wanted
    assert len(papers["vip"].keys) + len(papers["free"].keys) == len(whole["owed"])


def test_updates_answer_the_signals_post(tmp_path: Path) -> None:
    papers = {"vip": Paper()}
    replay(tmp_path / "engine.db", papers=papers)
    for key, reply in zip(papers["vip"].keys, papers["vip"].replies, strict=True):
        signal, _, number = key.partition("@")[0].rpartition("-")
        assert reply == ("" if number == "0" else f"remote:{signal}-0@vip")


@pytest.mark.parametrize("block", [300_000, 1_800_000, 5 * 3_600_000])
def test_the_length_of_a_block_changes_nothing(
    tmp_path: Path, whole: dict[str, list[tuple[object, ...]]], block: int
) -> None:
    path = tmp_path / "engine.db"
    replay(path, papers={"free": Paper(), "vip": Paper()}, block=block, warm_block=DAY // 2)
    assert contents(path) == whole


def test_the_book_in_memory_is_the_one_that_was_stored(tmp_path: Path) -> None:
    way, path = trip(), tmp_path / "engine.db"
    with Memory.open(path, durable=False) as memory:
        loop = drive(memory, VirtualClock(way.start), market(), {}, way)
        loop.start(way.origin, way.start)
        loop.advance(way.end)
        kept = repr(memory.store.book())
        assert "OPEN" in kept
        assert repr(loop._march.book) == kept  # type: ignore[union-attr]
    with Memory.open(path, durable=False) as memory:
        assert repr(memory.store.book()) == kept


class Stopping(VirtualClock):
    """A clock that is stopped when it has been asked for the time so many times."""

    def __init__(self, start: int, looks: int) -> None:
        super().__init__(start)
        self.looks = looks

    def now(self) -> int:
        self.looks -= 1
        if self.looks == 0:
            self.stop()
        return super().now()


@pytest.mark.parametrize("seed", range(3))
def test_stopped_anywhere_and_started_again_it_ends_the_same(
    tmp_path: Path, whole: dict[str, list[tuple[object, ...]]], seed: int
) -> None:
    path, way, draw = tmp_path / "engine.db", trip(), random.Random(seed)
    papers = {"free": Paper(), "vip": Paper()}
    stops = 0
    while True:
        with Memory.open(path, durable=False) as memory:
            clock = Stopping(way.start, draw.randrange(20, 700))
            loop = drive(memory, clock, market(), papers, way)
            loop.start(way.origin, way.start)
            if loop.advance(way.end) and loop.finish():
                break
            stops += 1
    with Queries(path) as queries:
        assert [run.outcome for run in queries.runs(100)] == ["finished", *["stopped"] * stops]
    assert stops > 3
    assert contents(path) == whole
    for paper in papers.values():
        assert len(set(paper.keys)) == len(paper.keys)
    assert len(papers["free"].keys) + len(papers["vip"].keys) == len(whole["owed"])


def test_going_on_in_parts_is_the_same_as_at_once(tmp_path: Path, whole: dict[str, list[tuple[object, ...]]]) -> None:
    way, path = trip(), tmp_path / "engine.db"
    with Memory.open(path, durable=False) as memory:
        loop = drive(memory, VirtualClock(way.start), market(), {"free": Paper(), "vip": Paper()}, way)
        loop.start(way.origin, way.start)
        for _, until in spans(way.start, way.end, 7 * 3_600_000):
            assert loop.advance(until)
            if until % 3 == 0:
                loop.rebuild()
        assert loop.cursor == way.end
    assert contents(path) == whole


def test_nothing_is_decided_before_the_first_moment(tmp_path: Path) -> None:
    heard = Heard()
    replay(tmp_path / "engine.db", heard)
    way = trip()
    assert min(time for time, _ in heard.slices) > way.start
    assert way.origin < way.start - 2 * DAY, "although candles are read from long before"
    assert heard.steps[-1] == (way.end, way.start, way.end)


def test_every_signal_has_a_whole_life(tmp_path: Path) -> None:
    heard = Heard()
    replay(tmp_path / "engine.db", heard)
    events = [event for _, part in heard.slices for event in part]
    fired = {event.signal.id for event in events if isinstance(event, SignalFired)}
    closed = [event.signal.id for event in events if isinstance(event, PositionClosed)]
    assert len(closed) == len(set(closed))
    assert fired >= set(closed)
    assert len(fired) - len(closed) <= 4, "at most one position per symbol and side is still live"


def test_the_feed_is_asked_for_nothing_that_has_not_closed(
    tmp_path: Path, whole: dict[str, list[tuple[object, ...]]]
) -> None:
    """On a feed that hides what the clock has not reached, slice by slice."""
    way, path = trip(), tmp_path / "engine.db"
    clock = VirtualClock(way.start)
    with Memory.open(path, durable=False) as memory:
        loop = drive(memory, clock, ReplayFeed(market(), clock), {"free": Paper(), "vip": Paper()}, way)
        loop.start(way.origin, way.start)
        for _, until in spans(way.start, way.end, 300_000):
            clock.sleep_until(until)
            assert loop.advance(until)
    assert contents(path) == whole


def test_each_bot_reports_its_day_once_at_midnight(tmp_path: Path) -> None:
    path, heard, way = tmp_path / "engine.db", Heard(), trip()
    papers = {"free": Paper()}
    replay(path, heard, papers, reports=True)
    told = [(time, event) for time, part in heard.slices for event in part if isinstance(event, DailyReport)]
    midnights = [until for _, until in spans(way.start, way.end, DAY) if until % DAY == 0]
    assert [time for time, _ in told] == midnights
    events = [event for _, part in heard.slices for event in part]
    for time, report in told:
        numbers = dict(report.numbers)
        today = [event for event in events if time - DAY < event.time <= time]
        closed = [event for event in today if isinstance(event, PositionClosed) and event.position.filled]
        assert numbers["closed"] == len(closed)
        assert numbers["signals"] == sum(isinstance(event, SignalFired) for event in today)
    assert [key for key in papers["free"].keys if "report" in key] == [f"{event.id}@free" for _, event in told]


def test_reports_missed_while_it_was_down_are_made_once(tmp_path: Path) -> None:
    path, way = tmp_path / "engine.db", trip()
    heard = Heard()
    for until in (way.start + DAY // 2, way.end, way.end):
        with Memory.open(path, durable=False) as memory:
            loop = drive(memory, VirtualClock(way.start), market(), {}, way, heard, reports=True)
            loop.start(way.origin, way.start)
            loop.advance(until)
    told = [event.id for _, part in heard.slices for event in part if isinstance(event, DailyReport)]
    assert told == ["cross-report-2025-01-06", "cross-report-2025-01-07", "cross-report-2025-01-08"]


def test_spans_are_cut_at_midnight() -> None:
    assert list(spans(DAY - 5, 3 * DAY + 7, DAY)) == [
        (DAY - 5, DAY), (DAY, 2 * DAY), (2 * DAY, 3 * DAY), (3 * DAY, 3 * DAY + 7)
    ]  # fmt: skip
    assert list(spans(5, 5, DAY)) == []
