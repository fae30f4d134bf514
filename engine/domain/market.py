"""Markets, timeframes and closed candles.

Time is UTC in integer milliseconds since 1970. A candle is named by its **close time**: the first
instant at which all of it is known. The candle of 13:00 to 13:05 has the close time 13:05.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Times = npt.NDArray[np.int64]
    Truths = npt.NDArray[np.int8]
else:
    # What checks a strategy touches no candle, and must not wait for numpy.
    Floats = Times = Truths = Any

FIELDS = ("open", "high", "low", "close", "volume")
MARKET_FIELDS = ("bid", "ask", "spread", "quote_volume_24h", "funding_rate")

_UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_MONDAY = 4 * 86_400_000  # 1970-01-05, the first Monday: weeks of every venue start on one


@dataclass(frozen=True, slots=True, order=True)
class Timeframe:
    """A candle's length: `ms` milliseconds, written as `text` (`5m`, `1h`). Ordered by length."""

    ms: int
    text: str = field(compare=False)

    @staticmethod
    @lru_cache(maxsize=256)
    def parse(text: str) -> Timeframe:
        """Read `1m 5m 15m 1h 4h 1d 1w`. Raises ValueError for anything else."""
        match = re.fullmatch(r"([1-9][0-9]{0,3})([smhdw])", text)
        if match is None:
            raise ValueError(f"{text!r} is not a timeframe: write a number and one of s m h d w, as in 5m")
        return Timeframe(int(match[1]) * _UNIT_MS[match[2]], text)

    def floor(self, time: int) -> int:
        """Return the latest close time of this timeframe that is <= `time`."""
        shift = _MONDAY if self.ms % _UNIT_MS["w"] == 0 else 0
        return (time - shift) // self.ms * self.ms + shift

    def is_multiple_of(self, other: Timeframe) -> bool:
        return self.ms % other.ms == 0

    def __str__(self) -> str:
        return self.text


def wire_symbol(symbol: str) -> str:
    """Return `BTCUSDT` for `BTC/USDT` or `BTC/USDT:USDT`."""
    return symbol.partition(":")[0].replace("/", "")


@dataclass(frozen=True, slots=True)
class Market:
    """One symbol at one venue. `tick` and `lot` are the steps of price and amount, `min_amount` and `min_cost` the
    smallest order in amount and in money (0: none known)."""

    venue: str
    symbol: str
    tick: Decimal = Decimal(0)
    lot: Decimal = Decimal(0)
    min_amount: Decimal = Decimal(0)
    min_cost: Decimal = Decimal(0)

    def round_price(self, price: float) -> float:
        """Return the price on the venue's tick that is nearest to `price` (half to even)."""
        if not self.tick or not math.isfinite(price):
            return price
        steps = (Decimal(repr(float(price))) / self.tick).to_integral_value()
        return float(steps * self.tick)

    def round_amount(self, amount: float) -> float:
        """Return the largest amount on the venue's lot that is not above `amount`, 0.0 below the smallest order."""
        if not math.isfinite(amount) or amount <= 0:
            return 0.0
        if self.lot:
            steps = (Decimal(repr(float(amount))) / self.lot).to_integral_value(ROUND_FLOOR)
            amount = float(steps * self.lot)
        return amount if amount >= self.min_amount else 0.0

    @property
    def steps(self) -> tuple[float, float]:
        """Return the tick as a ratio of whole numbers, (0, 1) where none is known: 0.05 is (5, 100)."""
        over, under = self.tick.as_integer_ratio()
        scale = 10 ** max(0, -int(self.tick.as_tuple().exponent))
        return (float(over * scale // under), float(scale)) if self.tick else (0.0, 1.0)

    def price_text(self, price: float) -> str:
        """Return `price` as decimal text with the tick's number of places, never in E notation."""
        if not self.tick:
            return format(Decimal(repr(float(price))), "f")
        return format(Decimal(repr(float(price))).quantize(self.tick), "f")


@dataclass(frozen=True, slots=True)
class Candles:
    """Closed candles of one symbol and timeframe, oldest first; every array has the same length n.

    `close_time` is strictly increasing, in ms; the other arrays are float64. A candle that does not
    exist has no entry.
    """

    symbol: str
    timeframe: Timeframe
    close_time: Times
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    venue: str = ""

    def __len__(self) -> int:
        return len(self.close_time)

    def between(self, after: int, until: int) -> Candles:
        """Return those with after < close time <= until, as views."""
        start, stop = self.close_time.searchsorted([after, until], side="right")
        cut = slice(int(start), int(stop))
        return Candles(
            self.symbol, self.timeframe, self.close_time[cut], self.open[cut], self.high[cut],
            self.low[cut], self.close[cut], self.volume[cut], self.venue,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Panel:
    """Candles of one timeframe for several symbols, on the full grid of close times.

    `close_time` int64 (T,): every multiple of the timeframe in the span, consecutive.
    `here` int8 (T, S): 1 where that candle exists, else 0.
    `fields` name -> float64 (T, S): open high low close volume, and market fields a feed has; NaN where absent.
    `columns` name -> float64 (S, T): some of them once more, a symbol's candles side by side, where that is at hand.
    """

    timeframe: Timeframe
    symbols: tuple[str, ...]
    close_time: Times
    here: Truths
    fields: Mapping[str, Floats]
    columns: Mapping[str, Floats] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Followed:
    """On which candles positions of one symbol are followed.

    `finest` wherever it was recorded. `coarser` are spans (after, until, timeframe), ms and apart from each
    other, in which finer candles were not recorded and these are followed instead.
    """

    finest: Timeframe
    coarser: tuple[tuple[int, int, Timeframe], ...] = ()

    def at(self, time: int) -> Timeframe:
        """Return the timeframe that is followed just after `time`."""
        return next((frame for after, until, frame in self.coarser if after <= time < until), self.finest)

    def timeframes(self) -> tuple[Timeframe, ...]:
        return (self.finest, *(frame for _, _, frame in self.coarser))


@dataclass(frozen=True, slots=True)
class Series:
    """An external series (Fear & Greed): values known from `published` (ms, increasing) on."""

    name: str
    published: Times
    values: Floats
    max_age_ms: int


@dataclass(frozen=True, slots=True)
class FundingRates:
    """Funding of one perpetual: at each `time` (ms, increasing) longs pay shorts `rate` times the value they hold."""

    symbol: str
    time: Times
    rate: Floats

    @property
    def interval_ms(self) -> int:
        """Return the usual time between two payments (8 hours where fewer than two are known)."""
        steps = sorted((self.time[1:] - self.time[:-1]).tolist())
        return int(steps[len(steps) // 2]) if steps else 8 * 3_600_000


@dataclass(frozen=True, slots=True)
class Block:
    """Everything that closed in the span (after, until]: a panel per timeframe, and external series.

    A block of one instant is a slice. Consecutive blocks continue each other: block n+1 starts after
    the `until` of block n. Every panel covers exactly the close times of its timeframe in the span.
    """

    after: int
    until: int
    panels: Mapping[Timeframe, Panel]
    series: Mapping[str, Series] = field(default_factory=dict)
