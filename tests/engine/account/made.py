"""Positions written by their fills, for tests: times are minutes."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from engine.account.marks import Marks
from engine.domain.position import Fill, Position, Status
from engine.domain.signal import Add, EntryOrder
from tests.engine.trade.story import MINUTE, signal

ENDS = {"stop": Status.SL_HIT, "target": Status.TP_HIT, "exit": Status.EXITED, "expire": Status.EXPIRED}


def lived(
    *fills: tuple[int, float, float, str], at: int = 0, symbol: str = "BTC/USDT", strategy: str = "bot",
    side: str = "long", quote: float = 100.0, stop: float | None = 95.0, kind: str = "market", part: float = 1.0,
    adds: tuple[Add, ...] = (), fee: float = 0.0, ended: int | None = None, status: Status | None = None,
    **more: object,
) -> Position:  # fmt: skip
    """Return a position whose signal was at minute `at`, with fills (minute, price, part, reason)."""
    said = replace(
        signal(side, EntryOrder(kind, quote, part=part, adds=adds), stop), symbol=symbol, strategy=strategy,
        close_time=at * MINUTE,
    )  # fmt: skip
    made = tuple(Fill(time * MINUTE, price, part, reason, fee) for time, price, part, reason in fills)
    into = [fill for fill in made if fill.reason in ("entry", "add")]
    out = [fill for fill in made if fill.reason not in ("entry", "add")]
    filled, closed = sum(f.part for f in into), sum(f.part for f in out)
    live = bool(made) and closed < filled - 1e-12
    if status is None:
        status = Status.OPEN if live else ENDS[out[-1].reason] if out else Status.CANCELLED
    if not made:
        return Position(said, status, closed_at=(ended if ended is not None else at) * MINUTE)
    entry = sum(f.part * f.price for f in into) / filled
    fees = sum(f.part * f.price * f.fee for f in made)
    gain = said.side.sign * sum(f.part * (f.price - entry) for f in out) - fees
    result = gain / (entry * filled)
    in_r = result * entry / abs(entry - stop) if stop is not None else math.nan
    prices = [fill.price for fill in made]
    best, worst = (max(prices), min(prices)) if side == "long" else (min(prices), max(prices))
    facts: dict[str, object] = {
        "opened_at": made[0].time, "closed_at": 0 if live else made[-1].time, "entry": entry, "stop": stop,
        "filled": filled, "remaining": filled - closed, "fills": made, "best": best, "worst": worst,
        "exit_price": sum(f.part * f.price for f in out) / closed if closed else math.nan, "result": result,
        "result_r": in_r, "followed_until": (ended or made[-1].time // MINUTE) * MINUTE,
        "targets_hit": sum(f.reason == "target" for f in made),
    }  # fmt: skip
    return Position(said, status, **{**facts, **more})  # type: ignore[arg-type]


def marks(**closes: list[tuple[int, float]]) -> Marks:
    """Return closes by the coin's name, as (minute, close)."""
    return Marks(
        {
            f"{coin}/USDT": (np.array([t * MINUTE for t, _ in rows], np.int64), np.array([p for _, p in rows], float))
            for coin, rows in closes.items()
        }
    )
