"""Equity marked to market on a regular grid, worked out in columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from engine.account.costs import ENTRIES
from engine.account.marks import Marks
from engine.account.walk import Holding
from engine.domain.market import Floats, Times
from engine.domain.position import Position

MINUTE = 60_000
STEPS = tuple(minutes * MINUTE for minutes in (5, 15, 60, 240, 1440))
MOST_POINTS, MOST_CLOSES = 50_000, 5_000_000
"""Of a grid, and of all symbols on it: they bound memory."""
NEVER = 2**62
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Curve:
    """A value over time, on a regular grid of `time` (ms, `step` apart; the first point is the begin).

    `base` is the value at the begin: the capital; 0 for a sum of results in units of one stake, which is not
    compounded. `exposure` is the value of what was held (long and short added) and `live` how many positions, at
    each point; `held` the share of all the time, not only of the points, in which anything was held.
    """

    time: Times
    value: Floats
    base: float
    exposure: Floats
    live: Floats
    held: float = 0.0

    @property
    def step(self) -> int:
        return int(self.time[1] - self.time[0]) if len(self.time) > 1 else 0


@dataclass(frozen=True, slots=True)
class Grid:
    """Regular times (ms), and what each symbol was worth at them: the last close, NaN before the first."""

    time: Times
    marks: Marks
    _known: dict[str, Floats] = field(default_factory=dict)

    def prices(self, symbol: str) -> Floats:
        if symbol not in self._known:
            self._known[symbol] = self.marks.on(symbol, self.time)
        return self._known[symbol]


def regular(begin: int, end: int, step: int = 0, symbols: int = 1) -> Times:
    """Return regular times from the last one not after `begin` to the first one not before `end` (ms).

    `step` 0: the shortest of 5m, 15m, 1h, 4h and 1d that gives at most 50,000 points, and 5 million for all symbols.
    """
    if not step:
        most = min(MOST_POINTS, MOST_CLOSES // max(symbols, 1))
        step = next((one for one in STEPS if (end - begin) // one <= most), STEPS[-1])
    first, last = begin // step * step, -(-end // step) * step
    return np.arange(first, last + 1, step, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Flows:
    """What was bought and sold, in columns: `whose` is the place of its holding, `amount` the coins bought (negative:
    sold) at `price` for `cost` in fees; funding is a cost without an amount. By symbol, then in the order of time.

    Per holding: its `symbol`, when it `begun` and `ended` (ms, `NEVER`: still held), and the sign of its `side`.
    """

    whose: npt.NDArray[np.intp]
    time: Times
    amount: Floats
    price: Floats
    cost: Floats
    symbol: npt.NDArray[np.str_]
    begun: Times
    ended: Times
    side: npt.NDArray[np.int64]

    @staticmethod
    def of(symbols: Sequence[str], rows: Sequence[Sequence[tuple[int, float, float, float]]]) -> Flows:
        """Return the flows of holdings: of each its symbol, and (time, amount, price, cost) in their order."""
        whose = np.repeat(np.arange(len(rows)), [len(part) for part in rows])
        table = np.array([row for part in rows for row in part], np.float64).reshape(-1, 4)
        names = np.array(symbols, np.str_)
        time, amount = table[:, 0].astype(np.int64), table[:, 1]
        count = len(rows)
        left, most = np.bincount(whose, amount, count), np.zeros(count)
        np.maximum.at(most, whose, np.abs(amount))
        begun, ended = np.full(count, NEVER), np.full(count, -NEVER)
        np.minimum.at(begun, whose, time)
        np.maximum.at(ended, whose[amount != 0], time[amount != 0])
        side = np.zeros(count, np.int64)
        first = np.flatnonzero(np.diff(whose, prepend=-1))
        side[whose[first]] = np.sign(amount[first]).astype(np.int64)
        order = np.lexsort((time, names[whose])) if count else np.empty(0, np.intp)
        return Flows(
            whose[order], time[order], amount[order], table[order, 2], table[order, 3], names, begun,
            np.where(np.abs(left) > 1e-9 * most, NEVER, ended), side,
        )  # fmt: skip

    def curve(self, base: float, grid: Grid, chosen: Mask | None = None) -> Curve:
        """Return the value of the chosen holdings over time, on top of `base`."""
        every = np.ones(len(self.symbol), np.bool_) if chosen is None else chosen
        value, exposure = np.full(len(grid.time), float(base)), np.zeros(len(grid.time))
        rows = np.flatnonzero(every[self.whose])
        names = self.symbol[self.whose[rows]]
        borders = np.flatnonzero(names[1:] != names[:-1]) + 1
        for part in np.split(rows, borders) if len(rows) else ():
            mark = grid.prices(str(self.symbol[self.whose[part[0]]]))
            value += self._worth(part, mark, grid.time)
            sides = self.side[self.whose[part]]
            for side in (1, -1):
                held = self._held(part[sides == side], grid.time)
                exposure += np.maximum(side * held, 0) * np.nan_to_num(mark)
        begun, ended = self.begun[every], self.ended[every]
        live = np.searchsorted(np.sort(begun), grid.time, "right") - np.searchsorted(np.sort(ended), grid.time, "right")
        share = _share(begun, ended, int(grid.time[0]), int(grid.time[-1]))
        return Curve(grid.time, value, float(base), exposure, live.astype(np.float64), share)

    def _worth(self, rows: npt.NDArray[np.intp], mark: Floats, times: Times) -> Floats:
        """Return cash and coins of one symbol at each time; before a first close coins count at what they cost."""
        at = np.searchsorted(self.time[rows], times, "right")
        cash = np.concatenate(([0.0], np.cumsum(-self.amount[rows] * self.price[rows] - self.cost[rows])))
        last = np.concatenate(([0.0], self.price[rows]))
        worth: Floats = cash[at] + self._held(rows, times) * np.where(np.isfinite(mark), mark, last[at])
        return worth

    def _held(self, rows: npt.NDArray[np.intp], times: Times) -> Floats:
        if not len(rows):
            return np.zeros(len(times))
        held = np.concatenate(([0.0], np.cumsum(self.amount[rows])))[np.searchsorted(self.time[rows], times, "right")]
        return np.where(np.abs(held) > 1e-9 * np.abs(self.amount[rows]).max(), held, 0.0)


def account_flows(holdings: Iterable[Holding]) -> Flows:
    """Return what an account bought and sold; a holding whose entry was never filled has none."""
    every = list(holdings)
    rows = [[(flow.time, flow.amount, flow.price, flow.cost) for flow in one.flows] for one in every]
    return Flows.of([one.position.signal.symbol for one in every], rows)


def stake_flows(
    positions: Iterable[Position], funding: Mapping[str, Sequence[tuple[int, float]]] | None = None
) -> Flows:
    """Return the flows where every position is one stake: all of its entries together are worth 1."""
    paid = funding or {}
    every = list(positions)
    return Flows.of([one.signal.symbol for one in every], [_stake(one, paid.get(one.id, ())) for one in every])


def hold_curve(symbols: Iterable[str], capital: float, grid: Grid, fee: float) -> Curve:
    """Return what buying equal parts of `symbols` at the begin, and holding them, would have been worth.

    A symbol without a price at the begin is bought at its first one. A capital of 0 gives the gain of one stake.
    """
    known = [symbol for symbol in dict.fromkeys(symbols) if np.isfinite(grid.prices(symbol)).any()]
    rows = []
    for symbol in known:
        prices = grid.prices(symbol)
        at = int(np.argmax(np.isfinite(prices)))
        part, price = (capital or 1.0) / len(known) / (1 + fee), float(prices[at])
        rows.append([(int(grid.time[at]), part / price, price, part * fee)])
    return Flows.of(known, rows).curve(capital, grid)


def _stake(position: Position, funding: Sequence[tuple[int, float]]) -> list[tuple[int, float, float, float]]:
    if not position.fills:
        return []
    unit = 1 / (position.entry * position.filled)
    sign = position.signal.side.sign
    found = []
    for fill in position.fills:
        amount = sign * fill.part * unit if fill.reason in ENTRIES else -sign * fill.part * unit
        found.append((fill.time, amount, fill.price, abs(amount) * fill.price * fill.fee))
    return [*found, *((time, 0.0, 0.0, cost * unit) for time, cost in funding)]


def _share(begun: Times, ended: Times, begin: int, end: int) -> float:
    """Return the share of the time from `begin` to `end` that lies in any of the spans."""
    there = begun < NEVER
    if not there.any():
        return 0.0
    order = np.argsort(begun[there], kind="stable")
    first, last = begun[there][order], np.minimum(ended[there][order], end)
    before = np.concatenate(([begin], np.maximum.accumulate(last)[:-1]))
    return float(np.maximum(last - np.maximum(first, np.maximum(before, begin)), 0).sum()) / (end - begin)
