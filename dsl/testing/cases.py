"""Test files read into cases: what is fed in, and what is expected, each with its place."""

from __future__ import annotations

import datetime as dt
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from dsl.document import Entry, Listing, Node, Scalar, Table, Unread, read_table
from dsl.errors import Diagnostic, Source, Span
from dsl.reading import Reader
from dsl.testing.expectations import Expectation, ExpectationReader, read_time
from dsl.testing.keys import MODEL, TEST, TESTS
from dsl.testing.made import FILE, Made, MadeReader
from engine.domain.market import FIELDS, Floats, Timeframe

START = int(dt.datetime(2026, 1, 5, tzinfo=dt.UTC).timestamp() * 1000)
"""A Monday: weekly candles of a made series are whole."""


@dataclass(frozen=True, slots=True)
class Case:
    """One test: the candles and what must come of them."""

    name: str
    span: Span
    symbol: str
    timeframe: str
    start: int
    made: tuple[Made, ...] = ()
    candles: Path | None = None
    since: int | None = None
    until: int | None = None
    series: dict[str, Floats] = field(default_factory=dict)
    model: dict[str, Floats] = field(default_factory=dict)
    expect: tuple[Expectation, ...] = ()


@dataclass(frozen=True, slots=True)
class Suite:
    """A test file: the strategy it tests and its cases."""

    path: Path
    strategy: Path
    cases: tuple[Case, ...]


def read_suite(path: Path, text: str | None = None) -> tuple[Suite | None, list[Diagnostic]]:
    """Read a test file, or what an editor has of it. Everything that is wrong with it is found in one run."""
    table, source, found = read_table(path if text is None else Source(str(path), text))
    reader = Reader(found)
    if table is None:
        return None, found
    keys = reader.keys(table, TESTS.known, Span(source, 0, 0))
    stem = path.name.removesuffix(".yaml").removesuffix(".test")
    if "strategy" in keys:
        stem = reader.text(keys["strategy"].value, "`strategy`") or stem
    strategy = path.parent / (stem if stem.endswith(".yaml") else f"{stem}.yaml")
    if not there(strategy):
        where = keys["strategy"].value.span if "strategy" in keys else Span(source, 0, 0)
        reader.refuse("missing-strategy", f"there is no strategy `{strategy.name}` beside this test file", where)
    cases = _Cases(reader, path.parent).read(keys["tests"]) if "tests" in keys else ()
    return Suite(path, strategy, cases), found


def there(path: Path) -> bool:
    """Tell whether a path leads to something; a name that no file can have leads nowhere."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _cut(key: str, value: Node) -> bool:
    """Tell whether a key is a piece of a series that its own commas have cut."""
    return isinstance(value, Scalar) and value.empty and bool(re.match(r"[-+]?[0-9]|_ *x|to\s|noise\s", key))


class _Cases:
    """Reads the list of tests."""

    def __init__(self, reader: Reader, folder: Path) -> None:
        self._reader, self._folder = reader, folder

    def read(self, entry: Entry) -> tuple[Case, ...]:
        if not isinstance(entry.value, Listing):
            if not isinstance(entry.value, Unread):  # told already
                self._reader.refuse("wrong-type", "`tests` must be a list", entry.key.span)
            return ()
        if not entry.value.items:
            self._reader.refuse("missing-key", "there are no tests here", entry.key.span)
        cases: list[Case] = []
        names: dict[str, Span] = {}
        for item in entry.value.items:
            table = self._reader.table(item, "each test")
            case = self._case(table) if table else None
            if case is None:
                continue
            if case.name in names:
                first = ((names[case.name], "here for the first time"),)
                message = f"a second test is named `{case.name}`"
                self._reader.found.append(Diagnostic("duplicate-test", message, case.span, notes=first))
            names.setdefault(case.name, case.span)
            cases.append(case)
        return tuple(cases)

    def _case(self, table: Table) -> Case | None:
        piece = next((entry for name, entry in table.entries.items() if _cut(name, entry.value)), None)
        if piece is not None:
            advice = "put quotes around the whole series, or give each key its own line"
            message = "a comma inside `{ }` ends the series"
            self._reader.refuse("series-syntax", message, piece.key.span, advice)
            return None
        keys = self._reader.keys(table, TEST.known, Span(table.span.source, table.span.start, table.span.start + 1))
        name = self._reader.scalar(keys["name"].value, "`name`") if "name" in keys else None
        if name is None:
            return None
        if ("close" in keys) == ("candles" in keys):
            self._reader.refuse("missing-key", "a test has either `close` or `candles`", name.span)
        for key in (*FIELDS, "others", "start") if "candles" in keys and "close" not in keys else ():
            if key in keys:
                message = f"`{key}` belongs to made candles; these come from a file"
                self._reader.refuse("unknown-key", message, keys[key].key.span)
        symbol = self._text(keys, "symbol") or "BTC/USDT"
        made = MadeReader(self._reader).all(keys, symbol)
        length = made[0].length if made else FILE if "candles" in keys else None
        start = self._time(keys, "start")
        timeframe = self._timeframe(keys)
        if start is not None and start % Timeframe.parse(timeframe).ms:
            message = f"no candle of {timeframe} opens at that time"
            self._reader.refuse("wrong-type", message, keys["start"].value.span)
        return Case(
            name=name.value,
            span=name.span,
            symbol=symbol,
            timeframe=timeframe,
            start=START if start is None else start,
            made=made,
            candles=Path(os.path.normpath(self._folder / self._text(keys, "candles"))) if "candles" in keys else None,
            since=self._time(keys, "from"),
            until=self._time(keys, "to"),
            series=MadeReader(self._reader).named(keys, "series", length),
            model=MadeReader(self._reader).named(keys, "model", length, tuple(MODEL.known)),
            expect=ExpectationReader(self._reader).read(keys["expect"]) if "expect" in keys else (),
        )

    def _text(self, keys: dict[str, Entry], key: str) -> str:
        return (self._reader.text(keys[key].value, f"`{key}`") or "") if key in keys else ""

    def _timeframe(self, keys: dict[str, Entry]) -> str:
        text = self._text(keys, "timeframe") or "5m"
        try:
            Timeframe.parse(text)
        except ValueError as error:
            self._reader.refuse("wrong-type", str(error), keys["timeframe"].value.span)
            return "5m"
        return text

    def _time(self, keys: dict[str, Entry], key: str) -> int | None:
        return read_time(self._reader, keys[key].value, f"`{key}`") if key in keys else None
