"""From a side that fires to a quoted signal: entry, stop and targets as prices, or the reason why there is none.

Everything is laid from the quoted entry, bounded, sorted and rounded to the market's tick here, once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

from engine.domain.market import Market
from engine.domain.signal import Add, EntryOrder, StopMove, TakeProfit
from engine.domain.strategy import AddRule, Clamp, EntryRule, LevelValue, MoveRule, SideRules, StopRule, TargetRule
from engine.trade.held import UNKNOWN, Read, evaluate, needs_position
from engine.trade.path import Bars


@dataclass(frozen=True, slots=True)
class Quote:
    """The prices of a signal, all on the market's tick."""

    entry: EntryOrder
    stop: float | None
    targets: tuple[TakeProfit, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a side that fired makes no signal: a `reason` of SignalBlocked, and the numbers behind it."""

    reason: str
    detail: str = ""


def quote(rules: SideRules, bars: Bars, index: int, market: Market) -> Quote | Refusal:
    """Return the quote of a side on candle `index`, or why there is none."""
    with np.errstate(all="ignore"):
        return _quote(rules, bars, index, market)


def _quote(rules: SideRules, bars: Bars, index: int, market: Market) -> Quote | Refusal:
    laid = _Quoting(rules, partial(bars.at, index=index), float(bars.close[index]), market)
    entry = laid.entry(rules.entry)
    if isinstance(entry, Refusal):
        return entry
    stop = laid.stop(rules.stop, entry.price)
    if isinstance(stop, Refusal):
        return stop
    targets = laid.targets(rules.targets, entry.price, stop)
    if isinstance(targets, Refusal):
        return targets
    return Quote(entry, stop, targets)


@dataclass(frozen=True, slots=True)
class _Quoting:
    rules: SideRules
    read: Read
    close: float
    market: Market

    @property
    def sign(self) -> int:
        return self.rules.side.sign

    def entry(self, rule: EntryRule) -> EntryOrder | Refusal:
        """Return the entry order; a limit may not lie beyond the close, a stop entry not short of it."""
        price = self.close if rule.price is None or rule.kind == "market" else evaluate(rule.price, self.read)
        if not _a_price(price):
            return Refusal("unknown-entry")
        price = self.market.round_price(price)
        ahead = self.sign * (price - self.close)
        if (rule.kind == "limit" and ahead > 0) or (rule.kind == "stop" and ahead < 0):
            return Refusal("entry-wrong-side", self._text(f"{rule.kind} at {{}}, close {{}}", price, self.close))
        adds: list[Add] = []
        for add in rule.adds:
            laid = self._add(add, price)
            if isinstance(laid, Refusal):
                return laid
            adds.append(laid)
        adds.sort(key=lambda add: -self.sign * add.price)
        return EntryOrder(rule.kind, price, rule.cancel_after, rule.part, tuple(adds))

    def _add(self, rule: AddRule, entry: float) -> Add | Refusal:
        value = evaluate(rule.level.value, self.read)
        price = self._lay(rule.level.kind, value, entry, UNKNOWN, towards=-1)
        if not _a_price(price):
            return Refusal("unknown-entry", "an add")
        if self.sign * (price - entry) >= 0:
            return Refusal("entry-wrong-side", self._text("add at {}, entry {}", price, entry))
        return Add(price, rule.part, rule.level.kind, value)

    def stop(self, rule: StopRule | None, entry: float) -> float | Refusal | None:
        """Return the first stop; the clamp bounds its distance and never repairs a wrong side."""
        if rule is None:
            return None
        price = self._laid(rule.level, rule.clamp, entry, UNKNOWN, towards=-1)
        if math.isnan(price):
            return Refusal("unknown-stop")
        if price <= 0 or self.sign * (entry - price) <= 0:
            return Refusal("stop-wrong-side", self._text("stop at {}, entry {}", price, entry))
        return price

    def targets(
        self, rules: tuple[TargetRule, ...], entry: float, stop: float | None
    ) -> tuple[TakeProfit, ...] | Refusal:
        """Return the targets from the nearest to the farthest; each keeps its part and its move of the stop."""
        risk = UNKNOWN if stop is None else abs(entry - stop)
        laid: list[TakeProfit] = []
        for place, rule in enumerate(rules):
            price = self._laid(rule.level, rule.clamp, entry, risk, towards=1)
            if math.isnan(price):
                return Refusal("unknown-target", f"target {place + 1}")
            if price <= 0 or self.sign * (price - entry) <= 0:
                return Refusal("target-wrong-side", self._text(f"target {place + 1} at {{}}, entry {{}}", price, entry))
            ratio = evaluate(rule.level.value, self.read) if rule.level.kind == "percent" and not rule.clamp else 0.0
            laid.append(TakeProfit(price, rule.part, self._move(rule.then, place), ratio))
        laid.sort(key=lambda target: self.sign * target.price)
        return tuple(laid)

    def _move(self, rule: MoveRule | None, place: int) -> StopMove | None:
        """Freeze where the stop goes; what reads the position has to wait for it (kind rule)."""
        if rule is None:
            return None
        if rule.kind == "entry":
            return StopMove("entry")
        if needs_position(rule.value):
            return StopMove("rule", place)
        return StopMove(rule.kind, evaluate(rule.value, self.read))

    def _laid(self, level: LevelValue, clamp: Clamp | None, entry: float, risk: float, towards: int) -> float:
        """Return a level's price on the tick, its distance bounded by the clamp; NaN where anything is unknown."""
        price = self._lay(level.kind, evaluate(level.value, self.read), entry, risk, towards)
        side = towards * self.sign
        if clamp is not None and side * (price - entry) > 0:
            low, high = (
                abs(self._lay(bound.kind, evaluate(bound.value, self.read), entry, risk, towards) - entry)
                for bound in (clamp.low, clamp.high)
            )
            distance = abs(price - entry)
            if math.isnan(low) or math.isnan(high):
                return UNKNOWN
            if not low <= distance <= high:
                price = self.market.round_price(entry + side * min(max(distance, low), high))
        return price

    def _lay(self, kind: str, value: float, entry: float, risk: float, towards: int) -> float:
        """Return the price of a level, on the tick; `towards` 1 is the profit side, −1 the loss side."""
        match kind:
            case "price":
                price = value
            case "distance":
                price = entry + towards * self.sign * value
            case "percent":
                price = entry * (1 + towards * self.sign * value)
            case "r":
                price = entry + towards * self.sign * value * risk
            case _:
                raise ValueError(f"a level cannot be a {kind!r}")
        return self.market.round_price(price) if math.isfinite(price) else UNKNOWN

    def _text(self, pattern: str, *prices: float) -> str:
        return pattern.format(*(self.market.price_text(price) for price in prices))


def _a_price(price: float) -> bool:
    return math.isfinite(price) and price > 0
