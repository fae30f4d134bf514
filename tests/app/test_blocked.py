"""Why did it not fire? Every reason there is for a block is recorded by a run, and told for its symbol and time."""

from __future__ import annotations

from pathlib import Path

import pytest

from db.queries import Queries
from engine.domain.event import SignalBlocked
from tests.app.bot import iso
from tests.app.command import call, candles

BOT = """\
language: 1
id: bot
name: Bot
version: 1.0.0
about: Fires often, for tests.
timeframes: [5m]
universe: {symbols: [BTC/USDT, ETH/USDT]}
long:
  when: {up: "close crosses above sma(close, 10)"}
  stop: 1%
  targets: 2%
  expire: 4h
"""

REASONS = {
    "cooldown": (("  expire: 4h\n", "  expire: 10m\ncooldown: 6h after signal\n"), "it ran until"),
    "open-position": (("crosses above", ">"), "is open from"),
    "filter": (("ETH/USDT]}", "ETH/USDT], where: volume > 1_000}"), "volume > 1_000"),
    "protection:max_open": (("5m]", "5m]"), "of 1 positions are live"),
    "unknown-stop": (("stop: 1%", "stop: lowest(low, 400)"), "blocked: unknown-stop"),
    "stop-wrong-side": (("stop: 1%", "stop: high[30]"), "blocked: stop-wrong-side"),
    "unknown-target": (("targets: 2%", "targets: highest(high, 400)"), "blocked: unknown-target"),
    "target-wrong-side": (("targets: 2%", "targets: low[10]"), "blocked: target-wrong-side"),
    "unknown-entry": (("  stop: 1%", "  entry: limit lowest(low, 400)\n  stop: 1%"), "blocked: unknown-entry"),
    "entry-wrong-side": (("  stop: 1%", "  entry: limit high[30]\n  stop: 1%"), "blocked: entry-wrong-side"),
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("blocked") / "data"
    for symbol in ("BTCUSDT", "ETHUSDT"):
        candles(folder, symbol)
    return folder


@pytest.mark.parametrize("reason", REASONS)
def test_a_block_is_recorded_and_explained(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, data: Path, reason: str
) -> None:
    (old, new), words = REASONS[reason]
    (tmp_path / "bot.yaml").write_text(BOT.replace(old, new))
    protected = reason.startswith("protection")
    (tmp_path / "engine.yaml").write_text("max_open: 1\n" if protected else "max_open: 0\n")
    config = ("--config", "engine.yaml")
    done = call(monkeypatch, tmp_path, "run", "bot.yaml", "--replay", data, "--db", "engine.db", *config)
    assert done.status == 0, done.err
    with Queries(tmp_path / "engine.db") as queries:
        told = queries.events(0, 2**62, ("blocked",))
    event = next(event for event in told if isinstance(event, SignalBlocked) and event.reason == reason)
    ask = ("explain", "bot.yaml", "--symbol", event.symbol, "--at", iso(event.time), *config)
    for more in (("--db", "engine.db"), ("--candles", data), ("--db", "engine.db", "--candles", data)):
        answer = call(monkeypatch, tmp_path, *ask, *more)
        assert answer.status == 0, answer.err
        assert f"it fired and was blocked: {reason}" in " ".join(answer.out.split())
        assert words in " ".join(answer.out.split())
        assert max(map(len, answer.out.splitlines())) <= 80
    counted = call(monkeypatch, tmp_path, "funnel", "bot.yaml", "--db", "engine.db", "--json", *config)
    assert counted.json["recorded"]["blocked"][reason] == sum(
        isinstance(event, SignalBlocked) and event.reason == reason for event in told
    )


def test_status_tells_the_last_day_of_blocks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, data: Path) -> None:
    (old, new), _ = REASONS["cooldown"]
    (tmp_path / "bot.yaml").write_text(BOT.replace(old, new))
    assert call(monkeypatch, tmp_path, "run", "bot.yaml", "--replay", data, "--db", "engine.db").status == 0
    found = call(monkeypatch, tmp_path, "status", "--db", "engine.db", "--json").json["blocked_last_day"]
    assert found["cooldown"] > 0
    assert f"cooldown {found['cooldown']}" in call(monkeypatch, tmp_path, "status", "--db", "engine.db").out
