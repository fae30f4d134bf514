"""Following: a live position over a block, from one slice that tells something to the next.

Between them the simulator jumps: nothing happens to a position on candles that touch none of its levels, but
that its excursions widen and its candles are counted. Stopping at any border of candles and going on from the
position as it stands gives the same events.
"""

from __future__ import annotations

import math

import numpy as np

from engine.domain.event import Event
from engine.domain.position import Position
from engine.trade.bar import apply_bar
from engine.trade.candle import apply_candle
from engine.trade.life import Life, Terms
from engine.trade.path import Bars, Path
from engine.trade.watch import next_bar


class Follower:
    """One live position over the candles of one block.

    `path` holds the fine candles of its symbol, `bars` those of its timeframe (None: the block has none), of
    which those after `position.followed_until` are applied, up to `until`, the end of the block.
    """

    def __init__(self, position: Position, terms: Terms, path: Path, bars: Bars | None, until: int) -> None:
        self._life = Life(position, terms)
        self._path, self._bars, self._until = path, bars, until
        self._next = path.after(position.followed_until)
        self._bar = bars.after(position.followed_until) if bars else 0

    @property
    def live(self) -> bool:
        return self._life.status.live

    @property
    def position(self) -> Position:
        return self._life.position()

    def next(self) -> tuple[int, tuple[Event, ...]] | None:
        """Go on to the next slice that tells something; return its time and events, None at the block's end."""
        with np.errstate(all="ignore"):
            return self._advance()

    def _advance(self) -> tuple[int, tuple[Event, ...]] | None:
        life = self._life
        while life.status.live:
            bar_time = self._watched_bar()
            border = len(self._path) if bar_time is None else self._path.after(bar_time)
            index = self._jump(border)
            if index < border:
                candle = self._path.candle(index)
                time = candle.close_time
                self._count_bars(time - 1)
                life.followed_until = time
                apply_candle(life, candle)
                self._next = index + 1
            elif bar_time is not None:
                time = life.followed_until = bar_time
                self._count_bars(time - 1)
            else:
                break
            self._step_bar(time)
            if life.events:
                return time, life.finish()
        if life.status.live:
            self._count_bars(self._until)
            life.followed_until = self._until
        return None

    def _watched_bar(self) -> int | None:
        """Return when the next candle closes that may do more than be counted, None if there is none in the block."""
        bars = self._bars
        if bars is None:
            return None
        index = next_bar(self._life, bars, self._bar)
        return int(bars.close_time[index]) if index < len(bars.close_time) else None

    def _count_bars(self, until: int) -> None:
        if self._bars is not None:
            after = self._bars.after(until)
            self._life.bars += after - self._bar
            self._bar = after

    def _step_bar(self, time: int) -> None:
        """Apply the strategy's candle that closed at `time`, if there is one."""
        bars = self._bars
        if bars is None or self._bar >= len(bars.close_time) or bars.close_time[self._bar] != time:
            return
        if self._life.status.live:
            apply_bar(self._life, bars, self._bar)
        self._bar += 1

    def _jump(self, border: int) -> int:
        """Return the first candle before `border` that may do something, else `border`; pass those before it."""
        life = self._life
        start = self._next
        if start >= border:
            return border
        if life.exiting or (life.pending and life.signal.entry.kind == "market"):
            return start
        stop = min(border, self._path.opening_from(life.deadline)) if life.deadline else border
        down, up = self._levels()
        index, lowest, highest = self._path.first_touch(start, max(stop, start), down, up)
        if life.open and index > start:
            life.saw(lowest, highest)
        self._next = index
        return index

    def _levels(self) -> tuple[float, float]:
        """Return the prices at or below, and at or above which a candle may do something."""
        life = self._life
        entry = life.signal.entry
        losses: list[float | None] = [life.stop]
        gain: float | None = None
        if life.open:
            losses.append(life.add())
            gain = life.target()
        elif entry.kind == "limit":
            losses.append(entry.price)
        else:
            gain = entry.price
        known = [level for level in losses if level is not None]
        if life.sign > 0:
            return max(known, default=-math.inf), math.inf if gain is None else gain
        return -math.inf if gain is None else gain, min(known, default=math.inf)
