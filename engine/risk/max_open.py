"""At most so many live positions at a time, of one strategy or of all together."""

from __future__ import annotations

from dataclasses import dataclass

from engine.domain.book import Book


@dataclass(frozen=True, slots=True)
class MaxOpen:
    """Refuse a signal while `limit` positions (pending ones count) are live: of its strategy, or `overall`."""

    limit: int
    overall: bool = False
    name: str = "max_open"

    def __post_init__(self) -> None:
        if self.limit < 1:
            raise ValueError(f"max_open needs a limit of at least 1, not {self.limit}")

    def refuse(self, strategy: str, symbol: str, side: str, time: int, book: Book) -> str | None:
        """Return why there may be no further position, or None."""
        live = sum(1 for p in book.live_positions() if self.overall or p.signal.strategy == strategy)
        return f"{live} of {self.limit} positions are live" if live >= self.limit else None


RULE = MaxOpen
