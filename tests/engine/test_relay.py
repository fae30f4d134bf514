"""The relay: at most once, in order, at each channel's pace, whatever the channel does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from db.memory import Memory
from db.queries import Post as Stored
from db.queries import Queries
from engine.domain.message import Delivery, Later, Lost, OutboxMessage, Post, Refused, Rendered, Sent
from engine.domain.signal import Side
from engine.feeds.replay import VirtualClock
from engine.relay import Outlet, Pace, Relay
from tests.histories import History

START = 1_000_000


class Network:
    """The outside world behind a notifier: takes every post down, and answers as the test says."""

    def __init__(self, answer: Callable[[Post], Delivery] | None = None, idempotent: bool = False) -> None:
        self.idempotent = idempotent
        self.posts: list[Post] = []
        self.closed = False
        self._answer = answer or (lambda post: Sent(f"remote-{post.key}"))

    def send(self, post: Post) -> Delivery:
        self.posts.append(post)
        return self._answer(post)

    def close(self) -> None:
        self.closed = True

    @property
    def keys(self) -> list[str]:
        return [post.key for post in self.posts]


class Words:
    """Renders a payload's number; a payload that says `broken` has no template."""

    def render(self, event_kind: str, channel_kind: str, payload: Mapping[str, Any]) -> Rendered:
        if payload.get("broken"):
            raise KeyError("no such field")
        return Rendered(f"{channel_kind} {event_kind} {payload['n']}", str(payload["n"]))


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    with Memory.open(tmp_path / "engine.db", durable=False) as opened:
        yield opened


def put(memory: Memory, *names: str, thread: str = "", created_at: int = START, **payload: object) -> None:
    """Owe messages named `channel:number`, all about one event."""
    history = History()
    event = history.fire(f"bot-{names[0]}".replace(":", "-"), "ETH/USDT", Side.LONG, 2000.0)[0]
    owed = [
        OutboxMessage(
            name, event.id, "signal", name.partition(":")[0], thread, created_at, {"n": name, **payload},
            due_at=created_at,
        )
        for name in names
    ]  # fmt: skip
    memory.store.commit([event], owed, history.time)


def relay(memory: Memory, clock: VirtualClock, pace: Pace | None = None, **networks: Network) -> Relay:
    outlets = {name: Outlet("console", network, pace or Pace()) for name, network in networks.items()}
    return Relay(memory.outbox, Words(), outlets, clock)


def stored(memory: Memory) -> dict[str, Stored]:
    with Queries(memory.path) as queries:
        return {post.key: post for post in queries.posts()}


def states(memory: Memory) -> dict[str, str]:
    return {key: post.state for key, post in stored(memory).items()}


def answers(*replies: Delivery) -> Callable[[Post], Delivery]:
    """Answer the first posts as given, then take everything."""
    left = list(replies)
    return lambda post: left.pop(0) if left else Sent("id")


def test_everything_due_is_sent_in_order_and_once(memory: Memory) -> None:
    put(memory, "a:1", "b:1", "a:2", "a:3")
    a, b = Network(), Network()
    driver = relay(memory, VirtualClock(START), a=a, b=b)
    assert driver.drain() == 4
    assert driver.drain() == 0
    assert (a.keys, b.keys) == (["a:1", "a:2", "a:3"], ["b:1"])
    assert a.posts[0].rendered.text == "console signal a:1"
    assert set(states(memory).values()) == {"sent"}
    assert stored(memory)["a:1"].remote_id == "remote-a:1"
    assert driver.next_due() is None


def test_what_is_not_due_yet_waits_for_the_clock(memory: Memory) -> None:
    put(memory, "a:1", created_at=START + 500)
    a, clock = Network(), VirtualClock(START)
    driver = relay(memory, clock, a=a)
    assert driver.drain() == 0
    assert driver.next_due() == START + 500
    clock.sleep_until(START + 500)
    assert driver.drain() == 1


def test_updates_answer_the_first_post_of_their_thread(memory: Memory) -> None:
    put(memory, "a:1", "a:2", thread="signal-1")
    a = Network()
    relay(memory, VirtualClock(START), a=a).drain()
    assert [post.reply_to for post in a.posts] == ["", "remote-a:1"]


