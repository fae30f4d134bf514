"""A backtest from YAML against the same written by hand in numba: `python bench/bench_backtest.py`.

Long when ema(7) crosses above ema(25) and rsi(14) < 70, stop 2 %, target 4 %, one position, fee 0.1 %. Two shapes:
one symbol with a year of 1m candles, and 100 symbols with 10,000 each. By hand is compiled code over arrays that are
already there: a function per indicator, or all of it in one loop that keeps nothing but the trades, the floor under
every floor. Ours is the whole road, from a feed in memory to columns of trades: gather, evaluate, decide. All must make
the same trades, checked one by one, before anything is timed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from timing import call_ratio, process_ratio, row

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from engine.domain.market import Candles, Timeframe  # noqa: E402

if TYPE_CHECKING:  # a process that works by hand must not load ours
    from engine.backtest import Result
    from engine.feeds.memory import MemoryFeed

M1 = Timeframe.parse("1m")
SHAPES = {"1 x 525,600": (1, 525_600), "100 x 10,000": (100, 10_000)}
YAML = """\
language: 1
id: {id}
name: Cross
version: 1.0.0
about: Buys a cross of two averages that is not overbought.
timeframes: [1m]
universe: {{symbols: [{symbols}]}}
long:
  when:
    cross: must ema(close, 7) crosses above ema(close, {slow})
    calm: must rsi(close, 14) < {calm}
  stop: 2%
  targets: [4%]
