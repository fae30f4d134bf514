"""A position stepped in the plainest form, object by object: what the compiled simulator is tested against.

Orders fill at their own price, or at the candle's open where that is worse, never better. Slippage worsens
what is filled at market: market and stop entries, stops, exits, expiry; limit entries, adds and targets have
none. The fee is a ratio of every fill.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from engine.domain.event import (
    Event,
    PartExited,
    PositionAdded,
    PositionClosed,
    PositionEvent,
    PositionOpened,
    StopMoved,
    TakeProfitHit,
)
from engine.domain.market import Market
from engine.domain.position import Fill, Position, Status
from engine.domain.signal import Add
from engine.domain.strategy import SideRules
from tests.engine.trade.reference_held import UNKNOWN, Number, evaluate, kept_nodes, nothing

NOTHING = 1e-9
"""Parts below this are what rounding leaves of a position that is closed."""


@dataclass(frozen=True, slots=True)
class Costs:
    """`fees` is a ratio of each fill's price, `slippage` a ratio by which each fill at market is worse."""

    fees: float = 0.0
    slippage: float = 0.0


@dataclass(frozen=True, slots=True)
class Terms:
    """What a position is followed by: its market, the costs, and the rules of its strategy as they are now.

    `rules` None: the strategy is gone, or no longer the one that made the signal; what was frozen at the
    signal is followed to the end, without exit and trail rules. `truths` are the nodes kept at the signal that
    are boolean.
    """

    market: Market
    costs: Costs = Costs()
    rules: SideRules | None = None
    truths: frozenset[int] = frozenset()


