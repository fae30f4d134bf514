"""The simulator jumps from touch to touch; stepping it over every candle, one by one, gives the same life."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.book import Book
from engine.trade.settings import Settings
from tests.engine.made import MARKETS, everything, run
from tests.engine.trade.lives import assert_stepped


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_jumping_is_stepping(seed):
    plan, values, block = everything(seed, 700, ("BTC/USDT",))
    assert assert_stepped(plan, values, block)


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
