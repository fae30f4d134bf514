"""Functions of the language against TA-Lib on the same candles, after checking that both give the same values.

Ours is the whole plan (text, nodes, kernels), warm. TA-Lib is called by hand on plain arrays: once for one symbol, and
once per symbol for a panel of 100, each of whose symbols lies in memory as TA-Lib likes it best.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import talib
from timing import best_ratio

from dsl.load import load_expression
from engine.domain.market import Block, Panel, Timeframe
from engine.domain.strategy import Gaps
from engine.plan.evaluate import Evaluator

ONE_SYMBOL, PANEL = (525_600, 1), (10_000, 100)
"""Candles and symbols: about a million values each."""
ONE = Timeframe.parse("1m")
NAMES = ("open", "high", "low", "close", "volume")
Columns = tuple[np.ndarray, ...]
CASES: dict[str, tuple[Callable[..., np.ndarray], float]] = {
    "sma(close, 50)": (lambda o, h, lo, c, v: talib.SMA(c, 50), 1.5),
    "ema(close, 50)": (lambda o, h, lo, c, v: talib.EMA(c, 50), 1.5),
    "wma(close, 20)": (lambda o, h, lo, c, v: talib.WMA(c, 20), 1.5),
    "rsi(close, 14)": (lambda o, h, lo, c, v: talib.RSI(c, 14), 1.5),
    "atr(14)": (lambda o, h, lo, c, v: talib.ATR(h, lo, c, 14), 1.5),
    "bbands(close, 20, 2).upper": (lambda o, h, lo, c, v: talib.BBANDS(c, 20, 2, 2)[0], 1.5),
    "stoch(14, 3, 3).d": (lambda o, h, lo, c, v: talib.STOCH(h, lo, c, 14, 3, 0, 3, 0)[1], 1.5),
    "macd(close, 12, 26, 9).hist": (lambda o, h, lo, c, v: talib.MACD(c, 12, 26, 9)[2], 1.5),
    "adx(14).adx": (lambda o, h, lo, c, v: talib.ADX(h, lo, c, 14), 1.5),
    "linreg(close, 20)": (lambda o, h, lo, c, v: talib.LINEARREG(c, 20), 1.5),
    "lowest(low, 200)": (lambda o, h, lo, c, v: talib.MIN(lo, 200), 3.0),
    "highest(high, 14)": (lambda o, h, lo, c, v: talib.MAX(h, 14), 3.0),
}
"""What TA-Lib is asked for, and by how much ours may be slower for one symbol."""


def main() -> None:
    """Print a line per function: ns a value, ours over TA-Lib, and what is aimed at."""
    for shape, aim in ((ONE_SYMBOL, None), (PANEL, 1.0)):
        columns = candles(*shape)
        print(f"{shape[1]} symbols x {shape[0]:,} candles          ours ns   TA-Lib ns    ratio    aim")
        for text, (peer, most) in CASES.items():
            measure(text, columns, peer, most if aim is None else aim)


def measure(text: str, columns: Columns, peer: Callable[..., np.ndarray], aim: float) -> None:
    rows, lanes = columns[0].shape
    plan, node, found = load_expression(text, "1m", gaps=Gaps("skip", 0))
    assert node is not None, found
    block = as_block(columns)
    each = [tuple(np.ascontiguousarray(column[:, lane]) for column in columns) for lane in range(lanes)]
    evaluator = Evaluator(plan, symbols(lanes), keep=(node,))

    def ours() -> np.ndarray:
        return evaluator.advance(block).of(node)

    def theirs() -> list[np.ndarray]:
        return [peer(*alone) for alone in each]

    mine = Evaluator(plan, symbols(lanes), keep=(node,)).advance(block).of(node)
    np.testing.assert_allclose(mine[5000:], np.stack(theirs(), axis=1)[5000:], rtol=1e-6, atol=1e-6)
    fast, slow, ratio = best_ratio(ours, theirs)
    cells = rows * lanes * 1e-9
    print(
        f"{text:34} {fast / cells:9.2f} {slow / cells:11.2f} {ratio:8.2f} {aim:6.1f}{'' if ratio <= aim else '  above'}"
    )


def symbols(lanes: int) -> tuple[str, ...]:
    return tuple(f"S{lane}/USDT" for lane in range(lanes))


def candles(rows: int, lanes: int) -> Columns:
    """Return open, high, low, close and volume, (rows, lanes) each."""
    rng = np.random.Generator(np.random.PCG64(7))
    close = 100 * np.exp(np.cumsum(rng.standard_t(4, (rows, lanes)) * 4e-4, axis=0))
    opened = np.concatenate((np.full((1, lanes), 100.0), close[:-1]))
    high = np.maximum(opened, close) * (1 + rng.exponential(2e-4, close.shape))
    low = np.minimum(opened, close) * (1 - rng.exponential(2e-4, close.shape))
    return opened, high, low, close, rng.lognormal(3, 1, close.shape)


def as_block(columns: Columns) -> Block:
    rows, lanes = columns[0].shape
    times = ONE.ms * np.arange(1, rows + 1, dtype=np.int64)
    fields = dict(zip(NAMES, columns, strict=True))
    panel = Panel(ONE, symbols(lanes), times, np.ones((rows, lanes), np.int8), fields)
    return Block(0, int(times[-1]), {ONE: panel})


if __name__ == "__main__":
    main()