def test_a_channel_that_asks_for_time_gets_it_and_holds_up_no_other(memory: Memory) -> None:
    put(memory, "a:1", "a:2", "b:1")
    a, b, clock = Network(answers(Later("429", 30.0))), Network(), VirtualClock(START)
    driver = relay(memory, clock, a=a, b=b)
    driver.drain()
    assert (a.keys, b.keys) == (["a:1"], ["b:1"])
    assert driver.next_due() == START + 30_000
    clock.sleep_until(START + 29_999)
    assert driver.drain() == 0
    clock.sleep_until(START + 30_000)
    driver.drain()
    assert a.keys == ["a:1", "a:1", "a:2"], "in order, also after a wait"


@pytest.mark.parametrize("seconds", [1e20, float("inf")])
def test_a_channel_that_asks_for_ever_is_asked_again_after_a_day(memory: Memory, seconds: float) -> None:
    put(memory, "a:1")
    driver = relay(memory, VirtualClock(START), a=Network(answers(Later("429", seconds))))
    driver.drain()
    assert driver.next_due() == START + 86_400_000


def test_the_back_off_doubles_up_to_a_cap_and_ends(memory: Memory) -> None:
    put(memory, "a:1", "a:2")
    pace = Pace(attempts=5, first_wait=1_000, longest_wait=3_000)
    a, clock = Network(answers(*[Later("502")] * 5)), VirtualClock(START)
    driver = relay(memory, clock, pace, a=a)
    waits = []
    while (due := driver.next_due()) is not None:
        waits.append(due - clock.now())
        clock.sleep_until(due)
        driver.drain()
    assert waits == [0, 1_000, 2_000, 3_000, 3_000]
    assert stored(memory)["a:1"].state == "dead"
    assert stored(memory)["a:1"].error == "given up after 5 attempts: 502"
    assert states(memory)["a:2"] == "sent", "what follows a dead message is sent"


def test_a_refusal_is_final_and_keeps_its_reason(memory: Memory) -> None:
    put(memory, "a:1", "a:2")
    a = Network(answers(Refused("chat not found")))
    relay(memory, VirtualClock(START), a=a).drain()
    assert states(memory) == {"a:1": "dead", "a:2": "sent"}
    assert stored(memory)["a:1"].error == "chat not found"


def test_a_lost_answer_is_in_doubt_and_never_sent_again(memory: Memory) -> None:
    put(memory, "a:1", "a:2")
    a, clock = Network(answers(Lost("time-out"))), VirtualClock(START)
    driver = relay(memory, clock, a=a)
    driver.drain()
    clock.sleep_until(START + 10_000_000)
    driver.drain()
    assert a.keys == ["a:1", "a:2"]
    assert states(memory) == {"a:1": "in_doubt", "a:2": "sent"}


def test_where_the_network_knows_the_key_a_lost_answer_is_asked_again(memory: Memory) -> None:
    put(memory, "a:1")
    a, clock = Network(answers(Lost("time-out")), idempotent=True), VirtualClock(START)
    driver = relay(memory, clock, a=a)
    driver.drain()
    assert states(memory) == {"a:1": "due"}
    clock.sleep_until(START + 2_000)
    driver.drain()
    assert a.keys == ["a:1", "a:1"]
    assert states(memory) == {"a:1": "sent"}


@pytest.mark.parametrize(("idempotent", "state"), [(False, "in_doubt"), (True, "due")])
def test_a_notifier_that_fails_may_have_sent(memory: Memory, idempotent: bool, state: str) -> None:
    def broken(post: Post) -> Delivery:
        raise ZeroDivisionError("a bug\nof two lines")

    put(memory, "a:1", "b:1")
    a, b = Network(broken, idempotent), Network()
    relay(memory, VirtualClock(START), a=a, b=b).drain()
    assert states(memory) == {"a:1": state, "b:1": "sent"}
    assert stored(memory)["a:1"].error == "the notifier failed: ZeroDivisionError: a bug of two lines"


def test_a_template_that_fails_sends_nothing_and_says_why(memory: Memory) -> None:
    put(memory, "a:1", broken=True)
    put(memory, "a:2")
    a = Network()
    relay(memory, VirtualClock(START), a=a).drain()
    assert a.keys == ["a:2"]
    assert stored(memory)["a:1"].state == "dead"
    assert "the template failed: KeyError" in stored(memory)["a:1"].error
    assert stored(memory)["a:1"].attempts == 0


def test_a_channel_that_is_gone_holds_nothing_up(memory: Memory) -> None:
    put(memory, "old:1", "a:1")
    a = Network()
    relay(memory, VirtualClock(START), a=a).drain()
    assert states(memory) == {"old:1": "dead", "a:1": "sent"}
    assert stored(memory)["old:1"].error == "no channel is named old"


