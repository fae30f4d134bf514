"""Trades in columns: what became of each signal that was filled and has ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.domain.market import Floats, Times
from engine.domain.position import Position

Texts = npt.NDArray[np.str_]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Trades:
    """Columns of one length, in the order of the ends (then of the entries, then of the ids).

    Ratios are of the average entry: `result` with all costs, `fees` and `funding` (positive: paid) in it, `mfe` the
    best and `mae` the worst open profit since the entry (mae is never above 0). `result_r`, `mfe_r` and `mae_r` are in
    multiples of the risk, NaN without a stop. `profit` is money where an account traded, else NaN; `value` what the
    entries cost in money, else 1.
    """

    id: Texts
    strategy: Texts
    symbol: Texts
    timeframe: Texts
    side: Texts
    status: Texts
    signal_at: Times
    opened_at: Times
    closed_at: Times
    entry: Floats
    exit: Floats
    result: Floats
    result_r: Floats
    mfe: Floats
    mae: Floats
    mfe_r: Floats
    mae_r: Floats
    fees: Floats
    funding: Floats
    profit: Floats
    value: Floats
    targets_hit: Counts
    bars: Counts
    ambiguous: Counts

    def __len__(self) -> int:
        return len(self.id)

    def where(self, mask: npt.NDArray[np.bool_]) -> Trades:
        """Return those for which `mask` is true."""
        return Trades(**{column.name: getattr(self, column.name)[mask] for column in fields(self)})


def trades_of(
    positions: Iterable[Position],
    funding: Mapping[str, float] | None = None,
    money: Mapping[str, tuple[float, float]] | None = None,
) -> Trades:
    """Return the trades among `positions`.

    `funding` has per id what was paid as a ratio of the entry, `money` the profit and the value of the entries; with
    `money` only those in it are trades of the account, in the order given by their ends.
    """
    ended = [p for p in positions if p.filled > 0 and not p.status.live and (money is None or p.id in money)]
    ended.sort(key=lambda p: (p.closed_at, p.opened_at, p.id))
    rows = [_row(p, (funding or {}).get(p.id, 0.0), (money or {}).get(p.id)) for p in ended]
    columns: dict[str, Any] = {}
    for column in fields(Trades):
        kind: Any = {"Texts": np.str_, "Times": np.int64, "Counts": np.int64}.get(str(column.type), np.float64)
        columns[column.name] = np.array([row[column.name] for row in rows], dtype=kind)
    return Trades(**columns)


def _row(position: Position, funding: float, money: tuple[float, float] | None) -> dict[str, Any]:
    signal, entry = position.signal, position.entry
    sign = signal.side.sign
    risk = abs(entry - signal.stop) if signal.stop is not None else 0.0
    in_r = entry / risk if risk > 0 else float("nan")
    mfe = max(sign * (position.best - entry) / entry, 0.0)
    mae = min(sign * (position.worst - entry) / entry, 0.0)
    fees = sum(fill.part * fill.price * fill.fee for fill in position.fills) / (entry * position.filled)
    return {
        "id": position.id, "strategy": signal.strategy, "symbol": signal.symbol, "timeframe": signal.timeframe,
        "side": str(signal.side), "status": str(position.status), "signal_at": signal.close_time,
        "opened_at": position.opened_at, "closed_at": position.closed_at, "entry": entry,
        "exit": position.exit_price, "result": position.result, "result_r": position.result_r, "mfe": mfe, "mae": mae,
        "mfe_r": mfe * in_r, "mae_r": mae * in_r, "fees": fees, "funding": funding,
        "profit": money[0] if money else float("nan"), "value": money[1] if money else 1.0,
        "targets_hit": position.targets_hit, "bars": position.bars, "ambiguous": position.ambiguous,
    }  # fmt: skip
