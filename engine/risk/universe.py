"""Only symbols that were in the universe on the day of the signal: a backtest must not know who survived."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.domain.book import Book


@dataclass(frozen=True, slots=True)
class RecordedUniverse:
    """Refuse a signal on a symbol that was not in the universe at its time.

    `days` has per time (ms) from which it holds the symbols of the universe; the latest one not after the signal
    counts. Before the first one nothing is known, and nothing may be traded.
    """

    days: Mapping[int, frozenset[str]]
    name: str = "universe"
    _times: tuple[int, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        if not self.days:
            raise ValueError("a recorded universe needs at least one day")
        object.__setattr__(self, "_times", tuple(sorted(self.days)))

    def refuse(self, strategy: str, symbol: str, side: str, time: int, book: Book) -> str | None:
        """Return why the symbol may not be traded at `time`, or None."""
        place = bisect_right(self._times, time)
        if not place:
            return "the universe of that time was not recorded"
        if symbol not in self.days[self._times[place - 1]]:
            return f"{symbol} was not in the universe of that day"
        return None


RULE = RecordedUniverse
