"""`engine explain`: what it tells is what was decided, from candles and from a database."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from db.connection import transaction
from db.memory import Memory
from engine.domain.event import SignalBlocked, SignalFired
from engine.domain.market import Timeframe
from engine.feeds.files import FilesFeed
from tests.app.bot import BOT, FIVE, QUARTER, entries, furnish, history, iso, lane
from tests.app.command import Answer, call


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return furnish(tmp_path_factory.mktemp("explain"))


def explained(
    monkeypatch: pytest.MonkeyPatch, home: Path, symbol: str, frame: str, time: int, *more: object
) -> dict[str, Any]:
    answer = call(monkeypatch, home, "explain", "bot.yaml", "--symbol", symbol, "--timeframe", frame,
                  "--at", iso(time), "--json", *more)  # fmt: skip
    assert answer.status == 0, answer.err
    return {side["side"]: side for side in answer.json["sides"]}


def test_every_signal_and_every_block_is_explained_as_it_was_decided(
    monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    told = entries(history(home))
    assert {type(event) for event in told} == {SignalFired, SignalBlocked}
    assert {event.reason for event in told if isinstance(event, SignalBlocked)} >= {"cooldown", "open-position"}
    for event in told[::5]:
        symbol, frame, side = lane(event)
        found = explained(monkeypatch, home, symbol, frame, event.time, "--candles", "data")[side]
        assert found["fires"] == "true"
        if isinstance(event, SignalFired):
            made = event.signal
            assert found["outcome"]["kind"] == "signal"
            assert found["outcome"]["signal"] == {
                "id": made.id, "entry": made.entry.price, "stop": made.stop,
                "targets": [target.price for target in made.targets], "confidence": made.confidence,
            }  # fmt: skip
            verdicts = made.verdicts
            assert found["confidence"]["low"] == made.confidence
        else:
            assert (found["outcome"]["kind"], found["outcome"]["reason"]) == ("blocked", event.reason)
            verdicts = event.verdicts
        for condition, said in zip(found["conditions"], verdicts, strict=True):
            assert condition["verdict"] == ("false", "unknown", "true")[said.truth]
            values = {text: None if value != value else value for text, value in said.parts}
            assert condition["values"] == values


def test_a_candle_in_the_middle_of_a_blocked_run_is_told_too(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Only the first of a run is an event; the explanation has the reason of each."""
    told = {(lane(event), event.time) for event in entries(history(home))}
    blocked = [event for event in entries(history(home)) if isinstance(event, SignalBlocked)]
    silent = 0
    for event in blocked:
        symbol, frame, side = lane(event)
        later = event.time + Timeframe.parse(frame).ms
        if (lane(event), later) in told:
            continue
        found = explained(monkeypatch, home, symbol, frame, later, "--candles", "data")[side]
        if found["fires"] == "true":
            assert found["outcome"]["kind"] == "blocked"
            silent += 1
    assert silent > 3


