"""backtesting.py on the crossing of two averages: `backtesting_crossing.py CANDLES.npz RUNS`."""

from __future__ import annotations

import json
import sys
import time
import warnings

import numpy as np
import pandas as pd
import talib
from backtesting import Backtest, Strategy

warnings.filterwarnings("ignore")
path, runs = sys.argv[1], int(sys.argv[2])
candles = dict(np.load(path))


class Crossing(Strategy):
    def init(self) -> None:
        close = np.asarray(self.data.Close, float)
        self.fast = self.I(talib.EMA, close, 7)
        self.slow = self.I(talib.EMA, close, 25)
        self.rsi = self.I(talib.RSI, close, 14)

    def next(self) -> None:
        if self.position or self.orders:
            return
        fast, slow = self.fast, self.slow
        if fast[-1] > slow[-1] and fast[-2] <= slow[-2] and self.rsi[-1] < 70:
            price = self.data.Close[-1]
            self.buy(size=1, sl=price * 0.98, tp=price * 1.04)


def trades(lane: int) -> pd.DataFrame:
    table = pd.DataFrame({name.capitalize(): values[:, lane] for name, values in candles.items()})
    table.index = pd.date_range("2024-01-01", periods=len(table), freq="1min")
    return Backtest(table, Crossing, cash=1e9, commission=0.001).run()._trades


lanes = range(candles["close"].shape[1])
times = []
for _ in range(runs):
    begun = time.perf_counter()
    found = [trades(lane) for lane in lanes]
    times.append(time.perf_counter() - begun)
print(
    json.dumps(
        {
            "seconds": sorted(times)[len(times) // 2],
            "lane": [lane for lane in lanes for _ in range(len(found[lane]))],
            "entry": [int(at) - 1 for one in found for at in one["EntryBar"]],
            "exit": [int(at) for one in found for at in one["ExitBar"]],
            "exit_price": [float(price) for one in found for price in one["ExitPrice"]],
        }
    )
)
