"""One task of a sweep: some sets of params run over some spans, in whatever process it is done.

A task is small and carries no candles: every process reads them once, and keeps them.
"""

from __future__ import annotations

import hashlib
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
from engine.feeds.files import FilesFeed
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
    candles: tuple[Path, ...]
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


class OtherCandles(RuntimeError):
    """A worker has no candles where they should be, or other ones."""


Outcome = Mapping[str, Any]
"""Per point: `fault`, why it is no strategy; else `spans`, the figures on each, and `daily`."""


def run(task: Task) -> list[Outcome]:
    """Run a task; return an outcome per point."""
    ground = task.ground
    if ground.print and print_of(ground.candles) != ground.print:
        raise OtherCandles(f"a worker has other candles in {', '.join(map(str, ground.candles))} than this machine")
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
def feed_of(candles: tuple[Path, ...], venues: tuple[str, ...]) -> FilesFeed:
    return FilesFeed(candles, venues)


@lru_cache(maxsize=2)
def variants_of(path: str, text: str) -> Variants:
    document, _ = read_document(text, kind="strategy", path=path)
    return Variants(document)


@lru_cache(maxsize=2)
def print_of(candles: tuple[Path, ...]) -> str:
    """Return what names the content of candle files, wherever they lie."""
    found = hashlib.sha256()
    for path in candles:
        if not path.exists():
            return "nothing"
        files = sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
        for file in files:
            found.update(f"{file.name} {file.stat().st_size}\n".encode())
            with file.open("rb") as content:
                found.update(hashlib.file_digest(content, "sha256").digest())
    return found.hexdigest()[:16]


def whole_feed(ground: Ground) -> Feed:
    """Return the candles of a sweep with the configuration's series beside them."""
    return wiring.with_series(feed_of(ground.candles, ground.config.venues), ground.config)
