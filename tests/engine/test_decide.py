"""decide gives the same events however history is cut, each signal once, and every life adds up."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from engine.decide import NotFollowed, Settings, decide, follow_from
from engine.domain.book import Book
from engine.domain.event import PositionClosed, PositionEvent, SignalBlocked, SignalFired, StopMoved
from engine.domain.position import Status
from engine.domain.strategy import EntryRule
from engine.risk import PROTECTIONS
from tests.engine.made import FOLLOW, M5, M15, MARKETS, MINUTE, ORIGIN, Maker, cut, everything, market_block, run


@pytest.fixture(scope="module")
def whole():
    plan, values, block = everything(1, 2000)
    events, book = run(plan, values, block)
    return plan, values, block, events, book


def same(one, two):
    """Compare by what is shown, where unknown equals unknown."""
    return repr(one) == repr(two)


def test_everything_happens(whole):
    events = whole[3]
    kinds = {event.kind for event in events}
    assert kinds == {"signal", "blocked", "opened", "added", "target", "stop_moved", "part_exited", "closed"}
    ends = {event.position.status for event in events if isinstance(event, PositionClosed)}
    assert ends >= {Status.TP_HIT, Status.SL_HIT, Status.CANCELLED, Status.EXITED}
    reasons = {event.reason for event in events if isinstance(event, SignalBlocked)}
    assert reasons >= {"open-position", "cooldown", "filter", "unknown-stop", "unknown-target", "unknown-entry"}


def test_one_instant_at_a_time_gives_the_same_events_and_book(whole):
    plan, values, block, events, book = whole
    borders = range(ORIGIN + MINUTE, block.until, MINUTE)
    assert same(run(plan, values, block, borders), (events, book))


@hypothesis_settings(max_examples=12, deadline=None)
@given(borders=st.sets(st.integers(1, 1999), max_size=8))
def test_any_cut_gives_the_same_events(whole, borders):
    plan, values, block, events, book = whole
    cuts = [ORIGIN + minute * MINUTE for minute in sorted(borders)]
    assert same(run(plan, values, block, cuts), (events, book))


def test_deciding_again_from_any_stored_book_gives_the_same_ids(whole):
    plan, values, block, events, book = whole
    for minute in (400, 1101, 1733):
        time = ORIGIN + minute * MINUTE
        stored = Book().apply(event for event in events if event.time <= time)
        # one candle back tells whether a run of blocks goes on
        since = min(follow_from(stored) or time, time - M15.ms)
        again, last = run(
            plan, values.cut(since, block.until), cut(block, since, block.until),
            settings=Settings(follow=FOLLOW, since=time), book=stored,
        )  # fmt: skip
        assert same(again, [event for event in events if event.time > time])
        assert same(last.live_positions(), book.live_positions())


def test_a_book_that_missed_candles_is_refused(whole):
    plan, values, block, events, _ = whole
    stored = Book().apply(events[: len(events) // 2])
    after = block.until - 10 * MINUTE
    with pytest.raises(NotFollowed, match="go on with the book of the block before"):
        decide(plan, values.cut(after, block.until), cut(block, after, block.until), stored, MARKETS, Settings())


def test_no_identity_is_made_twice(whole):
    events = whole[3]
    ids = [event.id for event in events]
    assert len(ids) == len(set(ids))
    signals = [event.signal.id for event in events if isinstance(event, SignalFired)]
    assert len(signals) == len(set(signals))


def test_one_position_per_strategy_symbol_and_side(whole):
    live = set()
    for event in whole[3]:
        if isinstance(event, SignalFired):
            key = (event.signal.strategy, event.signal.symbol, event.signal.side)
            assert key not in live
            live.add(key)
        elif isinstance(event, PositionClosed):
            live.remove((event.signal.strategy, event.signal.symbol, event.signal.side))


def test_exits_come_before_entries_and_entries_in_their_order(whole):
    plan, _, _, events, _ = whole
    names = [strategy.id for strategy in plan.strategies]
    for one, two in pairwise(events):
        assert one.time <= two.time
        if one.time != two.time or isinstance(one, PositionEvent):
            continue
        assert not isinstance(two, PositionEvent)
        assert _place(plan, names, one) < _place(plan, names, two)


def _place(plan, names, event):
    said = event.signal if isinstance(event, SignalFired) else event
    rules = plan.strategies[names.index(said.strategy)].rules
    timeframes = [timeframe.text for timeframe in rules]
    return names.index(said.strategy), list(MARKETS).index(said.symbol), timeframes.index(said.timeframe), said.side


@hypothesis_settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), fees=st.sampled_from([0.0, 0.001]), slippage=st.sampled_from([0.0, 0.0005]))
def test_every_life_adds_up(seed, fees, slippage):
    plan, values, block = everything(seed, 800, ("BTC/USDT",))
    events, _ = run(plan, values, block, settings=Settings(fees=fees, slippage=slippage, follow=FOLLOW))
    stops, ended = {}, set()
    for event in events:
        if isinstance(event, SignalFired):
            assert math.fsum(target.part for target in event.signal.targets) == pytest.approx(1)
            stops[event.signal.id] = event.signal.stop
        if not isinstance(event, PositionEvent):
            continue
        position, sign = event.position, event.signal.side.sign
        assert position.id not in ended  # nothing after the end
        if isinstance(event, StopMoved):
            assert event.old == stops[position.id]
            assert sign * (position.stop - event.old) > 0  # never loosens
            stops[position.id] = position.stop
        bought = math.fsum(fill.part for fill in position.fills if fill.reason in ("entry", "add"))
        sold = math.fsum(fill.part for fill in position.fills if fill.reason not in ("entry", "add"))
        assert position.filled == pytest.approx(bought)
        assert position.remaining == pytest.approx(bought - sold, abs=1e-8)
        if position.fills:
            assert sign * (position.best - position.worst) >= 0
        if isinstance(event, PositionClosed):
            ended.add(position.id)
            assert position.remaining == 0
            if position.fills:
                assert position.result == pytest.approx(_result(position))


def _result(position):
    """What is in the hand at the end, over what was paid for it."""
    cash = paid = 0.0
    for fill in position.fills:
        into = fill.reason in ("entry", "add")
        cash -= fill.part * fill.price * (position.signal.side.sign * (1 if into else -1) + fill.fee)
        paid += fill.part * fill.price if into else 0.0
    return cash / paid


class TestRefusals:
    def made(self, often=1.0, **more):
        block = market_block(3, 120, ("BTC/USDT",), holes=0)
        maker = Maker(block, 4)
        rules = maker.side(M5, "long", often, entry=EntryRule(), exits=(), trails=(), **more)
        plan, values = maker.plan(maker.strategy("bot", {M5: (rules,)}))
        return plan, values, block

    def test_stale_is_told_once_per_run(self):
        plan, values, block = self.made()
        events, _ = run(plan, values, block, settings=Settings(follow=FOLLOW, now=block.until + 100 * 60 * MINUTE))
        assert [event.reason for event in events] == ["stale"]

    def test_a_new_run_is_told_again(self):
        plan, values, block = self.made(0.5)
        events, _ = run(plan, values, block, settings=Settings(follow=FOLLOW, now=block.until + 100 * 60 * MINUTE))
        fires = values.of(plan.strategies[0].rules[M5][0].fires)[:, 0] == 2
        starts = sum(1 for before, now in pairwise([False, *fires]) if now and not before)
        assert 1 < starts == len(events)

    def test_one_candle_late_is_not_stale(self):
        plan, values, block = self.made()
        events, _ = run(plan, values, block, settings=Settings(follow=FOLLOW, now=ORIGIN + 10 * MINUTE))
        assert isinstance(events[0], SignalFired)
        assert events[0].signal.close_time == ORIGIN + 5 * MINUTE

    def test_nothing_is_entered_at_or_before_since(self):
        plan, values, block = self.made()
        events, _ = run(plan, values, block, settings=Settings(follow=FOLLOW, since=ORIGIN + 20 * MINUTE))
        assert events[0].time == ORIGIN + 25 * MINUTE

    def test_a_protection_refuses_with_its_name(self):
        plan, values, block = everything(5, 600)
        limit = PROTECTIONS["max_open"](1)
        events, _ = run(plan, values, block, settings=Settings(follow=FOLLOW, risk=(limit,)))
        blocked = [
            event for event in events if isinstance(event, SignalBlocked) and event.reason == "protection:max_open"
        ]
        assert blocked
        assert blocked[0].detail == "1 of 1 positions are live"
        live = {}
        for event in events:
            if isinstance(event, SignalFired):
                assert live.get(event.signal.strategy, 0) == 0
                live[event.signal.strategy] = 1
            elif isinstance(event, PositionClosed):
                live[event.signal.strategy] = 0


def test_a_strategy_that_is_gone_has_its_positions_followed_to_the_end(whole):
    plan, values, block, events, _ = whole
    time = ORIGIN + 1000 * MINUTE
    stored = Book().apply(event for event in events if event.time <= time)
    assert stored.live_positions()
    since = follow_from(stored)
    bare = replace(plan, strategies=())
    events, last = run(bare, values.cut(since, block.until), cut(block, since, block.until), book=stored)
    assert last.live_positions() == ()
    assert {event.position.status for event in events if isinstance(event, PositionClosed)} <= {
        Status.TP_HIT, Status.SL_HIT, Status.EXPIRED, Status.CANCELLED,
    }  # fmt: skip


def test_a_strategy_whose_symbols_are_not_here_trades_no_others(whole):
    plan, values, block, _, _ = whole
    none = dict.fromkeys(("fast", "slow", "quick"), ())
    assert run(plan, values, block, settings=Settings(follow=FOLLOW, universe=none))[0] == []
    some = {**none, "fast": ("ETH/USDT", "SOL/USDT")}
    events, _ = run(plan, values, block, settings=Settings(follow=FOLLOW, universe=some))
    said = {event.signal.symbol for event in events if isinstance(event, SignalFired)}
    assert said == {"ETH/USDT"}


def test_an_open_position_is_told_once_for_each_position(whole):
    told = set()
    for event in whole[3]:
        if isinstance(event, SignalBlocked) and event.reason == "open-position":
            key = (event.strategy, event.symbol, event.timeframe, event.side, event.detail)
            assert key not in told
            told.add(key)
    assert told
