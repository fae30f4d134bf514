"""One task of a sweep: some sets of params run over some spans, in whatever process it is done.

A task is small and carries no candles: every process reads them once, and keeps them.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from app import wiring
from app.config import Config
from dsl.read import read_document
from dsl.tuning import Variants
from engine.decide import Settings
from engine.optimise import batch
from engine.optimise.objectives import figures
from engine.optimise.ranges import Point
from engine.optimise.windows import Span
from engine.ports import Feed


@dataclass(frozen=True)
class Ground:
    """What every task of a sweep shares. `text` is the strategy's, `symbols` are traded; ratios of the price.

    `print` names the candles: a worker that reads others says so (empty: it is this machine).
    """

    config: Config
    candles: Path
    path: str
    text: str
    symbols: tuple[str, ...]
    fees: float
    slippage: float
    print: str = ""


@dataclass(frozen=True)
class Task:
    """Sets of params, and the spans they are run over. `daily`: the daily returns of the first span are wanted."""

    ground: Ground
    points: tuple[Point, ...]
    spans: tuple[Span, ...]
    daily: bool = True


_LARGE = 16 * 2**20


class OtherCandles(RuntimeError):
    """A worker has no candles where they should be, or other ones."""


Outcome = Mapping[str, Any]
"""Per point: `fault`, why it is no strategy; else `spans`, the figures on each, and `daily`."""


def run(task: Task) -> list[Outcome]:
    """Run a task; return an outcome per point."""
    ground = task.ground
    if ground.print and print_of(ground.candles) != ground.print:
        raise OtherCandles(f"a worker has other candles in {ground.candles} than this machine")
    feed = feed_of(ground.candles, ground.config.venues)
    plan, faults = variants_of(ground.path, ground.text).plan(task.points)
    outcomes: list[dict[str, Any]] = [{"fault": fault} if fault else {"spans": []} for fault in faults]
    good = [outcome for outcome in outcomes if "spans" in outcome]
    if not good:
        return list(outcomes)
    config = ground.config
    settings = Settings(fees=ground.fees, slippage=ground.slippage, risk=wiring.protections(config))
    models = wiring.predictors(plan, config)
    for span in task.spans:
        trades = batch.run(plan, wiring.with_series(feed, config), ground.symbols, settings, span, models)
        for outcome, made in zip(good, trades, strict=True):
            outcome["spans"].append(figures(made))
            if task.daily and "daily" not in outcome:
                outcome["daily"] = made.daily().tolist()
    return list(outcomes)


@lru_cache(maxsize=2)
def feed_of(candles: Path, venues: tuple[str, ...]) -> wiring.History:
    return wiring.candle_feed(candles, Config(venues=venues))


@lru_cache(maxsize=2)
def variants_of(path: str, text: str) -> Variants:
    document, _ = read_document(text, kind="strategy", path=path)
    return Variants(document)


@lru_cache(maxsize=2)
def print_of(candles: Path) -> str:
    """Return what names the content of candle files, wherever they lie; of a large file its size and both its ends."""
    if not candles.exists():
        return "nothing"
    found = hashlib.sha256()
    files = sorted(one for one in candles.rglob("*") if one.is_file()) if candles.is_dir() else [candles]
    for file in files:
        size = file.stat().st_size
        found.update(f"{file.name} {size}\n".encode())
        with file.open("rb") as content:
            if size <= _LARGE:
                found.update(content.read())
            else:
                found.update(content.read(_LARGE // 2))
                content.seek(-_LARGE // 2, os.SEEK_END)
                found.update(content.read())
    return found.hexdigest()[:16]


def whole_feed(ground: Ground) -> Feed:
    """Return the candles of a sweep with the configuration's series beside them."""
    return wiring.with_series(feed_of(ground.candles, ground.config.venues), ground.config)
