"""1,000 sets of params on one year of 15m candles of 20 symbols: `python bench/bench_optimize.py [SETS]`.

Long when ema(fast) crosses above ema(slow) and rsi(14) is below a limit, stop 2 %, target 4 %, fee 0.1 %: a grid of 10
values each. Ours is the search as the command runs it, on two processes: sets compiled, evaluated, decided, judged and
written to the study. Peers are the same loop in vectorbt, in its two engines, in an environment of its own: indicators
worked out once per length, then a sample of the sets one after another in one process, scaled up to all of them and
halved for two. The processor's work of a set is told too, because it does not hang on what else the machine
does. Some sets' trades are compared one by one before anything is timed.
"""

from __future__ import annotations

import gzip
import json
import statistics
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from peers import ask

from app.config import Config
from app.optimising import CHUNK, Job, Sweep
from app.sweep import Ground, Task, feed_of, run, variants_of
from dsl.tuning import ranges
from engine.backtest import backtest
from engine.decide import Settings
from engine.feeds.scope import last_candle, survey
from engine.optimise import batch, pool
from engine.optimise.ranges import Point, grid
from engine.optimise.study import Study
from engine.optimise.windows import Layout
from engine.plan.reads import rule_nodes

SYMBOLS, ROWS, STEP = 20, 35_040, 900_000
BEGIN = 1_704_067_200_000
SAMPLE, TOLD = 20, 3
YAML = """\
language: 1
id: crossing
name: Crossing
version: 1.0.0
about: Buys a cross of two averages that is not overbought.
timeframes: [15m]
universe: {symbols: [%s]}
params:
  fast: 7 in 5 to 14 step 1
  slow: 25 in 20 to 65 step 5
  calm: 70 in 60 to 78 step 2
long:
  when:
    cross: must ema(close, fast) crosses above ema(close, slow)
    calm_enough: must rsi(close, 14) < calm
  stop: 2%%
  targets: 4%%
"""


def market(folder: Path) -> dict[str, np.ndarray]:
    """Write candle files of random walks with fat tails, open at the close before; return their columns (T, S)."""
    times = BEGIN + STEP * np.arange(ROWS)
    columns: dict[str, list[np.ndarray]] = {name: [] for name in ("open", "high", "low", "close")}
    for symbol in range(SYMBOLS):
        rng = np.random.default_rng([11, symbol])
        close = np.round(100 * np.exp(np.cumsum(rng.standard_t(4, ROWS) * 0.0022)), 8)
        opened = np.concatenate(([close[0]], close[:-1]))
        high = np.round(np.maximum(opened, close) * (1 + rng.exponential(0.001, ROWS)), 8)
        low = np.round(np.minimum(opened, close) * (1 - rng.exponential(0.001, ROWS)), 8)
        for name, values in zip(columns, (opened, high, low, close), strict=True):
            columns[name].append(values)
        rows = zip(times.tolist(), *(v.tolist() for v in (opened, high, low, close)), strict=True)
        text = "timestamp_ms,open,high,low,close,volume\n" + "".join(
            f"{t},{o:.8f},{h:.8f},{lo:.8f},{c:.8f},1\n" for t, o, h, lo, c in rows
        )
        (folder / f"made_C{symbol:02}USDT_15m.csv.gz").write_bytes(gzip.compress(text.encode(), 1))
    return {name: np.column_stack(values) for name, values in columns.items()}