def test_what_would_have_come_of_a_side_that_did_not_fire(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    first = next(event for event in history(home).events if isinstance(event, SignalFired))
    symbol, frame, _ = lane(first)
    step = Timeframe.parse(frame).ms
    before = explained(monkeypatch, home, symbol, frame, first.time - step, "--candles", "data")["short"]["outcome"]
    assert before["kind"] == "silent"
    assert before["would_signal"]["targets"]
    after = explained(monkeypatch, home, symbol, frame, first.time + step, "--candles", "data")["short"]["outcome"]
    assert (after["kind"], after["reason"]) == ("silent", "cooldown")


def test_a_side_sees_what_was_decided_before_it_in_the_slice_and_no_more(
    monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    """Long is decided before short: a short signal cannot have cooled the long of the same candle down."""
    made = [event for event in history(home).events if isinstance(event, SignalFired)]
    short = next(event for event in made if lane(event)[2] == "short")
    long = next(event for event in made if lane(event)[2] == "long")
    earlier = explained(monkeypatch, home, *lane(short)[:2], short.time, "--candles", "data")["long"]["outcome"]
    later = explained(monkeypatch, home, *lane(long)[:2], long.time, "--candles", "data")["short"]["outcome"]
    assert earlier["reason"] != "cooldown"
    assert (later["kind"], later["reason"], later["detail"]) == ("silent", "cooldown", "after signal")


def test_unknown_has_its_reason(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    ask = ("explain", "bot.yaml", "--symbol", "BTCUSDT", "--timeframe", "5m", "--candles", "data", "--side", "long")
    early = call(monkeypatch, home, *ask, "--at", "2025-01-06T01:00")
    assert "no spread in the data" in early.out
    assert "needs 20 candles, there are 12" in early.out
    assert "as some is unknown" in early.out
    late = call(monkeypatch, home, *ask, "--at", "2025-01-07T01:00", "--json").json["sides"][0]
    assert late["confidence"]["high"] - late["confidence"]["low"] == pytest.approx(20.0)


def test_it_fits_a_terminal_of_80_columns(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    for more in ((), ("--deep",)):
        answer = call(monkeypatch, home, "explain", "bot.yaml", "--symbol", "BTC/USDT", "--timeframe", "15m",
                      "--candles", "data", "--at", "2025-01-07T01:00", *more)  # fmt: skip
        assert answer.status == 0
        assert max(map(len, answer.out.splitlines())) <= 80
        for name in ("up", "fresh", "busy", "calm", "mood", "down", "old"):
            assert f" {name}, " in answer.out
        assert ", off by " in answer.out
        assert "universe.where" in answer.out
    counted = call(monkeypatch, home, "funnel", "bot.yaml", "--candles", "data")
    assert max(map(len, counted.out.splitlines())) <= 80


# -- the database --


@pytest.fixture(scope="module")
def database(home: Path) -> Path:
    monkeypatch = pytest.MonkeyPatch()
    done = call(monkeypatch, home, "run", "bot.yaml", "--replay", "data", "--db", "engine.db")
    monkeypatch.undo()
    assert done.status == 0, done.err
    return home / "engine.db"


def test_the_database_tells_the_same_as_the_candles(
    monkeypatch: pytest.MonkeyPatch, home: Path, database: Path
) -> None:
    for event in entries(history(home))[::6]:
        symbol, frame, side = lane(event)
        stored = explained(monkeypatch, home, symbol, frame, event.time, "--db", database)[side]
        again = explained(monkeypatch, home, symbol, frame, event.time, "--candles", "data")[side]
        both = explained(monkeypatch, home, symbol, frame, event.time, "--candles", "data", "--db", database)[side]
        assert stored["outcome"] == again["outcome"] == both["outcome"]
        assert both["conditions"] == again["conditions"]
        assert stored["fires"] == again["fires"]
        for ours, theirs in zip(stored["conditions"], again["conditions"], strict=True):
            assert ours["values"] == theirs["values"]
            assert ours["verdict"] == theirs["verdict"]
            assert _no_contradiction(ours, theirs) > 0


def _no_contradiction(stored: dict[str, Any], again: dict[str, Any]) -> int:
    """Check that what was stored is a part of what is computed; return how much of it there is."""
    known = 0
    for key in ("verdict", "value"):
        if stored.get(key) is not None:
            assert stored[key] == again[key], stored["text"]
            known += 1
    if "gap" in stored:
        assert stored["gap"] == again["gap"]
    pairs = zip(stored.get("parts", ()), again.get("parts", ()), strict=True)
    return known + sum(_no_contradiction(ours, theirs) for ours, theirs in pairs)


def test_what_the_database_has_not_decided(monkeypatch: pytest.MonkeyPatch, home: Path, database: Path) -> None:
    ask = ("explain", "bot.yaml", "--symbol", "BTC/USDT", "--timeframe", "5m", "--db", database)
    assert (
        "has decided what closed from 2025-01-06 00:00 to"
        in call(monkeypatch, home, *ask, "--at", "2024-01-01").complaint
    )
    first = next(event for event in history(home).events if isinstance(event, SignalFired))
    answer = call(monkeypatch, home, *ask, "--at", iso(first.time - FIVE.ms))
    assert "nothing is recorded: it did not fire" in answer.out
    assert "--candles would tell" in answer.out
    with Memory.open(home / "fresh.db"):
        pass
    fresh = call(monkeypatch, home, *ask[:-1], home / "fresh.db", "--at", "2025-01-07")
    assert fresh.complaint == (
        "the database has decided nothing yet; it keeps no candles of BTC/USDT: give --candles to decide it here"
    )
    other = call(monkeypatch, home, *ask, "--at", "2025-01-07", "--symbol", "SOL/USDT")
    assert "there is nothing of SOL/USDT here; there is BTC/USDT, ETH/USDT" in other.complaint


def test_rules_that_have_changed_since(monkeypatch: pytest.MonkeyPatch, home: Path, database: Path) -> None:
    first = next(event for event in history(home).events if isinstance(event, SignalFired))
    symbol, frame, side = lane(first)
    (home / "new").mkdir(exist_ok=True)
    (home / "new" / "bot.yaml").write_text(BOT.replace("volume > 102", "volume > 101"))
    answer = call(monkeypatch, home, "explain", "new/bot.yaml", "--symbol", symbol, "--timeframe", frame,
                  "--at", iso(first.time), "--side", side, "--db", database)  # fmt: skip
    assert answer.status == 0
    assert "volume > 102" in answer.out, "what was decided then, not what would be now"


def test_the_candles_a_live_engine_kept(monkeypatch: pytest.MonkeyPatch, home: Path, database: Path) -> None:
    kept = home / "live" / "engine.db"
    kept.parent.mkdir(exist_ok=True)
    kept.write_bytes(database.read_bytes())
    feed = FilesFeed([home / "data"])
    with Memory.open(kept) as memory:
        for symbol in feed.symbols():
            for timeframe in (FIVE, QUARTER):
                memory.candles.append(replace(feed.candles(symbol, timeframe, 0, 2**62), venue="bybit"))
    event = next(event for event in history(home).events if isinstance(event, SignalFired))
    symbol, frame, side = lane(event)
    found = explained(monkeypatch, home, symbol, frame, event.time, "--db", kept)[side]
    again = explained(monkeypatch, home, symbol, frame, event.time, "--candles", "data")[side]
    assert found == again
    silent = explained(monkeypatch, home, symbol, frame, event.time - FIVE.ms * 3, "--db", kept)[side]
    assert silent["outcome"]["kind"] == "silent", "and candles on which nothing was recorded are explained as well"


# -- what stood in the way --


def test_a_block_says_what_it_was(monkeypatch: pytest.MonkeyPatch, home: Path, database: Path) -> None:
    """The position that was open, and until when a cooldown ran: the same from candles and from the database."""
    told = entries(history(home))
    seen: set[str] = set()
    for event in told:
        if not isinstance(event, SignalBlocked) or event.reason not in ("cooldown", "open-position"):
            continue
        symbol, frame, side = lane(event)
        if event.reason in seen:
            continue
        seen.add(event.reason)
        again = explained(monkeypatch, home, symbol, frame, event.time, "--candles", "data")[side]["outcome"]
        stored = explained(monkeypatch, home, symbol, frame, event.time, "--db", database)[side]["outcome"]
        stood = stored["blocked_by"]
        before = [
            e.signal for e in told if isinstance(e, SignalFired) and e.time <= event.time and lane(e)[0] == symbol
        ]
        if event.reason == "cooldown":
            assert again["blocked_by"] == stood
            assert stood["since"] == before[-1].close_time
            assert stood["until"] == stood["since"] + 90 * 60_000 > event.time
        else:
            assert again["blocked_by"]["position"]["id"] == stood["position"]["id"] == event.detail
            assert event.detail in {made.id for made in before}
        text = call(monkeypatch, home, "explain", "bot.yaml", "--symbol", symbol, "--timeframe", frame,
                    "--at", iso(event.time), "--side", side, "--db", database).out  # fmt: skip
        words = "it ran until" if event.reason == "cooldown" else "its signal is"
        assert words in " ".join(text.split())
    assert seen == {"cooldown", "open-position"}


def test_a_signal_by_its_id(monkeypatch: pytest.MonkeyPatch, home: Path, database: Path) -> None:
    made = next(event.signal for event in history(home).events if isinstance(event, SignalFired))
    answer = call(monkeypatch, home, "explain", "bot.yaml", "--signal", made.id[:9], "--db", database, "--json")
    assert answer.status == 0, answer.err
    (side,) = answer.json["sides"]
    assert side["outcome"]["signal"]["id"] == made.id
    assert (answer.json["symbol"], answer.json["time"]) == (made.symbol, made.close_time)
    again = call(monkeypatch, home, "explain", "bot.yaml", "--signal", made.id, "--db", database, "--candles", "data")
    assert "values from its candles" in again.out
    assert "not recorded" not in again.out


def test_a_signal_whose_strategy_is_gone(monkeypatch: pytest.MonkeyPatch, home: Path, database: Path) -> None:
    made = next(event.signal for event in history(home).events if isinstance(event, SignalFired))
    answer = call(monkeypatch, home, "explain", "--signal", made.id, "--db", database)
    assert answer.status == 0, answer.err
    assert "as the engine decided it; the strategy is not here" in answer.out
    for said in made.verdicts:
        assert f"{said.name}, " in answer.out
    assert max(map(len, answer.out.splitlines())) <= 80
    facts = call(monkeypatch, home, "explain", "--signal", made.id, "--db", database, "--json").json
    assert [c["name"] for c in facts["sides"][0]["conditions"]] == [said.name for said in made.verdicts]


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (("--signal", "zzz"), "there is no signal zzz in"),
        (("--signal", ""), "several signals begin with"),
        (("--signal", "abc", "--at", "2025-01-07"), "there is no signal abc"),
        ((), "say which STRATEGY and --at which time, or which --signal"),
        (("bot.yaml",), "say which STRATEGY and --at which time, or which --signal"),
    ],
)
def test_a_signal_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, home: Path, database: Path, more: tuple[str, ...], complaint: str
) -> None:
    answer = call(monkeypatch, home, "explain", "--db", database, *more)
    assert answer.status == 3
    assert complaint in answer.complaint


def test_a_file_that_is_no_database(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    (home / "broken.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 5_000)
    (home / "text.db").write_text("hello " * 1_000)
    ask = ("bot.yaml", "--symbol", "BTC/USDT", "--timeframe", "5m", "--at", "2025-01-07")
    for name in ("broken.db", "text.db"):
        for command in (("explain", *ask), ("explain", "--signal", "abc"), ("funnel", "bot.yaml")):
            answer = call(monkeypatch, home, *command, "--db", name)
            assert answer.status == 3
            assert answer.complaint.startswith(name)


def test_a_database_that_is_being_written(monkeypatch: pytest.MonkeyPatch, home: Path, database: Path) -> None:
    """A reader beside the engine: in the middle of a transaction it sees what was committed."""
    kept = home / "busy" / "engine.db"
    kept.parent.mkdir(exist_ok=True)
    kept.write_bytes(database.read_bytes())
    made = next(event.signal for event in history(home).events if isinstance(event, SignalFired))
    with Memory.open(kept) as memory, transaction(memory.store._db):
        memory.store._db.execute("DELETE FROM notes")
        answer = call(monkeypatch, home, "explain", "bot.yaml", "--signal", made.id, "--db", kept)
        assert answer.status == 0, answer.err
        assert call(monkeypatch, home, "funnel", "bot.yaml", "--db", kept).status == 0


# -- mistakes --


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ("explain bat.yaml --at 2025-01-07", "there is no strategy 'bat.yaml'"),
        ("explain scalpr --at 2025-01-07", "did you mean scalper?"),
        ("explain bot.yaml --at 2025-01-07", "choose a --timeframe; it runs on 5m, 15m"),
        ("explain bot.yaml --at 2025-01-07 --timeframe 1h", "bot does not run on 1h; it runs on 5m, 15m"),
        ("explain bot.yaml --at 2025-01-07 --timeframe 5m", "choose a --symbol; there is BTC/USDT, ETH/USDT"),
        ("explain bot.yaml --at 2025-01-07 --timeframe 5m --symbol BTCUSD", "did you mean BTC/USDT?"),
        (
            "explain bot.yaml --at 2025-01-07T00:03 --timeframe 5m --symbol BTC/USDT",
            "no 5m candle of BTC/USDT closes at 2025-01-07 00:03 UTC; the nearest is --at 2025-01-07T00:05Z",
        ),
        (
            "explain bot.yaml --at 2025-01-06T16:50 --timeframe 5m --symbol ETH/USDT",
            "no 5m candle of ETH/USDT closes at 2025-01-06 16:50 UTC; the nearest is --at 2025-01-06T16:55Z",
        ),
        (
            "explain bot.yaml --at 2025-02-07 --timeframe 5m --symbol BTC/USDT",
            "outside the data: BTC/USDT 5m candles close from 2025-01-06 00:05 to 2025-01-08 02:00 UTC",
        ),
        ("explain bot.yaml --at 2025-01-07 --timeframe 5m --db no.db", "there is no database at no.db"),
        ("funnel bot.yaml --timeframe 1h", "bot does not run on 1h; it runs on 5m, 15m"),
        ("funnel bot.yaml --from 2025-02-07", "there are no candles of these symbols in that span"),
        ("funnel bot.yaml --symbols SOL/USDT", "there are no candles of SOL/USDT"),
    ],
)
def test_a_mistake_gets_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, home: Path, arguments: str, complaint: str
) -> None:
    answer = call(monkeypatch, home, *arguments.split(), "--candles", "data")
    assert answer.status == 3
    assert complaint in answer.complaint


@pytest.mark.parametrize("name", ["explain", "funnel"])
def test_a_broken_strategy(monkeypatch: pytest.MonkeyPatch, home: Path, name: str) -> None:
    (home / "broken.yaml").write_text(BOT.replace("id: bot", "id: broken").replace("close > fast", "close > fats"))
    at = ("--at", "2025-01-07") if name == "explain" else ()
    answer: Answer = call(monkeypatch, home, name, "broken.yaml", "--candles", "data", *at)
    assert answer.status == 2
    assert "did you mean `fast`?" in answer.err
