"""`engine run` against an exchange on loopback: through faults and restarts, to followers, and never twice."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app import wiring
from app.config import load_config
from app.live import run_live
from db.queries import Queries, Run
from engine.backtest import backtest
from engine.decide import Settings
from engine.domain.event import Event, SignalBlocked, SignalFired
from engine.feeds.replay import VirtualClock
from engine.feeds.synthetic import COINS, DAY, MarketSettings, SyntheticFeed
from engine.feeds.universe import read_universe
from tests.app.command import SWING, run, start
from tests.servers.exchange import Exchange
from tests.servers.loopback import free_port
from tests.servers.telegram import TOKEN, Telegram

MINUTE = 60_000
CONFIG = """
home: home
venues: [binanceusdm]
venue_urls: {binanceusdm: "%s"}
channels:
  vip:
    kind: telegram
    events: [signal, opened, target, stop_moved, closed]
    options: {chat: "@vip", api_base: "%s"}
    secrets: {token: LIVE_TEST_TOKEN}
"""
ENV = {"LIVE_TEST_TOKEN": TOKEN}
STARTED = time.time_ns() // 1_000_000
TODAY = STARTED // DAY * DAY


@pytest.fixture(scope="module")
def market() -> SyntheticFeed:
    """Return a made market whose 1m candles surround this very moment."""
    return SyntheticFeed(MarketSettings(begin=TODAY - DAY, days=3, history_days=5, coins=COINS[:2]))


@pytest.fixture
def network() -> Iterator[Telegram]:
    with Telegram() as server:
        yield server


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder with a strategy on 1m candles; signals are as before when the test has ended."""
    fast = {"[5m]": "[1m]", "close, 10": "close, 5", "2%": "0.3%", "1%": "0.15%", "4h": "30m"}
    text = SWING
    for old, new in fast.items():
        text = text.replace(old, new)
    (tmp_path / "swing.yaml").write_text(text)
    monkeypatch.setenv("LIVE_TEST_TOKEN", TOKEN)
    monkeypatch.chdir(tmp_path)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield tmp_path
    for number, handler in before.items():
        signal.signal(number, handler)


class Until(VirtualClock):
    """A virtual clock that asks to stop when it has come to `end`, as Ctrl-C does."""

    def __init__(self, now: int, end: int) -> None:
        super().__init__(now)
        self._end = end

    def sleep_until(self, time: int) -> bool:
        if time >= self._end:
            self.stop()
        return super().sleep_until(min(time, self._end))


class Session:
    """The live engine over one exchange whose clock is the engine's."""

    def __init__(self, home: Path, market: SyntheticFeed, network: Telegram, now: int) -> None:
        self.home, self.now = home, now
        self.exchange = Exchange(market, lambda: self.clock.now())
        (home / "engine.yaml").write_text(CONFIG % (self.exchange.url, network.base))
        self.config = load_config(home / "engine.yaml")[0]
        self.database = self.config.database
        self.clock = Until(now, now)

    def until(self, end: int) -> None:
        self.clock = Until(self.now, end)
        assert run_live(self.config, self.database, only=(), clock=self.clock) == 0
        self.now = end


@pytest.fixture
def session(home: Path, market: SyntheticFeed, network: Telegram) -> Iterator[Session]:
    made = Session(home, market, network, TODAY - DAY + 12 * 60 * MINUTE + 20_000)
    made.config = replace(made.config, strategies=(home / "swing.yaml",))
    yield made
    made.exchange.close()


def events(path: Path) -> list[Event]:
    with Queries(path) as queries:
        return [event for event in queries.events(0, 2**62) if not isinstance(event, SignalBlocked)]


def runs(path: Path) -> tuple[Run, ...]:
    with Queries(path) as queries:
        return queries.runs(100)


def check_delivered(path: Path, network: Telegram) -> None:
    """Every event that was owed was delivered once, in its order."""
    with Queries(path) as queries:
        posts = queries.posts()
    assert {post.state for post in posts} <= {"sent"}, "although Telegram's pace is one a second"
    assert [post.key for post in posts] == [f"{event.id}@vip" for event in events(path)]
    assert len(network.delivered) == len(posts)


