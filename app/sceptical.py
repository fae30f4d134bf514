"""What the checks for the sceptic start from: a strategy of one's own over candles of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app import wiring
from app.config import Config
from app.failure import Failure
from engine.decide import Settings
from engine.ports import Predictor
from engine.sceptic.walk import Ground


@dataclass(frozen=True, slots=True)
class Checked:
    """A strategy on its ground, how it decides, its models, and what must be said, a line each."""

    ground: Ground
    settings: Settings
    models: Mapping[str, Predictor]
    notes: tuple[str, ...]


def checked(
    strategies: tuple[Path, ...],
    candles: Path,
    config: Config,
    symbols: tuple[str, ...] = (),
    span: tuple[int | None, int | None] = (None, None),
    costs: tuple[float | None, float | None] = (None, None),
) -> Checked:
    """Return the ground of strategies; `costs` are fee and slippage, None: the configuration's.

    Raises Failure, and FeedError for candles that cannot be read.
    """
    feed = wiring.with_series(wiring.candle_feed(candles, config), config)
    plan = wiring.load_strategies(strategies).plan
    try:
        ground = Ground.of(plan, feed, wiring.universe_of(plan, config, symbols), *span)
    except ValueError as error:
        raise Failure(str(error)) from None
    if not ground.timeframes:
        frames = ", ".join(sorted({str(frame.timeframe) for frame in plan.frames()}))
        raise Failure(f"there are no candles of {frames} of these symbols here")
    fee, slippage = costs
    settings = Settings(
        fees=config.costs.fee if fee is None else fee,
        slippage=config.costs.slippage if slippage is None else slippage,
        risk=wiring.protections(config),
    )
    notes = (*wiring.missing_models(plan, config), *ground.scope.skipped)
    return Checked(ground, settings, wiring.predictors(plan, config), notes)
