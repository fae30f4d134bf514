"""A position stepped over every candle, one by one: the plainest form of the simulator, and its referee."""

from __future__ import annotations

import numpy as np

from engine.domain.event import Event
from engine.domain.position import Position
from tests.engine.trade.reference_bar import apply_bar
from tests.engine.trade.reference_candle import apply_candle
from tests.engine.trade.reference_life import Life, Terms
from tests.engine.trade.reference_path import Bars, Path


def step_by_step(
    position: Position, terms: Terms, path: Path, bars: Bars | None, until: int
) -> tuple[list[Event], Position]:
    """Apply every candle and every candle of the strategy in order; return what is told, and how it stands."""
    life = Life(position, terms)
    events: list[Event] = []
    strategy = {} if bars is None else dict(zip(bars.close_time.tolist(), range(len(bars.close_time)), strict=True))
    times = sorted({*path.close_time.tolist(), *strategy})
    fine = dict(zip(path.close_time.tolist(), range(len(path)), strict=True))
    for time in times:
        if time <= position.followed_until or not life.status.live:
            continue
        life.followed_until = time
        with np.errstate(all="ignore"):
            if time in fine:
                apply_candle(life, path.candle(fine[time]))
            if bars is not None and time in strategy and life.status.live:
                apply_bar(life, bars, strategy[time])
        if life.events:
            events.extend(life.finish())
    if life.status.live:
        life.followed_until = until
    return events, life.position()
