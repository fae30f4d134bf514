"""The past as if it happened now: a clock that the replay moves, and a feed that never shows what it hides."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence

from engine.domain.market import Candles, Market, Series, Timeframe
from engine.ports import Clock, Feed


class VirtualClock:
    """A clock that begins at `start` (ms) and is moved by those who sleep on it.

    `speed` 0: as fast as can be; else so many times as fast as real time. `stop` may be called from a
    signal handler or another thread.
    """

    def __init__(self, start: int, speed: float = 0.0) -> None:
        if speed < 0:
            raise ValueError("the speed of a clock is 0 (as fast as can be) or more")
        self._now, self._speed = start, speed
        self._origin = (start, time.monotonic())
        self._stopped = threading.Event()

    def now(self) -> int:
        if self._speed:
            began, origin = self._origin
            self._now = max(self._now, began + int((time.monotonic() - origin) * 1000 * self._speed))
        return self._now

    def sleep_until(self, time: int) -> bool:
        if self._speed and (wait := time - self.now()) > 0:
            self._stopped.wait(wait / 1000 / self._speed)
        if not self._stopped.is_set():
            self._now = max(self._now, time)
        return not self._stopped.is_set()

    def stop(self) -> None:
        """Wake every sleeper and let each further sleep return False at once."""
        self._stopped.set()


class ReplayFeed:
    """A feed that shows of another one only what had closed, or was published, at `clock.now()`."""

    def __init__(self, feed: Feed, clock: Clock) -> None:
        self.name = feed.name
        self._feed, self._clock = feed, clock

    def markets(self, symbols: Sequence[str]) -> Mapping[str, Market]:
        return self._feed.markets(symbols)

    def timeframes(self, symbol: str) -> tuple[Timeframe, ...]:
        return self._feed.timeframes(symbol)

    def span(self, symbol: str, timeframe: Timeframe) -> tuple[int, int] | None:
        whole, now = self._feed.span(symbol, timeframe), self._clock.now()
        if whole is None or whole[0] > now:
            return None
        if whole[1] <= now:
            return whole
        past = self._feed.candles(symbol, timeframe, whole[0] - 1, now)
        return whole[0], int(past.close_time[-1])

    def candles(self, symbol: str, timeframe: Timeframe, after: int, until: int) -> Candles:
        return self._feed.candles(symbol, timeframe, after, min(until, self._clock.now()))

    def series(self, name: str, until: int) -> Series | None:
        return self._feed.series(name, min(until, self._clock.now()))
