"""A backtest from YAML against the same written by hand in numba: `python bench/bench_backtest.py`.

Long when ema(7) crosses above ema(25) and rsi(14) < 70, stop 2 %, target 4 %, one position, fee 0.1 %. Two shapes:
one symbol with a year of 1m candles, and 100 symbols with 10,000 each. By hand is one loop per symbol over arrays that
are already there: the floor. Ours is the whole road, from a feed in memory to columns of trades: gather, evaluate,
decide. Both must make the same trades, checked one by one, before anything is timed.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numba import njit

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from dsl.load import load  # noqa: E402
from engine.backtest import Result, backtest  # noqa: E402
from engine.decide import Settings  # noqa: E402
from engine.domain.market import Candles, Timeframe  # noqa: E402
from engine.feeds.memory import MemoryFeed  # noqa: E402

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


def plan_of(symbols: int, variants: int = 1, shared: bool = True):  # type: ignore[no-untyped-def]
    """Return the plan of so many strategies, which differ in one number; `shared`: not in their averages."""
    import tempfile

    names = ", ".join(f"C{number}/USDT" for number in range(symbols))
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number in range(variants):
            path = Path(folder) / f"cross_{number}.yaml"
            slow = 25 if shared else 25 + number
            path.write_text(YAML.format(id=f"cross_{number}", symbols=names, slow=slow, calm=70 - number))
            paths.append(path)
        loaded = load(paths)
    assert not loaded.errors, loaded.errors
    return loaded.plan


def ours(plan, feed: MemoryFeed) -> Result:  # type: ignore[no-untyped-def]
    """Return the backtest of a plan over all that the feed has."""
    return backtest(plan, feed, {}, Settings(fees=0.001))


def check(result: Result, parts: list[Candles]) -> int:
    """Compare trade by trade; return how many there are."""
    trades, total = result.trades, 0
    for number, (one, hand) in enumerate(zip(parts, floor(parts), strict=True)):
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


def ratio_of(mine: Callable[[], object], theirs: Callable[[], object], rounds: int = 9) -> tuple[float, float, float]:
    """Return the medians in ms of both, run in turn, and the median of their ratios."""
    times: list[tuple[float, float]] = []
    for _ in range(rounds):
        begun = time.perf_counter()
        theirs()
        middle = time.perf_counter()
        mine()
        times.append((time.perf_counter() - middle, middle - begun))
    return (
        1000 * statistics.median(t[0] for t in times), 1000 * statistics.median(t[1] for t in times),
        statistics.median(a / b for a, b in times),
    )  # fmt: skip


def main() -> None:
    """Print a line per shape, and how cost grows."""
    print(f"{'':34}{'ours':>10}{'by hand':>10}{'ratio':>8}")
    for name, (symbols, count) in SHAPES.items():
        parts, plan = candles(symbols, count), plan_of(symbols)
        feed = MemoryFeed.of(parts)
        total = check(ours(plan, feed), parts)
        mine, theirs, ratio = ratio_of(lambda p=plan, f=feed: ours(p, f).trades, lambda p=parts: floor(p))
        print(f"{f'{name}, {total} trades, ms':34}{mine:10.1f}{theirs:10.1f}{ratio:8.2f}")


if __name__ == "__main__":
    main()