def test_an_interval_between_posts_is_kept_per_channel(memory: Memory) -> None:
    put(memory, "a:1", "a:2", "b:1", "b:2")
    a, b, clock = Network(), Network(), VirtualClock(START)
    outlets = {"a": Outlet("console", a, Pace(interval=1_000)), "b": Outlet("console", b)}
    driver = Relay(memory.outbox, Words(), outlets, clock)
    driver.drain()
    assert (a.keys, b.keys) == (["a:1"], ["b:1", "b:2"])
    assert driver.next_due() == START + 1_000
    clock.sleep_until(START + 1_000)
    driver.drain()
    assert a.keys == ["a:1", "a:2"]


def test_no_more_posts_in_a_minute_than_allowed(memory: Memory) -> None:
    put(memory, *(f"a:{n}" for n in range(130)))
    times: list[int] = []
    clock = VirtualClock(START)

    def take(post: Post) -> Delivery:
        times.append(clock.now())
        return Sent("id")

    driver = relay(memory, clock, Pace(interval=1_000, per_minute=20), a=Network(take))
    while (due := driver.next_due()) is not None:
        clock.sleep_until(due)
        driver.drain()
    assert len(times) == 130
    assert min(later - earlier for earlier, later in pairwise(times)) >= 1_000
    assert all(later - earlier >= 60_000 for earlier, later in zip(times, times[20:], strict=False))
    assert times[-1] - times[0] == 6 * 60_000 + 9_000, "and no slower than that"


def test_news_that_is_too_old_is_not_posted(memory: Memory) -> None:
    put(memory, "a:1")
    put(memory, "a:2", created_at=START + 90_000)
    a = Network()
    relay(memory, VirtualClock(START + 100_000), Pace(max_age=60_000), a=a).drain()
    assert a.keys == ["a:2"]
    assert stored(memory)["a:1"].error == "too old to be news"


def test_the_mark_stands_before_the_request_leaves(memory: Memory) -> None:
    seen: list[str] = []

    def look(post: Post) -> Delivery:
        seen.append(states(memory)[post.key])
        return Sent("id")

    put(memory, "a:1")
    relay(memory, VirtualClock(START), a=Network(look)).drain()
    assert seen == ["sending"]


def test_an_end_in_the_middle_of_a_request_is_in_doubt_after_the_next_start(memory: Memory) -> None:
    def ends(post: Post) -> Delivery:
        raise KeyboardInterrupt

    put(memory, "a:1", "a:2", "hook:1")
    a = Network(ends)
    with pytest.raises(KeyboardInterrupt):
        relay(memory, VirtualClock(START), a=a, hook=Network()).drain()
    hook = Network(ends, idempotent=True)
    again, clock = Network(), VirtualClock(START + 5_000)
    with pytest.raises(KeyboardInterrupt):
        relay(memory, clock, hook=hook).drain()
    driver = relay(memory, clock, a=again, hook=Network(idempotent=True))
    assert driver.recover() == 2
    driver.drain()
    assert again.keys == [] or again.keys == ["a:2"]
    assert states(memory)["a:1"] == "in_doubt"
    assert states(memory)["hook:1"] == "sent"


def test_it_stops_between_two_messages(memory: Memory) -> None:
    put(memory, "a:1", "a:2", "a:3")
    a = Network()
    driver = relay(memory, VirtualClock(START), a=a)
    assert driver.drain(stop=lambda: len(a.posts) >= 2) == 2
    assert states(memory) == {"a:1": "sent", "a:2": "sent", "a:3": "due"}


def test_the_watcher_hears_what_became_of_each(memory: Memory) -> None:
    heard: list[tuple[str, str, str]] = []

    class Ear:
        def sent(self, message: OutboxMessage, outcome: str, why: str) -> None:
            heard.append((message.key, outcome, why))

    put(memory, "a:1", "a:2", "a:3")
    network = Network(answers(Sent("1"), Refused("no"), Later("busy")))
    Relay(memory.outbox, Words(), {"a": Outlet("console", network)}, VirtualClock(START), Ear()).drain()
    assert heard == [("a:1", "sent", ""), ("a:2", "dead", "no"), ("a:3", "later", "busy")]


def test_closing_closes_all_even_where_one_fails(memory: Memory) -> None:
    class Stubborn(Network):
        def close(self) -> None:
            raise OSError("stuck")

    b = Network()
    driver = relay(memory, VirtualClock(START), a=Stubborn(), b=b)
    with pytest.raises(OSError, match="stuck"):
        driver.close()
    assert b.closed
