"""Test files read into cases: what is fed in, and what is expected, each with its place."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from pathlib import Path

from dsl.document import Entry, Listing, Node, Scalar, Table, read_table
from dsl.errors import Diagnostic, Source, Span
from dsl.reading import Reader
from dsl.testing.made import Made, MadeReader
from dsl.testing.notation import LONGEST
from engine.domain.market import FIELDS, Floats, Timeframe

START = int(dt.datetime(2026, 1, 5, tzinfo=dt.UTC).timestamp() * 1000)
"""A Monday: weekly candles of a made series are whole."""

_NUMBER = r"-?[0-9][0-9_]{0,17}(?:\.[0-9]{1,18})?"
_RANGE = re.compile(rf"({_NUMBER})(%?)\s+to\s+({_NUMBER})(%?)")
_NEAR = re.compile(rf"({_NUMBER})(%?)\s*\+-\s*({_NUMBER})(%?)")
_EXACT = re.compile(rf"({_NUMBER})(%?)")
ENDS = ("TP_HIT", "SL_HIT", "EXPIRED", "CANCELLED", "EXITED", "OPEN", "PENDING")
SIDES = ("long", "short")
TRUTHS = {"false": 0, "unknown": 1, "true": 2}


@dataclass(frozen=True, slots=True)
class Within:
    """A number that is expected: low <= value <= high, `text` as written."""

    low: float
    high: float
    text: str

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Expectation:
    """One expectation. kind: signal | nothing | exactly | at_least | at_most | blocked; None means not compared."""

    kind: str
    span: Span
    side: str | None = None
    bars: Within | None = None
    at: int | None = None
    count: int = 1
    numbers: dict[str, Within] = field(default_factory=dict)
    targets: tuple[Within, ...] = ()
    when: dict[str, int] = field(default_factory=dict)
    ends: str | None = None
    reason: str | None = None


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
    keys = reader.keys(table, {"language": True, "strategy": False, "tests": True}, Span(source, 0, 0))
    stem = path.name.removesuffix(".yaml").removesuffix(".test")
    if "strategy" in keys:
        stem = reader.text(keys["strategy"].value, "`strategy`") or stem
    strategy = path.parent / (stem if stem.endswith(".yaml") else f"{stem}.yaml")
    if not strategy.is_file():
        where = keys["strategy"].value.span if "strategy" in keys else Span(source, 0, 0)
        reader.refuse("missing-strategy", f"there is no strategy `{strategy.name}` beside this test file", where)
    cases = _Cases(reader, path.parent).read(keys["tests"]) if "tests" in keys else ()
    return Suite(path, strategy, cases), found


def _cut(key: str, value: Node) -> bool:
    """Tell whether a key is a piece of a series that its own commas have cut."""
    return isinstance(value, Scalar) and value.empty and bool(re.match(r"[-+]?[0-9]|_ *x|to\s|noise\s", key))


class _Cases:
    """Reads the list of tests."""

    def __init__(self, reader: Reader, folder: Path) -> None:
        self._reader, self._folder = reader, folder

    def read(self, entry: Entry) -> tuple[Case, ...]:
        if not isinstance(entry.value, Listing):
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
        optional = ("symbol", "timeframe", "start", *FIELDS, "others", "candles", "from", "to", "series", "model")
        known = {"name": True, "expect": True, **dict.fromkeys(optional, False)}
        piece = next((entry for name, entry in table.entries.items() if _cut(name, entry.value)), None)
        if piece is not None:
            advice = "put quotes around the whole series, or give each key its own line"
            message = "a comma inside `{ }` ends the series"
            self._reader.refuse("series-syntax", message, piece.key.span, advice)
            return None
        keys = self._reader.keys(table, known, Span(table.span.source, table.span.start, table.span.start + 1))
        name = self._reader.scalar(keys["name"].value, "`name`") if "name" in keys else None
        if name is None:
            return None
        if ("close" in keys) == ("candles" in keys):
            self._reader.refuse("missing-key", "a test has either `close` or `candles`", name.span)
        symbol = self._text(keys, "symbol") or "BTC/USDT"
        made = MadeReader(self._reader).all(keys, symbol)
        length = made[0].length if made else None
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
            candles=self._folder / self._text(keys, "candles") if "candles" in keys else None,
            since=self._time(keys, "from"),
            until=self._time(keys, "to"),
            series=MadeReader(self._reader).named(keys, "series", length),
            model=MadeReader(self._reader).named(keys, "model", length, ("up", "down")),
            expect=_Expectations(self._reader).read(keys["expect"]) if "expect" in keys else (),
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


class _Expectations:
    """Reads the list under `expect`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def read(self, entry: Entry) -> tuple[Expectation, ...]:
        if not isinstance(entry.value, Listing) or not entry.value.items:
            self._reader.refuse("wrong-type", "`expect` must be a list of expectations", entry.key.span)
            return ()
        return tuple(one for item in entry.value.items if (one := self._one(item)) is not None)

    def _one(self, item: Node) -> Expectation | None:
        table = self._reader.table(item, "each expectation")
        kinds = ("signal", "nothing", "exactly", "at_least", "at_most", "blocked")
        if table is None:
            return None
        keys = self._reader.keys(table, dict.fromkeys(kinds, False), table.span)
        if len(keys) != 1:
            if not self._reader.found or len(keys) > 1:
                self._reader.refuse("wrong-type", f"an expectation is one of: {', '.join(kinds)}", table.span)
            return None
        ((kind, entry),) = keys.items()
        match kind:
            case "nothing":
                return Expectation(kind, entry.key.span, bars=self._span_of_bars(entry.value))
            case "exactly" | "at_least" | "at_most":
                return self._count(kind, entry)
        return self._event(kind, entry)

    def _span_of_bars(self, node: Node) -> Within | None:
        if isinstance(node, Scalar) and node.value == "always":
            return Within(0, float("inf"), "always")
        return self._bars(node, "`nothing`")

    def _bars(self, node: Node, what: str) -> Within | None:
        bars = self._within(node, what)
        if bars is not None and not 0 <= bars.low <= bars.high <= LONGEST:
            self._reader.refuse("wrong-type", f"{what} must lie between bar 0 and bar {LONGEST:,}", node.span)
            return None
        return bars

    def _count(self, kind: str, entry: Entry) -> Expectation | None:
        if isinstance(entry.value, Scalar):
            count = self._reader.integer(entry.value, f"`{kind}`", 0)
            return None if count is None else Expectation(kind, entry.key.span, count=count)
        table = self._reader.table(entry.value, f"`{kind}`")
        if table is None:
            return None
        keys = self._reader.keys(table, {"count": True, "side": False, "bar": False}, entry.key.span)
        count = self._reader.integer(keys["count"].value, "`count`", 0) if "count" in keys else None
        return Expectation(
            kind,
            entry.key.span,
            side=self._choice(keys, "side", SIDES),
            bars=self._bars(keys["bar"].value, "`bar`") if "bar" in keys else None,
            count=count or 0,
        )

    def _event(self, kind: str, entry: Entry) -> Expectation | None:
        table = self._reader.table(entry.value, f"`{kind}`")
        if table is None:
            return None
        numbers = ("confidence", "entry", "stop", "targets_hit", "result")
        named = ("side", "bar", "at", "targets", "when", "ends", "reason", *numbers)
        known = named if kind == "signal" else ("side", "bar", "at", "reason")
        keys = self._reader.keys(table, dict.fromkeys(known, False), entry.key.span)
        return Expectation(
            kind,
            entry.key.span,
            side=self._choice(keys, "side", SIDES),
            bars=self._bars(keys["bar"].value, "`bar`") if "bar" in keys else None,
            at=read_time(self._reader, keys["at"].value, "`at`") if "at" in keys else None,
            numbers={
                key: within
                for key in numbers
                if key in keys and (within := self._within(keys[key].value, f"`{key}`")) is not None
            },
            targets=self._targets(keys),
            when=self._verdicts(keys),
            ends=self._choice(keys, "ends", ENDS),
            reason=self._reader.text(keys["reason"].value, "`reason`") if "reason" in keys else None,
        )

    def _choice(self, keys: dict[str, Entry], key: str, choices: tuple[str, ...]) -> str | None:
        return self._reader.choice(keys[key].value, f"`{key}`", choices) if key in keys else None

    def _targets(self, keys: dict[str, Entry]) -> tuple[Within, ...]:
        if "targets" not in keys:
            return ()
        items = self._reader.items(keys["targets"].value, "`targets`")
        return tuple(within for item in items if (within := self._within(item, "a target")) is not None)

    def _verdicts(self, keys: dict[str, Entry]) -> dict[str, int]:
        table = self._reader.table(keys["when"].value, "`when`") if "when" in keys else None
        verdicts = {}
        for name, entry in (table.entries if table else {}).items():
            word = self._reader.choice(entry.value, f"`{name}`", tuple(TRUTHS))
            if word is not None:
                verdicts[name] = TRUTHS[word]
        return verdicts

    def _within(self, node: Node, what: str) -> Within | None:
        scalar = self._reader.scalar(node, what)
        if scalar is None:
            return None
        text = scalar.value.strip()
        if match := _RANGE.fullmatch(text):
            low, high = _value(match[1], match[2]), _value(match[3], match[4])
            if low > high:
                self._reader.refuse("wrong-type", f"{what} begins above its end", scalar.span)
                return None
            return Within(low, high, text)
        if match := _NEAR.fullmatch(text):
            middle, reach = _value(match[1], match[2]), _value(match[3], match[4])
            return Within(middle - reach, middle + reach, text)
        if match := _EXACT.fullmatch(text):
            value = _value(match[1], match[2])
            slack = abs(value) * 1e-9
            return Within(value - slack, value + slack, text)
        self._reader.refuse("wrong-type", f"{what} must be a number, `94 to 96` or `95 +- 0.2`", scalar.span)
        return None


def _value(digits: str, percent: str) -> float:
    return float(digits.replace("_", "")) / (100 if percent else 1)


def read_time(reader: Reader, node: Node, what: str) -> int | None:
    """Read an ISO-8601 time as UTC ms, or say what is wrong."""
    scalar = reader.scalar(node, what)
    if scalar is None:
        return None
    try:
        parsed = dt.datetime.fromisoformat(scalar.value.strip().replace("Z", "+00:00"))
    except ValueError:
        reader.refuse("wrong-type", f"{what} must be a time", scalar.span, "as in 2026-01-05T13:00Z")
        return None
    if not 2000 <= parsed.year < 2100:
        reader.refuse("wrong-type", f"{what} must lie between 2000 and 2099", scalar.span)
        return None
    return int((parsed if parsed.tzinfo else parsed.replace(tzinfo=dt.UTC)).timestamp() * 1000)
