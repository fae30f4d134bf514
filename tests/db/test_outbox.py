"""The queue: in order per channel, every change for good, nothing sent twice after a crash."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from db.memory import Memory
from db.queries import Queries
from engine.domain.message import OutboxMessage
from engine.domain.signal import Side
from tests.histories import History


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    with Memory.open(tmp_path / "engine.db", durable=False) as opened:
        yield opened


def put(memory: Memory, *names: str, due_at: int = 0, thread: str = "") -> None:
    """Owe messages named `channel:number` for one event."""
    history = History()
    event = history.fire("qfl", "ETH/USDT", Side.LONG, 2000.0)[0]
    messages = [
        OutboxMessage(name, event.id, "signal", name.partition(":")[0], thread, 0, {"n": name}, due_at=due_at)
        for name in names
    ]
    memory.store.commit([event], messages, history.time)


def due(memory: Memory, now: int, limit: int = 10) -> list[str]:
    return [message.key for message in memory.outbox.due(now, limit)]


def states(memory: Memory) -> dict[str, str]:
    with Queries(memory.path) as queries:
        return {post.key: post.state for post in queries.posts()}


def test_messages_come_in_the_order_in_which_they_were_owed(memory: Memory) -> None:
    put(memory, "b:1", "a:1", "b:2", "a:2")
    assert due(memory, 0) == ["b:1", "a:1", "b:2", "a:2"]
    assert due(memory, 0, limit=1) == ["b:1", "a:1"], "the limit is per channel: a long queue starves no other"


def test_a_payload_comes_back_whole(memory: Memory) -> None:
    put(memory, "a:1")
    (message,) = memory.outbox.due(0, 1)
    assert message.payload == {"n": "a:1"}
    assert (message.attempts, message.state, message.event_kind) == (0, "due", "signal")


def test_nothing_is_due_before_its_time(memory: Memory) -> None:
    put(memory, "a:1", due_at=1000)
    assert due(memory, 999) == []
    assert memory.outbox.next_due() == 1000
    assert due(memory, 1000) == ["a:1"]


def test_one_that_waits_holds_back_its_own_channel_only(memory: Memory) -> None:
    put(memory, "a:1", "a:2", "b:1")
    memory.outbox.mark_sending("a:1", 0)
    memory.outbox.mark_later("a:1", 5000, "429")
    assert due(memory, 10) == ["b:1"]
    assert memory.outbox.heads() == {"a": 5000, "b": 0}
    memory.outbox.mark_sending("b:1", 10)
    memory.outbox.mark_sent("b:1", 10, "77")
    assert memory.outbox.next_due() == 5000
    assert due(memory, 5000) == ["a:1", "a:2"]


def test_one_that_is_being_sent_holds_back_what_follows(memory: Memory) -> None:
    put(memory, "a:1", "a:2")
    memory.outbox.mark_sending("a:1", 0)
    assert due(memory, 10) == []


def test_after_a_crash_what_was_being_sent_is_in_doubt(memory: Memory) -> None:
    put(memory, "a:1", "a:2", "hook:1")
    memory.outbox.mark_sending("a:1", 0)
    memory.outbox.mark_sending("hook:1", 0)
    assert memory.outbox.recover(50, frozenset({"hook"})) == 2
    assert states(memory) == {"a:1": "in_doubt", "a:2": "due", "hook:1": "due"}
    assert due(memory, 50) == ["a:2", "hook:1"]
    assert memory.outbox.recover(60, frozenset()) == 0


def test_an_end_is_an_end(memory: Memory) -> None:
    put(memory, "a:1", "a:2", "a:3")
    memory.outbox.mark_sending("a:1", 1)
    memory.outbox.mark_sent("a:1", 2, "5")
    memory.outbox.mark_dead("a:2", 3, "refused")
    memory.outbox.mark_sending("a:3", 4)
    memory.outbox.mark_in_doubt("a:3", 5, "no answer")
    for key in ("a:1", "a:2", "a:3"):
        with pytest.raises(LookupError):
            memory.outbox.mark_sending(key, 9)
        with pytest.raises(LookupError):
            memory.outbox.mark_later(key, 9, "again")
    assert states(memory) == {"a:1": "sent", "a:2": "dead", "a:3": "in_doubt"}
    assert memory.outbox.next_due() is None


def test_a_message_is_marked_before_it_may_be_marked_sent(memory: Memory) -> None:
    put(memory, "a:1")
    with pytest.raises(LookupError):
        memory.outbox.mark_sent("a:1", 1, "5")


def test_attempts_are_counted(memory: Memory) -> None:
    put(memory, "a:1")
    for now in (1, 2, 3):
        memory.outbox.mark_sending("a:1", now)
        memory.outbox.mark_later("a:1", now, "5xx")
    assert memory.outbox.due(9, 1)[0].attempts == 3
    assert memory.outbox.due(9, 1)[0].error == "5xx"


def test_a_thread_is_answered_at_its_first_post(memory: Memory) -> None:
    put(memory, "a:1", "a:2", "b:1", thread="signal-1")
    assert memory.outbox.remote_id("signal-1", "a") == ""
    for key, remote in (("a:1", "100"), ("a:2", "101")):
        memory.outbox.mark_sending(key, 1)
        memory.outbox.mark_sent(key, 1, remote)
    assert memory.outbox.remote_id("signal-1", "a") == "100"
    assert memory.outbox.remote_id("signal-1", "b") == ""
    assert memory.outbox.remote_id("", "a") == ""
