"""How long an account's equity takes: `python bench/bench_account.py`.

10,000 trades on 20 symbols over a year, marked to market every 15 minutes (35,041 points). The peer does the same sums
with pandas, as it is usually written: per symbol what was held, put on the grid, times the closes. Both are checked
to be equal first. The account itself, which decides trade by trade, is quoted beside it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bench.timing import call_ratio, row  # noqa: E402
from engine.account.equity import Grid, account_flows, regular  # noqa: E402
from engine.account.marks import Marks  # noqa: E402
from engine.account.settings import Account, Stake  # noqa: E402
from engine.account.walk import Holding, take  # noqa: E402
from engine.domain.position import Position  # noqa: E402
from tests.engine.account.made import lived  # noqa: E402

TRADES, SYMBOLS, DAYS = 10_000, 20, 365
QUARTER, DAY = 15 * 60_000, 86_400_000


def made() -> tuple[list[Position], Marks]:
    """Return the trades in the order of their signals, and 15m closes of every symbol."""
    random = np.random.default_rng(1)
    times = np.arange(1, DAYS * 96 + 1, dtype=np.int64) * QUARTER
    closes = {f"C{n}/USDT": 100 * np.exp(np.cumsum(random.normal(0, 0.002, len(times)))) for n in range(SYMBOLS)}
    trades = []
    for number, at in enumerate(np.sort(random.integers(0, DAYS * 1440 - 2000, TRADES)).tolist()):
        symbol = f"C{number % SYMBOLS}/USDT"
        price, end = float(random.uniform(80, 120)), at + int(random.integers(1, 1500))
        fills = (at, price, 1.0, "entry"), (end, price * float(random.uniform(0.97, 1.03)), 1.0, "exit")
        side = "long" if number % 3 else "short"
        trades.append(lived(*fills, at=at, symbol=symbol, strategy=f"s{number}", side=side, quote=price, fee=0.0005))
    return trades, Marks({name: (times, values) for name, values in closes.items()})


def by_pandas(holdings: tuple[Holding, ...], capital: float, marks: Marks, times: np.ndarray) -> np.ndarray:
    grid = pd.Index(times)
    rows = [
        (one.position.signal.symbol, flow.time, flow.amount, -flow.amount * flow.price - flow.cost)
        for one in holdings
        for flow in one.flows
    ]
    table = pd.DataFrame(rows, columns=["symbol", "time", "amount", "cash"])
    value = pd.Series(capital, index=grid)
    for symbol, part in table.groupby("symbol"):
        sums = part.groupby("time")[["amount", "cash"]].sum().cumsum()
        held = sums.reindex(grid.union(sums.index)).ffill().fillna(0.0).reindex(grid)
        known, closes = marks.closes[str(symbol)]
        mark = pd.Series(closes, index=known).reindex(grid.union(known)).ffill().reindex(grid)
        value += held["cash"] + held["amount"] * mark.fillna(0.0)
    return value.to_numpy()


def main() -> None:
    trades, marks = made()
    account = Account(1e6, Stake("fixed", 1000.0))
    holdings = take(trades, account, marks).holdings
    times = regular(0, DAYS * DAY, QUARTER)
    ours = account_flows(holdings).curve(1e6, Grid(times, marks)).value
    theirs = by_pandas(holdings, 1e6, marks, times)
    assert len(holdings) == TRADES
    assert np.allclose(ours[1:], theirs[1:], atol=1e-6), "both say the same"
    row(
        f"equity of {TRADES:,} trades, {len(times):,} points", "pandas",
        *call_ratio(
            lambda: account_flows(holdings).curve(1e6, Grid(times, marks)),
            lambda: by_pandas(holdings, 1e6, marks, times),
        ),
    )  # fmt: skip
    row(
        f"an account over {TRADES:,} signals", "its equity in pandas",
        *call_ratio(lambda: take(trades, account, marks), lambda: by_pandas(holdings, 1e6, marks, times)),
    )  # fmt: skip


if __name__ == "__main__":
    main()
