"""Positions: a signal followed from its entry order to its end."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from engine.domain.signal import Signal


class Status(enum.StrEnum):
    """The state of a position. PENDING and OPEN are live; the others are ends."""

    PENDING = "PENDING"
    OPEN = "OPEN"
    TP_HIT = "TP_HIT"
    SL_HIT = "SL_HIT"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"
    EXITED = "EXITED"

    @property
    def live(self) -> bool:
        return self in (Status.PENDING, Status.OPEN)


@dataclass(frozen=True, slots=True)
class Fill:
    """A part of the position bought or sold. `part` is of the whole planned position, > 0.

    `time` is the open of the candle for what fills at the open, else its close, when it is known.
    `price` has the slippage in it.

    `reason` is entry, add, target, stop, exit or expire; `fee` a ratio of the fill's price.
    """

    time: int
    price: float
    part: float
    reason: str
    fee: float = 0.0


@dataclass(frozen=True, slots=True)
class Position:
    """The life of one signal so far. Its id is the signal's.

    `entry` is the average entry fill (NaN while pending); `stop` the stop in force (None: none);
    `best` and `worst` are the extreme prices since the entry on the profit and the loss side;
    `bars` counts closed candles of the signal's timeframe since the fill (while pending: since the
    signal). `exit_price` is the average of the exits. `result` is the realised ratio over the entry,
    fees and slippage included, and `result_r` the same in multiples of the risk |entry - first stop|
    (NaN without a stop). `ambiguous` counts candles that left open which of two things came first and
    were resolved pessimistically.
    """

    signal: Signal
    status: Status
    opened_at: int = 0
    closed_at: int = 0
    entry: float = float("nan")
    stop: float | None = None
    filled: float = 0.0
    remaining: float = 0.0
    targets_hit: int = 0
    adds_filled: int = 0
    exits_taken: tuple[str, ...] = ()
    fills: tuple[Fill, ...] = ()
    best: float = float("nan")
    worst: float = float("nan")
    bars: int = 0
    exit_price: float = float("nan")
    result: float = 0.0
    result_r: float = float("nan")
    ambiguous: int = 0
    trailing: tuple[int, ...] = ()
    """Indexes of the trail rules that have become active."""
    at_entry: tuple[tuple[int, float], ...] = ()
    """Values at the signal that exit, trail and move rules refer to, as (place in the rules' kept nodes, value)."""
    followed_until: int = 0
    """Everything that closed up to this time (ms) has been applied to it."""
    targets: tuple[float, ...] = ()
    """Target prices in force, where adds have moved them; empty: the signal's."""
    stop_why: str = "stop"
    """Where the stop in force comes from: `stop` (the signal's), `target N` (moved there after it) or `trail`."""
    exiting: tuple[str, ...] = ()
    """Exit rules that have held and wait for the next price."""
    told: int = 0
    """Events told about it so far, the signal included: the number in the next event's id."""

    @property
    def id(self) -> str:
        return self.signal.id
