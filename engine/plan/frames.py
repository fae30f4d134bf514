"""Frames: what a block's panels become for the nodes of one timeframe, symbol and treatment of holes.

Each `Rows` has `here` as kernels read it (0 no candle, 1 a candle, 2 a candle that starts the series anew).
A hole is a run of missing candles after the first one that exists: a symbol that is listed later has none
before. `skip` starts anew after more than `limit` missing candles (0: never); `fill` puts flat candles of
volume 0 into the hole; `stop` takes away every candle from the hole on. What a hole needs to know of earlier
blocks is carried, so that any split of a history gives the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.domain.market import Floats, Panel, Series, Timeframe, Times, Truths
from engine.domain.strategy import Frame
from engine.plan.operations import Array, unknown_of

_NEVER = np.iinfo(np.int64).min // 2
_DAY_MS = 86_400_000
_MONDAY = 4
"""1970-01-01 was a Thursday: days since then plus 3, modulo 7, count from Monday."""
PRICES = ("open", "high", "low", "close")


@dataclass(slots=True)
class Rows:
    """One block in one frame: `here` int8 (T, S), C-contiguous; times int64 (T,); `fields` float64 (T, S)."""

    close_time: Times
    here: Truths
    whole: bool
    """Every candle is here, and none starts anew."""
    _fields: Mapping[str, Floats]
    _filled_from: Array | None = None
    _last_close: Floats | None = None

    @property
    def shape(self) -> tuple[int, int]:
        return self.here.shape[0], self.here.shape[1]

    def field(self, name: str) -> Floats:
        """Return a field, (T, S), or (T, 1) for what only depends on the time; NaN where it is unknown."""
        if name == "time" or name.startswith("time."):
            return clock(name, self.close_time)[:, None]
        values = self._fields.get(name)
        if values is None:
            return np.full(self.shape, np.nan)
        return values if self._filled_from is None else self._filled(name, values)

    def _filled(self, name: str, values: Floats) -> Floats:
        """Return the field with the candles that `fill` made: flat at the last close, without volume."""
        assert self._filled_from is not None
        assert self._last_close is not None
        source = self._filled_from
        made = source != _NEVER
        if name == "volume":
            return np.where(made, 0.0, values)
        if name not in PRICES:
            return values
        last = np.take_along_axis(self._fields["close"], np.maximum(source, 0), axis=0)
        return np.where(made, np.where(source < 0, self._last_close, last), values)


class FrameState:
    """Turns panels into the rows of one frame, block after block."""

    def __init__(self, frame: Frame, symbols: Sequence[str]) -> None:
        self.frame = frame
        self.symbols = tuple(symbols) if frame.symbol is None else (frame.symbol,)
        self._lane = None if frame.symbol is None else list(symbols).index(frame.symbol)
        lanes = len(self.symbols)
        self._run = np.full(lanes, _NEVER, dtype=np.int64)
        """Missing candles since the last one that exists; _NEVER before the first."""
        self._stopped = np.zeros(lanes, dtype=np.bool_)
        self._last_close = np.full(lanes, np.nan)

    def empty(self, panel: Panel | None) -> Rows:
        """Return rows of a panel's size without a candle, to be filled by whoever evaluates it in parts."""
        times = np.empty(0, np.int64) if panel is None else panel.close_time
        return Rows(times, np.zeros((len(times), len(self.symbols)), np.int8), True, {})

    def advance(self, panel: Panel | None) -> Rows:
        """Return the rows of the next panel (None: no candle of this timeframe closes in the block)."""
        if panel is None or not len(panel.close_time):
            return Rows(np.empty(0, np.int64), np.empty((0, len(self.symbols)), np.int8), True, {})
        here, fields = panel.here, panel.fields
        if self._lane is not None:
            here = here[:, self._lane : self._lane + 1]
            fields = {name: values[:, self._lane : self._lane + 1] for name, values in fields.items()}
        if here.min() != 0 and not (self._run > 0).any() and not self._stopped.any():
            self._run[:] = 0
            if self.frame.gaps.kind == "fill":
                self._last_close = np.array(fields["close"][-1])
            return Rows(panel.close_time, _own(here), True, fields)
        return self._holes(panel.close_time, here, fields)

    def _holes(self, close_time: Times, here: Truths, fields: Mapping[str, Floats]) -> Rows:
        """Return the rows where at least one candle is missing, now or just before."""
        count = len(close_time)
        index = np.arange(count, dtype=np.int64)[:, None]
        present = here != 0
        before = np.where(self._run == _NEVER, _NEVER, -1 - self._run)
        latest = np.maximum(np.maximum.accumulate(np.where(present, index, _NEVER), axis=0), before)
        previous = np.concatenate([before[None], latest[:-1]])
        started = previous != _NEVER
        self._run = np.where(latest[-1] == _NEVER, _NEVER, count - 1 - latest[-1])
        rows = present.astype(np.int8)
        kind, limit = self.frame.gaps.kind, self.frame.gaps.limit
        if kind == "fill":
            return self._fill(close_time, rows, fields, ~present & started, latest)
        if kind == "stop":
            stopped = np.logical_or.accumulate(~present & started, axis=0) | self._stopped
            self._stopped = stopped[-1].copy()
            rows[stopped] = 0
        elif limit > 0:
            rows[present & started & (index - previous - 1 > limit)] = 2
        return Rows(close_time, rows, bool((rows == 1).all()), fields)

    def _fill(self, close_time: Times, rows: Truths, fields: Mapping[str, Floats], made: Array, latest: Array) -> Rows:
        rows[made] = 1
        last_close = self._last_close
        at_end = fields["close"][np.maximum(latest[-1], 0), np.arange(len(self.symbols))]
        self._last_close = np.where(latest[-1] < 0, last_close, at_end)
        source = np.where(made, np.maximum(latest, -1), _NEVER)
        return Rows(close_time, rows, bool((rows == 1).all()), fields, source, last_close)

    def snapshot(self) -> tuple[Array, ...]:
        return self._run.copy(), self._stopped.copy(), self._last_close.copy()

    def restore(self, snapshot: tuple[Array, ...]) -> None:
        self._run, self._stopped, self._last_close = (part.copy() for part in snapshot)


