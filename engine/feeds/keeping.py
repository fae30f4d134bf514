"""Writing a candle store: candles merged into what is there, month by month.

Nothing is ever changed in place. A month that gains candles is written beside the old file under a new name, then the
table of contents is replaced, which is the moment at which the change happens; files it does not name are left-overs
of a write that was cut off, or were read by somebody while it happened, and go at the next write. One writer at a time
(a lock on the folder); a second one is refused.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np

from engine.domain.market import FIELDS, Candles, Timeframe, Times
from engine.feeds.contents import FORMAT, MARK, Contents, Part, as_text, read_series_contents
from engine.feeds.files import CandleFileError, first_fault, tick_of
from engine.feeds.ladder import chain, no_candles, take, unite
from engine.feeds.part_files import open_part, put, read_rows, write_rows


class StoreWriter:
    """The one writer of a store, made where it is not there. Close it, or use it as a context.

    Raises CandleFileError where the folder cannot be written, or another process is writing.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = (self.folder / ".lock").open("a")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not (self.folder / MARK).exists():
                if any(one.name != ".lock" for one in self.folder.iterdir()):
                    raise CandleFileError(self.folder, 0, "this folder has other files in it and is not a candle store")
                _replace(self.folder / MARK, json.dumps({"kind": "candle store", "format": FORMAT}).encode())
        except BlockingIOError:
            raise CandleFileError(self.folder, 0, "another process is writing this store") from None
        except OSError as error:
            raise CandleFileError(self.folder, 0, f"cannot be written: {error}") from None

    def __enter__(self) -> StoreWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._lock.close()

    def contents(self, venue: str, symbol: str, timeframe: Timeframe) -> Contents:
        """Return what the store has of a series; one without parts where it has nothing."""
        none = Contents(venue, symbol, timeframe)
        path = self.folder / none.folder / "series.json"
        return read_series_contents(path) if path.exists() else none

    def add(self, candles: Candles, span: tuple[int, int] | None = None, *, tick: Decimal | None = None) -> int:
        """Merge candles into the store; return how many are new.

        `span` (ms) is where they were recorded: a candle that is absent in it did not exist (None: from the first
        open to the last close). `tick` None: the last decimal place that any price uses. Candles that are there
        already must be the same. Raises CandleFileError and leaves the store as it was.
        """
        if not len(candles) and span is None:
            return 0
        before = self.contents(candles.venue, candles.symbol, candles.timeframe)
        folder = self.folder / before.folder
        if before.symbol != candles.symbol:
            why = f"holds {before.symbol} already; {candles.symbol} would have the same name: take another store for it"
            raise CandleFileError(folder, 0, why)
        self._refuse_bad(candles, folder)
        try:
            folder.mkdir(exist_ok=True)
            _sweep(folder, before.parts)
            parts, new = self._merged(candles, before, folder)
            after = replace(
                before,
                tick=_finest(before, tick_of(candles) if tick is None else tick),
                spans=unite([*before.spans, *_recorded(candles, span)]),
                parts=tuple(sorted(parts, key=lambda part: part.first)),
            )
            _replace(folder / "series.json", as_text(after).encode())
        except OSError as error:
            raise CandleFileError(folder, 0, f"cannot be written: {error}") from None
        _sweep(folder, after.parts)
        return new

    def _refuse_bad(self, candles: Candles, folder: Path) -> None:
        if not len(candles):
            return
        columns = [getattr(candles, name) for name in FIELDS]
        if finding := first_fault(candles.close_time - candles.timeframe.ms, columns, candles.timeframe):
            row, why = finding
            opened = int(candles.close_time[row]) - candles.timeframe.ms
            raise CandleFileError(folder, 0, f"the candle that opens at {opened} is not kept: {why}")

    def _merged(self, candles: Candles, before: Contents, folder: Path) -> tuple[list[Part], int]:
        """Write the months that gain candles; return all parts, and how many candles are new."""
        parts = {part.file.partition(".")[0]: part for part in before.parts}
        new = 0
        for month, mine in _by_month(candles):
            old = parts.get(month)
            kept = self._kept(folder / old.file, before) if old else no_candles(candles.symbol, candles.timeframe)
            whole = _together(kept, mine, folder)
            if len(whole) == len(kept):
                continue
            new += len(whole) - len(kept)
            number = int(old.file.split(".")[1]) + 1 if old else 1
            parts[month] = write_rows(folder / f"{month}.{number}.parquet", whole)
        return list(parts.values()), new

    def _kept(self, path: Path, contents: Contents) -> Candles:
        with open_part(path) as file:
            return read_rows(file, path, contents)


def _by_month(candles: Candles) -> Iterator[tuple[str, Candles]]:
    """Yield the candles of each month, by the day they open on in UTC."""
    opened: Times = candles.close_time - candles.timeframe.ms
    months = opened.astype("datetime64[ms]").astype("datetime64[M]")
    for border in np.split(np.arange(len(opened)), np.flatnonzero(np.diff(months.astype(np.int64))) + 1):
        if len(border):
            yield str(months[border[0]]), take(candles, slice(int(border[0]), int(border[-1]) + 1))


def _together(kept: Candles, new: Candles, folder: Path) -> Candles:
    """Return both, in the order of time. Raises CandleFileError where they tell the same candle differently."""
    whole = chain([kept, new])
    order = np.argsort(whole.close_time, kind="stable")
    whole = take(whole, order)
    again = np.flatnonzero(np.diff(whole.close_time) == 0)
    for name in FIELDS:
        values = getattr(whole, name)
        differ = again[values[again] != values[again + 1]]
        if len(differ):
            opened = int(whole.close_time[differ[0]]) - whole.timeframe.ms
            old, now = values[differ[0]], values[differ[0] + 1]
            raise CandleFileError(
                folder, 0, f"the candle that opens at {opened} is there already with {name} {old!r}, now it is {now!r}"
            )
    return take(whole, np.delete(np.arange(len(order)), again + 1))


def _recorded(candles: Candles, span: tuple[int, int] | None) -> list[tuple[int, int]]:
    if span is not None:
        return [span] if span[0] < span[1] else []
    return [(int(candles.close_time[0]) - candles.timeframe.ms, int(candles.close_time[-1]))]


def _finest(before: Contents, tick: Decimal) -> Decimal:
    if not before.parts:
        return tick
    return min(before.tick, tick) if before.tick and tick else Decimal(0)


def _sweep(folder: Path, parts: Sequence[Part]) -> None:
    """Remove files that the table of contents does not name."""
    named = {part.file for part in parts}
    for path in folder.glob("*.parquet*"):
        if path.name not in named:
            with contextlib.suppress(OSError):
                path.unlink()


def _replace(path: Path, content: bytes) -> None:
    beside = path.with_name(f"{path.name}.new")
    beside.write_bytes(content)
    put(beside, path)
