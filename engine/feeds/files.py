"""Candle files: CSV with the header `timestamp_ms,open,high,low,close,volume`, plain or gzipped.

`timestamp_ms` is the candle's **open**, UTC. A file is named `VENUE_SYMBOL_TIMEFRAME.csv[.gz]`, as in
`binanceusdm_BTCUSDT_5m.csv.gz`; `_2`, `_3` before the ending mark further files of the same market. Any other
CSV in the folder with the header `timestamp_ms,value` is an external series named after the file (`fng.csv`), and
`markets.csv` tells the steps of its markets (engine.feeds.described).

A file with a bad row is not used at all: a CandleFileError names the file, the line and what is wrong.
"""

from __future__ import annotations

import gzip
import os
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import numpy as np

from engine.domain.market import FIELDS, Candles, Floats, Market, Series, Timeframe, Times
from engine.feeds import described
from engine.feeds.faults import CandleFileError as CandleFileError
from engine.feeds.ladder import Ladder, Track, chain, take, unite
from engine.feeds.memory import MemoryFeed

HEADER = ("timestamp_ms", *FIELDS)
QUOTES = ("FDUSD", "USDT", "USDC", "BUSD", "TUSD", "USD", "EUR", "GBP", "JPY", "TRY", "BRL", "DAI", "BTC", "ETH", "BNB")
SERIES_MAX_AGE_MS = 2 * 86_400_000
"""A daily value still holds while the next one is up to a day late, then it is unknown."""

_NAME = re.compile(r"(?P<venue>[a-z][a-z0-9]*)_(?P<wire>[A-Z0-9]+)_(?P<timeframe>[1-9]\d*[smhdw])(_\d+)?\.csv(\.gz)?")
T = TypeVar("T")
_WHOLE = re.compile(r"\d{1,15}")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?|[-+]?(nan|inf(inity)?)|", re.IGNORECASE)
_EARLIEST_MS = 10**11  # 1973: anything below is a count of seconds


@dataclass(frozen=True, slots=True)
class CandleFile:
    """A candle file by its name alone: nothing of it has been read."""

    path: Path
    venue: str
    symbol: str
    timeframe: Timeframe

    @staticmethod
    def named(path: Path) -> CandleFile | None:
        """Read the file's name; None where it is not the name of a candle file."""
        match = _NAME.fullmatch(path.name)
        symbol = split_symbol(match["wire"]) if match else None
        if match is None or symbol is None:
            return None
        return CandleFile(path, match["venue"], symbol, Timeframe.parse(match["timeframe"]))


def split_symbol(wire: str) -> str | None:
    """Return `BTC/USDT` for `BTCUSDT` by its quote asset, the longest known one; None where none fits."""
    for quote in sorted(QUOTES, key=len, reverse=True):
        if wire.endswith(quote) and len(wire) > len(quote):
            return f"{wire[: -len(quote)]}/{quote}"
    return None


class FilesFeed(MemoryFeed):
    """Serve candle files: a folder of them, or single ones by path. Each is read when first asked for, and kept.

    Where a symbol has files of several venues, one venue is taken for all of it, never a mixture: the
    first of `venues` that has it, else the one with the most files here. Raises CandleFileError for a path
    that is not there, or holds no candle file; `candles` and `markets` raise it for a bad row.
    """

    def __init__(self, paths: Sequence[Path | str], venues: Sequence[str] = ()) -> None:
        series = {
            one.name.partition(".")[0].lower(): one
            for path in map(Path, paths)
            for one in _listed(path)
            if not CandleFile.named(one) and is_series(one)
        }
        self._files = _by_symbol(candle_files(paths), venues)
        ladders = _Lazy(self._files, lambda symbol: load_market(self._files[symbol]))
        self._told = described.told_beside(paths)
        super().__init__("files", ladders, _Lazy(series, lambda name: read_series(series[name], name)))

    def markets(self, symbols: Sequence[str]) -> Mapping[str, Market]:
        found = super().markets(symbols)
        return {symbol: described.described(market, self._told) for symbol, market in found.items()}

    def problems(self) -> tuple[CandleFileError, ...]:
        """Read every file and return what is wrong, the first finding of each."""
        found = []
        for files in self._files.values():
            for file in files:
                try:
                    read_candles(file)
                except CandleFileError as error:
                    found.append(error)
        return tuple(found)


def candle_files(paths: Sequence[Path | str]) -> list[CandleFile]:
    """Return the candle files among paths and in folders, each once. Raises CandleFileError where there is none."""
    every = (one for path in map(Path, paths) for one in _listed(path))
    files = {os.path.realpath(one): named for one in every if (named := CandleFile.named(one))}
    if not files:
        raise CandleFileError(Path(paths[0]) if paths else Path(), 0, "there is no candle file here")
    return list(files.values())


