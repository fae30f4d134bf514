"""vectorbt over sets of params of a crossing of two averages: `vectorbt_sets.py ENGINE CANDLES.npz SETS.json TOLD`.

Every set is (fast, slow, calm). Indicators are worked out once per distinct length, as a user who searches would.
The trades of the first TOLD sets are printed, to be compared.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import talib
import vectorbt as vbt

engine, path, sets, told = sys.argv[1], sys.argv[2], json.loads(Path(sys.argv[3]).read_text()), int(sys.argv[4])
vbt.settings["engine"] = engine
candles = dict(np.load(path))
frames = {name: pd.DataFrame(values) for name, values in candles.items()}
columns = [np.ascontiguousarray(candles["close"][:, lane]) for lane in range(candles["close"].shape[1])]


def panel(function, length):  # type: ignore[no-untyped-def]
    return np.column_stack([function(close, length) for close in columns])


def trades(fast, slow, rsi, calm):  # type: ignore[no-untyped-def]
    crosses = np.zeros(fast.shape, bool)
    crosses[1:] = (fast[1:] > slow[1:]) & (fast[:-1] <= slow[:-1])
    made = vbt.Portfolio.from_signals(
        frames["close"], entries=pd.DataFrame(crosses & (rsi < calm)), exits=False, open=frames["open"],
        high=frames["high"], low=frames["low"], price=frames["close"], sl_stop=0.02, tp_stop=0.04, fees=0.001,
        size=1.0, init_cash=1e9, freq="15min",
    )  # fmt: skip
    return made.trades.records


begun = time.perf_counter()
averages = {length: panel(talib.EMA, length) for length in sorted({n for one in sets for n in one[:2]})}
rsi = panel(talib.RSI, 14)
indicators = time.perf_counter() - begun
trades(averages[sets[0][0]], averages[sets[0][1]], rsi, sets[0][2])  # compiles

times, work, found = [], [], []
for fast, slow, calm in sets:
    begun, worked = time.perf_counter(), time.process_time()
    records = trades(averages[fast], averages[slow], rsi, calm)
    times.append(time.perf_counter() - begun)
    work.append(time.process_time() - worked)
    if len(found) < told:
        closed = records[records["status"] == 1]
        found.append({name: closed[name].tolist() for name in ("col", "entry_idx", "exit_idx", "exit_price")})
print(
    json.dumps({"indicators": indicators, "times": times, "work": work, "lengths": len(averages) + 1, "trades": found})
)
