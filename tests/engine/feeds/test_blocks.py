from __future__ import annotations

import itertools

import numpy as np
import pytest

from engine.domain.market import FIELDS, Candles, Series, Timeframe
from engine.feeds.blocks import gather
from engine.feeds.memory import MemoryFeed
from tests.engine.feeds.made import MINUTE, START, walk, without

T = Timeframe.parse


@pytest.fixture(scope="module")
def feed() -> MemoryFeed:
    fng = Series("fng", START + 86_400_000 * np.arange(3), np.array([20.0, 40.0, 60.0]), 2 * 86_400_000)
    bitcoin = without(walk(600), [3, 4, 100])
    ether = walk(500, start=START + 60 * MINUTE, seed=2, symbol="ETH/USDT")
    return MemoryFeed.of([bitcoin, ether], series=[fng])


def test_a_panel_covers_the_whole_grid_and_marks_what_is_there(feed: MemoryFeed) -> None:
    symbols = ("ETH/USDT", "BTC/USDT", "NONE/USDT")
    block = gather(feed, symbols, [T("1m"), T("15m")], START, START + 600 * MINUTE)
    panel = block.panels[T("1m")]
    assert panel.symbols == symbols
    assert np.array_equal(panel.close_time, START + MINUTE * np.arange(1, 601))
    assert panel.here.shape == (600, 3)
    assert panel.here.sum(axis=0).tolist() == [500, 597, 0]
    assert set(panel.fields) == set(FIELDS)
    candles = feed.candles("BTC/USDT", T("1m"), 0, 2**60)
    for name, values in panel.fields.items():
        assert values.flags.c_contiguous
        assert np.array_equal(np.isnan(values), panel.here == 0)
        assert np.array_equal(values[panel.here[:, 1] == 1, 1], getattr(candles, name))
    assert len(block.panels[T("15m")].close_time) == 40


def test_blocks_in_a_row_are_the_whole_block(feed: MemoryFeed) -> None:
    symbols, frames = ("BTC/USDT", "ETH/USDT"), [T("1m"), T("5m"), T("1h")]
    cuts = [
        START - 30 * MINUTE,
        START + 1,
        START + 7 * MINUTE,
        START + 60 * MINUTE,
        START + 61 * MINUTE,
        START + 600 * MINUTE,
    ]
    whole = gather(feed, symbols, frames, cuts[0], cuts[-1])
    parts = [gather(feed, symbols, frames, a, b) for a, b in itertools.pairwise(cuts)]
    for frame in frames:
        for name in FIELDS:
            joined = np.concatenate([part.panels[frame].fields[name] for part in parts])
            assert np.array_equal(joined, whole.panels[frame].fields[name], equal_nan=True)
        times = np.concatenate([part.panels[frame].close_time for part in parts])
        assert np.array_equal(times, whole.panels[frame].close_time)


def test_a_block_of_one_instant_has_one_row_or_none(feed: MemoryFeed) -> None:
    block = gather(feed, ("BTC/USDT",), [T("1m"), T("5m")], START + 5 * MINUTE, START + 6 * MINUTE)
    assert block.panels[T("1m")].close_time.tolist() == [START + 6 * MINUTE]
    assert block.panels[T("5m")].here.shape == (0, 1)


def test_series_carry_their_past_and_nothing_later(feed: MemoryFeed) -> None:
    block = gather(feed, ("BTC/USDT",), [], START + 86_400_000 - 1, START + 86_400_000, ("fng", "other"))
    assert list(block.series) == ["fng"]
    assert block.series["fng"].values.tolist() == [20.0, 40.0]


def test_a_feed_that_leaves_the_grid_is_found_out() -> None:
    candles = walk(10, start=START + 1)
    with pytest.raises(ValueError, match="off the grid"):
        gather(MemoryFeed.of([candles]), ("BTC/USDT",), [T("1m")], START, START + 20 * MINUTE)


def test_a_feed_that_gives_too_much_is_found_out(feed: MemoryFeed) -> None:
    class Greedy(MemoryFeed):
        def candles(self, symbol: str, timeframe: Timeframe, after: int, until: int) -> Candles:
            return super().candles(symbol, timeframe, after - MINUTE, until)

    greedy = Greedy("greedy", feed._ladders)
    with pytest.raises(ValueError, match="off the grid"):
        gather(greedy, ("BTC/USDT",), [T("1m")], START + 10 * MINUTE, START + 20 * MINUTE)
