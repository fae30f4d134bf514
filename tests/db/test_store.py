"""The store remembers everything once, and what it gives back equals what was kept in memory."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.memory import Memory
from db.queries import Queries
from engine.domain.book import Book
from engine.domain.event import Event, SignalFired
from engine.domain.market import Candles, Timeframe
from engine.domain.message import OutboxMessage
from engine.domain.position import Position
from engine.domain.signal import Side
from tests.histories import START, History, histories


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    with Memory.open(tmp_path / "engine.db", durable=False) as opened:
        yield opened


def owed(events: list[Event], channels: tuple[str, ...] = ("vip", "free")) -> list[OutboxMessage]:
    return [
        OutboxMessage(f"{e.id}@{name}", e.id, e.kind, name, "", e.time, {"event": {"id": e.id}}, due_at=e.time)
        for e in events
        for name in channels
    ]


def everything(path: Path) -> list[object]:
    """Return every row of every table of ours."""
    connection = sqlite3.connect(path)
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    ours = sorted(name for name in tables if not name.startswith(("sqlite_", "_sqlite")))
    rows: list[object] = [(name, connection.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall()) for name in ours]
    connection.close()
    return rows


@settings(max_examples=40, deadline=None)
@given(histories(), st.data())
def test_committing_again_changes_nothing(slices: list[list[Event]], data: st.DataObject) -> None:
    """Any part, any number of times, also after the store was opened anew."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "engine.db"
        with Memory.open(path, durable=False) as memory:
            for events in slices:
                assert memory.store.commit(events, owed(events), events[-1].time) == len(events)
        before = everything(path)
        with Memory.open(path, durable=False) as memory:
            for events in data.draw(st.lists(st.sampled_from(slices), max_size=6)):
                assert memory.store.commit(events, owed(events), events[-1].time) == 0
        assert everything(path) == before


