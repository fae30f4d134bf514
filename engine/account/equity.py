"""Equity marked to market on a regular grid, worked out in columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.account.costs import ENTRIES
from engine.account.marks import Marks
from engine.account.walk import Flow, Holding
from engine.domain.market import Floats, Times
from engine.domain.position import Position

MINUTE = 60_000
STEPS = tuple(minutes * MINUTE for minutes in (5, 15, 60, 240, 1440))
MOST_POINTS, MOST_CLOSES = 50_000, 5_000_000
"""Of a grid, and of all symbols on it: they bound memory."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A value over time, on a regular grid of `time` (ms, `step` apart; the first point is the begin).

    `base` is the value at the begin: the capital; 0 for a sum of results in units of one stake, which is not
    compounded. `exposure` is the value of what was held (long and short added) and `live` how many positions, at
    each point.
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


def grid(begin: int, end: int, step: int = 0, symbols: int = 1) -> Times:
    """Return regular times from the last one not after `begin` to the first one not before `end` (ms).

    `step` 0: the shortest of 5m, 15m, 1h, 4h and 1d that gives at most 50,000 points, and 5 million for all symbols.
    """
    if not step:
        most = min(MOST_POINTS, MOST_CLOSES // max(symbols, 1))
        step = next((one for one in STEPS if (end - begin) // one <= most), STEPS[-1])
    first, last = begin // step * step, -(-end // step) * step
    return np.arange(first, last + 1, step, dtype=np.int64)


def account_curve(holdings: Iterable[Holding], capital: float, marks: Marks, times: Times) -> Curve:
    """Return the equity of an account: its capital, what was realised, and open positions at the last closes."""
    held = [(one.position.signal.symbol, one.flows) for one in holdings if one.flows]
    return _curve(held, capital, marks, times)


def stake_curve(
    positions: Iterable[Position],
    marks: Marks,
    times: Times,
    funding: Mapping[str, Sequence[tuple[int, float]]] | None = None,
) -> Curve:
    """Return the running sum of results where every position is one stake: its first entry order is worth 1."""
    held = []
    for position in positions:
        if position.fills:
            value = position.entry * position.filled
            paid = (funding or {}).get(position.id, ())
            held.append((position.signal.symbol, tuple(_flows(position, 1 / value, paid))))
    return _curve(held, 0.0, marks, times)


def hold_curve(symbols: Iterable[str], capital: float, marks: Marks, times: Times, fee: float) -> Curve:
    """Return what buying equal parts of `symbols` at the begin, and holding them, would have been worth.

    A symbol without a price at the begin is bought at its first one. A capital of 0 gives the gain of one stake.
    """
    first = [(symbol, marks.on(symbol, times)) for symbol in symbols]
    known = [(symbol, prices) for symbol, prices in first if np.isfinite(prices).any()]
    held = []
    for symbol, prices in known:
        at = int(np.argmax(np.isfinite(prices)))
        part = (capital or 1.0) / len(known) / (1 + fee)
        price = float(prices[at])
        held.append((symbol, (Flow(int(times[at]), part / price, price, part * fee),)))
    return _curve(held, capital, marks, times)


def _flows(position: Position, amount: float, funding: Sequence[tuple[int, float]]) -> Iterable[Flow]:
    sign = position.signal.side.sign
    for fill in position.fills:
        signed = sign * fill.part * amount * (1 if fill.reason in ENTRIES else -1)
        yield Flow(fill.time, signed, fill.price, abs(signed) * fill.price * fill.fee)
    for time, cost in funding:
        yield Flow(time, 0.0, 0.0, cost * amount)


def _curve(held: Sequence[tuple[str, Sequence[Flow]]], base: float, marks: Marks, times: Times) -> Curve:
    value = np.full(len(times), float(base))
    spans: list[tuple[int, int]] = []
    exposure, live = np.zeros(len(times)), np.zeros(len(times))
    by_symbol: dict[str, list[Sequence[Flow]]] = {}
    for symbol, flows in held:
        by_symbol.setdefault(symbol, []).append(flows)
    for symbol, every in sorted(by_symbol.items()):
        value += _of_symbol([flow for flows in every for flow in flows], marks.on(symbol, times), times)
        for side in (1, -1):
            sided = [flows for flows in every if flows[0].amount * side > 0]
            amount = _amounts([flow for flows in sided for flow in flows], times)
            mark = np.nan_to_num(marks.on(symbol, times))
            exposure += np.maximum(side * amount, 0) * mark
        mine = [(flows[0].time, _ended(flows)) for flows in every]
        begun, ended = (np.sort(np.array(column, np.int64)) for column in zip(*mine, strict=True))
        live += np.searchsorted(begun, times, "right") - np.searchsorted(ended, times, "right")
        spans += mine
    return Curve(times, value, base, exposure, live, _share(spans, int(times[0]), int(times[-1])))


def _share(spans: Sequence[tuple[int, int]], begin: int, end: int) -> float:
    """Return the share of the time from `begin` to `end` that lies in any of the spans."""
    covered, until = 0, begin
    for first, last in sorted(spans):
        covered += max(0, min(last, end) - max(first, until))
        until = max(until, last)
    return covered / (end - begin)


def _of_symbol(flows: Sequence[Flow], mark: Floats, times: Times) -> Floats:
    """Return cash and coins of one symbol at each time; before a first close coins count at what they cost."""
    cash = _sums([-flow.amount * flow.price - flow.cost for flow in flows], flows, times)
    amount = _amounts(flows, times)
    known = np.isfinite(mark)
    last = _sums([flow.price for flow in flows], flows, times, latest=True)
    return cash + amount * np.where(known, mark, last)


def _amounts(flows: Sequence[Flow], times: Times) -> Floats:
    held = _sums([flow.amount for flow in flows], flows, times)
    most = max((abs(flow.amount) for flow in flows), default=0.0)
    return np.where(np.abs(held) > 1e-9 * most, held, 0.0)


def _sums(values: Sequence[float], flows: Sequence[Flow], times: Times, *, latest: bool = False) -> Floats:
    """Return the running sum (or the latest) of `values` at each time."""
    when = np.array([flow.time for flow in flows], dtype=np.int64)
    order = np.argsort(when, kind="stable")
    ordered = np.array(values, dtype=np.float64)[order]
    running = np.concatenate(([0.0], ordered if latest else np.cumsum(ordered)))
    found: Floats = running[np.searchsorted(when[order], times, "right")]
    return found


def _ended(flows: Sequence[Flow]) -> int:
    """Return when nothing was held any more, far in the future where something is."""
    left = sum(flow.amount for flow in flows)
    most = max(abs(flow.amount) for flow in flows)
    return 2**62 if abs(left) > 1e-9 * most else max(flow.time for flow in flows if flow.amount)
