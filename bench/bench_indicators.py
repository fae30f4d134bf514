"""Functions of the language against TA-Lib on the same candles, after checking that both give the same values.

One symbol, 525,600 candles of 1m: ours through the whole plan (text, nodes, kernels), warm; TA-Lib by hand.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import talib
from timing import call_ratio, row

from dsl.load import load_expression
from engine.domain.market import Block, Panel, Timeframe
from engine.domain.strategy import Gaps
from engine.plan.evaluate import Evaluator

COUNT = 525_600
ONE = Timeframe.parse("1m")
CASES: dict[str, Callable[..., np.ndarray]] = {
    "sma(close, 50)": lambda o, h, lo, c, v: talib.SMA(c, 50),
    "ema(close, 50)": lambda o, h, lo, c, v: talib.EMA(c, 50),
    "rsi(close, 14)": lambda o, h, lo, c, v: talib.RSI(c, 14),
    "atr(14)": lambda o, h, lo, c, v: talib.ATR(h, lo, c, 14),
    "bbands(close, 20, 2).upper": lambda o, h, lo, c, v: talib.BBANDS(c, 20, 2, 2)[0],
    "macd(close, 12, 26, 9).hist": lambda o, h, lo, c, v: talib.MACD(c, 12, 26, 9)[2],
    "adx(14).adx": lambda o, h, lo, c, v: talib.ADX(h, lo, c, 14),
    "lowest(low, 200)": lambda o, h, lo, c, v: talib.MIN(lo, 200),
}


def main() -> None:
    """Print a line per function."""
    columns = candles()
    block = as_block(columns)
    for text, peer in CASES.items():
        plan, node, found = load_expression(text, "1m", gaps=Gaps("skip", 0))
        assert node is not None, found

        def ours(plan: object = plan, node: int = node) -> np.ndarray:
            return Evaluator(plan, ("BTC/USDT",), keep=(node,)).advance(block).of(node)[:, 0]  # type: ignore[arg-type]

        mine, theirs = ours()[5000:], peer(*columns)[5000:]
        np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-6)
        row(text, "TA-Lib by hand", *call_ratio(ours, lambda peer=peer: peer(*columns)))


def candles() -> tuple[np.ndarray, ...]:
    rng = np.random.Generator(np.random.PCG64(7))
    close = 100 * np.exp(np.cumsum(rng.standard_t(4, COUNT) * 4e-4))
    opened = np.concatenate(([100.0], close[:-1]))
    high = np.maximum(opened, close) * (1 + rng.exponential(2e-4, COUNT))
    low = np.minimum(opened, close) * (1 - rng.exponential(2e-4, COUNT))
    return opened, high, low, close, rng.lognormal(3, 1, COUNT)


def as_block(columns: tuple[np.ndarray, ...]) -> Block:
    times = ONE.ms * np.arange(1, COUNT + 1, dtype=np.int64)
    names = ("open", "high", "low", "close", "volume")
    fields = {name: column.reshape(-1, 1) for name, column in zip(names, columns, strict=True)}
    panel = Panel(ONE, ("BTC/USDT",), times, np.ones((COUNT, 1), np.int8), fields)
    return Block(0, int(times[-1]), {ONE: panel})


if __name__ == "__main__":
    main()
