"""A position at work: the mutable form in which the simulator steps it, and the events it tells.

Orders fill at their own price, or at the candle's open where that is worse, never better. Slippage worsens
what is filled at market: market and stop entries, stops, exits, expiry; limit entries, adds and targets have
none. The fee is a ratio of every fill.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

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
from engine.trade.held import UNKNOWN, Number, evaluate, kept_nodes, nothing

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
    """One live position being stepped. `events` are those told and not yet taken."""

    def __init__(self, position: Position, terms: Terms) -> None:
        self.position, self.terms = position, terms
        self.signal = position.signal
        self.sign = position.signal.side.sign
        self.events: list[Event] = []
        kept = kept_nodes(terms.rules) if terms.rules else ()
        by_place = dict(position.at_entry)
        self._kept: dict[int, Number] = {
            node: (np.int8 if node in terms.truths else np.float64)(by_place[place])
            for place, node in enumerate(kept)
            if place in by_place
        }

    # -- reading --

    @property
    def risk(self) -> float:
        """Return |average entry − first stop|, NaN without a stop."""
        stop = self.signal.stop
        return UNKNOWN if stop is None else abs(self.position.entry - stop)

    @property
    def deadline(self) -> int:
        """Return when it expires (ms): from the fill once there is one, from the signal before; 0: never."""
        if not self.signal.expire_ms:
            return 0
        since = self.signal.close_time if self.position.status is Status.PENDING else self.position.opened_at
        return since + self.signal.expire_ms

    def target(self) -> float | None:
        """Return the price of the next target, None if there is none left."""
        number = self.position.targets_hit
        if number >= len(self.signal.targets):
            return None
        moved = self.position.targets
        return moved[number] if moved else self.signal.targets[number].price

    def add(self) -> float | None:
        """Return the price of the next add, None if none is left; they die with the first exit of any part."""
        position = self.position
        adds = self.signal.entry.adds
        if position.adds_filled >= len(adds) or position.remaining < position.filled - NOTHING:
            return None
        return self._add_price(adds[position.adds_filled])

    def beyond(self, price: float, level: float) -> bool:
        """Tell whether `price` is at `level` or farther on the profit side."""
        return self.sign * (price - level) >= 0

    def fell_to(self, price: float, level: float | None) -> bool:
        """Tell whether `price` is at `level` or farther on the loss side; False where there is no level."""
        return level is not None and self.sign * (price - level) <= 0

    # -- fills --

    def at_market(self, price: float, *, buying: bool) -> float:
        """Return `price` worsened by the slippage for whoever enters (buying) or leaves."""
        return price * (1 + self.sign * (1 if buying else -1) * self.terms.costs.slippage)

    def enter(self, price: float, time: int) -> None:
        """Fill the entry order."""
        fill = self._fill(time, price, self.signal.entry.part, "entry")
        self.position = replace(
            self.position, status=Status.OPEN, opened_at=time, entry=price, filled=fill.part, remaining=fill.part,
            fills=(fill,), best=price, worst=price, bars=0,
        )  # fmt: skip
        self._account()
        self._tell(PositionOpened, time, fill=fill)

    def fill_add(self, time: int) -> None:
        """Fill the next add; the average entry moves, and with it the targets that are a share of it."""
        position, price = self.position, self.add()
        assert price is not None
        fill = self._fill(time, price, self.signal.entry.adds[position.adds_filled].part, "add")
        filled = position.filled + fill.part
        entry = (position.entry * position.filled + price * fill.part) / filled
        self.position = replace(
            position, entry=entry, filled=filled, remaining=filled, fills=(*position.fills, fill),
            adds_filled=position.adds_filled + 1, targets=self._targets_from(entry),
        )  # fmt: skip
        self._account()
        self._tell(PositionAdded, time, fill=fill)

    def hit_target(self, price: float, time: int) -> None:
        """Close the next target's part at `price`; move the stop if it says so; end with the last."""
        position = self.position
        number = position.targets_hit
        target = self.signal.targets[number]
        last = number + 1 == len(self.signal.targets)
        part = position.remaining if last else min(target.part * position.filled, position.remaining)
        fill = self._take(time, price, part, "target")
        self.saw(price)
        self.position = replace(self.position, targets_hit=number + 1)
        self._tell(TakeProfitHit, time, target=number + 1, fill=fill)
        if self.position.remaining <= NOTHING:
            self._end(Status.TP_HIT, f"target {number + 1}", time, fill)
        else:
            self._move_after(number)

    def take_part(self, rule: str, take: float, price: float, time: int) -> None:
        """Close the part `take` of what is left, for an exit rule."""
        fill = self._take(time, price, self.position.remaining * take, "exit")
        self._tell(PartExited, time, rule=rule, fill=fill)

    def close(self, status: Status, reason: str, price: float, time: int) -> None:
        """Close all that is left at `price`, and end."""
        why = {Status.SL_HIT: "stop", Status.EXPIRED: "expire"}.get(status, "exit")
        fill = self._take(time, price, self.position.remaining, why)
        self._end(status, reason, time, fill)

    def cancel(self, status: Status, reason: str, time: int) -> None:
        """End a position whose entry order was never filled."""
        self._end(status, reason, time, None)

    def move_stop(self, price: float, why: str) -> bool:
        """Move the stop to `price` on the market's tick if that is tighter; it never loosens."""
        old = self.position.stop
        if not math.isfinite(price):
            return False
        price = self.terms.market.round_price(price)
        if old is not None and self.sign * (price - old) <= 0:
            return False
        self.position = replace(self.position, stop=price, stop_why=why)
        self._tell(StopMoved, 0, old=old, why=why)
        return True

    def saw(self, *prices: float) -> None:
        """Widen the excursions by prices that were reached while it was open."""
        position = self.position
        extreme, opposite = (max, min) if self.sign > 0 else (min, max)
        best, worst = extreme(position.best, *prices), opposite(position.worst, *prices)
        if best != position.best or worst != position.worst:
            self.position = replace(position, best=best, worst=worst)

    def wait_to_exit(self, rule: str) -> None:
        """Let an exit rule that held take effect at the next price."""
        position = self.position
        self.position = replace(position, exits_taken=(*position.exits_taken, rule), exiting=(*position.exiting, rule))

    def stop_waiting(self) -> None:
        """Forget the exit rules that took effect."""
        if self.position.exiting:
            self.position = replace(self.position, exiting=())

    def unsure(self) -> None:
        """Count a candle that left open which of two things came first."""
        self.position = replace(self.position, ambiguous=self.position.ambiguous + 1)

    def rest(self, time: int, bars: int) -> None:
        """Note that nothing happened up to `time`, and `bars` candles of the strategy closed meanwhile."""
        position = self.position
        if time > position.followed_until or bars:
            self.position = replace(position, followed_until=time, bars=position.bars + bars)

    def finish(self, time: int) -> tuple[Event, ...]:
        """Return the events of the slice at `time`; the last carries the position as the slice leaves it."""
        self.position = replace(self.position, followed_until=time)
        events = [replace(event, time=time) for event in self.events]
        self.events.clear()
        last = events[-1]
        assert isinstance(last, PositionEvent)
        events[-1] = replace(last, position=self.position)
        return tuple(events)

    # -- inside --

    def _fill(self, time: int, price: float, part: float, reason: str) -> Fill:
        return Fill(time, price, part, reason, self.terms.costs.fees)

    def _take(self, time: int, price: float, part: float, reason: str) -> Fill:
        fill = self._fill(time, price, part, reason)
        left = self.position.remaining - part
        remaining = left if left > NOTHING else 0.0
        self.position = replace(self.position, remaining=remaining, fills=(*self.position.fills, fill))
        self._account()
        return fill

    def _account(self) -> None:
        """Work out result, R and the average exit from the fills."""
        position = self.position
        out = [fill for fill in position.fills if fill.reason not in ("entry", "add")]
        closed = math.fsum(fill.part for fill in out)
        proceeds = math.fsum(fill.part * fill.price for fill in out)
        fees = math.fsum(fill.part * fill.price * fill.fee for fill in position.fills)
        gain = self.sign * (proceeds - position.entry * closed) - fees
        result = gain / (position.entry * position.filled)
        risk = self.risk
        self.position = replace(
            position,
            result=result,
            result_r=result * position.entry / risk if risk > 0 else UNKNOWN,
            exit_price=proceeds / closed if closed else UNKNOWN,
        )

    def _end(self, status: Status, reason: str, time: int, fill: Fill | None) -> None:
        self.position = replace(self.position, status=status, closed_at=time, exiting=())
        self._tell(PositionClosed, time, reason=reason, fill=fill)

    def _tell(self, kind: type[PositionEvent], filled_at: int, **details: object) -> None:
        number = self.position.told
        self.position = replace(self.position, told=number + 1)
        event = kind(f"{self.signal.id}-{number}", 0, self.position, filled_at, **details)
        self.events.append(event)

    def _add_price(self, add: Add) -> float:
        first = self.position.fills[0].price
        match add.kind:
            case "percent":
                return self.terms.market.round_price(first * (1 - self.sign * add.value))
            case "distance":
                return self.terms.market.round_price(first - self.sign * add.value)
        return add.price

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
        entry = self.position.entry
        match move.kind:
            case "price":
                price = move.value
            case "entry":
                price = entry
            case "offset":
                price = entry * (1 + self.sign * move.value)
            case "target":
                place = int(move.value) - 1
                price = self.position.targets[place] if self.position.targets else self.signal.targets[place].price
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
        return self.position.entry * (1 + self.sign * value) if move.kind == "offset" else value

    def kept(self, node: int) -> Number:
        """Return what a node's value was at the signal."""
        return self._kept[node] if node in self._kept else nothing(node)

    def field(self, name: str, close: float = UNKNOWN) -> float:
        """Return a field of the position; `profit` needs the candle's close."""
        position = self.position
        match name.removeprefix("position."):
            case "entry":
                return position.entry
            case "bars":
                return float(position.bars)
            case "best":
                return position.best
            case "stop":
                return UNKNOWN if position.stop is None else position.stop
            case "profit":
                return self.sign * (close - position.entry) / position.entry
        raise ValueError(f"a position has no field {name!r}")
