"""talipp: twelve indicators per symbol, one new candle at a time: `talipp_universe.py CANDLES.npz`.

Prints the ms that a new candle of every symbol takes, and the last values of some indicators.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
from talipp.indicators import ATR, BB, EMA, MACD, RSI, SMA, DonchianChannels, Stoch
from talipp.ohlcv import OHLCV

LAST = 5
"""So many candles are timed, the ones before them only warm up."""


class Symbol:
    """The indicators of one symbol."""

    def __init__(self) -> None:
        self.of_close = [EMA(7), EMA(25), EMA(50), EMA(100), EMA(200), RSI(14), MACD(12, 26, 9), BB(20, 2)]
        self.of_candle = [Stoch(14, 3), ATR(14), DonchianChannels(20)]
        self.of_volume = SMA(20)

    def add(self, candle: tuple[float, ...]) -> None:
        for indicator in self.of_close:
            indicator.add(candle[3])
        bar = OHLCV(*candle)
        for indicator in self.of_candle:
            indicator.add(bar)
        self.of_volume.add(candle[4])


def main() -> None:
    data = np.load(sys.argv[1])
    columns = [data[name] for name in ("open", "high", "low", "close", "volume")]
    rows, lanes = columns[0].shape
    symbols = [Symbol() for _ in range(lanes)]
    candles = [[tuple(float(c[t, s]) for c in columns) for s in range(lanes)] for t in range(rows)]
    times = []
    for row in candles:
        begun = time.perf_counter()
        for symbol, candle in zip(symbols, row, strict=True):
            symbol.add(candle)
        times.append(time.perf_counter() - begun)
    last = {
        "ema(close, 7)": [symbol.of_close[0][-1] for symbol in symbols],
        "ema(close, 200)": [symbol.of_close[4][-1] for symbol in symbols],
        "rsi(close, 14)": [symbol.of_close[5][-1] for symbol in symbols],
        "sma(volume, 20)": [symbol.of_volume[-1] for symbol in symbols],
    }
    print(json.dumps({"ms": 1000 * min(times[-LAST:]), "last": last}))


if __name__ == "__main__":
    main()
