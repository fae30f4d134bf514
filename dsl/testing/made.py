"""Made candles and series of a test file: read, and refused where no market could be so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dsl.document import Entry, Listing, Node
from dsl.errors import Span
from dsl.reading import Reader
from dsl.testing.keys import OTHER
from dsl.testing.notation import NotationError, parse_series
from engine.domain.market import FIELDS, Floats

FILE = 0
"""In place of the length of a made series: the candles are a file's."""


@dataclass(frozen=True, slots=True)
class Made:
    """A made series of one symbol: columns by field name. A NaN close is a candle that does not exist, a NaN beside
    a close what follows from the closes."""

    symbol: str
    columns: dict[str, Floats]
    span: Span

    @property
    def length(self) -> int:
        return len(self.columns["close"])


class MadeReader:
    """Reads what a test gives in the market's place."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def all(self, keys: Mapping[str, Entry], symbol: str) -> tuple[Made, ...]:
        """Return the test's own series, first, and those of `others`; none where its own cannot be read."""
        columns = self._columns(keys)
        if not columns:
            return ()
        made = [Made(symbol, columns, keys["close"].key.span)]
        for other in self._others(keys):
            if other.symbol in {one.symbol for one in made}:
                self._reader.refuse("duplicate-key", f"there are two series of {other.symbol}", other.span)
            else:
                made.append(other)
        return tuple(made)

    def named(
        self, keys: Mapping[str, Entry], key: str, length: int | None, known: Sequence[str] = ()
    ) -> dict[str, Floats]:
        """Return the series under `key` by name: a constant, or one value per candle. `known` are the only names."""
        table = self._reader.table(keys[key].value, f"`{key}`") if key in keys else None
        if table is None:
            return {}
        entries = self._reader.keys(table, dict.fromkeys(known, False), table.span) if known else table.entries
        found = {name: self._beside(entry.value, name, length) for name, entry in entries.items()}
        return {name: values for name, values in found.items() if values is not None}

    def _columns(self, keys: Mapping[str, Entry]) -> dict[str, Floats]:
        """Read a made series: `close`, and what is given beside it, of the same length or one value for all."""
        if "close" not in keys:
            return {}
        close = self._series(keys["close"].value, "close")
        columns = {"close": close}
        for name in FIELDS:
            if name in keys and name != "close" and close is not None:
                columns[name] = self._beside(keys[name].value, name, len(close))
        known = {name: values for name, values in columns.items() if values is not None}
        self._check(known, keys)
        return known

    def _beside(self, node: Node, name: str, length: int | None) -> Floats | None:
        values = self._series(node, name, length)
        if values is not None and length == FILE and len(values) != 1:
            message = f"`{name}` has {len(values)} values; beside a candle file it is one value for all of it"
            self._reader.refuse("wrong-length", message, node.span)
            return None
        if values is not None and length is not None and len(values) not in (1, length):
            message = f"`{name}` has {len(values)} candles, but `close` has {length}"
            self._reader.refuse("wrong-length", message, node.span, "`x*` at its end fills up: `100 x*`")
            return None
        return values

    def _check(self, columns: dict[str, Floats], keys: Mapping[str, Entry]) -> None:
        """Refuse what no candle can be: prices of 0 and less, a high below the close, volumes below 0."""
        close = columns.get("close")
        if close is None or len(close) < 2:
            if close is not None:
                self._reader.refuse("wrong-length", "`close` must have at least two candles", keys["close"].value.span)
            return
        here = ~np.isnan(close)
        for name, values in columns.items():
            spread = np.broadcast_to(values, close.shape)
            lowest = 0.0 if name == "volume" else np.finfo(np.float64).tiny
            given = here & ~np.isnan(spread)
            wrong = given & ~(spread >= lowest)
            if name == "high":
                wrong |= given & (spread < np.fmax(close, columns.get("open", close)))
            elif name == "low":
                wrong |= given & (spread > np.fmin(close, columns.get("open", close)))
            if wrong.any():
                bar = int(np.argmax(wrong))
                message = f"`{name}` is {spread[bar]:g} at bar {bar}, where `close` is {close[bar]:g}: no candle is so"
                self._reader.refuse("wrong-candle", message, keys[name].value.span)

    def _series(self, node: Node, what: str, length: int | None = None) -> Floats | None:
        if isinstance(node, Listing):
            self._reader.refuse("wrong-type", f"`{what}` is written without brackets", node.span)
            return None
        scalar = self._reader.scalar(node, f"`{what}`")
        if scalar is None:
            return None
        try:
            return parse_series(scalar.value, length or None)
        except NotationError as error:
            self._reader.refuse("series-syntax", error.message, scalar.text.at(error.start, error.end))
            return None

    def _others(self, keys: Mapping[str, Entry]) -> Iterator[Made]:
        for item in self._reader.items(keys["others"].value, "`others`") if "others" in keys else ():
            table = self._reader.table(item, "each of `others`")
            if table is None:
                continue
            inner = self._reader.keys(table, OTHER.known, table.span)
            symbol = self._reader.text(inner["symbol"].value, "`symbol`") if "symbol" in inner else None
            if symbol is None:
                continue
            columns = self._columns(inner)
            if columns:
                yield Made(symbol, columns, inner["symbol"].value.span)
