"""Trades taken apart: by strategy, symbol, side, timeframe, end, condition, hour, weekday and month."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.domain.market import Timeframe, Times
from engine.domain.position import Position
from engine.statistics.outcomes import Outcomes, outcomes
from engine.statistics.trades import Trades

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HOURS = tuple(f"{hour:02}" for hour in range(24))
HOUR, DAY = 3_600_000, 86_400_000
HELD = 2
Groups = Mapping[str, Mapping[str, Outcomes]]


def groups(trades: Trades) -> Groups:
    """Return per kind of group the numbers of each of its groups.

    Hour and weekday (UTC) are those of the entry, the month that of the end, when the result was known.
    """
    columns: dict[str, npt.NDArray[Any]] = {
        "strategy": trades.strategy,
        "symbol": trades.symbol,
        "side": trades.side,
        "timeframe": trades.timeframe,
        "end": trades.status,
        "hour": np.array(HOURS)[trades.opened_at // HOUR % 24],
        "weekday": np.array(WEEKDAYS)[(trades.opened_at // DAY + 3) % 7],
        "month": months(trades.closed_at),
    }
    found = {kind: {str(key): outcomes(trades.where(column == key)) for key in np.unique(column)}
             for kind, column in columns.items()}  # fmt: skip
    found["timeframe"] = dict(sorted(found["timeframe"].items(), key=lambda pair: Timeframe.parse(pair[0])))
    found["weekday"] = {day: found["weekday"][day] for day in WEEKDAYS if day in found["weekday"]}
    return found


def months(times: Times) -> npt.NDArray[np.str_]:
    """Return `2025-04` for each time (ms, UTC)."""
    return times.astype("datetime64[ms]").astype("datetime64[M]").astype(np.str_)


def by_condition(
    trades: Trades, positions: Iterable[Position]
) -> Mapping[tuple[str, str, str], tuple[Outcomes, Outcomes]]:
    """Return per (strategy, side, condition) the numbers of the trades for which it held, and of the others."""
    rows = {str(name): row for row, name in enumerate(trades.id)}
    masks: dict[tuple[str, str, str], tuple[list[int], list[int]]] = {}
    for position in positions:
        row = rows.get(position.id)
        if row is None:
            continue
        for verdict in position.signal.verdicts:
            key = (position.signal.strategy, str(position.signal.side), verdict.name)
            masks.setdefault(key, ([], []))[0 if verdict.truth == HELD else 1].append(row)
    return {key: (outcomes(_rows(trades, held)), outcomes(_rows(trades, other)))
            for key, (held, other) in masks.items()}  # fmt: skip


def _rows(trades: Trades, rows: list[int]) -> Trades:
    mask = np.zeros(len(trades), np.bool_)
    mask[rows] = True
    return trades.where(mask)