def main() -> None:
    """Compare trades, then time ours and the peers."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        (home / "candles").mkdir()
        columns = market(home / "candles")
        symbols = tuple(f"C{symbol:02}/USDT" for symbol in range(SYMBOLS))
        path = home / "crossing.yaml"
        path.write_text(YAML % ", ".join(symbols))
        ground = Ground(Config(), home / "candles", str(path), path.read_text(), symbols, 0.001, 0.0)
        tuned = ranges(variants_of(ground.path, ground.text).document)
        points = grid(tuned, lambda point: True)[:count]
        np.savez(home / "candles.npz", **columns)
        chosen = [points[place] for place in np.linspace(0, len(points) - 1, SAMPLE).astype(int).tolist()]
        (home / "sets.json").write_text(json.dumps([[int(p["fast"]), int(p["slow"]), p["calm"]] for p in chosen]))
        peers = {}
        for engine in ("rust", "numba"):
            found = ask("vectorbt", "vectorbt_sets.py", engine, home / "candles.npz", home / "sets.json", str(TOLD))
            if found is None:
                break
            same_trades(ground, chosen[:TOLD], found["trades"], engine)
            peers[engine] = found["indicators"] + statistics.median(found["times"]) * len(points), found["work"]
        shared(ground, points)
        ours, judged = search(ground, tuned, points, home)
        print(f"{len(points):,} sets, {SYMBOLS} symbols, {ROWS:,} candles of 15m each; {judged:,} sets judged")
        own = work(ground, points)
        row = f"  ours, two processes                {ours:8.1f} s   {ours / len(points) * 1000:7.1f} ms a set"
        print(f"{row}, {own:6.1f} ms of one processor's work")
        for engine, (seconds, spent) in peers.items():
            both, theirs = seconds / 2, statistics.median(spent) * 1000
            each = both / len(points) * 1000
            row = f"  vectorbt {engine:5} {SAMPLE} sets, scaled, /2 {both:8.1f} s   {each:7.1f} ms a set"
            ratios = f"ours / peer {ours / both:5.2f} in time, {own / theirs:5.2f} in work"
            print(f"{row}, {theirs:6.1f} ms of one processor's work   {ratios}")


def same_trades(ground: Ground, points: list[Point], told: list[dict[str, list[Any]]], engine: str) -> None:
    """Check that some sets make the same trades in both: symbol, candle of entry and exit, price of the exit."""
    plan, _ = variants_of(ground.path, ground.text).plan(points)
    feed = feed_of(ground.candles, ground.config.venues)
    universe = {rules.id: ground.symbols for rules in plan.strategies}
    result = backtest(plan, feed, universe, Settings(fees=ground.fees))
    made: dict[str, list[tuple[int, int, int, float]]] = {rules.id: [] for rules in plan.strategies}
    for position in result.positions:
        if position.filled and not position.status.live:
            lane = ground.symbols.index(position.signal.symbol)
            entered, left = (
                (position.signal.close_time - BEGIN) // STEP - 1,
                -((BEGIN - position.closed_at) // STEP) - 1,
            )
            made[position.signal.strategy].append((lane, entered, left, position.exit_price))
    apart = 0
    for own, peer in zip(made.values(), told, strict=True):
        apart += explained(
            {trade[:3]: trade[3] for trade in own}, {t[:3]: t[3] for t in zip(*peer.values(), strict=True)}
        )
    counts = ", ".join(str(len(trades)) for trades in made.values())
    print(
        f"{len(points)} sets make the trades of vectorbt {engine} ({counts}), but for {apart}: vectorbt does not enter "
        "on the candle of an exit"
    )


def explained(own: dict[tuple[int, int, int], float], theirs: dict[tuple[int, int, int], float]) -> int:
    """Return how many trades differ; raise where one does not follow from an entry on the candle of an exit."""
    for trade in own.keys() & theirs.keys():
        assert abs(own[trade] / theirs[trade] - 1) < 1e-6, (trade, own[trade], theirs[trade])
    exits = {(lane, out) for lane, _, out in own}
    mine, other = own.keys() - theirs.keys(), theirs.keys() - own.keys()
    for lane, entered, out in mine:
        assert (lane, entered) in exits or any(o[0] == lane and o[1] <= out and o[2] >= entered for o in other), entered
    for lane, entered, out in other:
        assert any(m[0] == lane and m[1] <= out and m[2] >= entered for m in mine), (lane, entered, out)
    return len(mine) + len(other)


def shared(ground: Ground, points: list[Point]) -> None:
    """Print how much work the sets of a chunk share."""
    variants = variants_of(ground.path, ground.text)
    alone = (
        sum(needed(variants.plan([point])[0]) for point in points[:: max(1, len(points) // 50)])
        * len(points)
        / len(points[:: max(1, len(points) // 50)])
    )
    begun = time.perf_counter()
    plan, _ = variants.plan(points)
    spent = time.perf_counter() - begun
    print(
        f"all sets in one plan: {needed(plan):,} values to evaluate, {alone:,.0f} one by one "
        f"({alone / needed(plan):.1f} times); compiled in {spent / len(points) * 1000:.2f} ms a set"
    )


def needed(plan: Any) -> int:
    wanted = set(rule_nodes(batch.lean(plan)))
    for node in range(len(plan.nodes) - 1, -1, -1):
        if node in wanted:
            wanted.update(plan.nodes[node].inputs)
    return len(wanted)


def work(ground: Ground, points: list[Point]) -> float:
    """Return the processor time (ms) that one set of a chunk takes, the median of three chunks in this process.

    Time by the clock also counts what else this machine does; work does not.
    """
    feed_of(ground.candles, ground.config.venues)
    span = (BEGIN + 100 * STEP, BEGIN + ROWS * STEP)
    spent = []
    for start in np.linspace(0, max(len(points) - CHUNK, 0), 3).astype(int).tolist():
        chunk = tuple(points[start : start + CHUNK])
        begun = time.process_time()
        run(Task(ground, chunk, (span,)))
        spent.append((time.process_time() - begun) / len(chunk) * 1000)
    return statistics.median(spent)


def search(ground: Ground, tuned: Any, points: list[Point], home: Path) -> tuple[float, int]:
    """Run the search on two processes; return seconds, and how many sets could be judged."""
    feed = feed_of(ground.candles, ground.config.venues)
    plan, _ = variants_of(ground.path, ground.text).plan(points[:1])
    last = last_candle(feed, survey(plan, feed, {plan.strategies[0].id: ground.symbols})) or 0
    defaults = {one.name: one.default for one in tuned}
    job = Job(ground, tuned, defaults, Layout((BEGIN + 100 * STEP, last)), "grid", ("sharpe",), None, 7, 30,
              lambda point: True, 2)  # fmt: skip
    if len(points) < 1_000:
        wanted = [tuple(point.values()) for point in points]
        job = Job(ground, tuned, defaults, job.layout, "grid", ("sharpe",), None, 7, 30,
                  lambda point: tuple(point.values()) in wanted, 2)  # fmt: skip
    # Workers are there already, as the peer's process is.
    list(pool.processes(run, [Task(ground, (defaults,), (job.layout.search,))] * 2, 2))
    with Study(home / "study.jsonl", {}, resume=False) as study:
        begun = time.perf_counter()
        found = Sweep(job, study, partial(pool.processes, jobs=2)).verdict()
        return time.perf_counter() - begun, sum(trial.costs is not None for trial in found.trials)


if __name__ == "__main__":
    main()
