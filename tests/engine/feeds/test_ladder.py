from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.market import Candles, Timeframe
from engine.feeds.ladder import STANDARD, Ladder, Track, ceil, join, resample, unite
from engine.feeds.memory import MemoryFeed
from tests.engine.feeds.made import MINUTE, START, same, walk, without

T = Timeframe.parse


def by_hand(low: Candles, timeframe: Timeframe) -> list[tuple[int, float, float, float, float, float]]:
    """Resample one candle at a time, the way a person would."""
    first, last = int(low.close_time[0]) - low.timeframe.ms, int(low.close_time[-1])
    rows = []
    close = ceil(timeframe, first) + timeframe.ms
    while close <= last:
        inside = [i for i, t in enumerate(low.close_time) if close - timeframe.ms < t <= close]
        if inside:
            volume = float(np.add.reduce(low.volume[inside]))
            rows.append(
                (
                    close,
                    low.open[inside[0]],
                    low.high[inside].max(),
                    low.low[inside].min(),
                    low.close[inside[-1]],
                    volume,
                )
            )
        close += timeframe.ms
    return rows


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["5m", "15m", "1h", "4h", "1d", "1w"]),
    st.integers(0, 20_000),
    st.integers(1, 700),
    st.lists(st.integers(0, 699), max_size=120),
)
def test_resample_equals_the_way_a_person_would_do_it(text: str, shift: int, count: int, missing: list[int]) -> None:
    low = without(walk(count, "1m", START + shift * MINUTE), [m for m in missing if m < count - 1])
    track, counts = resample(Track.of(low), T(text))
    built = track.candles
    rows = list(zip(built.close_time, built.open, built.high, built.low, built.close, built.volume, strict=True))
    assert rows == by_hand(low, T(text))
    assert len(counts) == len(built)
    assert all(t == T(text).floor(t) for t in built.close_time.tolist())


def test_half_candles_at_both_ends_are_not_built() -> None:
    low = walk(100, "1m", START + 7 * MINUTE)  # 00:07 to 01:47
    built = resample(Track.of(low), T("15m"))[0].candles
    assert built.close_time[0] == START + 30 * MINUTE
    assert built.close_time[-1] == START + 105 * MINUTE


def test_a_candle_with_missing_minutes_exists_and_an_empty_one_does_not() -> None:
    low = without(walk(60), [*list(range(15, 30)), 31, 44])
    track, counts = resample(Track.of(low), T("15m"))
    assert ((track.candles.close_time - START) // MINUTE).tolist() == [15, 45, 60]
    assert counts.tolist() == [15, 13, 15]


def test_weeks_begin_on_monday() -> None:
    low = walk(24 * 30, "1h", START + 3 * 86_400_000)  # from a Thursday on
    built = resample(Track.of(low), T("1w"))[0].candles
    assert ((built.close_time - START) / 604_800_000).tolist() == [2.0, 3.0, 4.0]


def test_resample_refuses_what_does_not_divide() -> None:
    with pytest.raises(ValueError, match="15m candles cannot be built from 2m"):
        resample(Track.of(walk(10, "2m")), T("15m"))


def test_own_candles_win_and_holes_are_filled_from_below() -> None:
    low = walk(240)
    own = without(walk(16, "15m", seed=9), [4])
    ladder = MemoryFeed.of([low, own])._ladders["BTC/USDT"]
    got = ladder.candles(T("15m"))
    built = resample(Track.of(low), T("15m"))[0].candles
    assert len(got) == 16
    assert got.close[4] == built.close[4]
    kept = [i for i in range(16) if i != 4]
    assert np.array_equal(got.close[kept], own.close[np.arange(15)])


def test_the_source_that_covers_more_of_a_candle_is_taken() -> None:
    """The 1h record ends inside the last 4h candle; only the minutes cover all of it."""
    minutes, hours = walk(480, "1m"), walk(6, "1h", seed=5)
    ladder = MemoryFeed.of([minutes, hours])._ladders["BTC/USDT"]
    got = ladder.candles(T("4h"))
    mixed = ladder.candles(T("1h"))
    assert len(got) == 2
    assert got.close[0] == hours.close[3]
    assert got.close[1] == mixed.close[7] == minutes.close[479]
    direct = resample(Track.of(minutes), T("1h"))[0]
    broken = Track(without(hours, [1, 2]), Track.of(hours).spans)
    choice = join([(t, n * t.candles.timeframe.ms) for t, n in (resample(broken, T("4h")), resample(direct, T("4h")))])
    assert choice.candles.volume[0] == pytest.approx(minutes.volume[:240].sum())


def test_two_records_far_apart_do_not_make_half_candles_between_them() -> None:
    early, late = walk(50), walk(50, start=START + 1007 * MINUTE, seed=3)
    spans = unite([*Track.of(early).spans, *Track.of(late).spans])
    both = Ladder(
        MemoryFeed.of([early]).markets(["BTC/USDT"])["BTC/USDT"], {T("1m"): Track(_chained(early, late), spans)}
    )
    minutes = ((both.candles(T("30m")).close_time - START) // MINUTE).tolist()
    assert minutes == [30, 1050]


def _chained(a: Candles, b: Candles) -> Candles:
    return join([(Track.of(a), None), (Track.of(b), None)]).candles


def test_truncating_the_record_never_changes_an_earlier_candle() -> None:
    low = without(walk(3000), [7, 8, 9, 500, 1200, 1201])
    whole = MemoryFeed.of([low])
    for cut in (1, 61, 245, 1500, 2999):
        part = MemoryFeed.of([low.between(0, START + cut * MINUTE)])
        for frame in STANDARD:
            until = START + cut * MINUTE
            assert same(part.candles("BTC/USDT", frame, 0, until), whole.candles("BTC/USDT", frame, 0, until))


def test_it_says_what_it_can_serve() -> None:
    feed = MemoryFeed.of([walk(3000, "15m")])
    assert [str(t) for t in feed.timeframes("BTC/USDT")] == [
        "15m",
        "30m",
        "1h",
        "2h",
        "4h",
        "6h",
        "8h",
        "12h",
        "1d",
        "1w",
    ]
    assert feed.timeframes("ETH/USDT") == ()
    assert feed.span("BTC/USDT", T("5m")) is None
    assert feed.span("BTC/USDT", T("1h")) == (START + 3_600_000, START + 750 * 3_600_000)
    assert len(feed.candles("ETH/USDT", T("1h"), 0, 2**60)) == 0
