"""decide: a plan's values over a block, and what is remembered, give events. Pure; the only place that decides.

A slice is everything that closes at one time. In a slice exits come first, then entries: strategies and symbols in
their order, timeframes in the document's order, long before short. Each (strategy, symbol) is a lane; one compiled
simulator (engine.kernels.simulate) takes its candidates and follows its positions, and lanes are merged by time. So a
block of one instant (live), of a day (replay) and of the whole history (backtest) give the same events.

Lanes know nothing of each other but through protections, which look at the whole book: where there are any, each
candidate that nothing else forbids waits for them, in the order of the slices.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.domain.book import Book
from engine.domain.event import Event
from engine.domain.market import Block, Market
from engine.domain.position import Position
from engine.domain.strategy import Plan
from engine.trade.course import Course
from engine.trade.scene import PlanValues, Scene
from engine.trade.settings import Settings
from engine.trade.told import Told

__all__ = ["Decisions", "NotFollowed", "Settings", "decide", "follow_from"]


class NotFollowed(ValueError):
    """A live position has candles before this block that were not applied to it: start again from `time` (ms)."""

    def __init__(self, position: Position, after: int) -> None:
        super().__init__(
            f"the position {position.id} of {position.signal.strategy} on {position.signal.symbol} was followed until "
            f"{position.followed_until}, the block begins after {after}: go on with the book of the block before "
            "(Decisions.book), or decide the blocks since then again with `since`"
        )
        self.time = position.followed_until


def decide(
    plan: Plan, values: PlanValues, block: Block, book: Book, markets: Mapping[str, Market], settings: Settings
) -> Decisions:
    """Return the slices of a block that have events, as (time, events) in time order.

    `values` are the plan's values on the block; `book` is what was remembered after the block before. Take the
    next book from the result, not from the events alone: it also knows how far silent positions were followed.
    Raises NotFollowed where the book and the block do not continue each other.

        decisions = decide(plan, values, block, book, markets, settings)
        for time, events in decisions:
            store.commit(events, messages(events, ...), time)
        book = decisions.book
    """
    scene = Scene(plan, values, block, markets, settings)
    for lane in book.lanes.values():
        for position in lane.live.values():
            if position.signal.symbol in scene.lanes and position.followed_until < block.after:
                raise NotFollowed(position, block.after)
    return Decisions(Course(scene, book))


def follow_from(book: Book) -> int | None:
    """Return the time (ms) after which candles are needed to follow the book's positions on; None: it has none."""
    return min((position.followed_until for position in book.live_positions()), default=None)


class Decisions(Iterator[tuple[int, tuple[Event, ...]]]):
    """The slices of a block that have events. `book` is the book after those handed out so far; once there are no
    more, it is the book after the whole block."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._slices = course.slices()

    def __iter__(self) -> Decisions:
        return self

    def __next__(self) -> tuple[int, tuple[Event, ...]]:
        return next(self._slices)

    @property
    def book(self) -> Book:
        return self._course.book()

    def told(self) -> Sequence[tuple[int, Told]]:
        """Decide all of the block without making events; return what was told as rows, with the place of each
        strategy. To be called instead of iterating; `book` is then the book after the block."""
        return self._course.told()
