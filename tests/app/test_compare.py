"""`engine compare`: every difference has its reason, and what is the same is said to be so."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from engine.domain.market import Timeframe
from engine.feeds.files import FilesFeed
from tests.app.bot import BOT, furnish
from tests.app.command import call, run

A = ("bot.yaml", "--candles", "data")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return furnish(tmp_path)


def version(home: Path, *changes: tuple[str, str]) -> str:
    """Write another version of the bot and return its path."""
    text = BOT.replace("version: 1.0.0", "version: 2.0.0")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    (home / "other").mkdir(exist_ok=True)
    (home / "other" / "bot.yaml").write_text(text)
    return "other/bot.yaml"


def compared(monkeypatch: pytest.MonkeyPatch, home: Path, *arguments: object) -> tuple[int, Any]:
    answer = call(monkeypatch, home, "compare", *arguments, "--json")
    assert answer.status in (0, 1), answer.err
    return answer.status, answer.json


def reasons(found: Any) -> Counter[tuple[str, str]]:
    return Counter((one["only"], one["reason"]) for one in found["differences"])


def test_the_same_is_the_same(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status, found = compared(monkeypatch, home, "bot.yaml", *A)
    assert (status, found["differences"]) == (0, [])
    assert found["same"] == found["a"]["signals"] == found["b"]["signals"] > 20
    text = call(monkeypatch, home, "compare", "bot.yaml", *A).out
    assert f"all {found['same']} signals are the same" in text


def test_another_version_names_the_condition_and_both_values(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = version(home, ("rsi(close, 14) between 20 and 50", "rsi(close, 14) between 20 and 35"))
    status, found = compared(monkeypatch, home, "bot.yaml", other, "--candles", "data")
    assert status == 1
    assert found["a"]["hash"] != found["b"]["hash"]
    plain = [one for one in found["differences"] if one["reason"] == "condition"]
    assert plain
    for one in plain:
        assert (one["only"], one["side"]) in (("A", "short"), ("B", "short"))
        (line,) = [line for line in one["details"] if line.startswith("down: ")]
        assert line.startswith(f"down: false, in {one['only']} true: ")
        assert "rsi(close, 14) " in line
    assert sum(reasons(found).values()) == len(found["differences"])
    assert {one["only"] for one in found["differences"]} <= {"A", "B"}


def test_a_block_is_told_with_what_it_follows_from(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = version(home, ("cooldown: 90m after signal", "cooldown: 9h after signal"))
    _, found = compared(monkeypatch, home, "bot.yaml", other, "--candles", "data")
    assert reasons(found)["A", "cooldown"] > 5
    first = next(one for one in found["differences"] if one["reason"] == "cooldown")
    assert "B was blocked: cooldown (after signal)" in first["text"]


def test_a_missing_candle_and_a_differing_one_are_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, same = compared(monkeypatch, home, "bot.yaml", *A)
    times = signals(home)
    (home / "data2").mkdir()
    for path in (home / "data").iterdir():
        lines = path.read_text().splitlines()
        if "BTC" in path.name:
            # The candle of the sixth signal is gone; the one of the ninth has another close.
            gone, moved = (
                next(i for i, line in enumerate(lines[1:], 1) if int(line.split(",")[0]) == t - 300_000)
                for t in (times[5], times[8])
            )
            parts = lines[moved].split(",")
            parts[3], parts[4] = "1.0", "1.0"
            lines[moved] = ",".join(parts)
            del lines[gone]
        (home / "data2" / path.name).write_text("\n".join(lines) + "\n")
    status, found = compared(monkeypatch, home, "bot.yaml", "bot.yaml", "--candles", "data", "--candles-b", "data2")
    assert status == 1
    by_time = {
        one["time"]: one
        for one in found["differences"]
        if one["symbol"] == "BTC/USDT" and one["only"] == "A" and one["timeframe"] == "5m"
    }
    assert by_time[times[5]]["reason"] == "missing-candle"
    assert by_time[times[8]]["reason"] == "candles"
    assert any(
        "candles under it differ, the last at" in line and "close " in line for line in by_time[times[8]]["details"]
    )
    assert same["same"] > found["same"]


def signals(home: Path) -> list[int]:
    """Return when the bot signals on 5m of BTC/USDT."""
    from tests.app.bot import history

    return [
        p.signal.close_time
        for p in history(home).positions
        if (p.signal.symbol, p.signal.timeframe) == ("BTC/USDT", "5m")
    ]


def test_other_costs_change_only_how_trades_come_out(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    more = ("bot.yaml", *A, "--fees-b", 0.5)
    status, found = compared(monkeypatch, home, *more)
    assert status == 1
    assert set(reasons(found)) == {("", "outcome")}
    assert any("result: " in line for line in found["differences"][0]["details"])
    status, found = compared(monkeypatch, home, *more, "--signals-only")
    assert (status, found["differences"]) == (0, [])


def test_other_levels_are_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = version(home, ("targets: [1%, 2%]", "targets: [1%, 2.5%]"))
    _, found = compared(monkeypatch, home, "bot.yaml", other, "--candles", "data")
    levels = [one for one in found["differences"] if one["reason"] == "levels"]
    assert levels
    for one in levels:
        assert one["side"] == "long"
        assert [line.partition(":")[0] for line in one["details"]] == ["target 2"]


def test_what_one_does_not_look_at_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = version(
        home, ("timeframes: [5m, 15m]", "timeframes: [5m]"), ("symbols: [BTC/USDT, ETH/USDT]", "symbols: [BTC/USDT]")
    )
    _, found = compared(monkeypatch, home, "bot.yaml", other, "--candles", "data")
    assert reasons(found)["A", "symbol"] > 0
    assert any(one["reason"] == "rules" and "B has no" in one["text"] for one in found["differences"])


# -- with a database --


def replayed(home: Path, strategy: str = "bot.yaml", candles: str = "data", *more: object) -> str:
    done = run("run", strategy, "--replay", candles, "--db", "engine.db", *more, cwd=home)
    assert done.status == 0, done.err
    return "engine.db"


def test_a_replay_tells_what_the_backtest_tells(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status, found = compared(monkeypatch, home, *A[:1], replayed(home), *A[1:])
    assert (status, found["differences"]) == (0, [])
    assert found["same"] == found["b"]["signals"] > 20
    status, found = compared(monkeypatch, home, "engine.db", *A)
    assert (status, found["differences"]) == (0, []), "either way round"


def test_a_database_of_other_rules_says_so(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = version(home, ("stop: 1%", "stop: 2%"), ("for 4 bars", "for 3 bars"))
    database = replayed(home, other)
    status, found = compared(monkeypatch, home, "bot.yaml", database, "--candles", "data")
    assert status == 1
    assert found["a"]["hash"] != found["b"]["hash"]
    levels = [one for one in found["differences"] if one["reason"] == "levels"]
    assert levels
    assert all("by other rules" in one["text"] for one in levels)


def test_a_database_that_ended_earlier_says_until_when_it_decided(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = replayed(home, "bot.yaml", "data", "--to", "2025-01-07T12:00")
    status, found = compared(monkeypatch, home, "bot.yaml", database, "--candles", "data")
    assert status == 1
    after = [one for one in found["differences"] if one["reason"] == "not-decided"]
    assert len(after) > 3
    assert all("B decided from" in one["text"] and "to 2025-01-07 12:00 only" in one["text"] for one in after)


def test_candles_that_a_live_engine_kept_are_asked(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was decided live was decided on what had come by then: the kept candles, not those of today's files."""
    from db.memory import Memory

    (home / "then").mkdir()
    moved = signals(home)[8]
    for path in (home / "data").iterdir():
        lines = path.read_text().splitlines()
        for place, line in enumerate(lines[1:], 1):
            if "BTC" in path.name and int(line.split(",")[0]) == moved - 300_000:
                parts = line.split(",")
                parts[3] = parts[4] = "1.0"
                lines[place] = ",".join(parts)
        (home / "then" / path.name).write_text("\n".join(lines) + "\n")
    database = replayed(home, "bot.yaml", "then")
    feed = FilesFeed([home / "then"])
    with Memory.open(home / database) as memory:
        for symbol in ("BTC/USDT", "ETH/USDT"):
            for text in ("5m", "15m"):
                memory.candles.append(feed.candles(symbol, Timeframe.parse(text), 0, 2**62))
    status, found = compared(monkeypatch, home, "bot.yaml", database, "--candles", "data")
    assert status == 1
    (one,) = [
        one
        for one in found["differences"]
        if one["time"] == moved and one["symbol"] == "BTC/USDT" and one["timeframe"] == "5m"
    ]
    assert (one["only"], one["reason"]) == ("A", "candles")
    assert any("close " in line and " and 1 " in line for line in one["details"])


