"""The second driver of the live engine: it drains the outbox.

Due -> marked as sending -> rendered and sent -> marked: sent, later, dead, or in doubt. The mark before the
request is a transaction of its own, so a process that ends anywhere leaves no message that could go out twice.
On each channel messages go in the order in which they were owed; a channel that has to wait holds up no other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from engine.domain.message import Delivery, Later, Lost, OutboxMessage, Post, Refused, Rendered, Sent
from engine.ports import Clock, Notifier, Outbox, Renderer

BATCH = 50
MINUTE = 60_000
LONGEST_ASKED = 86_400.0
"""Seconds: no channel is left alone longer, whatever it asks for; it may be broken, or hostile."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How a channel may be used: ms between two posts, posts in any minute (0: no limit), and patience.

    After failure n the relay waits `first_wait` * 2 ** (n - 1) ms, at most `longest_wait`, or as long as the
    channel asks; after `attempts` tries a message is dead. `max_age` (ms, 0: none) is when news is too old to post.
    """

    interval: int = 0
    per_minute: int = 0
    attempts: int = 8
    first_wait: int = 2_000
    longest_wait: int = 300_000
    max_age: int = 0

    def wait(self, attempt: int) -> int:
        """Return the back-off in ms after the `attempt`-th try (from 1)."""
        return min(self.first_wait << min(attempt - 1, 30), self.longest_wait)


@dataclass(frozen=True, slots=True)
class Outlet:
    """A channel with the notifier that serves it. `kind` chooses the template."""

    kind: str
    notifier: Notifier
    pace: Pace = field(default_factory=Pace)


class Watcher(Protocol):
    """Told what became of each message."""

    def sent(self, message: OutboxMessage, outcome: str, why: str) -> None:
        """`outcome` is sent, later, dead or in_doubt."""
        ...


class Relay:
    """Drains the outbox to the outlets, by channel name. Call `recover` once before the first `drain`."""

    def __init__(
        self,
        outbox: Outbox,
        renderer: Renderer,
        outlets: Mapping[str, Outlet],
        clock: Clock,
        watcher: Watcher | None = None,
    ) -> None:
        self._outbox, self._renderer, self._outlets = outbox, renderer, outlets
        self._clock, self._watcher = clock, watcher
        self._gates = {name: _Gate(outlet.pace) for name, outlet in outlets.items()}

    def recover(self) -> int:
        """Settle what an earlier process left half sent: due again where that is safe, else in doubt."""
        safe = frozenset(name for name, outlet in self._outlets.items() if outlet.notifier.idempotent)
        return self._outbox.recover(self._clock.now(), safe)

    def drain(self, stop: Callable[[], bool] = lambda: False) -> int:
        """Send everything that may be sent now; return how many messages were settled or put off.

        Ends when nothing more is due, or between two messages when `stop` says so.
        """
        handled = 0
        while batch := self._ready():
            held: set[str] = set()
            for message in batch:
                if stop():
                    return handled
                if message.channel in held or self._free_at(message.channel) > self._clock.now():
                    held.add(message.channel)
                    continue
                if not self._handle(message):
                    held.add(message.channel)
                handled += 1
        return handled

    def next_due(self) -> int | None:
        """Return when there will be something to do, ms; None where the outbox is empty."""
        return min((max(due, self._free_at(name)) for name, due in self._outbox.heads().items()), default=None)

    def close(self) -> None:
        """Close every notifier, also where one of them fails."""
        problems = []
        for outlet in self._outlets.values():
            try:
                outlet.notifier.close()
            except Exception as problem:  # noqa: BLE001 (the others must be closed all the same)
                problems.append(problem)
        if problems:
            raise problems[0]

    def _ready(self) -> list[OutboxMessage]:
        now = self._clock.now()
        return [message for message in self._outbox.due(now, BATCH) if self._free_at(message.channel) <= now]

    def _free_at(self, channel: str) -> int:
        gate = self._gates.get(channel)
        return gate.free_at() if gate else 0

    def _handle(self, message: OutboxMessage) -> bool:
        """Bring one due message a step further; return whether the channel's next one may follow at once."""
        outlet = self._outlets.get(message.channel)
        if outlet is None:
            return self._dead(message, f"no channel is named {message.channel}")
        too_old = outlet.pace.max_age and self._clock.now() - message.created_at > outlet.pace.max_age
        if too_old:
            return self._dead(message, "too old to be news")
        try:
            rendered = self._renderer.render(message.event_kind, outlet.kind, message.payload)
        except Exception as problem:  # noqa: BLE001 (a template of the user's: any failure is told, none stops the rest)
            return self._dead(message, f"the template failed: {_line(problem)}")
        return self._send(message, outlet, rendered)

    def _send(self, message: OutboxMessage, outlet: Outlet, rendered: Rendered) -> bool:
        reply_to = self._outbox.remote_id(message.thread, message.channel) if message.thread else ""
        post = Post(message.key, message.event_kind, rendered, reply_to)
        self._outbox.mark_sending(message.key, self._clock.now())
        self._gates[message.channel].passed(self._clock.now())
        try:
            delivery = outlet.notifier.send(post)
        except Exception as problem:  # noqa: BLE001 (whether the request left is not known: it may have been delivered)
            delivery = Lost(f"the notifier failed: {_line(problem)}")
        return self._settle(message, outlet, delivery)

    def _settle(self, message: OutboxMessage, outlet: Outlet, delivery: Delivery) -> bool:
        now = self._clock.now()
        match delivery:
            case Sent(remote_id):
                self._outbox.mark_sent(message.key, now, remote_id)
                return self._told(message, "sent", "", True)
            case Refused(why):
                return self._dead(message, why)
            case Later(why, seconds):
                return self._later(message, outlet.pace, why, int(min(seconds, LONGEST_ASKED) * 1000))
            case Lost(why):
                if outlet.notifier.idempotent:
                    return self._later(message, outlet.pace, why, 0)
                self._outbox.mark_in_doubt(message.key, now, why)
                return self._told(message, "in_doubt", why, True)

    def _later(self, message: OutboxMessage, pace: Pace, why: str, asked: int) -> bool:
        attempt = message.attempts + 1
        if attempt >= pace.attempts:
            return self._dead(message, f"given up after {attempt} attempts: {why}")
        self._outbox.mark_later(message.key, self._clock.now() + max(asked, pace.wait(attempt)), why)
        return self._told(message, "later", why, False)

    def _dead(self, message: OutboxMessage, why: str) -> bool:
        self._outbox.mark_dead(message.key, self._clock.now(), why)
        return self._told(message, "dead", why, True)

    def _told(self, message: OutboxMessage, outcome: str, why: str, go_on: bool) -> bool:
        if self._watcher is not None:
            self._watcher.sent(message, outcome, why)
        return go_on


class _Gate:
    """When a channel may be used again: the last posts of the minute."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._times: deque[int] = deque(maxlen=max(pace.per_minute, 1))

    def passed(self, now: int) -> None:
        self._times.append(now)

    def free_at(self) -> int:
        if not self._times:
            return 0
        after_last = self._times[-1] + self._pace.interval
        full = self._pace.per_minute and len(self._times) == self._pace.per_minute
        return max(after_last, self._times[0] + MINUTE) if full else after_last


def _line(problem: Exception) -> str:
    text = " ".join(str(problem).split())
    return f"{type(problem).__name__}: {text}" if text else type(problem).__name__
