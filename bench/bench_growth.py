"""How cost grows: with candles, symbols, strategies and history, and what memory it takes at most.

Backtests from YAML (gather, evaluate, decide) of made candles in memory, each point the best of some runs; the exponent
is the slope of a line through the logarithms: 1 is a cost in proportion. Then the time that one new candle takes after
ever longer histories, and the peak memory of 500 symbols x 100,000 minutes through the strategies that come with the
engine, in a process of its own. Draws the lines into var/bench/growth.svg.
"""

from __future__ import annotations

import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from bench_universe import MONDAY, STRATEGIES, Market, panel
from bench_universe import candles as panel_of
from made_store import HOME
from timing import best

from dsl.load import load
from engine.backtest import Result, backtest
from engine.decide import Settings
from engine.domain.market import Block, Candles, Timeframe
from engine.domain.strategy import Plan
from engine.feeds.memory import MemoryFeed
from engine.plan.evaluate import Evaluator

M1 = Timeframe.parse("1m")
WEEK = 7 * 1440 * M1.ms
CANDLES, SYMBOLS, STRATEGY_COUNTS = (10_000, 100_000, 1_000_000, 10_000_000), (1, 10, 100, 1_000), (1, 2, 5, 10, 20, 50)
HISTORIES = (1_000, 10_000, 100_000)
HEAVY = 500, 100_000
"""Symbols and minutes whose memory is measured."""
PART = 240
"""Minutes given to the evaluator at once there."""
YAML = """\
language: 1
id: s{number}
name: Growth
version: 1.0.0
about: Buys a cross of two averages that is neither overbought nor wild.
timeframes: [1m]
universe: {{symbols: [{symbols}]}}
long:
  when:
    cross: must ema(close, {fast}) crosses above ema(close, {slow})
    calm: must rsi(close, {rsi}) < {calm}
    quiet: atr({rsi}) < 3% * close
  fire: confidence >= 50
  stop: 2%
  targets: [4%]
"""
Points = list[tuple[float, float]]


def main() -> None:
    # First of all: on Linux a child's peak is never below what its parent had when it was born.
    own = [sys.executable, __file__, "memory"]
    told = json.loads(subprocess.run(own, check=True, capture_output=True, text=True).stdout)
    print(
        f"memory, {HEAVY[0]} symbols x {HEAVY[1]:,} minutes, {told['nodes']:,} nodes, {PART} minutes at once: peak "
        f"{told['tenth']:,.0f} MB after a tenth, {told['peak']:,.0f} MB at the end ({told['empty']:,.0f} MB before); "
        f"{told['ns']:.1f} ns a candle and node"
    )
    lines = {
        "candles": candles_line(),
        "symbols": symbols_line(),
        "strategies": strategies_line(),
        "history": history_line(),
    }
    for name, points in lines.items():
        told = "  ".join(f"{at:,.0f}: {1000 * spent:,.2f}" for at, spent in points)
        print(f"{name:11} ms at {told}   exponent {exponent(points):.2f}")
    print("(history: one new candle of 100 symbols after so many; half of the strategies share all indicators)")
    HOME.mkdir(parents=True, exist_ok=True)
    (HOME / "growth.svg").write_text(drawn(lines), encoding="utf-8")
    print(f"drawn: {HOME / 'growth.svg'}")


def walks(symbols: int, count: int) -> list[Candles]:
    rng = np.random.Generator(np.random.PCG64(11))
    times = M1.ms * np.arange(1, count + 1, dtype=np.int64)
    made = []
    for number in range(symbols):
        close = 100 * np.exp(np.cumsum(rng.standard_normal(count) * 7e-4))
        opened = np.concatenate(([100.0], close[:-1]))
        high, low = np.maximum(opened, close) * 1.0005, np.minimum(opened, close) * 0.9995
        made.append(Candles(f"C{number}/USDT", M1, times, opened, high, low, close, np.full(count, 9.0)))
    return made


def plan_of(symbols: int, strategies: int = 1) -> Plan:
    """Return so many strategies: every other one has the same indicators, the rest each has its own."""
    names = ", ".join(f"C{number}/USDT" for number in range(symbols))
    with tempfile.TemporaryDirectory() as folder:
        for number in range(strategies):
            own = 0 if number % 2 == 0 else number
            text = YAML.format(
                number=number, symbols=names, fast=7 + own, slow=25 + 2 * own, rsi=14 + own, calm=70 - number / 10
            )
            (Path(folder) / f"s{number}.yaml").write_text(text, encoding="utf-8")
        loaded = load([folder])
    assert not loaded.errors, loaded.errors
    return loaded.plan


def tested(plan: Plan, feed: MemoryFeed, runs: int) -> float:
    """Return the shortest time of a backtest, s. A long history is evaluated half a year at a time."""

    def once() -> Result:
        return backtest(plan, feed, {}, Settings(fees=0.001), span=26 * WEEK)

    assert len(once().trades) > 0
    return best(once, runs)


def candles_line() -> Points:
    plan, most = plan_of(1), walks(1, CANDLES[-1])[0]
    return [(n, tested(plan, MemoryFeed.of([most.between(0, n * M1.ms)]), 2 if n > 10**6 else 5)) for n in CANDLES]


def symbols_line() -> Points:
    every = walks(SYMBOLS[-1], 2_000)
    return [(n, tested(plan_of(n), MemoryFeed.of(every[:n]), 5)) for n in SYMBOLS]