class _Lazy(Mapping[str, T]):
    """A mapping whose values are loaded when first asked for, and kept."""

    def __init__(self, keys: Iterable[str], load: Callable[[str], T]) -> None:
        self._keys, self._load = tuple(keys), load
        self._loaded: dict[str, T] = {}

    def __getitem__(self, key: str) -> T:
        if key not in self._loaded:
            if key not in self._keys:
                raise KeyError(key)
            self._loaded[key] = self._load(key)
        return self._loaded[key]

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


def is_series(path: Path) -> bool:
    """Say whether a CSV that is not named as a candle file is a series. Raises where it holds candles."""
    header = _bytes(path).partition(b"\n")[0].decode("utf-8-sig", "replace").strip().split(",")
    if "close" in header and "timestamp_ms" in header:
        raise CandleFileError(path, 0, "a candle file is named like binanceusdm_BTCUSDT_5m.csv.gz")
    return "timestamp_ms" in header and "value" in header


def _listed(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(one for one in path.iterdir() if one.name.endswith((".csv", ".csv.gz")))
    if not path.exists():
        raise CandleFileError(path, 0, "there is no such file or folder")
    return [path]


def _by_symbol(files: list[CandleFile], venues: Sequence[str]) -> dict[str, list[CandleFile]]:
    count = {venue: sum(file.venue == venue for file in files) for venue in {file.venue for file in files}}

    def rank(venue: str) -> tuple[int, int, str]:
        return (venues.index(venue) if venue in venues else len(venues), -count[venue], venue)

    chosen: dict[str, list[CandleFile]] = {}
    for symbol in sorted({file.symbol for file in files}):
        mine = [file for file in files if file.symbol == symbol]
        venue = min((file.venue for file in mine), key=rank)
        chosen[symbol] = [file for file in mine if file.venue == venue]
    return chosen


def load_market(files: Sequence[CandleFile]) -> Ladder:
    """Read all files of one market. Raises CandleFileError.

    The market's tick is the last decimal place that any price of any of these files uses, trailing zeros
    not counted (0: more than 12 places, so none is known).
    """
    parts: dict[Timeframe, list[tuple[CandleFile, Candles]]] = {}
    for file in files:
        parts.setdefault(file.timeframe, []).append((file, read_candles(file)))
    tracks = {timeframe: _merged(mine) for timeframe, mine in parts.items()}
    ticks = [tick_of(track.candles) for track in tracks.values()]
    return Ladder(Market(files[0].venue, files[0].symbol, min(ticks)), tracks)


def _merged(parts: list[tuple[CandleFile, Candles]]) -> Track:
    """Join files of one market and timeframe. Where they overlap they must agree."""
    every = chain([candles for _, candles in parts])
    order = np.argsort(every.close_time, kind="stable")
    every = take(every, order)
    again = np.flatnonzero(np.diff(every.close_time) == 0)
    for name in FIELDS:
        values = getattr(every, name)
        differ = again[values[again] != values[again + 1]]
        if len(differ):
            time = int(every.close_time[differ[0]]) - every.timeframe.ms
            here = [file.path for file, candles in parts if time + every.timeframe.ms in candles.close_time]
            why = f"its candle of {time} differs from the one in {here[0].name} ({name})"
            raise CandleFileError(here[1], _line_of(here[1], time), why)
    spans = unite(span for _, candles in parts for span in Track.of(candles).spans)
    return Track(take(every, np.setdiff1d(np.arange(len(every)), again + 1)), spans)


def tick_of(candles: Candles) -> Decimal:
    """Return the last decimal place that any price uses as a step, 0 where it is beyond the twelfth."""
    prices = np.concatenate([getattr(candles, name) for name in ("open", "high", "low", "close")])
    places = next((places for places in range(13) if np.array_equal(np.round(prices, places), prices)), None)
    return Decimal(0) if places is None else Decimal(1).scaleb(-places)


def read_candles(file: CandleFile) -> Candles:
    """Read one file, half a million rows in a fraction of a second. Raises CandleFileError for its first bad row."""
    timestamp, columns = _columns(file.path, HEADER)
    if not len(timestamp):
        raise CandleFileError(file.path, 0, "it has no candle")
    if finding := first_fault(timestamp, columns, file.timeframe):
        row, why = finding
        raise CandleFileError(file.path, line_of_row(file.path, row), why)
    opened, high, low, close, volume = columns
    close_time = timestamp + file.timeframe.ms
    return Candles(file.symbol, file.timeframe, close_time, opened, high, low, close, volume, file.venue)


def first_fault(times: Times, columns: Sequence[Floats], timeframe: Timeframe) -> tuple[int, str] | None:
    """Return the index of the first bad row and what is wrong with it; `times` are opens, columns as in FIELDS."""
    opened, high, low, close, volume = columns
    step = np.diff(times, prepend=times[0] - 1)
    faults = (
        (~np.isfinite(np.stack(columns)).all(axis=0), "a value is missing or not finite"),
        (times < _EARLIEST_MS, "the timestamp is not in milliseconds since 1970"),
        ((times - timeframe.floor(0)) % timeframe.ms != 0, f"the open is not on the grid of {timeframe}"),
        (step == 0, "the timestamp is the same as on the line before"),
        (step < 0, "the timestamp is earlier than on the line before"),
        (np.minimum.reduce((opened, high, low, close)) <= 0, "a price is zero or negative"),
        (volume < 0, "the volume is negative"),
        (high < low, "the high is below the low"),
        (
            (np.maximum(opened, close) > high) | (np.minimum(opened, close) < low),
            "open or close is outside low to high",
        ),
    )
    found = [(int(np.argmax(bad)), place) for place, (bad, _) in enumerate(faults) if bad.any()]
    return (min(found)[0], faults[min(found)[1]][1]) if found else None


def _columns(path: Path, header: tuple[str, ...]) -> tuple[Times, tuple[Floats, ...]]:
    """Return the timestamps and the other columns of a CSV file with this header, other columns left out."""
    import io

    import pandas as pd

    raw = _bytes(path)
    first = raw[: raw.find(b"\n") + 1 or None].decode("utf-8-sig", "replace").strip().split(",")
    if missing := [name for name in header if name not in first]:
        raise CandleFileError(path, 1, f"the first line must be `{','.join(header)}`; it lacks {', '.join(missing)}")
    types = dict.fromkeys(header[1:], np.float64)
    try:
        table = pd.read_csv(io.BytesIO(raw), usecols=list(header), dtype=types, index_col=False, low_memory=False,
                            encoding="utf-8-sig")  # fmt: skip
    except ValueError as error:  # ParserError and UnicodeDecodeError are ValueErrors
        raise _unreadable(path, header, first, str(error)) from None
    if raw.count(b",") != (len(table) + 1) * (len(first) - 1):  # pandas drops what is too much
        raise _unreadable(path, header, first, "a line has more or fewer values than the header")
    if table["timestamp_ms"].dtype != np.int64 and len(table):  # 1.7e12 and the like: a float has lost digits
        raise _unreadable(path, header, first, "timestamp_ms is not a whole number of milliseconds")
    columns = (np.ascontiguousarray(table[name].to_numpy()) for name in header[1:])
    return table["timestamp_ms"].to_numpy(np.int64), tuple(columns)


def _unreadable(path: Path, header: tuple[str, ...], first: list[str], error: str) -> CandleFileError:
    """Find the line that could not be read; slow, and only for a file that failed."""
    for number, cells in _rows(path):
        if len(cells) != len(first):
            return CandleFileError(path, number, f"{len(cells)} values, but the header has {len(first)}")
        for name in header:
            cell = cells[first.index(name)].strip()
            whole = name == "timestamp_ms"
            if not (_WHOLE if whole else _NUMBER).fullmatch(cell):
                what = "a whole number of milliseconds" if whole else "a number"
                return CandleFileError(path, number, f"{name} is not {what}: {cell[:40]!r}")
    return CandleFileError(path, 0, error.splitlines()[0])


def _bytes(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
        return gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    except (OSError, EOFError, zlib.error) as error:
        raise CandleFileError(path, 0, f"cannot be read: {error}") from None


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the cells of each line below the header that is not blank."""
    for number, line in enumerate(_bytes(path).decode("utf-8", "replace").splitlines(), start=1):
        if number > 1 and line.strip():
            yield number, line.split(",")


def line_of_row(path: Path, row: int) -> int:
    return next((number for index, (number, _) in enumerate(_rows(path)) if index == row), 0)


def _line_of(path: Path, timestamp: int) -> int:
    return next((number for number, cells in _rows(path) if cells[0].strip() == str(timestamp)), 0)


def read_pairs(path: Path, column: str) -> tuple[Times, Floats]:
    """Read the columns `timestamp_ms` and `column`; times increase. Raises CandleFileError."""
    times, (values,) = _columns(path, ("timestamp_ms", column))
    bad = (~np.isfinite(values)) | (np.diff(times, prepend=times[:1] - 1) <= 0) | (times < _EARLIEST_MS)
    if bad.any():
        why = f"a {column} is not finite, or its time is not later than on the line before"
        raise CandleFileError(path, line_of_row(path, int(np.argmax(bad))), why)
    return times, values


def read_series(path: Path, name: str, max_age_ms: int = SERIES_MAX_AGE_MS) -> Series:
    """Read an external series: each value and the time from which it was known. Raises CandleFileError."""
    return Series(name, *read_pairs(path, "value"), max_age_ms)