# -- on the screen, and what is refused --


def test_the_text_tells_every_reason(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = version(home, ("for 4 bars", "for 3 bars"))
    answer = call(monkeypatch, home, "compare", "bot.yaml", other, "--candles", "data", "--top", 3)
    assert answer.status == 1
    assert "A: bot 1.0.0" in answer.out
    assert "B: bot 2.0.0" in answer.out
    assert "old: false, in B true" in answer.out or "old: false, in A true" in answer.out
    assert "--top tells more of them" in answer.out


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (("bot.yaml", "bot.yaml"), 3, "A is a backtest, and needs --candles"),
        (("bot.yaml", "bott.yaml", "--candles", "data"), 3, "there is no strategy 'bott.yaml'"),
        (("bot.yaml", "bot.yaml", "--candles", "data", "--symbols", "X/USDT"), 3, "there are no candles of these"),
        (("engine.db", "engine.db", "--candles", "data"), 3, "one of the two must be a strategy"),
        (("bot.yaml", "broken.yaml", "--candles", "data"), 2, "there is no strategy to run in broken.yaml"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_told(
    arguments: tuple[str, ...], status: int, told: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "broken.yaml").write_text(BOT.replace("ema(close, 5)", "emaa(close, 5)"))
    if "engine.db" in arguments:
        replayed(home)
    answer = call(monkeypatch, home, "compare", *arguments)
    assert answer.status == status
    assert told in answer.complaint