def test_through_faults_and_restarts_it_tells_what_a_backtest_tells(
    session: Session, market: SyntheticFeed, network: Telegram, capfd: pytest.CaptureFixture[str]
) -> None:
    begin = session.now // MINUTE * MINUTE
    session.until(session.now + 45 * MINUTE)
    session.exchange.fault("error", "klines", times=1)
    session.exchange.fault("garbage", "klines", times=1)
    session.exchange.fault("drop", "klines", times=1)
    session.until(session.now + 15 * MINUTE)
    session.exchange.fault("limit", "klines", times=1, retry_after=5)
    session.until(session.now + 30 * MINUTE)
    session.until(session.now + 45 * MINUTE)
    end = session.now // MINUTE * MINUTE

    plan = wiring.load_strategies(session.config.strategies).plan
    costs = session.config.costs
    tested = backtest(
        plan, market, {}, Settings(fees=costs.fee, slippage=costs.slippage), start=begin, end=end
    )  # fmt: skip
    ours = [(e.id, e.kind, e.time) for e in events(session.database)]
    theirs = [(e.id, e.kind, e.time) for e in tested.events if not isinstance(e, SignalBlocked)]
    assert ours == theirs
    assert sum(kind == "signal" for _, kind, _ in ours) >= 5
    fired = [e.signal for e in events(session.database) if isinstance(e, SignalFired)]
    assert {signal.venue for signal in fired} == {"binanceusdm"}
    assert [run.outcome for run in runs(session.database)] == ["stopped"] * 4
    (listed,) = read_universe(session.config.home / "universe.csv").values()
    assert listed == {signal.symbol for signal in fired}
    check_delivered(session.database, network)
    assert "asked to be left alone" in capfd.readouterr().err


def test_the_command_looks_once_catches_up_and_goes_on(
    session: Session, market: SyntheticFeed, network: Telegram, home: Path
) -> None:
    """An engine that was down for two hours is started as cron would, then as a service would, and stopped."""
    session.now = STARTED - 130 * MINUTE
    session.until(STARTED - 120 * MINUTE)
    before = events(session.database)
    session.exchange.now = lambda: time.time_ns() // 1_000_000
    line = ("run", "swing.yaml", "--config", "engine.yaml")

    once = run(*line, "--once", cwd=home, env=ENV)
    assert once.status == 0, once.err
    assert "1 strategy on 1 symbol;" in once.err
    caught_up = events(session.database)
    check_delivered(session.database, network)
    assert repr(caught_up[: len(before)]) == repr(before)
    status = run("status", "--config", "engine.yaml", "--json", cwd=home).json
    assert STARTED - 2 * MINUTE <= status["cursor"] <= time.time_ns() // 1_000_000
    assert status["runs"][0]["mode"] == "live"
    assert status["runs"][0]["outcome"] == "stopped"
    late = [e for e in caught_up[len(before) :] if isinstance(e, SignalFired) and e.time < STARTED - 2 * MINUTE]
    assert late == [], "entries that are two hours old are not told as new"

    session.exchange.fault("maintenance", "klines", times=1)
    process = start(*line, cwd=home, env=ENV)
    assert process.stderr is not None
    told = ""
    while "Ctrl-C stops" not in told and (line_read := process.stderr.readline()):
        told += line_read
    process.send_signal(signal.SIGTERM)
    told += process.communicate(timeout=60)[1]
    assert process.returncode == 0, told
    assert "trying again in 2 s" in told, "a venue in maintenance is waited for"
    assert "1 strategy on 1 symbol;" in told
    assert "stopping at a safe point" in told
    assert "Traceback" not in told
    assert runs(session.database)[0].outcome == "stopped"
    assert repr(events(session.database)[: len(caught_up)]) == repr(caught_up)
    with Queries(session.database) as queries:
        assert {post.state for post in queries.posts()} <= {"sent", "due"}
        assert len(network.delivered) == sum(post.state == "sent" for post in queries.posts())


def test_a_venue_that_cannot_be_reached_is_told_in_one_line(home: Path) -> None:
    (home / "engine.yaml").write_text(CONFIG % (f"http://127.0.0.1:{free_port()}", "http://127.0.0.1:1"))
    answer = run("run", "swing.yaml", "--config", "engine.yaml", "--once", cwd=home, env=ENV)
    assert answer.status == 3
    assert "binanceusdm did not answer for its markets" in answer.complaint


def test_symbols_that_no_venue_has_are_told(home: Path, market: SyntheticFeed) -> None:
    exchange = Exchange(market, lambda: time.time_ns() // 1_000_000)
    (home / "engine.yaml").write_text(CONFIG % (exchange.url, "http://127.0.0.1:1"))
    answer = run("run", "swing.yaml", "--config", "engine.yaml", "--symbols", "NOPE/USDT", "--once", cwd=home, env=ENV)
    exchange.close()
    assert answer.status == 3
    assert answer.complaint == "no venue has any of these symbols"
