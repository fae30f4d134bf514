"""What trading costs beyond the price: maker and taker fees, and funding of perpetual futures.

Both change no event, only what was earned, so they are worked out after the simulation.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from engine.account.marks import Marks
from engine.domain.market import FundingRates
from engine.domain.position import Fill, Position

ENTRIES = ("entry", "add")


@dataclass(frozen=True, slots=True)
class Fees:
    """Fees as ratios of the price: `maker` for what rests in the book (limit entries, adds, targets), `taker` for
    what takes (market and stop entries, stops, exits, expiry)."""

    maker: float
    taker: float

    def of(self, position: Position, fill: Fill) -> float:
        resting = fill.reason in ("add", "target") or (fill.reason == "entry" and position.signal.entry.kind == "limit")
        return self.maker if resting else self.taker


@dataclass(frozen=True, slots=True)
class Charged:
    """Positions with all their costs. `funding` has per position id the payments as (time, money per unit of the
    planned amount, positive: paid); `unfunded` the symbols held over a time for which no rate is known."""

    positions: tuple[Position, ...]
    funding: Mapping[str, tuple[tuple[int, float], ...]] = field(default_factory=dict)
    unfunded: tuple[str, ...] = ()


def charge(
    positions: Iterable[Position],
    fees: Fees | None = None,
    rates: Mapping[str, FundingRates] | None = None,
    marks: Marks | None = None,
) -> Charged:
    """Return the positions with the given fees (None: those of their fills) and the funding that is known."""
    made: list[Position] = []
    funding: dict[str, tuple[tuple[int, float], ...]] = {}
    unfunded: set[str] = set()
    for position in positions:
        paid: tuple[tuple[int, float], ...] = ()
        if position.fills and rates is not None and marks is not None:
            known = rates.get(position.signal.symbol)
            if known is None or not _covers(known, position):
                unfunded.add(position.signal.symbol)
            if known is not None:
                paid = tuple(payments(position, known, marks))
        if paid:
            funding[position.id] = paid
        made.append(_charged(position, fees, math.fsum(cost for _, cost in paid)) if fees or paid else position)
    return Charged(tuple(made), funding, tuple(sorted(unfunded)))


def payments(position: Position, rates: FundingRates, marks: Marks) -> Iterator[tuple[int, float]]:
    """Yield what the position paid (negative: was paid) at each funding time, per unit of the planned amount.

    A long pays the rate times the value held at that time, a short receives it; the value is at the last close.
    """
    until = position.followed_until if position.status.live else position.closed_at
    first = int(rates.time.searchsorted(position.opened_at, side="right"))
    last = int(rates.time.searchsorted(until, side="right"))
    for row in range(first, last):
        time = int(rates.time[row])
        held = part_at(position.fills, time)
        price = marks.at(position.signal.symbol, time)
        if held > 0 and math.isfinite(price):
            yield time, position.signal.side.sign * float(rates.rate[row]) * held * price


def part_at(fills: Sequence[Fill], time: int) -> float:
    """Return the part of the planned amount that was held just before what happened at `time` (ms)."""
    return math.fsum(fill.part if fill.reason in ENTRIES else -fill.part for fill in fills if fill.time < time)


def _covers(rates: FundingRates, position: Position) -> bool:
    """Say whether rates are known over the whole life of the position, without a hole."""
    until = position.followed_until if position.status.live else position.closed_at
    gap = rates.interval_ms
    inner = rates.time[(rates.time > position.opened_at - gap) & (rates.time < until + gap)]
    edges = np.concatenate(([position.opened_at], inner, [until]))
    return bool(len(inner)) and int(np.diff(np.clip(edges, position.opened_at, until)).max()) <= gap


def _charged(position: Position, fees: Fees | None, funding: float) -> Position:
    """Return the position with these fees on its fills and the funding (money per unit) in its result."""
    if not position.fills:
        return position
    fills = position.fills
    if fees is not None:
        fills = tuple(replace(fill, fee=fees.of(position, fill)) for fill in fills)
    value = position.entry * position.filled
    before = math.fsum(fill.part * fill.price * fill.fee for fill in position.fills)
    after = math.fsum(fill.part * fill.price * fill.fee for fill in fills)
    result = position.result + (before - after - funding) / value
    stop = position.signal.stop
    risk = abs(position.entry - stop) if stop is not None else 0.0
    in_r = result * position.entry / risk if risk > 0 else float("nan")
    return replace(position, fills=fills, result=result, result_r=in_r)
