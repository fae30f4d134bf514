"""`engine funnel` counts what counting by hand gives."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from db.memory import Memory
from dsl.load import load
from engine.decide import decide
from engine.domain.book import Book
from engine.domain.event import SignalBlocked, SignalFired
from engine.feeds.blocks import gather
from engine.feeds.files import FilesFeed
from engine.feeds.scope import history_of, survey
from engine.plan.evaluate import Evaluator
from tests.app.bot import BOT, COSTS, FIVE, QUARTER, UNIVERSE, furnish, history, iso, lane
from tests.app.command import call


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return furnish(tmp_path_factory.mktemp("funnel"))


def test_the_funnel_counts_what_counting_by_hand_gives(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    since, until = 1_736_150_400_000, 1_736_280_000_000
    answer = call(monkeypatch, home, "funnel", "bot.yaml", "--candles", "data", "--from", iso(since), "--to",
                  iso(until), "--json")  # fmt: skip
    assert answer.status == 0, answer.err
    by_hand = _by_hand(home, since, until)
    assert len(answer.json["sides"]) == 4
    for side in answer.json["sides"]:
        counted = by_hand[side["timeframe"], side["side"]]
        told = {key: side[key] for key in ("candles", "fires", "fires_unknown", "signals")}
        assert told == {key: counted[key] for key in told}
        assert side["blocked"] == {key[1]: n for key, n in counted.items() if key[0] == "blocked"}
        assert side["fires"] == side["signals"] + sum(side["blocked"].values())
        for condition in side["conditions"]:
            for key in ("held", "unknown", "others_held", "held_with_others", "alone_in_the_way"):
                assert condition[key] == counted[condition["name"], key], (condition["name"], key)
        alone = {c["name"]: c["alone_in_the_way"] for c in side["conditions"]}
        assert side["blocks_most"] is None or alone[side["blocks_most"]] == max(alone.values()) > 0
    assert any(side["signals"] for side in answer.json["sides"])
    assert any(len(side["blocked"]) > 1 for side in answer.json["sides"])


def _by_hand(home: Path, since: int, until: int) -> dict[tuple[str, str], Counter[Any]]:
    """Decide candle by candle, each time as if no block had been told before, and count in plain Python."""
    plan, feed = load([home / "bot.yaml"]).plan, FilesFeed([home / "data"])
    scope = survey(plan, feed, UNIVERSE, (since, until))
    first = 1_736_121_600_000
    how = replace(
        COSTS, follow=scope.follow, universe=scope.universe, since=since, history=history_of(feed, scope, first)
    )
    evaluator, book = Evaluator(plan, scope.symbols), Book()
    found: dict[tuple[str, str], Counter[Any]] = {}
    for time in range(first, until, FIVE.ms):
        block = gather(feed, scope.symbols, scope.timeframes, time, time + FIVE.ms, scope.series)
        values = evaluator.advance(block)
        forgetful = Book({key: replace(lane, blocked={}, fired={}) for key, lane in book.lanes.items()})
        decisions = decide(plan, values, block, forgetful, scope.markets, how)
        told = {
            (lane(e), e.time): e
            for _, events in decisions
            for e in events
            if isinstance(e, SignalFired | SignalBlocked)
        }
        book = decisions.book
        for timeframe, sides in plan.strategies[0].rules.items():
            panel = block.panels[timeframe]
            if not len(panel.close_time) or time + FIVE.ms <= since:
                continue
            for side in sides:
                counted = found.setdefault((timeframe.text, str(side.side)), Counter())
                for column, symbol in enumerate(scope.symbols):
                    if panel.here[0, column] != 1:
                        continue
                    truths = {c.name: int(values.of(c.node)[0, column]) for c in side.conditions}
                    fires = int(values.of(side.fires)[0, column])
                    _count_one(counted, side.side, truths, fires)
                    if fires == 2:
                        event = told[(symbol, timeframe.text, str(side.side)), time + FIVE.ms]
                        key = "signals" if isinstance(event, SignalFired) else ("blocked", event.reason)
                        counted[key] += 1
    return found


def _count_one(counted: Counter[Any], side: str, truths: dict[str, int], fires: int) -> None:
    counted["candles"] += 1
    counted["fires"] += fires == 2
    counted["fires_unknown"] += fires == 1
    assert fires == _fires(side, truths)
    for name, truth in truths.items():
        others = all(other == 2 for key, other in truths.items() if key != name)
        counted[name, "held"] += truth == 2
        counted[name, "unknown"] += truth == 1
        counted[name, "others_held"] += others
        counted[name, "held_with_others"] += others and truth == 2
        counted[name, "alone_in_the_way"] += fires != 2 and _fires(side, {**truths, name: 2}) == 2


def _fires(side: str, truths: dict[str, int]) -> int:
    """Return whether a side of BOT fires, from the words of the language alone."""
    if side == "short":
        return min(truths.values())
    weights = {"fresh": 2, "busy": 1, "calm": 1, "mood": 1}
    low = sum(weight for name, weight in weights.items() if truths[name] == 2) * 20
    high = sum(weight for name, weight in weights.items() if truths[name] >= 1) * 20
    return min(truths["up"], 2 if low >= 60 else 1 if high >= 60 else 0)


# -- the database --


@pytest.fixture(scope="module")
def database(home: Path) -> Path:
    monkeypatch = pytest.MonkeyPatch()
    done = call(monkeypatch, home, "run", "bot.yaml", "--replay", "data", "--db", "engine.db")
    monkeypatch.undo()
    assert done.status == 0, done.err
    return home / "engine.db"


def test_what_a_replay_recorded(monkeypatch: pytest.MonkeyPatch, home: Path, database: Path) -> None:
    answer = call(monkeypatch, home, "funnel", "bot.yaml", "--db", database)
    assert answer.status == 0
    events = history(home).events
    blocked = Counter(event.reason for event in events if isinstance(event, SignalBlocked))
    signals = sum(isinstance(event, SignalFired) for event in events)
    assert f"  {signals} signals, {sum(blocked.values())} blocks told (" in answer.out
    assert all(f"{reason} {times}" in " ".join(answer.out.split()) for reason, times in blocked.items())
    assert "keeps no candles" in answer.err
    kept = call(monkeypatch, home, "funnel", "bot.yaml", "--db", database, "--json").json["recorded"]
    assert (kept["signals"], kept["blocked"]) == (signals, dict(blocked))
    part = call(monkeypatch, home, "funnel", "bot.yaml", "--db", database, "--to", "2025-01-07", "--json").json
    assert 0 < part["recorded"]["signals"] < signals


def test_the_candles_of_a_live_engine_are_counted(monkeypatch: pytest.MonkeyPatch, home: Path, database: Path) -> None:
    kept = home / "live" / "engine.db"
    kept.parent.mkdir(exist_ok=True)
    kept.write_bytes(database.read_bytes())
    feed = FilesFeed([home / "data"])
    with Memory.open(kept) as memory:
        for symbol in feed.symbols():
            for timeframe in (FIVE, QUARTER):
                memory.candles.append(replace(feed.candles(symbol, timeframe, 0, 2**62), venue="bybit"))
    found = call(monkeypatch, home, "funnel", "bot.yaml", "--db", kept, "--json").json
    files = call(monkeypatch, home, "funnel", "bot.yaml", "--candles", "data", "--json").json
    assert found["sides"] == files["sides"]
    assert found["recorded"]["signals"] == sum(side["signals"] for side in found["sides"])
    assert files["recorded"] is None


def test_nothing_to_count(monkeypatch: pytest.MonkeyPatch, home: Path, database: Path) -> None:
    (home / "other.yaml").write_text(BOT.replace("id: bot", "id: other"))
    answer = call(monkeypatch, home, "funnel", "other.yaml", "--db", database)
    assert answer.status == 3
    assert "keeps no candles, and recorded nothing of other: give --candles" in answer.complaint
    assert "there is no database at no.db" in call(monkeypatch, home, "funnel", "bot.yaml", "--db", "no.db").complaint
