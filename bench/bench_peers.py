"""A backtest from YAML against other systems: `python bench/bench_peers.py [--fast-only]`.

The rules and shapes are those of bench_backtest.py, on candles that open where the one before closed, so that an entry
at the close and one at the next open are the same. Trades are compared before anything is quoted:

- backtesting.py must make the same trades, candle by candle and price by price.
- vectorbt takes no entry on the candle on which a stop or a target closed the position before, ours does. It is held to
  the same rules by hand, with that one convention; all other trades must be the same.
- fast-trade has no stop at a distance and no target. It runs what it can: in while one average is above the other. Its
  averages start from the first value, so trades are compared from the thousandth candle on.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from bench_backtest import M1, SHAPES, ours, plan_of
from peers import ask
from timing import best, row

from engine.domain.market import FIELDS, Candles
from engine.feeds.memory import MemoryFeed

CROSSING = """\
language: 1
id: crossing
name: Crossing
version: 1.0.0
about: In while the fast average is above the slow one.
timeframes: [1m]
universe: {{symbols: [{symbols}]}}
long:
  when:
    above: must ema(close, 7) > ema(close, 25)
  exit:
    below: ema(close, 7) < ema(close, 25)
"""
SETTLED = 1_000
RUNS = 5


def gapless(symbols: int, count: int) -> list[Candles]:
    """Return random walks in which every candle opens where the one before closed."""
    rng = np.random.Generator(np.random.PCG64(11))
    times = 1_704_067_200_000 + M1.ms * np.arange(1, count + 1, dtype=np.int64)
    made = []
    for number in range(symbols):
        close = np.round(100 * np.exp(np.cumsum(rng.standard_t(4, count) * 1.5e-3)), 5)
        opened = np.concatenate((close[:1], close[:-1]))
        high = np.round(np.maximum(opened, close) * (1 + rng.exponential(5e-4, count)), 5)
        low = np.round(np.minimum(opened, close) * (1 - rng.exponential(5e-4, count)), 5)
        made.append(Candles(f"C{number}/USDT", M1, times, opened, high, low, close, rng.lognormal(3, 1, count)))
    return made


def saved(parts: list[Candles], folder: Path) -> Path:
    path = folder / f"{len(parts)}x{len(parts[0])}.npz"
    np.savez(path, **{name: np.column_stack([getattr(one, name) for one in parts]) for name in FIELDS})
    return path


def trades_of(plan: Any, feed: MemoryFeed, parts: list[Candles]) -> dict[tuple[int, int], tuple[int, float]]:
    """Return (symbol, row of the signal) -> (row of the exit, exit price) of every trade that ended."""
    told = ours(plan, feed).trades
    begin = int(parts[0].close_time[0])
    ended = np.flatnonzero(told.closed)
    lanes = [int(told.symbols[told.symbol[at]][1:].partition("/")[0]) for at in ended]
    entered = (told.signal_time[ended] - begin) // M1.ms
    # What fills at an open is told with the time of the open, which is the close of the row before.
    left = -((begin - told.closed_at[ended]) // M1.ms)
    return {
        (lane, int(at)): (int(out), float(price))
        for lane, at, out, price in zip(lanes, entered, left, told.exit_price[ended], strict=True)
    }


def check_equal(name: str, mine: dict[tuple[int, int], tuple[int, float]], told: dict[str, list[Any]]) -> int:
    theirs = dict(
        zip(
            zip(told["lane"], told["entry"], strict=True),
            zip(told["exit"], told["exit_price"], strict=True),
            strict=True,
        )
    )
    assert set(mine) == set(theirs), (name, len(mine), len(theirs), sorted(set(mine) ^ set(theirs))[:5])
    for key, (out, price) in theirs.items():
        assert abs(mine[key][1] - price) < 1e-6 * price, (name, key, mine[key], out, price)
        assert mine[key][0] in (out, out - 1), (name, key, mine[key], out, price)
    return len(theirs)


def main() -> None:
    """Print a line per shape and peer."""
    slow = "--fast-only" not in sys.argv
    with tempfile.TemporaryDirectory() as folder:
        for name, (symbols, count) in SHAPES.items():
            parts = gapless(symbols, count)
            feed, path, plan = MemoryFeed.of(parts), saved(parts, Path(folder)), plan_of(symbols)
            mine = trades_of(plan, feed, parts)
            seconds = best(lambda p=plan, f=feed: ours(p, f).trades, RUNS)
            print(f"{name}, {len(mine)} trades")
            for engine in ("rust", "numba"):
                told = ask("vectorbt", "vectorbt_crossing.py", engine, path, str(RUNS))
                if told is not None:
                    check_equal("vectorbt", without_immediate(parts), told)
                    row("ours", f"vectorbt {engine}", seconds, told["seconds"], seconds / told["seconds"])
            if slow and symbols == 1:
                told = ask("backtesting", "backtesting_crossing.py", path, "1")
                if told is not None:
                    check_equal("backtesting.py", mine, told)
                    row("ours", "backtesting.py", seconds, told["seconds"], seconds / told["seconds"])
            told = ask("fast-trade", "fast_trade_crossing.py", path, "3")
            if told is not None:
                against_fast_trade(parts, feed, told)


def without_immediate(parts: list[Candles]) -> dict[tuple[int, int], tuple[int, float]]:
    """Return the trades by hand where no entry is taken on the candle of an exit."""
    import talib

    found = {}
    for lane, one in enumerate(parts):
        fast, slow, rsi = talib.EMA(one.close, 7), talib.EMA(one.close, 25), talib.RSI(one.close, 14)
        crosses = np.zeros(len(one), bool)
        crosses[1:] = (fast[1:] > slow[1:]) & (fast[:-1] <= slow[:-1])
        free = 0
        for at in np.flatnonzero(crosses & (rsi < 70)):
            if at < free:
                continue
            stop, target = one.close[at] * 0.98, one.close[at] * 1.04
            hit = np.flatnonzero((one.low[at + 1 :] <= stop) | (one.high[at + 1 :] >= target))
            if not len(hit):
                break
            out = int(at + 1 + hit[0])
            found[lane, int(at)] = out, stop if one.low[out] <= stop else target
            free = out + 1
    return found


def against_fast_trade(parts: list[Candles], feed: MemoryFeed, told: dict[str, list[Any]]) -> None:
    """Check and quote the rules that fast-trade can run."""
    from dsl.load import load

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "crossing.yaml"
        path.write_text(CROSSING.format(symbols=", ".join(one.symbol for one in parts)))
        plan = load([path]).plan
    mine = trades_of(plan, feed, parts)
    own = {key: out for key, (out, _) in mine.items() if key[1] > SETTLED}
    theirs = {
        (lane, entry): out
        for lane, entry, out in zip(told["lane"], told["entry"], told["exit"], strict=True)
        if entry > SETTLED and out < len(parts[0]) - 1  # what leaves on the last candle fills after it here
    }
    assert own == theirs, (len(own), len(theirs), sorted(set(own.items()) ^ set(theirs.items()))[:6])
    seconds = best(lambda: ours(plan, feed).trades, RUNS)
    row(f"ours, in and out, {len(mine)} trades", "fast-trade", seconds, told["seconds"], seconds / told["seconds"])


if __name__ == "__main__":
    main()