class Life:
    """One live position being stepped. `events` are those told and not yet taken.

    Its fields are those of Position, and mean the same; `position()` is the frozen form of how it stands.
    """

    def __init__(self, position: Position, terms: Terms) -> None:
        self.signal, self.terms = position.signal, terms
        self.sign = position.signal.side.sign
        self.events: list[Event] = []
        self.status = position.status
        self.opened_at, self.closed_at = position.opened_at, position.closed_at
        self.entry, self.stop, self.stop_why = position.entry, position.stop, position.stop_why
        self.filled, self.remaining, self.fills = position.filled, position.remaining, position.fills
        self.targets_hit, self.targets, self.adds_filled = position.targets_hit, position.targets, position.adds_filled
        self.exits_taken, self.exiting, self.trailing = position.exits_taken, position.exiting, position.trailing
        self.best, self.worst, self.bars = position.best, position.worst, position.bars
        self.exit_price, self.result, self.result_r = position.exit_price, position.result, position.result_r
        self.ambiguous, self.told, self.followed_until = position.ambiguous, position.told, position.followed_until
        self.at_entry = position.at_entry
        kept, by_place = kept_nodes(terms.rules) if terms.rules else (), dict(position.at_entry)
        self._kept: dict[int, Number] = {
            node: (np.int8 if node in terms.truths else np.float64)(by_place[place])
            for place, node in enumerate(kept)
            if place in by_place
        }

    def position(self) -> Position:
        """Return the position as it stands."""
        return Position(
            signal=self.signal, status=self.status, opened_at=self.opened_at, closed_at=self.closed_at,
            entry=self.entry, stop=self.stop, filled=self.filled, remaining=self.remaining,
            targets_hit=self.targets_hit, adds_filled=self.adds_filled, exits_taken=self.exits_taken,
            fills=self.fills, best=self.best, worst=self.worst, bars=self.bars, exit_price=self.exit_price,
            result=self.result, result_r=self.result_r, ambiguous=self.ambiguous, trailing=self.trailing,
            at_entry=self.at_entry, followed_until=self.followed_until, targets=self.targets,
            stop_why=self.stop_why, exiting=self.exiting, told=self.told,
        )  # fmt: skip

    # -- reading --

    @property
    def pending(self) -> bool:
        return self.status is Status.PENDING

    @property
    def open(self) -> bool:
        return self.status is Status.OPEN

    @property
    def risk(self) -> float:
        """Return |average entry − first stop|, NaN without a stop."""
        stop = self.signal.stop
        return UNKNOWN if stop is None else abs(self.entry - stop)

    @property
    def deadline(self) -> int:
        """Return when it expires (ms): from the fill once there is one, from the signal before; 0: never."""
        if not self.signal.expire_ms:
            return 0
        return (self.signal.close_time if self.pending else self.opened_at) + self.signal.expire_ms

    def target(self) -> float | None:
        """Return the price of the next target, None if there is none left."""
        if self.targets_hit >= len(self.signal.targets):
            return None
        return self._target_price(self.targets_hit)

    def add(self) -> float | None:
        """Return the price of the next add, None if none is left; they die with the first exit of any part."""
        adds = self.signal.entry.adds
        if self.adds_filled >= len(adds) or self.remaining < self.filled - NOTHING:
            return None
        return self._add_price(adds[self.adds_filled])

    def beyond(self, price: float, level: float) -> bool:
        """Tell whether `price` is at `level` or farther on the profit side."""
        return self.sign * (price - level) >= 0

    def fell_to(self, price: float, level: float | None) -> bool:
        """Tell whether `price` is at `level` or farther on the loss side; False where there is no level."""
        return level is not None and self.sign * (price - level) <= 0

    def kept(self, node: int) -> Number:
        """Return what a node's value was at the signal."""
        return self._kept[node] if node in self._kept else nothing(node)

    def profit(self, close: Any) -> Any:
        """Return the unrealised profit at a close, or at each of an array of them, as a ratio of the entry."""
        return self.sign * (close - self.entry) / self.entry

    def field(self, name: str, close: float = UNKNOWN) -> float:
        """Return a field of the position as rules name it; `profit` needs the candle's close."""
        match name.removeprefix("position."):
            case "entry":
                return self.entry
            case "bars":
                return float(self.bars)
            case "best":
                return self.best
            case "stop":
                return UNKNOWN if self.stop is None else self.stop
            case "profit":
                return float(self.profit(close))
        raise ValueError(f"a position has no field {name!r}")

    # -- fills --

    def at_market(self, price: float, *, buying: bool) -> float:
        """Return `price` worsened by the slippage for whoever enters (buying) or leaves."""
        return price * (1 + self.sign * (1 if buying else -1) * self.terms.costs.slippage)

    def enter(self, price: float, time: int) -> None:
        """Fill the entry order."""
        fill = self._fill(time, price, self.signal.entry.part, "entry")
        self.status, self.opened_at, self.bars = Status.OPEN, time, 0
        self.entry = self.best = self.worst = price
        self.filled = self.remaining = fill.part
        self._account()
        self._tell(PositionOpened, time, fill=fill)

    def fill_add(self, time: int) -> None:
        """Fill the next add; the average entry moves, and with it the targets that are a share of it."""
        price = self.add()
        assert price is not None
        fill = self._fill(time, price, self.signal.entry.adds[self.adds_filled].part, "add")
        filled = self.filled + fill.part
        self.entry = (self.entry * self.filled + price * fill.part) / filled
        self.filled = self.remaining = filled
        self.adds_filled += 1
        self.targets = self._targets_from(self.entry)
        self._account()
        self._tell(PositionAdded, time, fill=fill)

    def hit_target(self, price: float, time: int) -> None:
        """Close the next target's part at `price`; move the stop if it says so; end with the last."""
        number = self.targets_hit
        last = number + 1 == len(self.signal.targets)
        part = self.remaining if last else min(self.signal.targets[number].part * self.filled, self.remaining)
        fill = self._take(time, price, part, "target")
        self.saw(price)
        self.targets_hit = number + 1
        self._tell(TakeProfitHit, time, target=number + 1, fill=fill)
        if self.remaining <= NOTHING:
            self._end(Status.TP_HIT, f"target {number + 1}", time, fill)
        else:
            self._move_after(number)

    def take_part(self, rule: str, take: float, price: float, time: int) -> None:
        """Close the part `take` of what is left, for an exit rule."""
        fill = self._take(time, price, self.remaining * take, "exit")
        self._tell(PartExited, time, rule=rule, fill=fill)

    def close(self, status: Status, reason: str, price: float, time: int) -> None:
        """Close all that is left at `price`, and end."""
        why = {Status.SL_HIT: "stop", Status.EXPIRED: "expire"}.get(status, "exit")
        fill = self._take(time, price, self.remaining, why)
        self._end(status, reason, time, fill)

    def cancel(self, status: Status, reason: str, time: int) -> None:
        """End a position whose entry order was never filled."""
        self._end(status, reason, time, None)

    def move_stop(self, price: float, why: str) -> bool:
        """Move the stop to `price` on the market's tick if that is tighter; it never loosens."""
        old = self.stop
        if not math.isfinite(price):
            return False
        price = self.terms.market.round_price(price)
        if old is not None and self.sign * (price - old) <= 0:
            return False
        self.stop, self.stop_why = price, why
        self._tell(StopMoved, 0, old=old, why=why)
        return True

    def saw(self, *prices: float) -> None:
        """Widen the excursions by prices that were reached while it was open."""
        extreme, opposite = (max, min) if self.sign > 0 else (min, max)
        self.best, self.worst = extreme(self.best, *prices), opposite(self.worst, *prices)

    def wait_to_exit(self, rule: str) -> None:
        """Let an exit rule that held take effect at the next price."""
        self.exits_taken = (*self.exits_taken, rule)
        self.exiting = (*self.exiting, rule)

    def finish(self) -> tuple[Event, ...]:
        """Return the events of the slice just applied; the last carries the position as the slice leaves it."""
        last: Any = self.events[-1]
        told = (*self.events[:-1], replace(last, position=self.position()))
        self.events.clear()
        return told

    # -- inside --

    def _fill(self, time: int, price: float, part: float, reason: str) -> Fill:
        fill = Fill(time, price, part, reason, self.terms.costs.fees)
        self.fills = (*self.fills, fill)
        return fill

    def _take(self, time: int, price: float, part: float, reason: str) -> Fill:
        fill = self._fill(time, price, part, reason)
        left = self.remaining - part
        self.remaining = left if left > NOTHING else 0.0
        self._account()
        return fill

    def _account(self) -> None:
        """Work out result, R and the average exit from the fills."""
        out = [fill for fill in self.fills if fill.reason not in ("entry", "add")]
        closed = _sum(fill.part for fill in out)
        proceeds = _sum(fill.part * fill.price for fill in out)
        fees = _sum(fill.part * fill.price * fill.fee for fill in self.fills)
        gain = self.sign * (proceeds - self.entry * closed) - fees
        risk = self.risk
        self.result = gain / (self.entry * self.filled)
        self.result_r = self.result * self.entry / risk if risk > 0 else UNKNOWN
        self.exit_price = proceeds / closed if closed else UNKNOWN

    def _end(self, status: Status, reason: str, time: int, fill: Fill | None) -> None:
        self.status, self.closed_at, self.exiting = status, time, ()
        self._tell(PositionClosed, time, reason=reason, fill=fill)

    def _tell(self, kind: type[PositionEvent], filled: int, **details: object) -> None:
        """Tell what happened, at `filled` if that is known (0: not) and not the close of the candle itself."""
        filled_at = 0 if filled == self.followed_until else filled
        number = self.told
        self.told = number + 1
        event = kind(f"{self.signal.id}-{number}", self.followed_until, self.position(), filled_at, **details)
        self.events.append(event)

    def _add_price(self, add: Add) -> float:
        first = self.fills[0].price
        match add.kind:
            case "percent":
                return self.terms.market.round_price(first * (1 - self.sign * add.value))
            case "distance":
                return self.terms.market.round_price(first - self.sign * add.value)
        return add.price

    def _target_price(self, place: int) -> float:
        return self.targets[place] if self.targets else self.signal.targets[place].price

    def _targets_from(self, entry: float) -> tuple[float, ...]:
        round_price = self.terms.market.round_price
        return tuple(
            round_price(entry * (1 + self.sign * target.ratio)) if target.ratio else target.price
            for target in self.signal.targets
        )

    def _move_after(self, number: int) -> None:
        move = self.signal.targets[number].then
        if move is None:
            return
        match move.kind:
            case "price":
                price = move.value
            case "entry":
                price = self.entry
            case "offset":
                price = self.entry * (1 + self.sign * move.value)
            case "target":
                price = self._target_price(int(move.value) - 1)
            case "rule":
                price = self._ruled_stop(int(move.value))
            case kind:
                raise ValueError(f"there is no way to move a stop called {kind!r}")
        self.move_stop(price, f"target {number + 1}")

    def _ruled_stop(self, place: int) -> float:
        """Return where a `then stop to` that reads the position puts the stop: plan values are the signal's."""
        rules = self.terms.rules
        if rules is None or place >= len(rules.targets):
            return UNKNOWN
        move = rules.targets[place].then
        if move is None:
            return UNKNOWN
        value = evaluate(move.value, self.kept, self.kept, self.field)
        return self.entry * (1 + self.sign * value) if move.kind == "offset" else value


def _sum(values: Iterable[float]) -> float:
    """Add in the order of the fills, as every start of the simulator does."""
    total = 0.0
    for value in values:
        total += value
    return total
