from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from engine.domain.market import Series, Timeframe
from engine.feeds.clock import SystemClock
from engine.feeds.memory import MemoryFeed
from engine.feeds.replay import ReplayFeed, VirtualClock
from tests.engine.feeds.made import MINUTE, START, same, walk, without

T = Timeframe.parse


def test_a_virtual_clock_goes_where_it_is_told_and_never_back() -> None:
    clock = VirtualClock(START)
    assert clock.sleep_until(START + 5)
    assert clock.now() == START + 5
    assert clock.sleep_until(START)
    assert clock.now() == START + 5
    clock.stop()
    assert not clock.sleep_until(START + 99)
    assert clock.now() == START + 5
    with pytest.raises(ValueError, match="speed"):
        VirtualClock(START, -1)


def test_a_virtual_clock_with_a_speed_keeps_pace_with_real_time() -> None:
    clock, began = VirtualClock(START, 1000), time.monotonic()
    assert clock.sleep_until(START + 50_000)
    passed = time.monotonic() - began
    assert passed >= 0.049
    assert clock.now() >= START + 50_000


@pytest.mark.parametrize("clock", [VirtualClock(START, 1), SystemClock()])
def test_stop_wakes_a_sleeper(clock: VirtualClock | SystemClock) -> None:
    woken: list[bool] = []
    sleeper = threading.Thread(target=lambda: woken.append(clock.sleep_until(clock.now() + 3_600_000)))
    sleeper.start()
    clock.stop()
    sleeper.join(5)
    assert woken == [False]


def test_the_system_clock_sleeps_until_its_time() -> None:
    clock = SystemClock()
    until = clock.now() + 30
    assert clock.sleep_until(until)
    assert clock.now() >= until


def test_a_replay_shows_only_what_had_closed() -> None:
    fng = Series("fng", START + 3_600_000 * np.arange(5), np.arange(5.0), 86_400_000)
    inner = MemoryFeed.of([without(walk(300), [119])], series=[fng])
    clock = VirtualClock(START)
    feed = ReplayFeed(inner, clock)
    assert feed.span("BTC/USDT", T("1m")) is None
    assert len(feed.candles("BTC/USDT", T("1m"), 0, 2**60)) == 0
    clock.sleep_until(START + 120 * MINUTE)
    assert feed.span("BTC/USDT", T("1m")) == (START + MINUTE, START + 119 * MINUTE)
    assert feed.span("BTC/USDT", T("1h")) == (START + 60 * MINUTE, START + 120 * MINUTE)
    shown = feed.candles("BTC/USDT", T("1h"), 0, 2**60)
    assert same(shown, inner.candles("BTC/USDT", T("1h"), 0, START + 120 * MINUTE))
    series = feed.series("fng", 2**60)
    assert series is not None
    assert series.values.tolist() == [0.0, 1.0, 2.0]
    clock.sleep_until(START + 10_000 * MINUTE)
    assert feed.span("BTC/USDT", T("1m")) == inner.span("BTC/USDT", T("1m"))
    assert feed.markets(["BTC/USDT"]) == inner.markets(["BTC/USDT"])
    assert feed.timeframes("BTC/USDT") == inner.timeframes("BTC/USDT")