@settings(max_examples=40, deadline=None)
@given(histories(), st.integers(0, 25))
def test_the_stored_book_is_the_one_in_memory(slices: list[list[Event]], cut: int) -> None:
    """Also where the process ended in between and another went on."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "engine.db"
        book = Book()
        for part in (slices[:cut], slices[cut:]):
            with Memory.open(path, durable=False) as memory:
                assert repr(memory.store.book()) == repr(book)
                for events in part:
                    book = book.apply(events)
                    memory.store.commit(events, (), events[-1].time)
                    assert repr(memory.store.book()) == repr(book)
        with Memory.open(path, durable=False) as memory:
            assert repr(memory.store.book()) == repr(book)


def test_what_candles_did_without_an_event_is_kept(memory: Memory) -> None:
    history = History()
    history.fire("qfl", "ETH/USDT", Side.LONG, 2000.0)
    history.step(history.book().live_positions()[0], "open")
    memory.store.commit(history.events, (), history.time)
    book = followed(history.book(), history.time + 300_000)
    memory.store.commit((), (), history.time + 300_000, book)
    with Memory.open(memory.path.with_name("other.db")) as other:
        assert other.store.book() == Book()
    memory.close()
    with Memory.open(memory.path) as again:
        assert repr(again.store.book()) == repr(book)
        stale = history.book()
        again.store.commit((), (), history.time, stale)
        assert repr(again.store.book()) == repr(book), "a lower cursor brings no older book back"


def followed(book: Book, until: int) -> Book:
    """Return the book after one more candle without an event."""

    def step(position: Position) -> Position:
        return replace(position, bars=position.bars + 1, best=position.entry * 1.5, followed_until=until)

    lanes = {
        key: replace(lane, live={side: step(p) for side, p in lane.live.items()}) for key, lane in book.lanes.items()
    }
    return Book(lanes)


def test_a_signal_of_the_same_identity_is_made_once(memory: Memory) -> None:
    history = History()
    (fired,) = history.fire("qfl", "ETH/USDT", Side.LONG, 2000.0)
    assert isinstance(fired, SignalFired)
    memory.store.commit([fired], (), fired.time)
    newer = replace(fired, id="another-version", signal=replace(fired.signal, version="2.0.0", confidence=99.0))
    assert memory.store.commit([newer], owed([newer]), fired.time) == 0
    assert repr(memory.store.signals(START, fired.time)) == repr((fired,))
    assert memory.outbox.heads() == {}, "an event that was not made owes nothing"


def test_the_cursor_never_goes_back(memory: Memory) -> None:
    assert memory.store.cursor() is None
    memory.store.commit((), (), 500)
    memory.store.commit((), (), 300)
    assert memory.store.cursor() == 500


def test_the_first_start_is_remembered(memory: Memory) -> None:
    assert memory.store.begin(100, 900) == (100, 900, None)
    memory.store.commit((), (), 1000)
    assert memory.store.begin(300, 2000) == (100, 900, 1000), "a later start changes nothing"
    assert memory.store.begin(50, 2000) == (50, 900, 1000), "but a longer history moves the origin back"


def test_a_failed_commit_leaves_nothing_behind(memory: Memory) -> None:
    history = History()
    history.fire("qfl", "ETH/USDT", Side.LONG, 2000.0)
    position = history.book().live_positions()[0]
    orphan = History(time=history.time).fire("trend", "BTC/USDT", Side.LONG, 10.0)[0]
    assert isinstance(orphan, SignalFired)
    opened = history.step(replace(position, signal=orphan.signal), "open")
    before = everything(memory.path)
    with pytest.raises(sqlite3.IntegrityError):
        memory.store.commit([*history.events[:1], *opened], owed(history.events), history.time)
    assert everything(memory.path) == before
    assert memory.store.book() == Book()


def test_one_live_position_per_strategy_symbol_and_side(memory: Memory) -> None:
    history = History()
    first = history.fire("qfl", "ETH/USDT", Side.LONG, 2000.0)
    second = history.fire("qfl", "ETH/USDT", Side.LONG, 2001.0)
    memory.store.commit(first, (), history.time)
    with pytest.raises(sqlite3.IntegrityError):
        memory.store.commit(second, (), history.time)


def test_prices_are_stored_as_decimal_text_and_shown_with_times(memory: Memory) -> None:
    history = History()
    history.fire("qfl", "ETH/USDT", Side.LONG, 1e-7)
    memory.store.commit(history.events, owed(history.events), history.time)
    connection = sqlite3.connect(memory.path)
    assert connection.execute("SELECT entry_price, typeof(entry_price) FROM signals").fetchall() == [
        ("0.0000001", "text")
    ]
    shown = connection.execute("SELECT close_time, side FROM readable_signals").fetchall()
    assert shown == [("2025-04-01T00:05:00Z", "long")]
    for view in ("readable_positions", "readable_events", "readable_outbox"):
        assert connection.execute(f"SELECT * FROM {view}").fetchall()
    connection.close()


def test_runs_and_notes_are_kept(memory: Memory) -> None:
    run = memory.store.start_run("replay", "hash", "0.1.0")
    memory.store.seen(run)
    memory.store.note(1_500, "late", "BTC/USDT 5m came late")
    with Queries(memory.path) as queries:
        (alive,) = queries.runs()
        assert (alive.mode, alive.plan_hash, alive.ended_at, alive.outcome) == ("replay", "hash", None, None)
        memory.store.seen(run, "finished")
        (ended,) = queries.runs()
        assert (ended.number, ended.outcome) == (run, "finished")
        assert ended.ended_at == ended.seen_at >= ended.started_at > START
        assert queries.notes() == ((1_500, "late", "BTC/USDT 5m came late"),)


def test_letting_go_takes_old_blocks_and_notes_and_nothing_else(memory: Memory) -> None:
    history = History()
    first = history.block("scalper", "BTC/USDT", Side.LONG, "cooldown")
    second = history.block("scalper", "ETH/USDT", Side.LONG, "stale")
    border = history.time
    fired = history.fire("trend", "BTC/USDT", Side.LONG, 100.0)
    third = history.block("trend", "ETH/USDT", Side.SHORT, "cooldown")
    memory.store.begin(START - 1_000, START)
    for events in (first, second, fired, third):
        memory.store.commit(events, owed(events, ("vip",)), events[-1].time)
    for message in memory.outbox.due(2**62, 1):  # one of the two old blocks was posted
        memory.outbox.mark_sending(message.key, border)
        memory.outbox.mark_sent(message.key, border, "remote")
    memory.store.note(border, "late", "an old note")
    memory.store.note(border + 1, "late", "a new note")
    before = memory.store.book()
    assert memory.store.let_go(border, START - 500) == 2
    assert memory.store.let_go(border, START - 500) == 0, "doing it twice does it once"
    with Queries(memory.path) as queries:
        left = [event.id for event in queries.events(0, 2**62, ("blocked",))]
        assert left == [second[0].id, third[0].id], "what a channel still owes stays"
        assert [text for _, _, text in queries.notes()] == ["a new note"]
        assert len(queries.events(0, 2**62, ("signal",))) == 1
        assert {post.event_kind for post in queries.posts()} == {"blocked", "signal"}
        assert queries.standing().origin == START - 500
    assert memory.store.book() == before
    assert memory.store.begin(START - 400, 0)[0] == START - 500, "an origin that was moved on stays there"


def test_old_candles_go(memory: Memory) -> None:
    times = np.arange(1, 11, dtype=np.int64) * 60_000
    flat = np.full(10, 100.0)
    for symbol in ("BTC/USDT", "ETH/USDT"):
        memory.candles.append(Candles(symbol, Timeframe.parse("1m"), times, flat, flat, flat, flat, flat, "v"))
    assert memory.candles.let_go(300_000) == 10
    assert memory.candles.let_go(300_000) == 0
    left = memory.candles.load("v", "ETH/USDT", Timeframe.parse("1m"), 0, 2**62)
    assert left.close_time.tolist() == times[5:].tolist()
