"""How much hangs on what candles left open: trades whose candle touched two things, the other way round.

The simulator takes the worse order and counts the candle. Here each such trade is asked what the better order would
have given, from that candle alone: a target before the stop, the rest then at the stop that the target moved; or,
where the stop came last after a target or an entry in the same candle, the rest kept and valued at the candle's close.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from engine.domain.position import Fill, Position
from engine.domain.signal import TakeProfit

ENTRIES = ("entry", "add")
Candle = tuple[float, float, float]
"""High, low and close."""


@dataclass(frozen=True, slots=True)
class Hanging:
    """`trades` closed trades with a candle that left an order open; their `result` as taken (ratios, added) and the
    `other` way. `unknown` of them are trades whose other way their candle does not tell: they count as taken."""

    trades: int = 0
    candles: int = 0
    result: float = 0.0
    other: float = 0.0
    unknown: int = 0
    profit: float | None = None
    other_profit: float | None = None


def hanging(
    positions: Iterable[Position],
    candle_at: Callable[[str, int], Candle | None],
    slippage: float,
    money: dict[str, tuple[float, float]] | None = None,
) -> Hanging:
    """Return what hangs on them. `candle_at` gives the followed candle of a symbol that closed at a time (ms), `money`
    per id the profit and the value of the entries: the other way is worked out at the same size."""
    asked = [p for p in positions if p.ambiguous and p.filled > 0 and not p.status.live]
    asked = [p for p in asked if money is None or p.id in money]
    others = [otherwise(p, candle_at(p.signal.symbol, p.closed_at), slippage) for p in asked]
    taken = [p.result for p in asked]
    other = [p.result if found is None else found for p, found in zip(asked, others, strict=True)]
    profit = other_profit = None
    if money is not None:
        profit = math.fsum(money[p.id][0] for p in asked)
        gained = (money[p.id][1] * (found - p.result) for p, found in zip(asked, other, strict=True))
        other_profit = profit + math.fsum(gained)
    return Hanging(
        len(asked), sum(p.ambiguous for p in asked), math.fsum(taken), math.fsum(other),
        sum(found is None for found in others), profit, other_profit,
    )  # fmt: skip


def otherwise(position: Position, candle: Candle | None, slippage: float) -> float | None:
    """Return the result if the last candle had gone the other way; None where it does not tell.

    It is never below the result as taken, for the worse order was taken.
    """
    fills = position.fills
    if candle is None or not fills or fills[-1].reason != "stop" or position.stop is None:
        return None
    sign = position.signal.side.sign
    high, low, close = candle
    profit_end, loss_end = (high, low) if sign > 0 else (low, high)
    if sign * (loss_end - position.stop) > 0:
        return None
    before = [fill for fill in fills if fill.time < position.closed_at]
    inside = [fill for fill in fills if fill.time == position.closed_at]
    if any(fill.reason in ("target", "entry") for fill in inside):
        leave = _at(close, fills[-1], sign, slippage)
        return max(_result([*fills[:-1], leave], sign), position.result)
    made = _targets_first(position, before, profit_end, fills[-1], slippage)
    return None if made is None else max(_result(made, sign), position.result)


def _targets_first(
    position: Position, before: list[Fill], profit_end: float, last: Fill, slippage: float
) -> list[Fill] | None:
    """Return the fills if the targets within the candle had come before the stop."""
    sign, signal = position.signal.side.sign, position.signal
    prices = position.targets or tuple(target.price for target in signal.targets)
    held = math.fsum(fill.part for fill in before if fill.reason in ENTRIES)
    left = held - math.fsum(fill.part for fill in before if fill.reason not in ENTRIES)
    entry = math.fsum(f.part * f.price for f in before if f.reason in ENTRIES) / held if held else 0.0
    stop = position.stop
    made, number = list(before), position.targets_hit
    assert stop is not None
    while number < len(prices) and left > 0 and sign * (profit_end - prices[number]) >= 0:
        target = signal.targets[number]
        part = left if number + 1 == len(prices) else min(target.part * held, left)
        made.append(Fill(last.time, prices[number], part, "target", last.fee))
        left = left - part if left - part > 1e-12 else 0.0
        moved = _moved(target, entry, sign, prices)
        stop = stop if moved is None or sign * (moved - stop) <= 0 else moved
        number += 1
    if number == position.targets_hit:
        return None
    if left:
        made.append(_at(stop, Fill(last.time, stop, left, "stop", last.fee), sign, slippage))
    return made


def _moved(target: TakeProfit, entry: float, sign: int, prices: Sequence[float]) -> float | None:
    """Return where the target moves the stop; None: it does not, or a rule says where."""
    if target.then is None:
        return None
    value = target.then.value
    found = {"price": value, "entry": entry, "offset": entry * (1 + sign * value)}
    if target.then.kind == "target":
        return prices[int(value) - 1]
    return found.get(target.then.kind)


def _at(price: float, fill: Fill, sign: int, slippage: float) -> Fill:
    return Fill(fill.time, price * (1 - sign * slippage), fill.part, fill.reason, fill.fee)


def _result(fills: Sequence[Fill], sign: int) -> float:
    """Return the ratio over the average entry, fees taken off."""
    into = [fill for fill in fills if fill.reason in ENTRIES]
    out = [fill for fill in fills if fill.reason not in ENTRIES]
    value = math.fsum(fill.part * fill.price for fill in into)
    entry = value / math.fsum(fill.part for fill in into)
    fees = math.fsum(fill.part * fill.price * fill.fee for fill in fills)
    return (sign * math.fsum(fill.part * (fill.price - entry) for fill in out) - fees) / value
