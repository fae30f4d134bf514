"""From a side that fires to quoted signals: entry, stop and targets as prices, or the reason why there is none.

Everything is laid from the quoted entry, bounded, sorted and rounded to the market's tick here, once, for all
candles on which a side fires together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.domain.market import Floats, Market
from engine.domain.strategy import AddRule, Clamp, EntryRule, LevelValue, MoveRule, SideRules, StopRule, TargetRule
from engine.kernels import columns as at
from engine.trade.held import UNKNOWN, Read, evaluate, needs_position

REASONS = (
    "unknown-entry",
    "entry-wrong-side",
    "unknown-stop",
    "stop-wrong-side",
    "unknown-target",
    "target-wrong-side",
)
_ENTRY, _ENTRY_SIDE, _STOP, _STOP_SIDE, _TARGET, _TARGET_SIDE = range(at.R_QUOTE, at.R_QUOTE + len(REASONS))

KINDS = ("market", "limit", "stop")
LEVELS = ("price", "distance", "percent", "r")
MOVES = ("", "price", "entry", "offset", "target", "rule")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a side that fired makes no signal: a `reason` of SignalBlocked, and the numbers behind it."""

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Ticks:
    """The steps of price of some markets, one per candle: a tick is step / scale, both whole; step 0: none."""

    step: Floats
    scale: Floats

    @staticmethod
    def of(markets: Sequence[Market]) -> Ticks:
        steps = np.array([market.steps for market in markets], np.float64).reshape(-1, 2)
        return Ticks(steps[:, 0], steps[:, 1])

    def take(self, places: npt.NDArray[Any]) -> Ticks:
        return Ticks(self.step[places], self.scale[places])

    def round(self, prices: Floats) -> Floats:
        """Return prices on the tick (Market.round_price says how), NaN where they are not finite; to be called under
        `np.errstate(all="ignore")`."""
        step, scale = self.step, self.scale
        if not step.any():
            return np.where(np.isfinite(prices), prices, UNKNOWN)
        n = np.floor(prices * scale / step)
        uncounted = (step == 0.0) | ~(np.abs(n) < at.COUNTABLE)
        n -= n * step / scale > prices
        n += (n + 1.0) * step / scale <= prices
        half = (2.0 * n + 1.0) * step / (2.0 * scale)
        n += (prices > half) | ((prices == half) & (n % 2.0 != 0.0))
        return np.where(np.isfinite(prices), np.where(uncounted, prices, n * step / scale), UNKNOWN)


@dataclass(slots=True)
class Quotes:
    """What a side quotes on n candles. `refused` int64 (n,): 0, or the code of the reason (R_QUOTE + its place).

    `terms` float64 (n, W) are the positions' frozen terms (engine.kernels.columns). `which` and `price` say what was
    refused: the number of the add or target (from 1), and its price.
    """

    terms: Floats
    close: Floats
    refused: npt.NDArray[np.int64]
    which: npt.NDArray[np.int64] = field(init=False)
    price: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.which, self.price = np.zeros(len(self.refused), np.int64), np.full(len(self.refused), UNKNOWN)

    def refuse(self, where: npt.NDArray[np.bool_], code: int, which: int = 0, price: Floats | None = None) -> None:
        """Refuse the candles that nothing refused before."""
        first = where & (self.refused == 0)
        if first.any():
            self.refused[first], self.which[first] = code, which
            if price is not None:
                self.price[first] = price[first]


def width(targets: int, adds: int, kept: int) -> int:
    """Return the number of columns of terms with room for so many."""
    return at.TERMS + at.TARGET * targets + at.ADD * adds + kept


