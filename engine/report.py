"""The numbers of a bot, from its positions. Every formula is named in docs/trading.md.

A trade is a signal whose entry was filled and which has ended; however many parts it was closed in, it is one
trade. Every trade counts the same: its result is a ratio of its own entry, and results are added, not compounded.
What cannot be known (a profit factor without a loss) is None, never 0 or 100.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from engine.domain.event import DailyReport, Event, PositionEvent, SignalFired
from engine.domain.position import Position

DAY = 86_400_000
EVEN = 1e-9
"""A result smaller than this is neither a win nor a loss."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """What became of some signals. Ratios are of the entry (0.01 is 1 %); None: not known.

    `win_rate` counts wins (result above 0, costs included) over all trades, break-even ones too; `target_rate`
    counts trades that reached their first target, as signal channels do. `profit_factor` is the sum of the wins
    over that of the losses; `expectancy` the mean result; `expectancy_ratio` (1 + average win / average loss) *
    win rate - 1. `drawdown` is the deepest fall of the sum of results below its highest point so far, trade by
    trade in the order of their ends. `best` and `worst` are symbols by their sum of results. `hold_ms` is the
    mean time from the first fill to the end. `ambiguous` counts candles that left two orders of things open.
    """

    signals: int = 0
    live: int = 0
    unfilled: int = 0
    closed: int = 0
    wins: int = 0
    losses: int = 0
    even: int = 0
    win_rate: float | None = None
    target_rate: float | None = None
    result: float = 0.0
    result_r: float | None = None
    average_r: float | None = None
    profit_factor: float | None = None
    expectancy: float | None = None
    expectancy_ratio: float | None = None
    drawdown: float = 0.0
    best: tuple[str, float] | None = None
    worst: tuple[str, float] | None = None
    hold_ms: float | None = None
    ambiguous: int = 0


def positions_of(events: Iterable[Event]) -> tuple[Position, ...]:
    """Return each signal's position as the events leave it, in the order of the signals."""
    found: dict[str, Position] = {}
    for event in events:
        if isinstance(event, (SignalFired, PositionEvent)):
            found[event.position.id] = event.position
    return tuple(found.values())


def numbers(positions: Iterable[Position]) -> Numbers:
    """Return the numbers of these positions; live ones are counted and otherwise left out."""
    every = tuple(positions)
    ended = [position for position in every if not position.status.live]
    trades = sorted((p for p in ended if p.filled > 0), key=lambda p: (p.closed_at, p.opened_at, p.id))
    results = [position.result for position in trades]
    in_r = [position.result_r for position in trades if math.isfinite(position.result_r)]
    coins = _by_symbol(trades)
    wins, losses = [r for r in results if r > EVEN], [-r for r in results if r < -EVEN]
    count = len(trades)
    win_rate = len(wins) / count if count else None
    return Numbers(
        signals=len(every),
        live=len(every) - len(ended),
        unfilled=len(ended) - count,
        closed=count,
        wins=len(wins),
        losses=len(losses),
        even=count - len(wins) - len(losses),
        win_rate=win_rate,
        target_rate=sum(1 for p in trades if p.targets_hit) / count if count else None,
        result=math.fsum(results),
        result_r=math.fsum(in_r) if in_r else None,
        average_r=math.fsum(in_r) / len(in_r) if in_r else None,
        profit_factor=math.fsum(wins) / math.fsum(losses) if losses else None,
        expectancy=math.fsum(results) / count if count else None,
        expectancy_ratio=_expectancy_ratio(wins, losses, win_rate),
        drawdown=drawdown(results),
        best=max(coins, key=lambda coin: coin[1], default=None),
        worst=min(coins, key=lambda coin: coin[1], default=None),
        hold_ms=sum(p.closed_at - p.opened_at for p in trades) / count if count else None,
        ambiguous=sum(position.ambiguous for position in trades),
    )


def drawdown(results: Iterable[float]) -> float:
    """Return the deepest fall of the running sum, which begins at 0, below its highest point so far; never negative."""
    total = highest = deepest = 0.0
    for result in results:
        total += result
        highest = max(highest, total)
        deepest = max(deepest, highest - total)
    return deepest


def daily(strategy: str, day: int, ended: Iterable[Position], signals: int | None = None) -> DailyReport:
    """Return the report of one bot over the UTC day that begins at `day` (ms).

    `ended` are positions whose end was told in that day, of any bot; `signals` how many it made (None: not said).
    A day without an end has no numbers.
    """
    text = datetime.fromtimestamp(day / 1000, UTC).strftime("%Y-%m-%d")
    own = [position for position in ended if position.signal.strategy == strategy]
    made = numbers(own)
    said = _said(made) if made.closed else ()
    if signals is not None and (signals or said):
        said = (("signals", signals), *said)
    return DailyReport(f"{strategy}-report-{text}", day + DAY, strategy, text, said)


def _said(made: Numbers) -> tuple[tuple[str, object], ...]:
    """Return the numbers that a report says, by name; percentages in percent, what is not known left out."""
    known: tuple[tuple[str, object], ...] = (
        ("closed", made.closed),
        ("wins", made.wins),
        ("losses", made.losses),
        ("break_even", made.even),
        ("win_rate", made.win_rate),
        ("result_pct", round(made.result * 100, 4)),
        ("average_r", None if made.average_r is None else round(made.average_r, 4)),
        ("profit_factor", None if made.profit_factor is None else round(made.profit_factor, 4)),
        ("drawdown_pct", -round(made.drawdown * 100, 4)),
        ("best", _coin(made.best)),
        ("worst", _coin(made.worst) if made.worst != made.best else None),
        ("average_hold", None if made.hold_ms is None else hold_text(made.hold_ms)),
        ("ambiguous", made.ambiguous or None),
    )
    return tuple((name, value) for name, value in known if value is not None)


def hold_text(ms: float) -> str:
    """Return a length of time in its two largest units: `2d 3h`, `1h 5m`, `40m`, `30s`."""
    seconds = round(ms / 1000)
    units = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
    parts: list[str] = []
    for letter, size in units:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{letter}")
        elif parts:
            break
    return " ".join(parts[:2]) or "0s"


def _coin(coin: tuple[str, float] | None) -> str | None:
    return None if coin is None else f"{coin[0].partition(':')[0]} {coin[1] * 100:+.2f}%"


def _by_symbol(trades: Sequence[Position]) -> list[tuple[str, float]]:
    sums: dict[str, list[float]] = {}
    for position in trades:
        sums.setdefault(position.signal.symbol, []).append(position.result)
    return [(symbol, math.fsum(parts)) for symbol, parts in sorted(sums.items())]


def _expectancy_ratio(wins: Sequence[float], losses: Sequence[float], win_rate: float | None) -> float | None:
    if not wins or not losses or win_rate is None:
        return None
    ratio = (math.fsum(wins) / len(wins)) / (math.fsum(losses) / len(losses))
    return (1 + ratio) * win_rate - 1
