"""`engine lookahead` and `engine stability` as their users run them, on what is right and on what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.domain.market import Candles, Timeframe
from engine.feeds.memory import MemoryFeed
from tests.app.bot import furnish
from tests.app.command import SWING, call, candles, swing
from tests.engine.sceptic.plugins import installed


@pytest.fixture
def home(tmp_path: Path) -> Path:
    furnish(tmp_path)
    swing(tmp_path)
    candles(tmp_path / "long", rows=3000)
    return tmp_path


@pytest.fixture
def plugins() -> Iterator[None]:
    with installed():
        yield


# -- lookahead --

CUT = ("--candles", "data", "--random", 40, "--runs", 4)


def test_nothing_looks_ahead(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two timeframes, two symbols, holes, a market filter, protections of both sides."""
    answer = call(monkeypatch, home, "lookahead", "bot.yaml", *CUT, "--json")
    found = answer.json
    assert answer.status == 0, answer.out
    assert (found["leaks"], found["changes"]) == ([], [])
    assert found["nodes"] > 50
    assert found["signals"] > 10
    assert found["cuts"] >= found["signals"] / 2
    assert found["runs"] == 4
    assert "nothing looked ahead" in call(monkeypatch, home, "lookahead", "bot.yaml", *CUT).out


def test_a_primitive_that_looks_ahead_is_found_where_it_begins(
    home: Path, monkeypatch: pytest.MonkeyPatch, plugins: None
) -> None:
    (home / "swing.yaml").write_text(SWING.replace("sma(close, 10)", "sma(peek(close, 2), 10)"))
    answer = call(monkeypatch, home, "lookahead", "swing.yaml", *CUT, "--json")
    assert answer.status == 1
    first = answer.json["leaks"][0]
    assert first["text"] == "peek(close, 2)"
    assert first["time"] <= first["cut"]
    assert [leak["text"] for leak in answer.json["leaks"]][1] == "sma(peek(close, 2), 10)"
    text = call(monkeypatch, home, "lookahead", "swing.yaml", *CUT).out
    assert "it begins with `peek(close, 2)`" in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 120


def test_a_single_candle_ahead_is_found_too(home: Path, monkeypatch: pytest.MonkeyPatch, plugins: None) -> None:
    (home / "swing.yaml").write_text(SWING.replace("stop: 1%", "stop: lowest(peek(low, 1), 10)"))
    answer = call(monkeypatch, home, "lookahead", "swing.yaml", *CUT, "--json")
    assert answer.status == 1
    assert answer.json["leaks"][0]["text"] == "peek(low, 1)"


def test_candles_that_know_the_future_are_found(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A source whose candles depend on how much of history is asked for: every evaluation of values agrees with it, but
    a backtest that ends earlier is another."""
    from app import wiring

    real = wiring.candle_feed

    class Scaled(MemoryFeed):
        """Divides every price by the last one that it is asked for, as back-adjusted prices are."""

        def candles(self, symbol: str, timeframe: Timeframe, after: int, until: int) -> Candles:
            found = super().candles(symbol, timeframe, after, until)
            last = super().candles(symbol, timeframe, 0, until).close[-1:]
            scale = float(last[0]) / 100 if len(last) else 1.0
            return Candles(
                found.symbol, found.timeframe, found.close_time,
                *(getattr(found, name) / scale for name in ("open", "high", "low", "close")), found.volume, found.venue,
            )  # fmt: skip

    def scaled(path: Path, config: object = None) -> MemoryFeed:
        whole = real(path).candles("BTC/USDT", Timeframe.parse("5m"), 0, 2**62)
        return Scaled("scaled", MemoryFeed.of([whole])._ladders)

    monkeypatch.setattr(wiring, "candle_feed", scaled)
    answer = call(monkeypatch, home, "lookahead", "swing.yaml", *CUT, "--json")
    assert answer.status == 1
    assert answer.json["leaks"] or answer.json["changes"]


# -- stability --

START = ("--candles", "long", "--starts", 3)


def test_the_library_settles_as_it_declares(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "swing.yaml").write_text(
        SWING.replace(
            "close crosses above sma(close, 10)", "close crosses above ema(close, 10) and rsi(close, 14) > 40"
        )
    )
    answer = call(monkeypatch, home, "stability", "swing.yaml", *START, "--json")
    assert answer.status == 0, answer.out
    values = {one["text"]: one for one in answer.json["values"]}
    assert not any(one["late"] for one in values.values())
    assert values["rsi(close, 14)"]["declared"] > 100
    assert 20 < values["rsi(close, 14)"]["measured"] <= values["rsi(close, 14)"]["declared"]
    assert [(one["times"], one["missing"], one["extra"]) for one in answer.json["signals"]] == [
        (1, [], []), (2, [], []), (4, [], []),
    ]  # fmt: skip
    assert answer.json["signals"][0]["signals"] > 5
    text = call(monkeypatch, home, "stability", "swing.yaml", *START).out
    assert "every value settles within the candles that are declared for it" in text
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80


def test_a_value_that_settles_late_is_found_with_what_it_changes(
    home: Path, monkeypatch: pytest.MonkeyPatch, plugins: None
) -> None:
    text = SWING.replace("close crosses above sma(close, 10)", "close crosses above slow(close, 40)")
    (home / "swing.yaml").write_text(text.replace("stop: 1%", "stop: slow(close, 40) - 2%  * close"))
    answer = call(monkeypatch, home, "stability", "swing.yaml", *START, "--json")
    assert answer.status == 1
    (one,) = [one for one in answer.json["values"] if one["text"] == "slow(close, 40)"]
    assert one["late"]
    assert one["declared"] == 40
    assert (one["measured"] or one["looked"]) > 150, "(1 - 2/41)^n of some percent is 1e-6 after some 200 candles"
    once, _, four = answer.json["signals"]
    assert once["missing"] or once["extra"] or once["moved"]
    assert len(four["moved"]) + len(four["missing"]) <= len(once["moved"]) + len(once["missing"])
    assert "late" in call(monkeypatch, home, "stability", "swing.yaml", *START).out


def test_too_little_history_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    more = ("--to", "2025-01-06T00:05")
    answer = call(monkeypatch, home, "stability", "swing.yaml", *START, *more)
    assert answer.status == 3
    assert "there is too little history" in answer.complaint


@pytest.mark.parametrize("command", ["lookahead", "stability"])
def test_what_is_not_there_is_told_in_a_line(command: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = call(monkeypatch, home, command, "swing.yaml", "--candles", "data", "--symbols", "DOGE/USDT")
    assert (answer.status, answer.complaint) == (
        3,
        "there are no candles of DOGE/USDT here; there is BTC/USDT, ETH/USDT",
    )
    (home / "swing.yaml").write_text(SWING.replace("sma(close, 10)", "smaa(close, 10)"))
    assert call(monkeypatch, home, command, "swing.yaml", "--candles", "data").status == 2
