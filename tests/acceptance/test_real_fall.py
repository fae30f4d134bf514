"""Every strategy through the real history of spring 2025, replayed as a user replays it, and backtested."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from db.queries import Queries
from engine.domain.event import DailyReport, Event
from engine.domain.position import Position
from engine.domain.signal import Signal
from engine.messages import news_of
from tests.acceptance.lives import check_all, check_fills_were_possible, lives
from tests.acceptance.real import DATA, DAY, MINUTE, Road, dump, needs_data, told

pytestmark = needs_data
MARCH_6, MARCH_16, APRIL_13 = 1_741_257_000_000, 1_742_083_200_000, 1_744_502_400_000
CRASH = (1_743_897_600_000, 1_744_156_800_000)  # 6 to 8 April
MAY_9, MAY_13 = 1_746_748_800_000, 1_747_094_400_000


@pytest.fixture(scope="module")
def fall(tmp_path_factory: pytest.TempPathFactory) -> Road:
    """Seven coins in 5m candles; the model learns from the ten days before the first decision."""
    files = sorted(DATA.glob("binanceusdm_*_5m.csv.gz"))
    road = Road(tmp_path_factory.mktemp("fall"), files, MARCH_16, APRIL_13)
    road.train(MARCH_6, MARCH_16 - DAY)
    return road


@pytest.fixture(scope="module")
def said(fall: Road) -> str:
    """Replay the fall; return what was said on the way."""
    import contextlib
    import io

    heard = io.StringIO()
    with contextlib.redirect_stderr(heard):
        fall.replay()
    return heard.getvalue()


def stored(road: Road) -> tuple[list[Event], tuple[Position, ...]]:
    with Queries(road.database) as queries:
        return list(queries.events(0, 2**62)), queries.positions()


def signals(road: Road) -> list[Signal]:
    return [position.signal for position in stored(road)[1]]


def test_what_is_missing_is_said(fall: Road, said: str) -> None:
    """The data has no 1m candles, two coins of the watchlist are not there, and nobody recorded the crowd's mood."""
    assert said.splitlines() == [
        "SOL/USDT: files has no such market",
        "XRP/USDT: files has no such market",
        "scalper: 1m was skipped for every symbol, which has no such candles here",
        "elite: the series fng is not here, so what reads it is unknown",
    ]


def test_each_strategy_does_what_it_is_for(fall: Road, said: str) -> None:
    made = signals(fall)
    assert {s.strategy for s in made} == {"scalper", "trend", "qfl", "ai_ml"}, "elite needs the mood"
    assert {s.timeframe for s in made if s.strategy == "scalper"} == {"5m", "15m"}
    assert all(MARCH_16 < s.close_time <= APRIL_13 for s in made)
    crash = [s for s in made if s.strategy == "qfl" and CRASH[0] < s.close_time <= CRASH[1]]
    assert len({s.symbol for s in crash}) >= 3, "QFL buys the crash"
    assert all(s.side == "long" for s in made if s.strategy == "qfl")
    shorts = [s for s in made if s.strategy == "trend" and s.side == "short" and CRASH[0] - 7 * DAY < s.close_time]
    assert shorts, "the trend bot goes with the fall"


def test_every_signal_has_a_complete_life(fall: Road, said: str) -> None:
    events, positions = stored(fall)
    assert len(positions) > 200
    check_all(events, positions, fall.feed.markets(fall.feed.symbols()))
    _check_fills(fall, positions)


def _check_fills(road: Road, positions: Sequence[Position]) -> None:
    for symbol in {position.signal.symbol for position in positions}:
        candles = road.feed.candles(symbol, min(road.feed.timeframes(symbol)), 0, 2**60)
        for position in positions:
            if position.signal.symbol == symbol:
                check_fills_were_possible(position, candles, road.config.costs.slippage)


def test_each_event_was_published_once_to_whom_it_concerns(fall: Road, said: str) -> None:
    """The page is owed everything but openings, blocks and steps of a trailing stop, in its order."""
    events, _ = stored(fall)
    with Queries(fall.database) as queries:
        posts = queries.posts()
    assert [post.key for post in posts] == [
        f"{event.id}@feed" for event in events if news_of(event) not in ("opened", "added", "blocked", "trailed")
    ]
    assert {post.state for post in posts} == {"sent"}
    reports = [event for event in events if isinstance(event, DailyReport)]
    assert len(reports) == 5 * 28, "each bot told each of its days"


def test_a_second_run_adds_nothing(fall: Road, said: str) -> None:
    before = dump(fall.database)
    page = (fall.config.home / "feed.html").read_bytes()
    fall.replay()
    assert dump(fall.database) == before
    assert (fall.config.home / "feed.html").read_bytes() == page


def test_a_backtest_tells_the_same(fall: Road, said: str) -> None:
    same(fall)


def same(road: Road) -> list[Position]:
    """Check that a backtest has the same lives, event by event and position by position; return the positions."""
    tested = road.backtest()
    events, positions = stored(road)
    ours = {name: [told(e) for e in life] for name, life in lives(events).items()}
    theirs = {name: [told(e) for e in life] for name, life in lives(tested.events).items()}
    assert list(ours) == list(theirs), "the same signals in the same order"
    for name, life in theirs.items():
        assert ours[name] == life
    assert sorted(map(repr, positions)) == sorted(map(repr, tested.positions)), "live ones, too, as they stand"
    return list(positions)


@pytest.fixture(scope="module")
def minutes(tmp_path_factory: pytest.TempPathFactory) -> Road:
    """Three coins in 1m candles, in May: five days to warm up, four to decide."""
    files = [DATA / f"binanceusdm_{name}_1m.csv.gz" for name in ("SOLUSDT", "ENAUSDT", "LAYERUSDT")]
    road = Road(tmp_path_factory.mktemp("minutes"), files, MAY_9, MAY_13, symbols=True)
    road.replay()
    return road


def test_one_minute_candles_are_decided_and_told_the_same(minutes: Road) -> None:
    positions = same(minutes)
    fast = [p for p in positions if p.signal.strategy == "scalper" and p.signal.timeframe == "1m"]
    assert len(fast) > 5
    events, _ = stored(minutes)
    check_all(events, positions, minutes.feed.markets(minutes.feed.symbols()))
    _check_fills(minutes, positions)
    assert all(fill.time % MINUTE == 0 for p in positions for fill in p.fills)
    assert any(fill.time % (5 * MINUTE) for p in positions for fill in p.fills), "followed on 1m"
