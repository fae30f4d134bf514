"""What a case expects, as it is written: each part a value, a range or a tolerance, with its place."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

from dsl.document import Entry, Listing, Node, Scalar, Table, Unread
from dsl.errors import Span
from dsl.reading import Reader
from dsl.testing.keys import BLOCKED, COUNT, ENDS, EXPECTATION, SIDES, SIGNAL
from dsl.testing.notation import LONGEST

_NUMBER = r"-?[0-9][0-9_]{0,17}(?:\.[0-9]{1,18})?"
RANGE = re.compile(rf"({_NUMBER})(%?)\s+to\s+({_NUMBER})(%?)")
NEAR = re.compile(rf"({_NUMBER})(%?)\s*\+-\s*({_NUMBER})(%?)")
EXACT = re.compile(rf"({_NUMBER})(%?)")
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
    """One expectation. kind: signal | nothing | exactly | at_least | at_most | blocked; None means not compared.

    `places` says where each value is written, by its key: `bar`, `ends`, `targets.0`, `when.NAME`, ...
    """

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
    places: dict[str, Span] = field(default_factory=dict)


class ExpectationReader:
    """Reads the list under `expect`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def read(self, entry: Entry) -> tuple[Expectation, ...]:
        if not isinstance(entry.value, Listing) or not entry.value.items:
            if not isinstance(entry.value, Unread):  # told already
                self._reader.refuse("wrong-type", "`expect` must be a list of expectations", entry.key.span)
            return ()
        return tuple(one for item in entry.value.items if (one := self._one(item)) is not None)

    def _one(self, item: Node) -> Expectation | None:
        table = self._reader.table(item, "each expectation")
        kinds = tuple(EXPECTATION.known)
        if table is None:
            return None
        keys = self._reader.keys(table, EXPECTATION.known, table.span)
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
            places = {"count": entry.value.span}
            return None if count is None else Expectation(kind, entry.key.span, count=count, places=places)
        table = self._reader.table(entry.value, f"`{kind}`")
        if table is None:
            return None
        keys = self._reader.keys(table, COUNT.known, entry.key.span)
        count = self._reader.integer(keys["count"].value, "`count`", 0) if "count" in keys else None
        return Expectation(
            kind,
            entry.key.span,
            side=self._choice(keys, "side", SIDES),
            bars=self._bars(keys["bar"].value, "`bar`") if "bar" in keys else None,
            count=count or 0,
            places=_places(keys),
        )

    def _event(self, kind: str, entry: Entry) -> Expectation | None:
        table = self._reader.table(entry.value, f"`{kind}`")
        if table is None:
            return None
        numbers = ("confidence", "entry", "stop", "targets_hit", "result")
        keys = self._reader.keys(table, (SIGNAL if kind == "signal" else BLOCKED).known, entry.key.span)
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
            places=_places(keys),
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
        if match := RANGE.fullmatch(text):
            low, high = _value(match[1], match[2]), _value(match[3], match[4])
            if low > high:
                self._reader.refuse("wrong-type", f"{what} begins above its end", scalar.span)
                return None
            return Within(low, high, text)
        if match := NEAR.fullmatch(text):
            middle, reach = _value(match[1], match[2]), _value(match[3], match[4])
            return Within(middle - reach, middle + reach, text)
        if match := EXACT.fullmatch(text):
            value = _value(match[1], match[2])
            slack = abs(value) * 1e-9
            return Within(value - slack, value + slack, text)
        message = f"{what} must be a number, `94 to 96` or `95 +- 0.2`"
        self._reader.refuse("wrong-type", message, scalar.span, _better(text))
        return None


def _better(text: str) -> str:
    """Return how a range or a bound of other languages is written."""
    if match := re.fullmatch(rf"({_NUMBER}%?)\s*(?:-|\.\.\.?|–|,|and)\s*({_NUMBER}%?)", text):
        return f"write `{match[1]} to {match[2]}`"
    if match := re.fullmatch(rf"(?:>=?|at least)\s*({_NUMBER}%?)", text):
        return f"a bound is the end of a range: write `{match[1]} to` the most that it may be"
    if match := re.fullmatch(rf"(?:<=?|at most)\s*({_NUMBER}%?)", text):
        return f"a bound is the end of a range: write the least that it may be and `to {match[1]}`"
    if match := re.fullmatch(rf"(?:~|≈|about|around)\s*({_NUMBER}%?)", text):
        return f"write it with a tolerance, as in `{match[1]} +- 0.2`"
    return ""


def _places(keys: dict[str, Entry]) -> dict[str, Span]:
    """Return where each single value is written, those inside lists and tables by their number or name."""
    found: dict[str, Span] = {}
    for name, entry in keys.items():
        match entry.value:
            case Scalar() as scalar:
                found[name] = scalar.span
            case Listing(items):
                found |= {f"{name}.{place}": item.span for place, item in enumerate(items) if isinstance(item, Scalar)}
            case Table(entries):
                found |= {f"{name}.{key}": e.value.span for key, e in entries.items() if isinstance(e.value, Scalar)}
    return found


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
