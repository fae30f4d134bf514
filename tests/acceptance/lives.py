"""What is true of every life of every signal, whatever the strategy: checked from what was stored."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from engine.domain.event import (
    Event,
    PositionAdded,
    PositionClosed,
    PositionEvent,
    PositionOpened,
    SignalFired,
    StopMoved,
    TakeProfitHit,
)
from engine.domain.market import Candles, Market
from engine.domain.position import Fill, Position, Status

EXITS = {"target": Status.TP_HIT, "stop": Status.SL_HIT, "exit": Status.EXITED, "expire": Status.EXPIRED}


def lives(events: Iterable[Event]) -> dict[str, list[Event]]:
    """Return the events of each signal, in their order."""
    found: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        if isinstance(event, SignalFired | PositionEvent):
            found[event.signal.id].append(event)
    return found


def check_all(events: Sequence[Event], positions: Sequence[Position], markets: Mapping[str, Market]) -> None:
    """Check every life, and that no bot has two at a time on one symbol and side."""
    found = lives(events)
    assert set(found) == {position.id for position in positions}
    for position in positions:
        check_story(found[position.id], position)
        check_money(position)
        check_prices(position, markets[position.signal.symbol])
    lanes: dict[tuple[str, str, str], list[Position]] = defaultdict(list)
    for position in sorted(positions, key=lambda p: (p.signal.close_time, p.closed_at or 2**62)):
        lanes[position.signal.strategy, position.signal.symbol, position.signal.side].append(position)
    for lane in lanes.values():
        for before, after in pairwise(lane):
            assert 0 < before.closed_at <= after.signal.close_time, "one live position per bot, symbol and side"


def check_story(told: Sequence[Event], position: Position) -> None:
    """A signal, then its fill or its end; steps numbered, in time; nothing after the end; the end is the position."""
    kinds = [event.kind for event in told]
    assert [place for place, kind in enumerate(kinds) if kind == "signal"] == [0], kinds
    assert [event.id for event in told] == [f"{position.id}-{number}" for number in range(len(told))]
    assert all(a.time <= b.time for a, b in pairwise(told))
    assert all(isinstance(e, PositionEvent) and e.filled_at <= e.time for e in told[1:])
    if len(kinds) > 1:
        assert kinds[1] in ("opened", "closed"), kinds
    assert kinds.count("opened") == (position.status is not Status.PENDING and position.opened_at > 0)
    assert kinds.count("closed") == (not position.status.live)
    if not position.status.live:
        end = told[-1]
        assert isinstance(end, PositionClosed), kinds
        assert position.closed_at in (end.time, end.filled_at)
        assert repr(end.position) == repr(position), "the last event carries the end"
    targets = [event.target for event in told if isinstance(event, TakeProfitHit)]
    assert targets == list(range(1, position.targets_hit + 1))
    stops = [event for event in told if isinstance(event, StopMoved)]
    for event in stops:
        assert event.position.stop is not None
        assert event.old is None or position.signal.side.sign * (event.position.stop - event.old) > 0, "never back"
    fills = [e.fill for e in told if isinstance(e, PositionOpened | PositionAdded | TakeProfitHit)]
    ends = [e.fill for e in told if isinstance(e, PositionClosed) and e.fill is not None]
    parts = [fill for fill in position.fills if fill.reason == "exit"]
    assert _sorted([*fills, *(f for f in ends if f not in fills), *(f for f in parts if f not in ends)]) == _sorted(
        position.fills
    ), "every fill was told"


def _sorted(fills: Iterable[Fill]) -> list[str]:
    return sorted(map(repr, fills))


def check_money(position: Position) -> None:
    """Parts add up, averages are averages, and the result is what the fills say."""
    into = [fill for fill in position.fills if fill.reason in ("entry", "add")]
    out = [fill for fill in position.fills if fill.reason not in ("entry", "add")]
    assert all(fill.part > 0 and fill.price > 0 for fill in position.fills)
    assert all(a.time <= b.time for a, b in pairwise(position.fills))
    filled, closed = math.fsum(f.part for f in into), math.fsum(f.part for f in out)
    assert math.isclose(filled, position.filled, abs_tol=1e-9)
    assert math.isclose(position.remaining, filled - closed, abs_tol=1e-9)
    if not into:
        assert position.status in (Status.PENDING, Status.CANCELLED)
        assert position.result == 0
        return
    assert position.opened_at == into[0].time >= position.signal.close_time
    entry = math.fsum(f.part * f.price for f in into) / filled
    assert math.isclose(position.entry, entry, rel_tol=1e-12)
    assert math.isclose(math.fsum(t.part for t in position.signal.targets) or 1.0, 1.0)
    if position.status.live:
        assert position.status is Status.OPEN
        assert position.remaining > 0
        return
    assert position.remaining == 0
    assert position.status is EXITS[out[-1].reason]
    assert position.closed_at == out[-1].time
    assert (position.status is Status.TP_HIT) <= (position.targets_hit == len(position.signal.targets))
    gain = math.fsum(position.signal.side.sign * f.part * (f.price - entry) for f in out)
    costs = math.fsum(f.part * f.price * f.fee for f in position.fills)
    assert math.isclose(position.result, (gain - costs) / (entry * filled), rel_tol=1e-9, abs_tol=1e-12)
    if position.signal.stop is not None:
        risk = abs(entry - position.signal.stop)
        assert math.isclose(position.result_r, position.result * entry / risk, rel_tol=1e-6)


def check_prices(position: Position, market: Market) -> None:
    """Signal prices stand on the market's tick and on the right sides of the entry."""
    signal = position.signal
    quoted = [signal.entry.price, *(t.price for t in signal.targets), *([signal.stop] if signal.stop else [])]
    assert [market.round_price(price) for price in quoted] == quoted
    sign = signal.side.sign
    assert signal.stop is None or sign * (signal.entry.price - signal.stop) > 0
    assert all(sign * (target.price - signal.entry.price) > 0 for target in signal.targets)
    assert all(sign * (b.price - a.price) >= 0 for a, b in pairwise(signal.targets))


def check_fills_were_possible(position: Position, candles: Candles, slippage: float) -> None:
    """Every fill lies between the low and the high of a candle that opens or closes at its time."""
    step = candles.timeframe.ms
    for fill in position.fills:
        rows = [
            row
            for time in (fill.time, fill.time + step)
            if (row := int(candles.close_time.searchsorted(time))) < len(candles) and candles.close_time[row] == time
        ]
        room = 0.0 if fill.reason == "target" else 1.01 * slippage
        assert any(candles.low[row] * (1 - room) <= fill.price <= candles.high[row] * (1 + room) for row in rows), fill
