"""How benchmarks measure: whole processes or calls, in turn, quoted as medians and ratios of one run."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Sequence


def process_ratio(ours: Sequence[str], peer: Sequence[str], runs: int = 7) -> tuple[float, float, float]:
    """Run both commands in turn, after one warm-up each; return (our median s, peer's median s, median ratio)."""
    mine, theirs = [], []
    for run in range(runs + 1):
        a, b = _process(ours), _process(peer)
        if run:
            mine.append(a)
            theirs.append(b)
    return statistics.median(mine), statistics.median(theirs), _ratio(mine, theirs)


def call_ratio(ours: Callable[[], object], peer: Callable[[], object], runs: int = 5) -> tuple[float, float, float]:
    """The same for two calls."""
    mine, theirs = [], []
    for run in range(runs + 1):
        a, b = _call(ours), _call(peer)
        if run:
            mine.append(a)
            theirs.append(b)
    return statistics.median(mine), statistics.median(theirs), _ratio(mine, theirs)


def best_ratio(ours: Callable[[], object], peer: Callable[[], object], runs: int = 15) -> tuple[float, float, float]:
    """Run both in turn, after one warm-up each; return the shortest of each, s, and their ratio.

    For work of a few milliseconds: what else the machine does can only make a run longer.
    """
    mine, theirs = [], []
    for run in range(runs + 1):
        a, b = _call(ours), _call(peer)
        if run:
            mine.append(a)
            theirs.append(b)
    return min(mine), min(theirs), min(mine) / min(theirs)


def best(work: Callable[[], object], runs: int) -> float:
    """Run it so often, after one warm-up; return the shortest time, s."""
    work()
    return min(_call(work) for _ in range(runs))


def _ratio(mine: list[float], theirs: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(mine, theirs, strict=True))


def _process(command: Sequence[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def _call(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def row(what: str, peer: str, ours: float, theirs: float, ratio: float) -> None:
    """Print one line: what was measured, ours, the peer's, and ours over the peer's."""
    print(f"{what:44} ours {ours * 1000:9.1f} ms   {peer:30} {theirs * 1000:9.1f} ms   ratio {ratio:6.2f}")
