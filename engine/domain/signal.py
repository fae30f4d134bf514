"""Signals: what a strategy said, once."""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass, field
from typing import Any


class Side(enum.StrEnum):
    """The direction of a signal; `sign` is +1 for long, -1 for short."""

    LONG = "long"
    SHORT = "short"

    @property
    def sign(self) -> int:
        return 1 if self is Side.LONG else -1


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one named condition said at one decision: `truth` 0 false, 1 unknown, 2 true.

    `parts` are the values under it, as (text of the sub-expression, value); NaN is unknown. `units` are
    theirs, as the language writes them (`price`, `ratio`, `index`); empty where they are not known.
    """

    name: str
    text: str
    truth: int
    must: bool
    weight: float
    parts: tuple[tuple[str, float], ...] = ()
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Add:
    """A further entry order: `price` on the adverse side of the first fill, `part` of the position (0 to 1).

    `price` is quoted from the quoted entry. `kind` percent or distance lays it anew from the first fill, by
    `value` (a ratio of it, or a difference of prices); kind price leaves it where it is.
    """

    price: float
    part: float
    kind: str = "price"
    value: float = 0.0


@dataclass(frozen=True, slots=True)
class EntryOrder:
    """How the position is opened. `kind` is market, limit or stop; `price` is the quoted price.

    A market entry quotes the signal candle's close and fills at the next open. `cancel_after` counts
    candles of the signal's timeframe; 0 means it stays until the signal expires. `part` is the share
    of the position filled by this order; the rest belongs to `adds`.
    """

    kind: str
    price: float
    cancel_after: int = 0
    part: float = 1.0
    adds: tuple[Add, ...] = ()


@dataclass(frozen=True, slots=True)
class StopMove:
    """Where the stop goes after a target: `kind` is price, entry, offset (ratio, profit side), target, or rule.

    `value` is the price, the ratio, or the number of the target. Kind rule reads the position when the
    target is reached: `value` is then the index of the strategy's target rule that says how.
    """

    kind: str
    value: float = 0.0


@dataclass(frozen=True, slots=True)
class TakeProfit:
    """A target: rounded `price`, `part` of the original position closed there (parts sum to 1).

    `ratio` > 0: the target is that share of the entry away, and follows the average entry when an add fills.
    """

    price: float
    part: float
    then: StopMove | None = None
    ratio: float = 0.0


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal. Prices are rounded to the market's tick; times are ms UTC.

    Its identity is (strategy, symbol, timeframe, side, close time); version, plan hash and venue are
    attributes. `confidence` is the lower end of the interval, 0 to 100. `expires_at` 0: never.
    """

    strategy: str
    symbol: str
    timeframe: str
    side: Side
    close_time: int
    entry: EntryOrder
    stop: float | None
    targets: tuple[TakeProfit, ...]
    confidence: float
    expire_ms: int = 0
    version: str = ""
    plan_hash: str = ""
    engine_version: str = ""
    venue: str = ""
    verdicts: tuple[Verdict, ...] = ()
    meta: tuple[tuple[str, Any], ...] = ()
    short_of_history: int = 0
    """Candles that were missing for full convergence at the signal; 0 when converged."""
    id: str = field(init=False, default="")

    def __post_init__(self) -> None:
        identity = signal_id(self.strategy, self.symbol, self.timeframe, self.side, self.close_time)
        object.__setattr__(self, "id", identity)

    @property
    def expires_at(self) -> int:
        return self.close_time + self.expire_ms if self.expire_ms else 0


def signal_id(strategy: str, symbol: str, timeframe: str, side: str, close_time: int) -> str:
    """Return the signal's identity: 24 hexadecimal digits of a SHA-256 over its five parts."""
    text = "\x1f".join((strategy, symbol, timeframe, str(side), str(close_time)))
    return hashlib.sha256(text.encode()).hexdigest()[:24]