def strategies_line() -> Points:
    feed = MemoryFeed.of(walks(20, 5_000))
    return [(n, tested(plan_of(20, n), feed, 3)) for n in STRATEGY_COUNTS]


def history_line() -> Points:
    """Return how long one new candle of 100 symbols takes after so long a history."""
    plan, names = plan_of(100), tuple(f"C{number}/USDT" for number in range(100))
    every = walks(100, HISTORIES[-1] + 1)
    columns = {name: np.stack([getattr(c, name) for c in every], axis=1) for name in ("open", "high", "low", "close")}
    columns["volume"] = np.ones_like(columns["close"])
    points, evaluator, at = [], Evaluator(plan, names), 0
    for count in HISTORIES:
        evaluator.skip(block(columns, at, count, names))
        times = []
        for _ in range(200):
            one = block(columns, count, count + 1, names)
            begun = time.perf_counter()
            evaluator.advance(one)
            times.append(time.perf_counter() - begun)
        points.append((float(count), min(times)))
        at = count
    return points


def block(columns: Market, start: int, stop: int, names: tuple[str, ...]) -> Block:
    whole = panel(M1, columns, slice(start, stop), start * M1.ms)
    own = type(whole)(M1, names, whole.close_time, np.ones((stop - start, len(names)), np.int8), whole.fields)
    return Block(start * M1.ms, stop * M1.ms, {M1: own})


def memory() -> None:
    """Print what evaluating the strategies over half a thousand symbols takes at most, as JSON."""
    plan, rng = load([STRATEGIES]).plan, np.random.Generator(np.random.PCG64(5))
    timeframes = sorted({frame.timeframe for frame in plan.frames()})
    names = ("BTC/USDT", *(f"S{lane}/USDT" for lane in range(1, HEAVY[0])))
    evaluator = Evaluator(plan, names)
    made = {t: panel_of(rng, max(1, PART * M1.ms // t.ms)) for t in timeframes}
    empty, spent, tenth = peak(), 0.0, 0.0
    for start in range(0, HEAVY[1], PART):
        after, until = MONDAY + start * M1.ms, MONDAY + (start + PART) * M1.ms
        panels = {
            t: panel(t, made[t], slice(0, (t.floor(until) - t.floor(after)) // t.ms), t.floor(after))
            for t in timeframes
        }
        begun = time.perf_counter()
        evaluator.advance(Block(after, until, panels))
        spent += time.perf_counter() - begun
        if start * 10 < HEAVY[1]:
            tenth = peak()
    rows = sum(HEAVY[1] * M1.ms / node.frame.timeframe.ms for node in plan.nodes if node.frame.symbol is None)
    told = {"nodes": len(plan.nodes), "empty": empty, "tenth": tenth, "peak": peak()}
    print(json.dumps({**told, "ns": 1e9 * spent / (rows * HEAVY[0])}))


def peak() -> float:
    """Return the most memory that this process ever had, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def exponent(points: Points) -> float:
    x, y = (np.log([point[axis] for point in points]) for axis in (0, 1))
    return float(np.polyfit(x, y, 1)[0])


def drawn(lines: dict[str, Points]) -> str:
    """Return the lines as SVG, a square each, both axes logarithmic."""
    squares = [square(name, points, 20 + 320 * place) for place, (name, points) in enumerate(lines.items())]
    width = 20 + 320 * len(lines)
    style = "text{font:11px sans-serif;fill:#222}path{fill:none}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} 330"><style>{style}</style>'
        f'<rect width="{width}" height="330" fill="#fff"/>{"".join(squares)}</svg>\n'
    )


def square(name: str, points: Points, left: int) -> str:
    (x0, x1), (y0, y1) = (decades([point[axis] for point in points]) for axis in (0, 1))

    def place(x: float, y: float) -> tuple[float, float]:
        return left + 30 + 250 * (math.log10(x) - x0) / (x1 - x0), 290 - 250 * (math.log10(y) - y0) / (y1 - y0)

    parts = [f'<text x="{left}" y="20">{name}: exponent {exponent(points):.2f}</text>']
    for x in range(x0, x1 + 1):
        across, _ = place(10.0**x, 10.0**y0)
        parts.append(f'<path d="M{across:.1f} 40V290" stroke="#ddd"/>')
        parts.append(f'<text x="{across:.1f}" y="305" text-anchor="middle">{10**x:,}</text>')
    for y in range(y0, y1 + 1):
        _, down = place(10.0**x0, 10.0**y)
        parts.append(f'<path d="M{left + 30} {down:.1f}H{left + 280}" stroke="#ddd"/>')
        parts.append(f'<text x="{left + 26}" y="{down + 4:.1f}" text-anchor="end">{10.0 ** (y + 3):g}</text>')
    where = [place(*point) for point in points]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in where)
    parts.append(f'<path d="M{path}" stroke="#0b66c2" stroke-width="2"/>')
    parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="#0b66c2"/>' for x, y in where]
    parts.append(f'<text x="{left + 155}" y="322" text-anchor="middle">{name}, and ms</text>')
    return "".join(parts)


def decades(values: Sequence[float]) -> tuple[int, int]:
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


if __name__ == "__main__":
    work: Callable[[], None] = memory if sys.argv[1:] == ["memory"] else main
    work()
