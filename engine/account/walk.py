"""What an account takes of the signals of a backtest, in the order of time, and at what size.

Signals do not know of capital: they are simulated as they are. Here they are gone through once more, with money. At
one time what closes at a stop or a target comes first, then new signals, then what fills at the next open, so room
that an exit makes can be used at once, and an order's money is bound from its signal to its end.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from engine.account.costs import ENTRIES
from engine.account.marks import Marks
from engine.account.settings import Account, Stake
from engine.domain.market import Market
from engine.domain.position import Fill, Position
from engine.domain.signal import Signal

LEAST_SHARE = 0.5
"""A percentage of the equity is cut to the capital that is free, down to this share of it."""
DUST = 1e-12


@dataclass(frozen=True, slots=True)
class Flow:
    """Money that moved at `time`: `amount` of the coin was bought (negative: sold) at `price`, for `cost` in fees;
    funding has no amount."""

    time: int
    amount: float
    price: float
    cost: float


@dataclass(frozen=True, slots=True)
class Holding:
    """A position as the account held it. `amount` is the planned one in the coin; money is in the quote currency.

    `value` is what its entries cost, `profit` what it has earned, fees and funding taken off (of a live one: so far).
    `wanted` is the value that the stake asked for; more than `value` where capital was short.
    """

    position: Position
    amount: float
    wanted: float
    value: float
    profit: float
    fees: float
    funding: float
    flows: tuple[Flow, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """What the account did. `skipped` has per signal id the reason: no-capital, max-open, max-per-strategy,
    max-per-symbol, below-minimum, no-stop or ruined. `cut` counts positions made smaller because capital was short,
    `most_open` the most that were live at once, `most_used` the largest share of the equity that was bound."""

    holdings: tuple[Holding, ...]
    skipped: Mapping[str, str] = field(default_factory=dict)
    cut: int = 0
    most_open: int = 0
    most_used: float = 0.0

    @property
    def reasons(self) -> Counter[str]:
        return Counter(self.skipped.values())


def take(
    positions: Sequence[Position],
    account: Account,
    marks: Marks,
    markets: Mapping[str, Market] | None = None,
    funding: Mapping[str, Sequence[tuple[int, float]]] | None = None,
    fee: float = 0.0,
) -> Taken:
    """Go through `positions` (in the order of their signals) and return what the account takes of them.

    `funding` has per position id its payments per unit of the planned amount, as `engine.account.costs.charge` gives
    them. An amount is fixed at the signal, from what is known then, and rounded down to the market's lot; `fee` (a
    ratio) is set aside for its entry.
    """
    return _Walk(account, marks, markets or {}, funding or {}, fee).through(positions)


@dataclass(slots=True)
class _Open:
    """A position of the account while it lives; `bound` is the money it keeps from others."""

    position: Position
    amount: float
    wanted: float
    bound: float
    entries: int = 0
    held: float = 0.0
    entry: float = 0.0
    value: float = 0.0
    profit: float = 0.0
    fees: float = 0.0
    funding: float = 0.0
    flows: list[Flow] = field(default_factory=list)


Step = tuple[int, int, int, int, Fill | float | None]
"""Time, phase, place of the position, place within the position, and what happens (None: the signal)."""


class _Walk:
    def __init__(
        self,
        account: Account,
        marks: Marks,
        markets: Mapping[str, Market],
        funding: Mapping[str, Sequence[tuple[int, float]]],
        fee: float,
    ) -> None:
        self.account, self.marks, self.markets, self.funding, self.fee = account, marks, markets, funding, fee
        self.balance = account.capital
        self.live: dict[int, _Open] = {}
        self.done: dict[int, _Open] = {}
        self.skipped: dict[str, str] = {}
        self.cut = self.most_open = 0
        self.most_used = 0.0

    def through(self, positions: Sequence[Position]) -> Taken:
        steps = sorted(chain.from_iterable(self._steps(place, p) for place, p in enumerate(positions)), key=_order)
        for time, _, place, _, what in steps:
            if what is None:
                self._signal(place, positions[place], time)
            elif place in self.live:
                if isinstance(what, Fill):
                    self._fill(place, what)
                elif math.isnan(what):
                    self._end(place)
                else:
                    self._pay(self.live[place], what, time)
        everything = {**self.done, **self.live}
        holdings = tuple(_holding(everything[place]) for place in sorted(everything))
        return Taken(holdings, self.skipped, self.cut, self.most_open, self.most_used)

    def _steps(self, place: int, position: Position) -> Iterable[Step]:
        """Yield what happens to a position. Its own order is kept: a phase never goes back within one time."""
        yield position.signal.close_time, 1, place, 0, None
        last, phase = -1, 0
        for number, fill in enumerate(position.fills, 1):
            own = 0 if fill.reason in ("stop", "target") else 2
            phase = max(own, phase) if fill.time == last else own
            last = fill.time
            yield fill.time, phase, place, number, fill
        for time, cost in self.funding.get(position.id, ()):
            yield time, 0, place, -1, cost
        if not position.status.live:
            at_once = 2 if position.closed_at == position.signal.close_time else 0
            late = phase if position.closed_at == last else at_once
            yield position.closed_at, late, place, len(position.fills) + 1, float("nan")

    def _signal(self, place: int, position: Position, time: int) -> None:
        found = self._decide(position, time)
        if isinstance(found, str):
            self.skipped[position.id] = found
            return
        self.live[place] = found
        self.most_open = max(self.most_open, len(self.live))

    def _decide(self, position: Position, time: int) -> _Open | str:
        """Return the order, or why there is none."""
        signal, account = position.signal, self.account
        if account.max_open and len(self.live) >= account.max_open:
            return "max-open"
        others = [one.position.signal for one in self.live.values()]
        if account.max_per_strategy and _count(others, "strategy", signal) >= account.max_per_strategy:
            return "max-per-strategy"
        if account.max_per_symbol and _count(others, "symbol", signal) >= account.max_per_symbol:
            return "max-per-symbol"
        equity = self._equity(time)
        if equity <= 0:
            return "ruined"
        return self._order(position, equity)

    def _order(self, position: Position, equity: float) -> _Open | str:
        signal = position.signal
        price = planned_price(signal)
        wanted = wanted_amount(self.account.stake, signal, price, equity)
        if wanted is None:
            return "no-stop"
        per_unit = price * (1 / self.account.leverage + self.fee)
        affordable = max(self._free(equity), 0.0) / per_unit
        least = 1.0 if self.account.stake.kind == "fixed" else LEAST_SHARE
        if affordable < wanted * least * (1 - DUST):
            return "no-capital"
        amount = self._rounded(signal.symbol, min(wanted, affordable), price)
        if not amount:
            return "below-minimum"
        if affordable < wanted * (1 - DUST):
            self.cut += 1
        made = _Open(position, amount, wanted * price, amount * per_unit)
        bound = self._bound() + made.bound
        self.most_used = max(self.most_used, bound / equity)
        return made

    def _rounded(self, symbol: str, amount: float, price: float) -> float:
        market = self.markets.get(symbol)
        if market is None:
            return amount
        amount = market.round_amount(amount)
        return amount if amount * price >= market.min_cost else 0.0

    def _fill(self, place: int, fill: Fill) -> None:
        one = self.live[place]
        if fill.reason in ENTRIES:
            self._buy(one, fill)
        else:
            self._sell(one, fill)

    def _buy(self, one: _Open, fill: Fill) -> None:
        if not one.entries:
            self._fit(one, fill)
        amount = one.amount * fill.part
        planned = sum(add.part for add in one.position.signal.entry.adds[one.entries :])
        one.entries += 1
        one.entry = (one.entry * one.held + fill.price * amount) / (one.held + amount)
        one.held += amount
        one.value += amount * fill.price
        self._cost(one, fill, amount * one.position.signal.side.sign)
        waiting = planned * one.amount * planned_price(one.position.signal)
        one.bound = (one.held * one.entry + waiting) / self.account.leverage

    def _fit(self, one: _Open, fill: Fill) -> None:
        """Make the order smaller where its first fill turned out dearer than the money there is."""
        dearer = fill.price / planned_price(one.position.signal)
        if dearer <= 1:
            return
        free, need = self._free(self._equity(fill.time)) + one.bound, one.bound * dearer
        if need > free > 0:
            one.amount = self._rounded(one.position.signal.symbol, one.amount * free / need, fill.price) or one.amount

    def _sell(self, one: _Open, fill: Fill) -> None:
        sign = one.position.signal.side.sign
        amount = min(one.amount * fill.part, one.held)
        gain = sign * amount * (fill.price - one.entry)
        one.profit += gain
        self.balance += gain
        one.held -= amount
        self._cost(one, fill, -sign * amount)
        one.bound = one.held * one.entry / self.account.leverage

    def _cost(self, one: _Open, fill: Fill, amount: float) -> None:
        cost = abs(amount) * fill.price * fill.fee
        one.fees += cost
        one.profit -= cost
        self.balance -= cost
        one.flows.append(Flow(fill.time, amount, fill.price, cost))

    def _pay(self, one: _Open, per_unit: float, time: int) -> None:
        cost = one.amount * per_unit
        one.funding += cost
        one.profit -= cost
        self.balance -= cost
        one.flows.append(Flow(time, 0.0, 0.0, cost))

    def _end(self, place: int) -> None:
        self.done[place] = self.live.pop(place)

    def _equity(self, time: int) -> float:
        """Return balance and open profit at the last closes known at `time`."""
        total = self.balance
        for one in self.live.values():
            if one.held:
                signal = one.position.signal
                mark = self.marks.at(signal.symbol, time)
                total += 0.0 if math.isnan(mark) else signal.side.sign * one.held * (mark - one.entry)
        return total

    def _bound(self) -> float:
        return math.fsum(one.bound for one in self.live.values())

    def _free(self, equity: float) -> float:
        """Return what may be bound: of the balance, and no more than open losses leave of it."""
        return min(self.balance, equity) - self._bound()


def planned_price(signal: Signal) -> float:
    """Return the average price of all entry orders, as quoted at the signal."""
    entry = signal.entry
    parts = [(entry.part, entry.price), *((add.part, add.price) for add in entry.adds)]
    return math.fsum(part * price for part, price in parts) / math.fsum(part for part, _ in parts)


def wanted_amount(stake: Stake, signal: Signal, price: float, equity: float) -> float | None:
    """Return the amount in the coin that the stake asks for at `price`; None: its risk is not known without a stop."""
    if stake.kind == "fixed":
        return stake.value / price
    if stake.kind == "percent":
        return equity * stake.value / price
    risk = abs(price - signal.stop) if signal.stop is not None else 0.0
    return equity * stake.value / risk if risk > 0 else None


def _order(step: Step) -> tuple[int, int, int, int]:
    return step[:4]


def _count(others: Iterable[Signal], field_name: str, signal: Signal) -> int:
    mine = getattr(signal, field_name)
    return sum(getattr(other, field_name) == mine for other in others)


def _holding(one: _Open) -> Holding:
    return Holding(one.position, one.amount, one.wanted, one.value, one.profit, one.fees, one.funding, tuple(one.flows))
