"""`engine montecarlo` as its users run it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.command import call, candles, swing


@pytest.fixture
def home(tmp_path: Path) -> Path:
    swing(tmp_path)
    candles(tmp_path / "data", rows=1500)
    return tmp_path


def test_it_tells_how_the_trades_are_spread(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    more = ("swing.yaml", "--candles", "data", "--runs", 500)
    found = call(monkeypatch, home, "montecarlo", *more, "--json").json
    assert found == call(monkeypatch, home, "montecarlo", *more, "--json").json
    told = call(monkeypatch, home, "backtest", "swing.yaml", "--candles", "data", "--json").json["bots"]["swing"]
    assert found["trades"] == told["closed"]
    assert found["as_it_was"]["result"] == pytest.approx(told["result"], abs=1e-9)
    ways = {way["way"]: way for way in found["ways"]}
    assert list(ways) == ["shuffled", "drawn", "perturbed"]
    assert list(ways["shuffled"]["result"].values()) == pytest.approx([told["result"]] * 5, abs=1e-9)
    assert ways["drawn"]["result"]["0.05"] < told["result"] < ways["drawn"]["result"]["0.95"]
    assert ways["perturbed"]["result"]["0.95"] < told["result"], "worse fills are worse"


def test_without_noise_nothing_is_perturbed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    more = ("--noise", 0, "--missed", 0, "--delay", 0, "--runs", 50, "--json", "--stake", 20)
    found = call(monkeypatch, home, "montecarlo", "swing.yaml", "--candles", "data", *more).json
    (way,) = [way for way in found["ways"] if way["way"] == "perturbed"]
    assert set(way["result"].values()) == {found["as_it_was"]["result"]}
    assert set(way["drawdown"].values()) == {found["as_it_was"]["drawdown"]}


def test_the_tables_fit(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = call(monkeypatch, home, "montecarlo", "swing.yaml", "--candles", "data", "--runs", 50).out
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80
    for part in ("shuffled", "drawn", "perturbed", "deepest fall", "loses 50 % on the way"):
        assert part in text


def test_too_few_trades_are_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    more = ("--from", "2025-01-10T20:00", "--to", "2025-01-10T20:05")
    answer = call(monkeypatch, home, "montecarlo", "swing.yaml", "--candles", "data", *more)
    assert answer.status == 3
    assert "too few trades: 0, and at least 2" in answer.complaint
