"""The same candles give the same signals, prices and exits: replayed through the database, and backtested."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from db.memory import Memory
from db.queries import Queries
from dsl.load import load
from engine.backtest import backtest
from engine.decide import Settings as DecideSettings
from engine.domain.event import DailyReport, Event
from engine.domain.market import Timeframe
from engine.domain.position import Position
from engine.domain.strategy import Plan
from engine.feeds.files import FilesFeed
from engine.feeds.replay import VirtualClock
from engine.loop import Journey, Loop, Road, Settings, journey
from engine.ports import Feed
from engine.relay import Relay
from tests.engine.road import Words, contents, market, plan

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("SIGNAL_ENGINE_DATA") or ROOT.parent / "shared" / "data") / "candles"
FALL = (1_741_824_000_000, 1_744_502_400_000)  # 13 March to 13 April 2025; a week before to warm up
real = pytest.mark.skipif(not DATA.is_dir(), reason=f"the recorded candles are not here: {DATA}")


def replay(path: Path, a_plan: Plan, feed: Feed, universe: Mapping[str, Sequence[str]], way: Journey) -> list[Event]:
    """Run the real loop into `path`; return every event that was stored, and check what was remembered."""
    with Memory.open(path, durable=False) as memory:
        clock = VirtualClock(way.start)
        road = Road(a_plan, feed, memory.store, Relay(memory.outbox, Words(), {}, clock), clock)
        loop = Loop(road, Settings({k: tuple(v) for k, v in universe.items()}, 0.0005, 0.0002), way.scope)
        loop.start(way.origin, way.start)
        assert loop.advance(way.end)
        assert loop.finish()
    with Queries(path) as queries:
        return [event for event in queries.events(0, 2**62) if not isinstance(event, DailyReport)]


def compare(
    tmp_path: Path, a_plan: Plan, feed: Feed, universe: Mapping[str, Sequence[str]], start: int, end: int
) -> list[Position]:
    """Replay and backtest a span, twice on one database; return the positions."""
    way = journey(a_plan, feed, universe, start, end)
    assert way is not None
    tested = backtest(a_plan, feed, universe, DecideSettings(fees=0.0005, slippage=0.0002), start=start, end=end)
    replayed = replay(tmp_path / "engine.db", a_plan, feed, universe, way)
    for ours, theirs in zip(replayed, tested.events, strict=True):
        assert repr(ours) == repr(theirs)
    with Queries(tmp_path / "engine.db") as queries:
        positions = queries.positions()
    assert sorted(map(repr, positions)) == sorted(map(repr, tested.positions)), "live ones, too, as they stand"
    before = contents(tmp_path / "engine.db")
    replay(tmp_path / "engine.db", a_plan, feed, universe, way)
    assert contents(tmp_path / "engine.db") == before, "running it twice adds nothing"
    return list(positions)


def test_a_made_market(tmp_path: Path) -> None:
    span = market().span("BTC/USDT", Timeframe.parse("1m"))
    assert span is not None
    assert len(compare(tmp_path, plan(), market(), {}, span[0], span[1])) > 100


@real
def test_the_fall_of_april_2025_with_every_strategy(tmp_path: Path) -> None:
    """Binance USD-M 5m files; 15m, 1h and 4h are built from them, and 1m is not there."""
    loaded = load([ROOT / "strategies"])
    feed = FilesFeed(sorted(DATA.glob("binanceusdm_*_5m.csv.gz")))
    universe = {rules.id: feed.symbols() for rules in loaded.plan.strategies}
    assert {"scalper", "trend", "qfl", "elite", "ai_ml"} == set(universe), loaded.errors
    positions = compare(tmp_path, loaded.plan, feed, universe, *FALL)
    by_bot = {name: [p for p in positions if p.signal.strategy == name] for name in universe}
    crash = [p for p in by_bot["qfl"] if 1_743_811_200_000 < p.signal.close_time < 1_744_156_800_000]
    assert crash, "the base strategy buys the crash of 5 to 8 April"
    assert min(len(by_bot["scalper"]), len(by_bot["trend"])) > 10
    for position in positions:
        assert position.status.live or (position.closed_at > 0 and position.followed_until >= position.closed_at)
        assert {p.signal.timeframe for p in by_bot["scalper"]} <= {"5m", "15m"}