def _own(here: Truths) -> Truths:
    """Return the same as an array that kernels accept: int8, rows contiguous, writable."""
    return np.require(here, dtype=np.int8, requirements=["C", "W"])


def clock(name: str, close_time: Times) -> Floats:
    """Return `time` (ms) or a part of it in UTC, float64 (T,).

    hour, weekday (1 Monday to 7) and minute are those of the close time. `time.day` numbers the UTC day in
    which the candle lies: the one that closes at midnight belongs to the day that ends.
    """
    match name:
        case "time":
            parts = close_time
        case "time.hour":
            parts = close_time // 3_600_000 % 24
        case "time.minute":
            parts = close_time // 60_000 % 60
        case "time.weekday":
            parts = (close_time // _DAY_MS + _MONDAY - 1) % 7 + 1
        case "time.day":
            parts = (close_time - 1) // _DAY_MS
        case _:
            raise LookupError(f"there is no field {name!r}")
    return parts.astype(np.float64)


def floor_times(timeframe: Timeframe, times: Times) -> Times:
    """Return for each time the latest close time of `timeframe` that is <= it."""
    anchor = timeframe.floor(0)
    return (times - anchor) // timeframe.ms * timeframe.ms + anchor


class Join:
    """Brings a node of one frame into another: on each row the value of the candle that should have closed last.

    That is the one whose close time is the row's close time cut down to the other timeframe; where it does not
    exist the value is unknown. The last row of the other frame is carried from block to block.
    """

    def __init__(self, other: Timeframe, boolean: bool) -> None:
        self._other = other
        self._dtype = np.dtype(np.int8 if boolean else np.float64)
        self._carried: tuple[int, Array] | None = None

    def advance(self, close_time: Times, rows: Rows, values: Array) -> Array:
        """Return `values` (T', S') of the other frame's `rows` on each of `close_time`: (T, S')."""
        carried, wanted = self._carried, floor_times(self._other, close_time)
        unknown = unknown_of(self._dtype)
        result = np.full((len(wanted), rows.shape[1]), unknown, self._dtype)
        if carried is not None:
            result[wanted == carried[0]] = carried[1]
        times = rows.close_time
        if len(times):
            known = np.broadcast_to(values, rows.shape)
            if not rows.whole:
                known = np.where(rows.here != 0, known, np.asarray(unknown, self._dtype))
            self._carried = int(times[-1]), np.array(known[-1])
            at = (wanted - times[0]) // self._other.ms
            inside = (at >= 0) & (at < len(times))
            result[inside] = known[at[inside]]
        return result

    def snapshot(self) -> tuple[int, Array] | None:
        return self._carried

    def restore(self, snapshot: tuple[int, Array] | None) -> None:
        self._carried = snapshot


class SeriesJoin:
    """Brings an external series in: the latest value that was published at or before a row's close time.

    Unknown before the first, and where it is older than the series' maximum age. The latest is carried, so that
    a block need not repeat what an earlier one told.
    """

    def __init__(self) -> None:
        self._carried: tuple[int, float, int] | None = None

    def advance(self, close_time: Times, until: int, series: Series | None) -> Floats:
        """Return the values on each of `close_time`, (T, 1). What was published after `until` is not looked at."""
        rows = len(close_time)
        at, value, age = np.full(rows, _NEVER), np.full(rows, np.nan), np.zeros(rows, np.int64)
        carried = self._carried
        if carried is not None:
            at[:], value[:], age[:] = carried
        if series is not None and len(series.published):
            latest = np.searchsorted(series.published, close_time, side="right") - 1
            newer = (latest >= 0) & (series.published[latest] >= at)
            at[newer], value[newer] = series.published[latest[newer]], series.values[latest[newer]]
            age[newer] = series.max_age_ms
            last = int(np.searchsorted(series.published, until, side="right")) - 1
            if last >= 0 and (carried is None or series.published[last] >= carried[0]):
                self._carried = int(series.published[last]), float(series.values[last]), series.max_age_ms
        known = (at != _NEVER) & (close_time - at <= age)
        return np.where(known, value, np.nan)[:, None]

    def snapshot(self) -> tuple[int, float, int] | None:
        return self._carried

    def restore(self, snapshot: tuple[int, float, int] | None) -> None:
        self._carried = snapshot