def quote(
    rules: SideRules, read: Read, times: npt.NDArray[np.int64], close: Floats, ticks: Ticks, kept: Sequence[int],
    room: tuple[int, int, int],
) -> Quotes:  # fmt: skip
    """Return the quotes of a side on candles that closed at `times` with `close`.

    `read(node)` are a node's values on them, `kept` the nodes whose values stay with the position, `room` the most
    targets, adds and kept values that the terms have columns for.
    """
    made = Quotes(np.zeros((len(times), width(*room))), close, np.zeros(len(times), np.int64))
    made.terms[:, at.SIGNALLED], made.terms[:, at.LIFETIME] = times, rules.expire_ms
    with np.errstate(all="ignore"):
        laid = _Quoting(rules, read, ticks, made, room)
        entry = laid.entry(rules.entry)
        stop = laid.stop(rules.stop, entry)
        laid.targets(rules.targets, entry, stop)
    first = width(room[0], room[1], 0)
    for place, node in enumerate(kept):
        made.terms[:, first + place] = read(node)
    return made


@dataclass(frozen=True, slots=True)
class _Quoting:
    rules: SideRules
    read: Read
    ticks: Ticks
    made: Quotes
    room: tuple[int, int, int]

    @property
    def sign(self) -> int:
        return self.rules.side.sign

    def entry(self, rule: EntryRule) -> Floats:
        """Lay the entry order; a limit may not lie beyond the close, a stop entry not short of it."""
        made, close = self.made, self.made.close
        price = close if rule.price is None or rule.kind == "market" else self._values(rule.price)
        made.refuse(~_a_price(price), _ENTRY)
        price = self.ticks.round(price)
        ahead = self.sign * (price - close)
        if rule.kind == "limit":
            made.refuse(ahead > 0, _ENTRY_SIDE, 0, price)
        elif rule.kind == "stop":
            made.refuse(ahead < 0, _ENTRY_SIDE, 0, price)
        terms = made.terms
        terms[:, at.KIND], terms[:, at.PRICE] = KINDS.index(rule.kind), price
        terms[:, at.PATIENCE], terms[:, at.PART], terms[:, at.ADDS] = rule.cancel_after, rule.part, len(rule.adds)
        self._adds(rule.adds, price)
        return price

    def _adds(self, rules: Sequence[AddRule], entry: Floats) -> None:
        """Lay the adds, from the nearest to the farthest."""
        laid = []
        for place, rule in enumerate(rules):
            value = self._values(rule.level.value)
            price = self._lay(rule.level.kind, value, entry, None, towards=-1)
            self.made.refuse(~_a_price(price), _ENTRY, place + 1)
            self.made.refuse(self.sign * (price - entry) >= 0, _ENTRY_SIDE, place + 1, price)
            laid.append((price, rule.part, LEVELS.index(rule.level.kind), value))
        self._write(laid, at.TERMS + at.TARGET * self.room[0], at.ADD, -self.sign)

    def stop(self, rule: StopRule | None, entry: Floats) -> Floats | None:
        """Lay the first stop; the clamp bounds its distance and never repairs a wrong side."""
        self.made.terms[:, at.FIRST_STOP] = UNKNOWN
        if rule is None:
            return None
        price = self._laid(rule.level, rule.clamp, entry, None, towards=-1)
        self.made.refuse(np.isnan(price), _STOP)
        self.made.refuse((price <= 0) | (self.sign * (entry - price) <= 0), _STOP_SIDE, 0, price)
        self.made.terms[:, at.FIRST_STOP] = price
        return price

    def targets(self, rules: Sequence[TargetRule], entry: Floats, stop: Floats | None) -> None:
        """Lay the targets from the nearest to the farthest; each keeps its part and its move of the stop."""
        risk = None if stop is None else np.abs(entry - stop)
        laid = []
        for place, rule in enumerate(rules):
            price = self._laid(rule.level, rule.clamp, entry, risk, towards=1)
            self.made.refuse(np.isnan(price), _TARGET, place + 1)
            wrong = (price <= 0) | (self.sign * (price - entry) <= 0)
            self.made.refuse(wrong, _TARGET_SIDE, place + 1, price)
            ratio: Any = self._values(rule.level.value) if rule.level.kind == "percent" and not rule.clamp else 0.0
            move, value = self._move(rule.then, place)
            laid.append((price, rule.part, move, value, ratio))
        self.made.terms[:, at.TARGETS] = len(rules)
        self._write(laid, at.TERMS, at.TARGET, self.sign)

    def _write(self, laid: Sequence[tuple[Any, ...]], first: int, columns: int, sign: int) -> None:
        """Write rows of columns into the terms, sorted by the price in the first of them, nearest first."""
        if not laid:
            return
        terms, count = self.made.terms, len(self.made.terms)
        table = np.empty((count, len(laid), columns))
        for place, row in enumerate(laid):
            for column, value in enumerate(row):
                table[:, place, column] = value
        if len(laid) > 1:
            order = np.argsort(sign * table[:, :, 0], axis=1, kind="stable")
            table = np.take_along_axis(table, order[:, :, None], axis=1)
        terms[:, first : first + len(laid) * columns] = table.reshape(count, -1)

    def _move(self, rule: MoveRule | None, place: int) -> tuple[int, Any]:
        """Freeze where the stop goes; what reads the position has to wait for it (kind rule)."""
        if rule is None:
            return at.NO_MOVE, 0.0
        if rule.kind == "entry":
            return at.TO_ENTRY, 0.0
        if needs_position(rule.value):
            return at.TO_RULE, float(place)
        return MOVES.index(rule.kind), self._values(rule.value)

    def _laid(self, level: LevelValue, clamp: Clamp | None, entry: Floats, risk: Floats | None, towards: int) -> Floats:
        """Return a level's prices on the tick, their distance bounded by the clamp; NaN where anything is unknown."""
        price = self._lay(level.kind, self._values(level.value), entry, risk, towards)
        if clamp is None:
            return price
        side = towards * self.sign
        low, high = (
            np.abs(self._lay(bound.kind, self._values(bound.value), entry, risk, towards) - entry)
            for bound in (clamp.low, clamp.high)
        )
        distance = np.abs(price - entry)
        bounded = self.ticks.round(entry + side * np.minimum(np.maximum(distance, low), high))
        inside = np.where((low <= distance) & (distance <= high), price, bounded)
        inside = np.where(np.isnan(low) | np.isnan(high), UNKNOWN, inside)
        return np.where(side * (price - entry) > 0, inside, price)

    def _lay(self, kind: str, value: Floats, entry: Floats, risk: Floats | None, towards: int) -> Floats:
        """Return the prices of a level, on the tick; `towards` 1 is the profit side, −1 the loss side."""
        side = towards * self.sign
        match kind:
            case "price":
                price = value
            case "distance":
                price = entry + side * value
            case "percent":
                price = entry * (1 + side * value)
            case "r":
                price = np.full(len(entry), UNKNOWN) if risk is None else entry + side * value * risk
            case _:
                raise ValueError(f"a level cannot be a {kind!r}")
        return self.ticks.round(price)

    def _values(self, held: Any) -> Floats:
        values = evaluate(held, self.read)
        return np.broadcast_to(values, len(self.made.close)).astype(np.float64, copy=False)


def reason_of(code: int) -> str:
    """Return the name of a refusal by its code."""
    return REASONS[code - at.R_QUOTE]


def detail_of(rules: SideRules, market: Market, code: int, which: int, price: float, entry: float, close: float) -> str:
    """Return the numbers behind a refusal, as people read them."""
    shown = market.price_text
    match code:
        case at.R_NONE:
            return ""
        case _ if code == _ENTRY:
            return "an add" if which else ""
        case _ if code == _ENTRY_SIDE:
            if which:
                return f"add at {shown(price)}, entry {shown(entry)}"
            return f"{rules.entry.kind} at {shown(price)}, close {shown(close)}"
        case _ if code == _STOP_SIDE:
            return f"stop at {shown(price)}, entry {shown(entry)}"
        case _ if code == _TARGET:
            return f"target {which}"
        case _ if code == _TARGET_SIDE:
            return f"target {which} at {shown(price)}, entry {shown(entry)}"
    return ""


def _a_price(price: Floats) -> npt.NDArray[np.bool_]:
    found: npt.NDArray[np.bool_] = np.isfinite(price) & (price > 0)
    return found
