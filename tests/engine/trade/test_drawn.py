"""Whatever a strategy says, its positions live as they do stepped candle by candle, however history is cut."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.decide import decide
from engine.domain.book import Book
from engine.domain.event import Event, SignalFired
from tests.engine.made import M1, MINUTE, Values, parts
from tests.engine.trade.drawn import Draw
from tests.engine.trade.reference_life import Costs, Terms
from tests.engine.trade.reference_path import Bars, Path
from tests.engine.trade.reference_step import step_by_step

MINUTES = 600


def told(draw: Draw, plan, values: Values, borders: list[int]) -> tuple[list[Event], Book]:
    """Decide the block cut at these minutes; return every event and the last book."""
    events, book = [], Book()
    for seen, block in parts(values, draw.block, [draw.block.after + minute * MINUTE for minute in borders]):
        decisions = decide(plan, seen, block, book, draw.markets, draw.settings)
        events += [event for _, slice_ in decisions for event in slice_]
        book = decisions.book
    return events, book


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 100_000), borders=st.sets(st.integers(1, MINUTES - 1), max_size=12))
def test_any_cut_gives_the_same_events_and_book(seed, borders):
    draw = Draw(seed, MINUTES)
    plan, values = draw.plan()
    events, book = told(draw, plan, values, [])
    again, kept = told(draw, plan, values, sorted(borders))
    assert list(map(repr, again)) == list(map(repr, events))
    assert repr(kept) == repr(book)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_every_position_lives_as_it_does_stepped_candle_by_candle(seed):
    draw = Draw(seed, MINUTES)
    plan, values = draw.plan()
    events, book = told(draw, plan, values, [])
    last = {position.id: position for position in book.live_positions()}
    truths = frozenset(place for place, node in enumerate(plan.nodes) if node.boolean)
    for fired in [event for event in events if isinstance(event, SignalFired)]:
        signal, lane = fired.signal, values.symbols.index(fired.signal.symbol)
        timeframe, side = next(
            (timeframe, side) for timeframe, sides in plan.strategy(signal.strategy).rules.items() for side in sides
            if (timeframe.text, side.side) == (signal.timeframe, signal.side)
        )  # fmt: skip
        costs = Costs(draw.settings.fees, draw.settings.slippage)
        terms = Terms(draw.markets[signal.symbol], costs, side, truths)
        path, bars = Path.of(draw.block.panels[M1], lane), Bars.of(draw.block.panels[timeframe], lane, values)
        stepped, end = step_by_step(fired.position, terms, path, bars, draw.block.until)
        mine = [event for event in events if event is not fired and getattr(event, "signal", None) == signal]
        assert repr(stepped) == repr(mine)
        if end.status.live:
            assert repr(end) == repr(last[signal.id])
