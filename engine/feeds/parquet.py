"""A candle store: Parquet files by market, timeframe and month, for histories that do not fit into memory.

A store is a folder with `candles.json` in it. Each series has a folder of its own, named like a candle file
(`binanceusdm_BTCUSDT_1m`), with one Parquet file per month and `series.json`, its table of contents. Candles are read
a week at a time as they are asked for, and the last ones read are kept up to a bound, so that a run over any span
needs the memory of its block and not of the store. Higher timeframes are built as for candle files
(engine.feeds.ladder), over the span that is asked for.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.domain.market import FIELDS, Candles, Market, Series, Timeframe
from engine.feeds.contents import Contents, is_store, read_contents
from engine.feeds.described import described, told_beside
from engine.feeds.files import CandleFileError, is_series, read_series
from engine.feeds.ladder import STANDARD, Ladder, Track, chain, no_candles
from engine.feeds.memory import known_until
from engine.feeds.part_files import open_part, read_rows

KEEP_BYTES = 256 << 20
"""How much of what was read is kept."""
MOST_OPEN = 64
"""How many files are open at once."""
_PROBE_MS = 32 * 86_400_000
"""How far is looked at once for the first and the last candle of a timeframe that is built."""


class ParquetFeed:
    """Serve a candle store. Raises CandleFileError for a folder that is none, and for a file that cannot be read.

    Where a symbol is there from several venues, one venue is taken for all of it: the first of `venues` that has
    it, else the one with the most series here.
    """

    name = "store"

    def __init__(self, folder: Path | str, venues: Sequence[str] = (), keep_bytes: int = KEEP_BYTES) -> None:
        self._folder = Path(folder)
        if not is_store(self._folder):
            raise CandleFileError(self._folder, 0, "this is not a candle store: it has no candles.json")
        self._series_files = {
            path.name.partition(".")[0].lower(): path for path in sorted(self._folder.glob("*.csv*")) if is_series(path)
        }
        self._known_series: dict[str, Series] = {}
        self._told = told_beside([self._folder])
        self._contents = _by_symbol(read_contents(self._folder), venues)
        self._kept = _Kept(keep_bytes)
        self._spans: dict[tuple[str, Timeframe], tuple[int, int] | None] = {}

    def symbols(self) -> tuple[str, ...]:
        """Return every symbol there is, sorted."""
        return tuple(sorted(self._contents))

    def markets(self, symbols: Sequence[str]) -> Mapping[str, Market]:
        found = {symbol: _market(self._contents[symbol]) for symbol in symbols if symbol in self._contents}
        return {symbol: described(market, self._told) for symbol, market in found.items()}

    def timeframes(self, symbol: str) -> tuple[Timeframe, ...]:
        own = self._contents.get(symbol, {})
        built = (t for t in STANDARD if any(t.is_multiple_of(one) for one in own))
        return tuple(sorted({*own, *built}))

    def span(self, symbol: str, timeframe: Timeframe) -> tuple[int, int] | None:
        key = (symbol, timeframe)
        if key not in self._spans:
            self._spans[key] = self._look_for_span(symbol, timeframe)
        return self._spans[key]

    def candles(self, symbol: str, timeframe: Timeframe, after: int, until: int) -> Candles:
        own = self._contents.get(symbol)
        if own is None:
            return no_candles(symbol, timeframe)
        first = min(contents.first for contents in own.values())
        last = max(contents.last for contents in own.values())
        begin = timeframe.floor(max(after, first - timeframe.ms - 1))
        end = timeframe.floor(min(until, last + timeframe.ms) - 1) + timeframe.ms
        market = _market(own)
        if begin >= end:
            return no_candles(symbol, timeframe, market.venue)
        needed = {t: contents for t, contents in own.items() if timeframe.is_multiple_of(t)}
        tracks = {t: self._track(contents, begin, end) for t, contents in needed.items()}
        return Ladder(market, tracks).candles(timeframe).between(after, until)

    def series(self, name: str, until: int) -> Series | None:
        """Return an external series that lies in the store as `NAME.csv`, up to `until`."""
        if name not in self._series_files:
            return None
        if name not in self._known_series:
            self._known_series[name] = read_series(self._series_files[name], name)
        return known_until(self._known_series[name], until)

    # -- inside --

    def _track(self, contents: Contents, begin: int, end: int) -> Track:
        """Return what a series has with begin < close time <= end, and where in that span it was recorded."""
        spans = tuple((max(a, begin), min(b, end)) for a, b in contents.spans if a < end and b > begin)
        pieces = [
            self._kept.read(self._folder / contents.folder / part.file, group, contents)
            for part in contents.parts
            if part.first <= end and part.last > begin
            for group in part.groups_between(begin, end)
        ]
        whole = chain(pieces) if pieces else no_candles(contents.symbol, contents.timeframe, contents.venue)
        return Track(whole.between(begin, end), spans)

    def _look_for_span(self, symbol: str, timeframe: Timeframe) -> tuple[int, int] | None:
        own = self._contents.get(symbol, {})
        if timeframe in own and all(t >= timeframe for t in own):
            return own[timeframe].first, own[timeframe].last
        if not any(timeframe.is_multiple_of(t) for t in own):
            return None
        begin = min(contents.first for contents in own.values()) - 1
        end = max(contents.last for contents in own.values()) + timeframe.ms
        step = max(_PROBE_MS, 4 * timeframe.ms)
        first = last = None
        for after in range(begin, end, step):
            times = self.candles(symbol, timeframe, after, after + step).close_time
            if len(times):
                first = int(times[0])
                break
        if first is None:
            return None
        for until in range(end, begin, -step):
            times = self.candles(symbol, timeframe, until - step, until).close_time
            if len(times):
                last = int(times[-1])
                break
        return first, first if last is None else last


class _Kept:
    """The row groups that were read last, up to a number of bytes."""

    def __init__(self, most: int) -> None:
        self._most, self._bytes = most, 0
        self._groups: OrderedDict[tuple[Path, int], Candles] = OrderedDict()
        self._open: OrderedDict[Path, Any] = OrderedDict()

    def read(self, path: Path, group: int, contents: Contents) -> Candles:
        key = (path, group)
        if key in self._groups:
            self._groups.move_to_end(key)
            return self._groups[key]
        found = self._groups[key] = read_rows(self._file(path), path, contents, group)
        self._bytes += found.close_time.nbytes * (1 + len(FIELDS))
        while self._bytes > self._most and len(self._groups) > 1:
            _, gone = self._groups.popitem(last=False)
            self._bytes -= gone.close_time.nbytes * (1 + len(FIELDS))
        return found

    def _file(self, path: Path) -> Any:
        if path in self._open:
            self._open.move_to_end(path)
            return self._open[path]
        file = self._open[path] = open_part(path)
        if len(self._open) > MOST_OPEN:
            self._open.popitem(last=False)[1].close()
        return file


def _by_symbol(every: Sequence[Contents], venues: Sequence[str]) -> dict[str, dict[Timeframe, Contents]]:
    count: dict[str, int] = {}
    for contents in every:
        count[contents.venue] = count.get(contents.venue, 0) + 1

    def rank(venue: str) -> tuple[int, int, str]:
        return (venues.index(venue) if venue in venues else len(venues), -count[venue], venue)

    found: dict[str, dict[Timeframe, Contents]] = {}
    for symbol in sorted({contents.symbol for contents in every}):
        mine = [contents for contents in every if contents.symbol == symbol and contents.parts]
        if mine:
            venue = min((contents.venue for contents in mine), key=rank)
            found[symbol] = {contents.timeframe: contents for contents in mine if contents.venue == venue}
    return found


def _market(own: Mapping[Timeframe, Contents]) -> Market:
    """Return the market with the finest tick that any of its series knows; 0: none is known."""
    ticks = [contents.tick for contents in own.values()]
    any_of = next(iter(own.values()))
    return Market(any_of.venue, any_of.symbol, min(ticks) if all(ticks) else ticks[0] * 0)
