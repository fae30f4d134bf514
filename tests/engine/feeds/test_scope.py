"""What positions are followed on: the finest candles at each time, whatever else runs."""

from __future__ import annotations

import numpy as np
import pytest

from dsl.load import load_document
from dsl.read import read_document
from engine.backtest import backtest
from engine.decide import Settings
from engine.domain.market import Candles, Timeframe
from engine.feeds.memory import MemoryFeed
from engine.feeds.scope import survey

M1, M5, M15, H1 = (Timeframe.parse(text) for text in ("1m", "5m", "15m", "1h"))
BEGIN = 1_736_121_600_000
DAY = 86_400_000


def record(timeframe: Timeframe, first_day: float, days: float) -> Candles:
    """Return candles whose price swings, the same at the same time in every timeframe."""
    times = np.arange(
        BEGIN + int(first_day * DAY) + timeframe.ms, BEGIN + int((first_day + days) * DAY) + 1, timeframe.ms
    )
    price = 100 + 8 * np.sin(times / 3.1e7) + 3 * np.sin(times / 2.3e6)
    before = np.concatenate((price[:1], price[:-1]))
    high, low = np.maximum(price, before) + 0.1, np.minimum(price, before) - 0.1
    return Candles(
        "BTC/USDT", timeframe, times.astype(np.int64), before, high, low, price, np.full(len(times), 10.0), "made"
    )


def plan_of(*timeframes: str, condition: str = "close crosses above ema(close, 8)"):
    text = f"""language: 1
id: one
name: One
version: 1.0.0
about: Crosses.
timeframes: [{", ".join(timeframes)}]
universe: {{symbols: [BTC/USDT]}}
long:
  when:
    up: {condition}
  stop: 2%
  targets: [1R, 2R]
"""
    document, found = read_document(text)
    loaded = load_document(document, found)
    assert not loaded.errors
    return loaded.plan


def test_where_the_fine_record_is_short_the_next_coarser_one_is_followed():
    feed = MemoryFeed.of([record(M15, 0, 20), record(M1, 5, 3)])
    scope = survey(plan_of("1h"), feed, {}, (BEGIN, BEGIN + 20 * DAY))
    followed = scope.follow["BTC/USDT"]
    assert followed.finest == M1
    assert followed.coarser == ((BEGIN, BEGIN + 5 * DAY, M15), (BEGIN + 8 * DAY, BEGIN + 20 * DAY, M15))
    assert {M1, M15, H1} <= set(scope.timeframes)
    assert [followed.at(BEGIN + days * DAY) for days in (1, 6, 9)] == [M15, M1, M15]


def test_live_there_is_one_timeframe_for_all_time():
    feed = MemoryFeed.of([record(M15, 0, 20), record(M1, 5, 3)])
    assert survey(plan_of("1h"), feed, {}).follow["BTC/USDT"].coarser == ()


def test_a_timeframe_that_does_not_fit_into_the_others_is_not_followed():
    three = record(Timeframe.parse("3m"), 0, 20)
    scope = survey(plan_of("1h"), MemoryFeed.of([three, record(M5, 0, 20)]), {}, (BEGIN, BEGIN + 20 * DAY))
    assert scope.follow["BTC/USDT"].finest == M5


@pytest.mark.parametrize("first", [5, 12])
def test_a_life_does_not_depend_on_what_else_runs(first):
    feed = MemoryFeed.of([record(M15, 0, 20), record(M1, first, 3)])
    alone = backtest(plan_of("1h"), feed, {}, Settings())
    beside = backtest(plan_of("1h", "5m", "1m"), feed, {}, Settings())
    hourly = [p for p in beside.positions if p.signal.timeframe == "1h"]
    assert len(alone.positions) > 20
    assert not any(p.status == "PENDING" for p in alone.positions[:-1])
    # 5m and 1m have no candles before the fine record: until then only 1h decides, and decides the same.
    until = BEGIN + first * DAY
    ended = [[(p.id, p.status, p.fills) for p in part if 0 < p.closed_at < until] for part in (alone.positions, hourly)]
    assert len(ended[0]) > 5
    assert ended[0] == ended[1]


def test_any_cut_of_the_span_gives_the_same_lives_over_the_borders():
    feed = MemoryFeed.of([record(M15, 0, 20), record(M1, 5, 3)])
    plan = plan_of("1h")
    whole = backtest(plan, feed, {}, Settings())
    for span in (DAY, 5 * 3_600_000):
        cut = backtest(plan, feed, {}, Settings(), span=span)
        assert cut.events == whole.events


def test_fields_that_no_candle_has_are_named_before_the_run_starts():
    feed = MemoryFeed.of([record(H1, 0, 20)])
    one = survey(plan_of("1h", condition="close > open and funding_rate < 0"), feed, {}, (BEGIN, BEGIN + 20 * DAY))
    assert one.skipped == ("one: funding_rate is not in these candles, so what reads it is unknown",)
    two = survey(plan_of("1h", condition="bid > open and spread < 1%"), feed, {}, (BEGIN, BEGIN + 20 * DAY))
    assert two.skipped == ("one: bid and spread are not in these candles, so what reads them is unknown",)
    derived = survey(plan_of("1h", condition="quote_volume_24h > 5"), feed, {}, (BEGIN, BEGIN + 20 * DAY))
    assert derived.skipped == ()
