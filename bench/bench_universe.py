"""One evaluation of the universe: 500 symbols x 200 candles x 12 indicators, in a batch and one new candle at a time.

Ours is a plan compiled from a strategy in the language: its conditions are evaluated, too. Peers compute the same
indicators per symbol: TA-Lib on plain arrays, pandas with `ta`, and talipp, which is made for one candle at a time.
Then the real plan: the five strategies that come with the engine, on all their timeframes, over the same 500 symbols.
"""

from __future__ import annotations

import itertools
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import ta
import talib
from peers import ask
from timing import best

from dsl.load import load
from engine.domain.market import Block, Panel, Timeframe
from engine.domain.strategy import Plan
from engine.plan.evaluate import Evaluator

ROWS, LANES, NEW = 200, 500, 12
"""Candles, symbols, and how many new candles are timed one by one."""
SYMBOLS = ("BTC/USDT", *(f"S{lane}/USDT" for lane in range(1, LANES)))
STRATEGIES = Path(__file__).parents[1] / "strategies"
MONDAY = 1_743_379_200_000
FIELDS = ("open", "high", "low", "close", "volume")
TWELVE = """\
language: 1
id: twelve
name: Twelve
version: 1.0.0
about: Reads each of the twelve indicators once.
timeframes: [5m]
universe: {symbols: [BTC/USDT]}
long:
  when:
    a: close > ema(close, 7)
    b: close > ema(close, 25)
    c: close > ema(close, 50)
    d: close > ema(close, 100)
    e: close > ema(close, 200)
    f: rsi(close, 14) < 70
    g: stoch(14, 3, 3).k < 80
    h: macd(close, 12, 26, 9).hist > 0
    i: high - low < atr(14)
    j: close < bbands(close, 20, 2).upper
    k: volume > sma(volume, 20)
    l: close > lowest(low, 20)
  stop: 2 * atr(14)
  targets: [2R]
"""
Market = dict[str, np.ndarray]


def main() -> None:
    rng = np.random.Generator(np.random.PCG64(3))
    market = candles(rng, ROWS + NEW)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "twelve.yaml"
        path.write_text(TWELVE, encoding="utf-8")
        loaded = load([path])
        assert len(loaded.plan.strategies) == 1, loaded.diagnostics
        twelve(loaded.plan, market, Path(folder))
    real(load([STRATEGIES]).plan, rng)


def twelve(plan: Plan, market: Market, folder: Path) -> None:
    """Compare a batch of 200 candles, and each new candle."""
    five = Timeframe.parse("5m")
    history = block_of({five: panel(five, market, slice(0, ROWS), MONDAY)})
    check(plan, market, history)
    each = [
        {name: np.ascontiguousarray(column[:ROWS, lane]) for name, column in market.items()} for lane in range(LANES)
    ]
    frames = [pd.DataFrame(columns) for columns in each]
    ours = best(lambda: Evaluator(plan, SYMBOLS).advance(history), 9)
    ready = Evaluator(plan, SYMBOLS)
    again = best(lambda: ready.advance(history), 9)
    by_talib = best(lambda: [with_talib(columns) for columns in each], 5)
    begun = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for frame in frames[:50]:
            with_ta(frame)
    by_ta = (time.perf_counter() - begun) * LANES / 50
    print(f"{LANES} symbols x {ROWS} candles x 12 indicators, and our conditions over them")
    print(f"{'':28}{'ours, ms':>10}{'peer, ms':>11}{'times as fast':>15}")
    told("batch, evaluator made anew", ours, "TA-Lib per symbol", by_talib)
    told("batch", again, "TA-Lib per symbol", by_talib)
    told("batch", again, "pandas + ta per symbol", by_ta)
    evaluator = Evaluator(plan, SYMBOLS)
    evaluator.advance(history)
    new = [step(five, market, ROWS + at) for at in range(NEW)]
    one = min(timed(lambda block=block: evaluator.advance(block)) for block in new)
    told("one new candle", one, "TA-Lib per symbol, all again", by_talib)
    np.savez(folder / "market.npz", **market)
    answer = ask("talipp", "talipp_universe.py", folder / "market.npz")
    if answer is not None:
        nodes = parts(plan)
        values = Evaluator(plan, SYMBOLS).advance(block_of({five: panel(five, market, slice(0, ROWS + NEW), MONDAY)}))
        for text, last in answer["last"].items():
            np.testing.assert_allclose(values.of(nodes[text])[-1], last, rtol=1e-6)
        told("one new candle", one, "talipp", answer["ms"] / 1000)


def told(what: str, ours: float, peer: str, theirs: float) -> None:
    """Print one line: what was measured, both times, and how many times as fast ours is."""
    print(f"{what:28}{1000 * ours:10.3f}{1000 * theirs:11.1f}{theirs / ours:15.1f}   {peer}")


def check(plan: Plan, market: Market, history: Block) -> None:
    """Assert that ours are TA-Lib's values, where both have forgotten their different starts."""
    values, nodes = Evaluator(plan, SYMBOLS).advance(history), parts(plan)
    for lane in range(0, LANES, 25):
        theirs = with_talib({name: np.ascontiguousarray(column[:ROWS, lane]) for name, column in market.items()})
        assert len(theirs) == 12
        for text, wanted in theirs.items():
            np.testing.assert_allclose(values.of(nodes[text])[-1, lane], wanted[-1], rtol=1e-4, atol=1e-4, err_msg=text)


def parts(plan: Plan) -> dict[str, int]:
    """Return the nodes under the conditions of the one strategy, by their text."""
    (strategy,) = plan.strategies
    sides = (side for both in strategy.rules.values() for side in both)
    return {text: node for side in sides for condition in side.conditions for text, node in condition.parts}


