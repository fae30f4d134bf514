"""The simulator jumps from touch to touch; stepping it over every candle, one by one, gives the same life."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.book import Book
from engine.domain.event import SignalFired
from engine.trade.settings import Settings
from tests.engine.made import FOLLOW, M1, MARKETS, everything, run
from tests.engine.trade.reference_life import Costs, Terms
from tests.engine.trade.reference_path import Bars, Path
from tests.engine.trade.reference_step import step_by_step


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_jumping_is_stepping(seed):
    plan, values, block = everything(seed, 700, ("BTC/USDT",))
    how = Settings(fees=0.001, slippage=0.0005, follow=FOLLOW)
    events, book = run(plan, values, block, settings=how)
    last = {position.id: position for position in book.live_positions()}
    path = Path.of(block.panels[M1], 0)
    signals = [event for event in events if isinstance(event, SignalFired)]
    assert signals
    for fired in signals:
        signal = fired.signal
        strategy = plan.strategy(signal.strategy)
        timeframe, side = next(
            (timeframe, side) for timeframe, sides in strategy.rules.items() for side in sides
            if (timeframe.text, side.side) == (signal.timeframe, signal.side)
        )  # fmt: skip
        terms = Terms(MARKETS[signal.symbol], Costs(0.001, 0.0005), side)
        told, end = step_by_step(fired.position, terms, path, Bars.of(block.panels[timeframe], 0, values), block.until)
        assert repr(told) == repr([e for e in events if e is not fired and getattr(e, "signal", None) == signal])
        if end.status.live:
            assert repr(end) == repr(last[signal.id])


def test_a_book_is_what_its_events_say():
    plan, values, block = everything(11, 900)
    events, book = run(plan, values, block)
    told = Book().apply(events)
    assert set(told.lanes) == {key for key, lane in book.lanes.items() if lane.live or lane.last_signal or lane.blocked}
    for key, lane in told.lanes.items():
        kept = book.lanes[key]
        assert (lane.last_signal, lane.last_exit, lane.last_stop) == (kept.last_signal, kept.last_exit, kept.last_stop)
        assert lane.blocked == kept.blocked
        assert {side: p.id for side, p in lane.live.items()} == {side: p.id for side, p in kept.live.items()}


def test_a_strategy_finer_than_what_it_is_followed_on_is_refused():
    from engine.domain.market import Timeframe

    plan, values, block = everything(12, 300)
    coarse = Settings(follow=dict.fromkeys(MARKETS, Timeframe.parse("5m")))
    with pytest.raises(ValueError, match="no multiple"):
        run(plan, values, block, settings=coarse)
