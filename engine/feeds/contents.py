"""The table of contents of a candle store: what is in it, without opening a Parquet file."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from engine.domain.market import Timeframe, wire_symbol
from engine.feeds.files import CandleFileError
from engine.feeds.ladder import Spans

MARK = "candles.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Part:
    """One Parquet file. `groups` are the (first, last) close times (ms) of its row groups, in order."""

    file: str
    rows: int
    groups: tuple[tuple[int, int], ...]

    @property
    def first(self) -> int:
        return self.groups[0][0]

    @property
    def last(self) -> int:
        return self.groups[-1][1]

    def groups_between(self, begin: int, end: int) -> range:
        """Return the row groups that may hold candles with begin < close time <= end."""
        start = bisect_right([last for _, last in self.groups], begin)
        return range(start, bisect_right([first for first, _ in self.groups], end, lo=start))


@dataclass(frozen=True, slots=True)
class Contents:
    """One series of a store. `spans` are those over which it was recorded; `parts` are in the order of time."""

    venue: str
    symbol: str
    timeframe: Timeframe
    tick: Decimal = Decimal(0)
    spans: Spans = ()
    parts: tuple[Part, ...] = ()

    @property
    def folder(self) -> str:
        return f"{self.venue}_{wire_symbol(self.symbol)}_{self.timeframe}"

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)

    @property
    def first(self) -> int:
        """Return the close time of the first candle."""
        return self.parts[0].first

    @property
    def last(self) -> int:
        return self.parts[-1].last

    @property
    def missing(self) -> int:
        """Return how many candles did not exist inside the recorded spans."""
        return sum((b - a) // self.timeframe.ms for a, b in self.spans) - self.rows


def is_store(folder: Path) -> bool:
    return (folder / MARK).is_file()


def read_contents(folder: Path) -> tuple[Contents, ...]:
    """Return what a store holds, sorted. Raises CandleFileError naming the file that is not as it should be."""
    mark = _json(folder / MARK)
    if mark.get("format") != FORMAT:
        raise CandleFileError(folder / MARK, 0, f"this store has the format {mark.get('format')!r}, not {FORMAT}")
    return tuple(sorted(_all(folder), key=lambda found: (found.symbol, found.venue, found.timeframe)))


def _all(folder: Path) -> Iterator[Contents]:
    for path in folder.glob("*/series.json"):
        yield read_series_contents(path)


def read_series_contents(path: Path) -> Contents:
    """Read one `series.json`. Raises CandleFileError."""
    told = _json(path)
    try:
        parts = tuple(
            Part(str(one["file"]), int(one["rows"]), tuple((int(a), int(b)) for a, b in one["groups"]))
            for one in told["parts"]
        )
        spans = tuple((int(a), int(b)) for a, b in told["spans"])
        timeframe, tick = Timeframe.parse(told["timeframe"]), Decimal(told["tick"])
        found = Contents(str(told["venue"]), str(told["symbol"]), timeframe, tick, spans, parts)
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise CandleFileError(path, 0, f"is not the contents of a series: {error!r}") from None
    if any(not part.groups or "/" in part.file for part in parts) or list(parts) != sorted(parts, key=_order):
        raise CandleFileError(path, 0, "its parts are not in the order of time")
    return found


def _order(part: Part) -> int:
    return part.first


def as_text(contents: Contents) -> str:
    """Return the text of `series.json`."""
    return json.dumps(
        {
            "venue": contents.venue,
            "symbol": contents.symbol,
            "timeframe": contents.timeframe.text,
            "tick": format(contents.tick, "f"),
            "spans": contents.spans,
            "parts": [{"file": p.file, "rows": p.rows, "groups": p.groups} for p in contents.parts],
        },
        indent=1,
    )


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CandleFileError(path, 0, f"cannot be read: {error}") from None
    if not isinstance(found, dict):
        raise CandleFileError(path, 0, "is not a table of contents")
    return found
