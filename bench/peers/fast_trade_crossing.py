"""fast-trade on the crossing of two averages and back: `fast_trade_crossing.py CANDLES.npz RUNS`.

It has no stop at a distance and no target, so it runs what it can: in while the fast average is above the slow one,
out when it is below. Its averages start from the first value, so early trades differ.
"""

from __future__ import annotations

import json
import sys
import time
from itertools import pairwise

import numpy as np
import polars as pl
from fast_trade import run_backtest

path, runs = sys.argv[1], int(sys.argv[2])
candles = dict(np.load(path))
rows, lanes = candles["close"].shape
begin = pl.datetime(2024, 1, 1)
dates = pl.datetime_range(begin, begin + pl.duration(minutes=rows - 1), "1m", eager=True)
tables = [pl.DataFrame({"date": dates, **{k: v[:, lane] for k, v in candles.items()}}) for lane in range(lanes)]
rules = {
    "base_balance": 1e6, "freq": "1Min", "comission": 0.001, "start": "2024-01-01", "stop": "2030-01-01",
    "symbol": "X", "exchange": "made", "trailing_stop_loss": 0, "exit_on_end": False, "any_enter": [], "any_exit": [],
    "datapoints": [
        {"name": "fast", "transformer": "ema", "args": [7]},
        {"name": "slow", "transformer": "ema", "args": [25]},
    ],
    "enter": [["fast", ">", "slow"]],
    "exit": [["fast", "<", "slow"]],
}  # fmt: skip

times = []
for _ in range(runs):
    begun = time.perf_counter()
    found = [run_backtest(rules, df=table)["trade_df"] for table in tables]
    times.append(time.perf_counter() - begun)

told: dict[str, list[int]] = {"lane": [], "entry": [], "exit": []}
for lane, table in enumerate(found):
    at = ((table["date"] - table["date"].dt.truncate("1y").min()).dt.total_minutes()).to_list()
    steps = list(zip(at, table["in_trade"].to_list(), strict=True))
    for (entry, inside), (out, still) in pairwise(steps):
        if inside and not still:
            told["lane"].append(lane)
            told["entry"].append(int(entry))
            told["exit"].append(int(out))
print(json.dumps({"seconds": sorted(times)[len(times) // 2], **told}))
