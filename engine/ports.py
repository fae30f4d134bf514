"""The ports: what the engine needs from the world, as Protocols, on one screen.

`app.wiring` is the only place that names the concrete parts. Times are ms UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from engine.domain.book import Book
from engine.domain.event import Event, SignalFired
from engine.domain.market import Candles, Floats, Market, Series, Timeframe
from engine.domain.message import Delivery, OutboxMessage, Post, Rendered
from engine.domain.position import Position
from engine.domain.strategy import Plan


class FeedError(Exception):
    """A feed could not answer now (network, limit, maintenance). `retry_after` seconds, 0 if unknown."""

    def __init__(self, why: str, retry_after: float = 0.0) -> None:
        super().__init__(why)
        self.retry_after = retry_after


class Clock(Protocol):
    """Time. `sleep_until` returns False when the engine was asked to stop meanwhile."""

    def now(self) -> int: ...
    def sleep_until(self, time: int) -> bool: ...


class Feed(Protocol):
    """A source of closed candles. Never returns a candle that had not closed at `clock.now()`."""

    @property
    def name(self) -> str: ...

    def markets(self, symbols: Sequence[str]) -> Mapping[str, Market]:
        """Return the markets it has of these; a missing key means the venue has no such symbol."""
        ...

    def timeframes(self, symbol: str) -> tuple[Timeframe, ...]:
        """Return the timeframes it can serve for that symbol, built ones included."""
        ...

    def span(self, symbol: str, timeframe: Timeframe) -> tuple[int, int] | None:
        """Return the first and last close time it can serve, None if it has no such candles."""
        ...

    def candles(self, symbol: str, timeframe: Timeframe, after: int, until: int) -> Candles:
        """Return those with after < close time <= until. Raises FeedError."""
        ...

    def series(self, name: str, until: int) -> Series | None: ...


class CandleStore(Protocol):
    """Candles kept for restarts: what was once decided on is decided on again, unchanged."""

    def append(self, candles: Candles) -> int: ...
    def load(self, venue: str, symbol: str, timeframe: Timeframe, after: int, until: int) -> Candles: ...
    def let_go(self, until: int) -> int:
        """Drop the candles that closed up to `until`; return how many."""
        ...


class Store(Protocol):
    """The memory of the engine. One writer."""

    def commit(
        self,
        events: Iterable[Event],
        messages: Iterable[OutboxMessage],
        cursor: int,
        book: Book | None = None,
    ) -> int:
        """Write all of it in one transaction and move the cursor; return how many events were new.

        What is already there (by event id, message key, signal identity) is left as it is: a second
        commit of the same does nothing. `book` is the book at the cursor, with what candles changed in it
        without an event; None: what the events say.
        """
        ...

    def begin(self, origin: int, decided_from: int) -> tuple[int, int, int | None]:
        """Remember where the very first start begins; return (origin, decided_from, cursor) as they stand.

        Candles are read from `origin` on and decided on after `decided_from`. A later start finds what the
        first one wrote, but for an origin further back, which moves.
        """
        ...

    def cursor(self) -> int | None:
        """Return the close time up to which everything has been decided, None at the very start."""
        ...

    def book(self) -> Book: ...
    def signals(self, since: int, until: int) -> Sequence[SignalFired]: ...
    def ended(self, since: int, until: int) -> Sequence[Position]:
        """Return the positions whose end was told with since < time <= until."""
        ...

    def note(self, at: int, kind: str, text: str) -> None:
        """Record what people may want to know later: a late candle, a feed that did not answer."""
        ...

    def let_go(self, until: int, origin: int) -> int:
        """Drop the blocks and notes up to `until`, and read candles only from `origin` on; return how many went.

        A block that a channel still owes a message of stays.
        """
        ...

    def start_run(self, mode: str, plan_hash: str, engine_version: str) -> int:
        """Record that the engine started; return the run's number."""
        ...

    def seen(self, run: int, outcome: str = "") -> None:
        """Record that the run is alive, or with an `outcome` how it ended."""
        ...


class Outbox(Protocol):
    """The queue between decision and publishing. Every change of state is its own transaction."""

    def due(self, now: int, limit: int) -> Sequence[OutboxMessage]:
        """Return up to `limit` messages per channel that may be sent, in the order they were owed.

        A message that has to wait holds back those behind it on its channel, and no others.
        """
        ...

    def next_due(self) -> int | None: ...
    def heads(self) -> Mapping[str, int]:
        """Return for each channel that owes something when its first message is due."""
        ...

    def mark_sending(self, key: str, now: int) -> None: ...
    def mark_sent(self, key: str, now: int, remote_id: str) -> None: ...
    def mark_later(self, key: str, due_at: int, error: str) -> None: ...
    def mark_dead(self, key: str, now: int, error: str) -> None: ...
    def mark_in_doubt(self, key: str, now: int, error: str) -> None: ...
    def recover(self, now: int, idempotent: frozenset[str]) -> int:
        """After a start: SENDING becomes DUE on channels in `idempotent`, else IN_DOUBT. Return how many."""
        ...

    def remote_id(self, thread: str, channel: str) -> str:
        """Return the remote id of the first message of a thread on a channel, or ''."""
        ...


class Renderer(Protocol):
    """Turns a payload into what one kind of channel shows."""

    def render(self, event_kind: str, channel_kind: str, payload: Mapping[str, Any]) -> Rendered: ...


class Notifier(Protocol):
    """One channel. `idempotent`: its network drops a second message of the same key."""

    idempotent: bool

    def send(self, post: Post) -> Delivery: ...
    def close(self) -> None: ...


class RiskRule(Protocol):
    """A protection: returns why a signal may not be made, or None."""

    name: str

    def refuse(self, strategy: str, symbol: str, side: str, time: int, book: Book) -> str | None: ...


class Predictor(Protocol):
    """A trained model. `known_from` (ms): the end of its training span plus the label's horizon."""

    known_from: int

    def predict(self, features: Mapping[str, Floats]) -> tuple[Floats, Floats]:
        """Return (up, down) ratios for feature columns of one length, rounded to 1e-9, NaN if any is NaN."""
        ...


class StrategyLoader(Protocol):
    """Loads strategy files; a bad one never stops the good ones."""

    def load(self, paths: Sequence[str]) -> tuple[Plan, Sequence[object]]: ...