def with_talib(c: Market) -> dict[str, np.ndarray]:
    found = {f"ema(close, {n})": talib.EMA(c["close"], n) for n in (7, 25, 50, 100, 200)}
    found["rsi(close, 14)"] = talib.RSI(c["close"], 14)
    found["stoch(14, 3, 3).k"] = talib.STOCH(c["high"], c["low"], c["close"], 14, 3, 0, 3, 0)[0]
    found["macd(close, 12, 26, 9).hist"] = talib.MACD(c["close"], 12, 26, 9)[2]
    found["atr(14)"] = talib.ATR(c["high"], c["low"], c["close"], 14)
    found["bbands(close, 20, 2).upper"] = talib.BBANDS(c["close"], 20, 2, 2)[0]
    found["sma(volume, 20)"] = talib.SMA(c["volume"], 20)
    found["lowest(low, 20)"] = talib.MIN(c["low"], 20)
    return found


def with_ta(c: pd.DataFrame) -> None:
    for n in (7, 25, 50, 100, 200):
        ta.trend.ema_indicator(c.close, n)
    ta.momentum.rsi(c.close, 14)
    ta.momentum.stoch_signal(c.high, c.low, c.close, 14, 3)
    ta.trend.macd_diff(c.close, 26, 12, 9)
    ta.volatility.average_true_range(c.high, c.low, c.close, 14)
    ta.volatility.bollinger_hband(c.close, 20, 2)
    c.volume.rolling(20).mean()
    c.low.rolling(20).min()


def real(plan: Plan, rng: np.random.Generator) -> None:
    """Measure the five strategies: warming up over 200 candles of each timeframe, then new candles as they come."""
    timeframes = sorted({frame.timeframe for frame in plan.frames()})
    hours = 4 * NEW // 3
    end = MONDAY + max(timeframes).ms * ROWS
    full = {t: panel(t, candles(rng, ROWS), slice(0, ROWS), end - ROWS * t.ms) for t in timeframes}
    blocks = warming(full, end)
    names = " ".join(str(t) for t in timeframes)
    print(f"the {len(plan.strategies)} strategies on {names}: {len(plan.nodes):,} nodes, {LANES} symbols")

    def warm() -> None:
        for block in blocks:
            evaluator.skip(block)

    fresh = []
    for _ in range(9):
        evaluator = Evaluator(plan, SYMBOLS)
        fresh.append(timed(warm))
    again = best(warm, 9)
    print(f"  warm-up over {ROWS} candles of each  {1000 * min(fresh):8.1f} ms, again {1000 * again:.1f}")
    minutes = {t: candles(rng, hours * 3_600_000 // t.ms + 1) for t in timeframes}
    found: dict[str, list[float]] = {}
    for minute in range(1, hours * 60 + 1):
        now = end + minute * 60_000
        there = {
            t: panel(t, minutes[t], slice((now - end) // t.ms - 1, (now - end) // t.ms), now - t.ms)
            for t in timeframes
            if now % t.ms == 0
        }
        block = Block(now - 60_000, now, there)
        found.setdefault(" ".join(str(t) for t in sorted(there)), []).append(
            timed(lambda b=block: evaluator.advance(b))
        )
    for kind, times in found.items():
        middle, least = 1000 * np.median(times), 1000 * min(times)
        print(f"  a new candle of {kind:16} {middle:8.3f} ms, best {least:.3f}, of {len(times)}")


def warming(full: dict[Timeframe, Panel], end: int) -> list[Block]:
    """Return the blocks between the beginnings of the timeframes, the slowest first, as the loop warms up."""
    borders = sorted({end, *(end - ROWS * t.ms for t in full)})
    return [
        Block(after, until, {t: cut(p, after, until) for t, p in full.items() if end - ROWS * t.ms <= after})
        for after, until in itertools.pairwise(borders)
    ]


def cut(whole: Panel, after: int, until: int) -> Panel:
    there = (whole.close_time > after) & (whole.close_time <= until)
    fields = {name: values[there] for name, values in whole.fields.items()}
    return Panel(whole.timeframe, whole.symbols, whole.close_time[there], whole.here[there], fields)


def candles(rng: np.random.Generator, rows: int) -> Market:
    close = 100 * np.exp(np.cumsum(rng.standard_t(4, (rows, LANES)) * 2e-3, axis=0))
    opened = np.concatenate((np.full((1, LANES), 100.0), close[:-1]))
    high = np.maximum(opened, close) * (1 + rng.exponential(1e-3, close.shape))
    low = np.minimum(opened, close) * (1 - rng.exponential(1e-3, close.shape))
    volume = rng.lognormal(3, 1, close.shape)
    return {"open": opened, "high": high, "low": low, "close": close, "volume": volume}


def panel(timeframe: Timeframe, market: Market, rows: slice, after: int) -> Panel:
    fields = {name: market[name][rows] for name in FIELDS}
    count = len(fields["close"])
    times = after + timeframe.ms * np.arange(1, count + 1, dtype=np.int64)
    return Panel(timeframe, SYMBOLS, times, np.ones((count, LANES), np.int8), fields)


def step(timeframe: Timeframe, market: Market, at: int) -> Block:
    return block_of({timeframe: panel(timeframe, market, slice(at, at + 1), MONDAY + at * timeframe.ms)})


def block_of(panels: dict[Timeframe, Panel]) -> Block:
    times: Sequence[np.ndarray] = [p.close_time for p in panels.values()]
    after = min(int(p.close_time[0]) - t.ms for t, p in panels.items())
    return Block(after, max(int(t[-1]) for t in times), panels)


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
