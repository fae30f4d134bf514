"""vectorbt on the crossing of two averages: `vectorbt_crossing.py ENGINE CANDLES.npz RUNS`.

Its own averages start elsewhere and its RSI is not Wilder's, so TA-Lib's are taken, as its users do with `vbt.talib`.
The entry is filled at the close of the signal's candle, which is the next open on candles without gaps.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import pandas as pd
import talib
import vectorbt as vbt

engine, path, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])
vbt.settings["engine"] = engine
candles = dict(np.load(path))
frames = {name: pd.DataFrame(values) for name, values in candles.items()}
columns = [np.ascontiguousarray(candles["close"][:, lane]) for lane in range(candles["close"].shape[1])]


def trades() -> pd.DataFrame:
    fast, slow, rsi = (
        np.column_stack([function(close, length) for close in columns])
        for function, length in ((talib.EMA, 7), (talib.EMA, 25), (talib.RSI, 14))
    )
    crosses = np.zeros(fast.shape, bool)
    crosses[1:] = (fast[1:] > slow[1:]) & (fast[:-1] <= slow[:-1])
    made = vbt.Portfolio.from_signals(
        frames["close"], entries=pd.DataFrame(crosses & (rsi < 70)), exits=False, open=frames["open"],
        high=frames["high"], low=frames["low"], price=frames["close"], sl_stop=0.02, tp_stop=0.04, fees=0.001,
        size=1.0, init_cash=1e9, freq="1min",
    )  # fmt: skip
    return made.trades.records


found = trades()
times = []
for _ in range(runs):
    begun = time.perf_counter()
    trades()
    times.append(time.perf_counter() - begun)
closed = found[found["status"] == 1]
print(
    json.dumps(
        {
            "seconds": sorted(times)[len(times) // 2],
            "lane": closed["col"].tolist(),
            "entry": closed["entry_idx"].tolist(),
            "exit": closed["exit_idx"].tolist(),
            "exit_price": closed["exit_price"].tolist(),
        }
    )
)
