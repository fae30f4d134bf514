from __future__ import annotations

import numpy as np
import pytest

from engine.domain.market import Timeframe
from engine.domain.strategy import ModelSpec, Plan, StrategyRules
from engine.feeds.memory import MemoryFeed
from engine.learn.labels import UNKNOWN, first_touch
from engine.learn.samples import Samples, collect, split, timeframes
from tests.engine.feeds.made import START, walk, without
from tests.engine.learn.plans import plan_with_model

T = Timeframe.parse
DAY = 86_400_000


def parts(plan: Plan) -> tuple[StrategyRules, ModelSpec]:
    rules = plan.strategies[0]
    assert rules.model is not None
    return rules, rules.model


def taken(plan: Plan, feed: MemoryFeed, days: int, symbols: tuple[str, ...] = ("BTC/USDT",)) -> Samples:
    rules, spec = parts(plan)
    return collect(plan, rules, spec, feed, symbols, START, START + days * DAY)


@pytest.fixture(scope="module")
def feed() -> MemoryFeed:
    bitcoin = without(walk(40 * 96, "15m"), [300, 301, 1000])
    return MemoryFeed.of([bitcoin, walk(40 * 96, "15m", seed=5, symbol="ETH/USDT")])


def test_samples_are_the_values_of_the_evaluation(feed: MemoryFeed) -> None:
    got = taken(plan_with_model(texts=("15m",)), feed, 40)
    candles = feed.candles("BTC/USDT", T("15m"), 0, 2**60)
    labels = first_touch(candles.close_time, candles.high, candles.low, candles.close, 0.006, -0.006, 8)
    place = np.searchsorted(candles.close_time, got.time)
    assert got.names == ("spread", "size", "rose")
    assert np.array_equal(candles.close_time[place], got.time)
    assert np.array_equal(got.features[:, 1], ((candles.high - candles.low) / candles.close)[place])
    assert np.array_equal(got.features[:, 2], (candles.close > candles.open)[place].astype(float))
    assert np.array_equal(got.outcome, labels.outcome[place])
    assert np.array_equal(got.known_at, labels.known_at[place])
    assert (got.outcome != UNKNOWN).all()
    assert len(got) == len(candles) - 11 - 8  # the average's warm-up and the label's horizon
    assert np.isfinite(got.features).all()


def test_all_symbols_and_timeframes_are_in_order_of_time(feed: MemoryFeed) -> None:
    got = taken(plan_with_model(), feed, 40, ("BTC/USDT", "ETH/USDT"))
    assert (np.diff(got.time) >= 0).all()
    alone = [
        len(taken(plan_with_model(texts=(t,)), feed, 40, (s,))) for t in ("15m", "1h") for s in ("BTC/USDT", "ETH/USDT")
    ]
    assert len(got) == sum(alone)


def test_more_history_never_changes_an_earlier_sample(feed: MemoryFeed) -> None:
    short, long = taken(plan_with_model(), feed, 21), taken(plan_with_model(), feed, 40)
    same = long.take(long.known_at <= START + 21 * DAY)
    assert np.array_equal(short.features, same.features)
    assert np.array_equal(short.outcome, same.outcome)
    assert np.array_equal(short.time, same.time)


def test_a_split_leaves_out_what_overlaps_the_cut(feed: MemoryFeed) -> None:
    samples = taken(plan_with_model(), feed, 40)
    cut = START + 20 * DAY
    early, late = split(samples, cut)
    assert early.known_at.max() <= cut < late.time.min()
    assert 0 < len(samples) - len(early) - len(late) <= 8 + 8
    assert set(early.time.tolist()).isdisjoint(late.time.tolist())


def test_only_timeframes_that_features_read_are_gathered() -> None:
    plan = plan_with_model(texts=("1h",))
    assert timeframes(plan, parts(plan)[1]) == {T("1h")}
