"""Frames: holes, late listings, other timeframes, other symbols, external series."""

from __future__ import annotations

import numpy as np
import pytest

from engine.domain.market import Timeframe
from engine.domain.strategy import Frame, Gaps
from engine.plan.frames import clock, floor_times
from engine.plan.graph import Graph
from tests.engine.plan.grids import MONDAY, Array, Grid, joined, plan_of, published

NAN = float("nan")
M5, H1, W1 = (Timeframe.parse(text) for text in ("5m", "1h", "1w"))


def column(*values: float) -> Array:
    return np.array(values)[:, None]


def cuts(count: int, step: int = M5.ms) -> list[int]:
    return [MONDAY + step * i for i in range(1, count)]


def here_of(gaps: Gaps, close: Array, every: bool) -> list[int]:
    graph, frame = Graph(), Frame(M5, None, gaps)
    graph.intern("field", frame, (), ("close",))
    grid = Grid(("A/USDT",))
    grid.add("5m", close)
    parts = grid.run(plan_of(graph), cuts(len(close)) if every else ())
    return np.concatenate([part.here(frame) for part in parts])[:, 0].tolist()


@pytest.mark.parametrize("every", [False, True])
def test_a_hole_longer_than_the_limit_starts_the_series_anew(every: bool) -> None:
    close = column(NAN, NAN, NAN, 1, 2, NAN, NAN, 3, NAN, NAN, NAN, 4, 5)
    assert here_of(Gaps("skip", 2), close, every) == [0, 0, 0, 1, 1, 0, 0, 1, 0, 0, 0, 2, 1]
    assert here_of(Gaps("skip", 0), close, every) == [0, 0, 0, 1, 1, 0, 0, 1, 0, 0, 0, 1, 1]
    assert here_of(Gaps("stop"), close, every) == [0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    assert here_of(Gaps("fill"), close, every) == [0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]


@pytest.mark.parametrize("every", [False, True])
def test_fill_makes_flat_candles_without_volume(every: bool) -> None:
    graph, frame = Graph(), Frame(M5, None, Gaps("fill"))
    nodes = {
        name: graph.intern("field", frame, (), (name,)) for name in ("open", "high", "low", "close", "volume", "bid")
    }
    grid = Grid(("A/USDT", "B/USDT"))
    close = np.array([[NAN, 9.0], [1.0, 8.0], [NAN, 7.0], [NAN, NAN], [5.0, NAN], [NAN, NAN]])
    grid.add("5m", close, bid=close)
    parts = grid.run(plan_of(graph), cuts(len(close)) if every else ())
    np.testing.assert_array_equal(joined(parts, nodes["close"]), [[NAN, 9], [1, 8], [1, 7], [1, 7], [5, 7], [5, 7]])
    for name, step in (("open", 0), ("high", 1), ("low", -1)):
        made = [[NAN, 9 + step], [1 + step, 8 + step], [1, 7 + step], [1, 7], [5 + step, 7], [5, 7]]
        np.testing.assert_array_equal(joined(parts, nodes[name]), made)
    np.testing.assert_array_equal(joined(parts, nodes["volume"]), [[NAN, 1], [1, 1], [0, 1], [0, 0], [1, 0], [0, 0]])
    np.testing.assert_array_equal(joined(parts, nodes["bid"]), close)


def test_windows_count_candles_that_exist() -> None:
    graph, frame = Graph(), Frame(M5, None, Gaps("skip", 2))
    close = graph.intern("field", frame, (), ("close",))
    back = graph.intern("back", frame, (close,), (1.0,))
    total = graph.intern("sum", frame, (close,), (2.0,))
    grid = Grid(("A/USDT",))
    grid.add("5m", column(1, NAN, 2, 3, NAN, NAN, NAN, 4, 5))
    (values,) = grid.run(plan_of(graph))
    np.testing.assert_array_equal(values.of(back)[:, 0], [NAN, NAN, 1, 2, NAN, NAN, NAN, NAN, 4])
    np.testing.assert_array_equal(values.of(total)[:, 0], [NAN, NAN, 3, 5, NAN, NAN, NAN, NAN, 9])


@pytest.mark.parametrize("step", [0, 1, 5, 12, 13])
def test_another_timeframe_joins_on_close_time_and_is_never_stale(step: int) -> None:
    graph, base, hour = Graph(), Frame(M5), Frame(H1)
    joint = graph.intern("join", base, (graph.intern("field", hour, (), ("close",)),))
    rising = graph.intern("gt", hour, (0, graph.intern("const", hour, (), (15.0,))), boolean=True)
    truth = graph.intern("join", base, (rising,), boolean=True)
    grid = Grid(("A/USDT",))
    grid.add("5m", np.arange(48.0)[:, None])
    grid.add("1h", column(10, NAN, 30, 40))
    spans = [MONDAY + M5.ms * i for i in range(step, 48, step)] if step else []
    parts = grid.run(plan_of(graph), spans)
    wanted = [NAN] * 11 + [10.0] * 12 + [NAN] * 12 + [30.0] * 12 + [40.0]
    np.testing.assert_array_equal(joined(parts, joint)[:, 0], wanted)
    assert joined(parts, truth)[:, 0].tolist() == [1] * 11 + [0] * 12 + [1] * 12 + [2] * 13


def test_weeks_start_on_monday() -> None:
    graph, base, week = Graph(), Frame(Timeframe.parse("1d")), Frame(W1)
    joint = graph.intern("join", base, (graph.intern("field", week, (), ("close",)),))
    grid = Grid(("A/USDT",))
    grid.add("1d", np.arange(15.0)[:, None])
    grid.add("1w", column(1, 2))
    for spans in ([], [MONDAY + 86_400_000 * i for i in range(1, 15)]):
        got = joined(grid.run(plan_of(graph), spans), joint)[:, 0]
        np.testing.assert_array_equal(got, [NAN] * 6 + [1.0] * 7 + [2.0] * 2)
    times = MONDAY + 3_600_000 * np.arange(-400, 400, 7)
    for timeframe in (M5, H1, W1):
        assert floor_times(timeframe, times).tolist() == [timeframe.floor(int(t)) for t in times]


def test_another_symbol_is_one_lane_for_all() -> None:
    graph, base, bitcoin = Graph(), Frame(M5), Frame(M5, "B/USDT")
    close = graph.intern("field", bitcoin, (), ("close",))
    mean = graph.intern("sma", bitcoin, (close,), (2.0,))
    joint = graph.intern("join", base, (mean,))
    grid = Grid(("A/USDT", "B/USDT", "C/USDT"))
    grid.add("5m", np.array([[1.0, 10, 100], [2, 20, NAN], [3, NAN, 300], [4, 40, 400]]))
    (values,) = grid.run(plan_of(graph))
    np.testing.assert_array_equal(values.of(mean), column(NAN, 15, NAN, 30))
    np.testing.assert_array_equal(values.of(joint), [[NAN] * 3, [15, 15, NAN], [NAN] * 3, [30] * 3])
    assert (values.lane("C/USDT"), values.symbols) == (2, ("A/USDT", "B/USDT", "C/USDT"))
    assert values.close_time(M5).tolist() == [MONDAY + M5.ms * i for i in range(1, 5)]
    assert len(values.close_time(H1)) == 0


@pytest.mark.parametrize("every", [False, True])
@pytest.mark.parametrize("whole", [False, True])
def test_a_series_joins_when_it_was_published_and_grows_too_old(every: bool, whole: bool) -> None:
    graph, base = Graph(), Frame(M5)
    node = graph.intern("series", base, (), ("fng",))
    grid = Grid(("A/USDT", "B/USDT"))
    grid.add("5m", np.arange(16.0).reshape(8, 2))
    told = {MONDAY - 1: 10.0, MONDAY + 2 * M5.ms: 20.0, MONDAY + 3 * M5.ms + 1: 30.0}
    grid.series = {"fng": published(told, 2 * M5.ms)}
    if not whole and every:
        # each block tells only what was published in its own span, as a live feed would
        ours = grid.block
        grid.block = lambda a, b: type(ours(a, b))(a, b, ours(a, b).panels, {  # type: ignore[method-assign]
            "fng": published({t: v for t, v in told.items() if a - 2 < t <= b}, 2 * M5.ms)})  # fmt: skip
    parts = grid.run(plan_of(graph), cuts(8) if every else ())
    wanted = [10.0, 20.0, 20.0, 30.0, 30.0, NAN, NAN, NAN]
    np.testing.assert_array_equal(joined(parts, node), np.array([wanted, wanted]).T)


def test_the_clock_is_that_of_the_close() -> None:
    day = 86_400_000
    times = np.array([MONDAY, MONDAY + 1_000 * 60 * 61, MONDAY + 6 * day + 1, MONDAY + day], np.int64)
    assert clock("time", times).tolist() == times.tolist()
    assert clock("time.hour", times).tolist() == [0, 1, 0, 0]
    assert clock("time.minute", times).tolist() == [0, 1, 0, 0]
    assert clock("time.weekday", times).tolist() == [1, 1, 7, 2]
    assert (clock("time.day", times) - MONDAY / day).tolist() == [-1, 0, 6, 0]
    with pytest.raises(LookupError, match=r"no field 'time\.moon'"):
        clock("time.moon", times)