"""


def candles(symbols: int, count: int, seed: int = 7) -> list[Candles]:
    """Return random walks with fat tails, open at the close before."""
    rng = np.random.Generator(np.random.PCG64(seed))
    times = 1_600_000_020_000 // M1.ms * M1.ms + M1.ms * np.arange(1, count + 1, dtype=np.int64)
    made = []
    for number in range(symbols):
        close = 100 * np.exp(np.cumsum(rng.standard_t(4, count) * 7e-4))
        opened = np.concatenate(([100.0], close[:-1])) * (1 + rng.standard_t(4, count) * 5e-5)
        high = np.maximum(opened, close) * (1 + rng.exponential(3e-4, count))
        low = np.minimum(opened, close) * (1 - rng.exponential(3e-4, count))
        made.append(Candles(f"C{number}/USDT", M1, times, opened, high, low, close, rng.lognormal(3, 1, count)))
    return made


@njit(nogil=True, error_model="numpy")
def gain(entry, out, fee):  # type: ignore[no-untyped-def]
    return (out - entry - fee * (out + entry)) / entry


@njit("i8(f8[::1], f8[::1], f8[::1], f8[::1], f8, f8[:,::1])", cache=True, nogil=True, error_model="numpy")
def by_hand(opens, highs, lows, closes, fee, trades):  # type: ignore[no-untyped-def]
    """Write (entry row, exit row, entry, exit, result) of each trade; return how many there are."""
    fast = slow = fast_sum = slow_sum = ups = downs = 0.0
    above = False
    count, side = 0, 0  # 0 flat, 1 fills at the next open, 2 in
    stop = target = entry = 0.0
    begun = 0
    for i in range(closes.shape[0]):
        close = closes[i]
        if side == 1:
            side = 0
            if opens[i] > stop:
                entry, begun, side = opens[i], i, 2
                if opens[i] >= target:
                    row = trades[count]
                    row[0], row[1], row[2], row[3], row[4] = begun, i, entry, opens[i], gain(entry, opens[i], fee)
                    count, side = count + 1, 0
        elif side == 2:
            out = 0.0
            if opens[i] <= stop:
                out = opens[i]
            elif opens[i] >= target:
                out = target
            if out != 0.0:
                row = trades[count]
                row[0], row[1], row[2], row[3], row[4] = (
                    begun,
                    i,
                    entry,
                    out,
                    (out - entry - fee * (out + entry)) / entry,
                )
                count, side = count + 1, 0
        if side == 2:
            out = 0.0
            if lows[i] <= stop:
                out = stop
            elif highs[i] >= target:
                out = target
            if out != 0.0:
                row = trades[count]
                row[0], row[1], row[2], row[3], row[4] = (
                    begun,
                    i,
                    entry,
                    out,
                    (out - entry - fee * (out + entry)) / entry,
                )
                count, side = count + 1, 0
        if i < 7:
            fast_sum += close
            fast = fast_sum / 7.0
        else:
            fast += (close - fast) * (2.0 / 8.0)
        if i < 25:
            slow_sum += close
            slow = slow_sum / 25.0
        else:
            slow += (close - slow) * (2.0 / 26.0)
        if i > 0:
            change = close - closes[i - 1]
            up, down = max(change, 0.0), max(-change, 0.0)
            if i <= 14:
                ups += up / 14.0
                downs += down / 14.0
            else:
                ups += (up - ups) / 14.0
                downs += (down - downs) / 14.0
        now = fast > slow
        if i >= 25 and now and not above and side == 0 and 100.0 * ups < 70.0 * (ups + downs):
            stop, target, side = close * 0.98, close * 1.04, 1
        above = now
    return count


def floor(parts: list[Candles]) -> list[np.ndarray]:
    """Return every symbol's trades, by hand."""
    found = []
    for one in parts:
        room = np.empty((len(one) // 4 + 1, 5))
        found.append(room[: by_hand(one.open, one.high, one.low, one.close, 0.001, room)])
    return found


@njit("void(f8[::1], i8, f8[::1])", cache=True, nogil=True, error_model="numpy")
def ema(values, length, out):  # type: ignore[no-untyped-def]
    total, average = 0.0, np.nan
    for i in range(values.shape[0]):
        if i < length:
            total += values[i]
            average = total / length if i == length - 1 else np.nan
        else:
            average += (values[i] - average) * (2.0 / (length + 1.0))
        out[i] = average


@njit("void(f8[::1], i8, f8[::1])", cache=True, nogil=True, error_model="numpy")
def rsi(values, length, out):  # type: ignore[no-untyped-def]
    ups = downs = 0.0
    out[0] = np.nan
    for i in range(1, values.shape[0]):
        change = values[i] - values[i - 1]
        up, down = max(change, 0.0), max(-change, 0.0)
        if i <= length:
            ups += up / length
            downs += down / length
        else:
            ups += (up - ups) / length
            downs += (down - downs) / length
        out[i] = 100.0 * ups / (ups + downs) if i >= length else np.nan


@njit("i8(f8[::1], f8[::1], f8[::1], f8[::1], i1[::1], f8, f8[:,::1])", cache=True, nogil=True, error_model="numpy")
def trade(opens, highs, lows, closes, fires, fee, trades):  # type: ignore[no-untyped-def]
    count, side, begun = 0, 0, 0
    stop = target = entry = 0.0
    for i in range(closes.shape[0]):
        out = 0.0
        if side == 1:
            side = 0
            if opens[i] > stop:
                entry, begun, side = opens[i], i, 2
                out = opens[i] if opens[i] >= target else 0.0
        elif side == 2:
            out = opens[i] if opens[i] <= stop else (target if opens[i] >= target else 0.0)
        if side == 2 and out == 0.0:
            out = stop if lows[i] <= stop else (target if highs[i] >= target else 0.0)
        if out != 0.0:
            row = trades[count]
            row[0], row[1], row[2], row[3], row[4] = begun, i, entry, out, gain(entry, out, fee)
            count, side = count + 1, 0
        if side == 0 and fires[i] != 0:
            stop, target, side = closes[i] * 0.98, closes[i] * 1.04, 1
    return count


def by_parts(parts: list[Candles]) -> list[np.ndarray]:
    """Return every symbol's trades, by hand as most would: a compiled function per indicator, then one loop."""
    found = []
    for one in parts:
        fast, slow, index = np.empty(len(one)), np.empty(len(one)), np.empty(len(one))
        ema(one.close, 7, fast)
        ema(one.close, 25, slow)
        rsi(one.close, 14, index)
        fires = np.zeros(len(one), np.int8)
        fires[1:] = (fast[1:] > slow[1:]) & (fast[:-1] <= slow[:-1]) & (index[1:] < 70)
        room = np.empty((len(one) // 4 + 1, 5))
        found.append(room[: trade(one.open, one.high, one.low, one.close, fires, 0.001, room)])
    return found


def plan_of(symbols: int, variants: int = 1, first: int = 0):  # type: ignore[no-untyped-def]
    """Return the plan of so many strategies, which differ in the bound of their rsi alone; with another `first` also
    in one average."""
    from dsl.load import load

    names = ", ".join(f"C{number}/USDT" for number in range(symbols))
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number in range(variants):
            path = Path(folder) / f"cross_{number}.yaml"
            path.write_text(YAML.format(id=f"cross_{number}", symbols=names, slow=25 + first, calm=70 - number))
            paths.append(path)
        loaded = load(paths)
    assert not loaded.errors, loaded.errors
    return loaded.plan


def ours(plan, feed: MemoryFeed) -> Result:  # type: ignore[no-untyped-def]
    """Return the backtest of a plan over all that the feed has."""
    from engine.backtest import backtest
    from engine.decide import Settings

    return backtest(plan, feed, {}, Settings(fees=0.001))


def feed_of(parts: list[Candles]) -> MemoryFeed:
    """Return a feed of candles in memory."""
    from engine.feeds.memory import MemoryFeed

    return MemoryFeed.of(parts)


def check(result: Result, parts: list[Candles]) -> int:
    """Compare trade by trade; return how many there are."""
    trades, total = result.trades, 0
    for number, (one, hand, again) in enumerate(zip(parts, floor(parts), by_parts(parts), strict=True)):
        np.testing.assert_array_equal(hand, again)
        own = np.flatnonzero(
            (trades.symbol == trades.symbols.index(one.symbol)) & (trades.closed_at > 0) & (trades.filled > 0)
        )
        opened = np.searchsorted(one.close_time, trades.opened_at[own], side="right")
        assert len(own) == len(hand), (number, len(own), len(hand))
        np.testing.assert_array_equal(opened, hand[:, 0])
        np.testing.assert_allclose(trades.entry[own], hand[:, 2], rtol=1e-12)
        np.testing.assert_allclose(trades.exit_price[own], hand[:, 3], rtol=1e-12)
        np.testing.assert_allclose(trades.result[own], hand[:, 4], rtol=1e-9, atol=1e-12)
        total += len(own)
    return total


def alone(mode: str, folder: str) -> None:
    """Be a whole process: read candles, make trades, say how many and the peak of memory (MB)."""
    columns = np.load(Path(folder) / "columns.npy")
    symbols = columns.shape[0]
    times = np.load(Path(folder) / "times.npy")
    parts = [Candles(f"C{number}/USDT", M1, times, *columns[number]) for number in range(symbols)]
    count = sum(map(len, floor(parts))) if mode == "floor" else len(ours(plan_of(symbols), feed_of(parts)).trades)
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print(count, int(peak.split()[1]) // 1024)  # of this process alone, unlike ru_maxrss, which begins at its parent's


def whole_process(parts: list[Candles]) -> None:
    """Print what the whole process takes, from starting Python to the trades."""
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "times.npy", parts[0].close_time)
        fields = ("open", "high", "low", "close", "volume")
        np.save(Path(folder) / "columns.npy", np.array([[getattr(part, name) for name in fields] for part in parts]))
        commands = [[sys.executable, __file__, mode, folder] for mode in ("ours", "floor")]
        mine, theirs, ratio = process_ratio(*commands, runs=3)
        row("  whole process", "by hand in numba", mine, theirs, ratio)
        for mode, command in zip(("ours", "by hand"), commands, strict=True):
            said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
            print(f"    peak of memory, {mode}: {said[1]} MB")


def shared() -> None:
    """Print what ten strategies that share their averages cost against three that share nothing, run alone."""
    feed = feed_of(candles(20, 10_000))
    together, apart = plan_of(20, 10), [plan_of(20, 1, first=number) for number in range(3)]
    mine, theirs, ratio = call_ratio(
        lambda: ours(together, feed).trades, lambda: [ours(plan, feed).trades for plan in apart]
    )
    row("ten strategies that share indicators", "three alone", mine, theirs, ratio)


def growth() -> None:
    """Print how cost grows with candles and with symbols: the exponent is 1 where twice as much costs twice as much."""
    for what, sizes in (
        ("candles", [(1, 10**4), (1, 10**5), (1, 10**6), (1, 4 * 10**6)]),
        ("symbols", [(1, 10_000), (10, 10_000), (100, 10_000), (400, 10_000)]),
    ):
        amounts, times = [], []
        for symbols, count in sizes:
            plan, feed = plan_of(symbols), feed_of(candles(symbols, count))
            ours(plan, feed)
            took = []
            for _ in range(3):
                begun = time.perf_counter()
                _ = ours(plan, feed).trades
                took.append(time.perf_counter() - begun)
            amounts.append(symbols * count)
            times.append(min(took))
            print(
                f"  {symbols:4} x {count:9,} candles {1000 * times[-1]:9.1f} ms"
                f"  {1e9 * times[-1] / amounts[-1]:6.1f} ns each"
            )
        slope = np.polyfit(np.log(amounts[1:]), np.log(times[1:]), 1)[0]
        print(f"  exponent in {what}, from the second size on: {slope:.2f}")


def main() -> None:
    """Print a line per shape against two floors, then whole processes, sharing and growth."""
    for name, (symbols, count) in SHAPES.items():
        parts, plan = candles(symbols, count), plan_of(symbols)
        feed = feed_of(parts)
        print(f"{name}: {check(ours(plan, feed), parts)} trades, the same by hand")
        for floor_name, hand in (("by hand, a function per indicator", by_parts), ("by hand, all in one loop", floor)):
            row("  warm", floor_name, *call_ratio(lambda: ours(plan, feed).trades, lambda: hand(parts), runs=9))  # noqa: B023
        whole_process(parts)
    shared()
    growth()


if __name__ == "__main__":
    if len(sys.argv) == 3:
        alone(*sys.argv[1:])
    else:
        main()
