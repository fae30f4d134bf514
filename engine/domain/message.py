"""Messages: what is owed to whom, what was rendered, and what became of it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Channel:
    """A place that is published to, as configured.

    `name` is the user's (`telegram_vip`), `kind` the notifier's (`telegram`). `events` are the kinds of
    event it gets (signal, opened, target, stop_moved, closed, report, ...); `stop_moved` is a move that a
    target caused, `trailed` a step of a trailing stop. `bots` limits it to some strategies (empty: all).
    `options` hold no secrets; `secrets` maps an option's name to the name of the environment variable that
    holds it.
    """

    name: str
    kind: str
    events: frozenset[str]
    bots: frozenset[str] = frozenset()
    options: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Brand:
    """Whose posts these are, as configured. `hashtag` is without the sign; empty fields are left out of posts.

    `link_on_x` lets posts on X carry links, which X bills many times higher.
    """

    name: str = ""
    url: str = ""
    disclaimer: str = ""
    hashtag: str = ""
    link_on_x: bool = False


@dataclass(frozen=True, slots=True)
class Bot:
    """A strategy as its followers know it."""

    id: str
    name: str = ""
    version: str = ""
    about: str = ""


class State(enum.StrEnum):
    """The life of an outbox message: DUE -> SENDING -> SENT; or back to DUE, or DEAD, or IN_DOUBT.

    IN_DOUBT: the request left and no answer was read, on a network without an idempotency key.
    It is never sent again by itself.
    """

    DUE = "due"
    SENDING = "sending"
    SENT = "sent"
    DEAD = "dead"
    IN_DOUBT = "in_doubt"


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """One message owed to one channel. `key` (event id + channel) is unique for ever.

    `payload` is JSON-able and complete: rendering needs nothing else. `thread` joins messages about
    one signal (its id), so that an update can answer the first post.
    """

    key: str
    event_id: str
    event_kind: str
    channel: str
    thread: str
    created_at: int
    payload: Mapping[str, Any]
    state: State = State.DUE
    attempts: int = 0
    due_at: int = 0
    remote_id: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message as a channel will show it. `plain` is sent where the markup of `text` is refused.

    `body` is the JSON body for channels that speak JSON (webhook); else None.
    """

    text: str
    plain: str
    body: Mapping[str, Any] | None = None
    title: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """All that a notifier needs to send: the rendering, the unique key, and the message it answers.

    `reply_to` is the remote id of the thread's first message on this channel, or empty.
    """

    key: str
    event_kind: str
    rendered: Rendered
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """The channel took it. `remote_id` is the channel's id of the message (may be empty)."""

    remote_id: str = ""


@dataclass(frozen=True, slots=True)
class Later:
    """Certainly not delivered; try again after `seconds` (0: the relay's own back-off)."""

    why: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Refused:
    """Certainly not delivered, and never will be (bad token, chat gone, text refused)."""

    why: str


@dataclass(frozen=True, slots=True)
class Lost:
    """The request left and the answer was lost: it may have been delivered."""

    why: str


Delivery = Sent | Later | Refused | Lost
