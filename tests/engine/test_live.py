"""The live loop: the same signals as a replay, through silence, late candles, corrections and restarts."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from db.memory import Memory
from db.queries import Queries
from engine.domain.event import Event, SignalBlocked, SignalFired
from engine.domain.market import Candles, Market, Series, Timeframe
from engine.domain.strategy import Schedule
from engine.feeds.kept import KeptFeed
from engine.feeds.replay import ReplayFeed, VirtualClock
from engine.feeds.scope import survey
from engine.live import Keep, Live, history_needed, next_look
from engine.ports import FeedError
from tests.engine.road import DAY, Heard, Paper, contents, drive, market, plan, trip

MINUTE, HOUR = 60_000, 3_600_000
FIVE, FIFTEEN = Timeframe.parse("5m"), Timeframe.parse("15m")
ONE = Timeframe.parse("1m")

Spoil = Callable[[str, Timeframe, int, Candles], Candles]


@dataclass
class Exchange:
    """An exchange: shows what has closed, and on `spoil` misbehaves: raises, holds back, or changes candles."""

    clock: VirtualClock
    spoil: Spoil | None = None
    asked: list[tuple[str, str, int, int]] = field(default_factory=list)
    name: str = "synthetic"

    def __post_init__(self) -> None:
        self._feed = ReplayFeed(market(), self.clock)

    def markets(self, symbols: Sequence[str]) -> Mapping[str, Market]:
        return self._feed.markets(symbols)

    def timeframes(self, symbol: str) -> tuple[Timeframe, ...]:
        return self._feed.timeframes(symbol)

    def span(self, symbol: str, timeframe: Timeframe) -> tuple[int, int] | None:
        return self._feed.span(symbol, timeframe)

    def candles(self, symbol: str, timeframe: Timeframe, after: int, until: int) -> Candles:
        self.asked.append((symbol, timeframe.text, after, until))
        found = self._feed.candles(symbol, timeframe, after, until)
        return self.spoil(symbol, timeframe, self.clock.now(), found) if self.spoil else found

    def series(self, name: str, until: int) -> Series | None:
        return None


@dataclass
class Run:
    """One process of the live engine on a database."""

    memory: Memory
    clock: VirtualClock
    exchange: Exchange
    live: Live
    heard: Heard

    @staticmethod
    def on(
        memory: Memory, now: int, spoil: Spoil | None = None, paper: Paper | None = None, keep: Keep | None = None
    ) -> Run:
        clock, heard = VirtualClock(now), Heard()
        exchange = Exchange(clock, spoil)
        kept = KeptFeed(exchange, memory.candles, clock)
        way = replace(trip(), scope=survey(plan(), exchange, {}))
        papers = {"vip": paper} if paper else {}
        live = Live(drive(memory, clock, kept, papers, way, heard), kept, keep=keep)
        live.begin()
        return Run(memory, clock, exchange, live, heard)

    def until(self, end: int) -> Run:
        """Look as often as the live loop would."""
        while self.live.look():
            when = min(self.live._next_look(), end)
            if self.clock.now() >= end:
                return self
            self.live._loop.sleep_until(when)
        return self

    @property
    def events(self) -> list[Event]:
        return [event for _, part in self.heard.slices for event in part]


def stories(events: Sequence[Event]) -> list[str]:
    """Return what happened, in order, without blocks (a start tells its own)."""
    return [f"{event.time} {event.id} {event.kind}" for event in events if not isinstance(event, SignalBlocked)]


START = trip().start + HOUR
END = START + 20 * HOUR


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    """Return what a replay of the same span tells, with the same first candle as the live engine."""
    way, heard = trip(), Heard()
    origin = (START - max(history_needed(plan()).values())) // DAY * DAY
    with Memory.open(tmp_path_factory.mktemp("replayed") / "engine.db", durable=False) as memory:
        loop = drive(memory, VirtualClock(START), market(), {}, way, heard)
        loop.start(origin, START)
        loop.advance(END)
    return [event for _, part in heard.slices for event in part]


def test_live_tells_what_a_replay_tells(tmp_path: Path, replayed: list[Event]) -> None:
    paper = Paper()
    with Memory.open(tmp_path / "engine.db", durable=False) as memory:
        run = Run.on(memory, START, paper=paper).until(END)
    assert stories(run.events) == stories(replayed)
    assert len(stories(replayed)) > 100
    assert paper.keys == [f"{event.id}@vip" for event in run.events if not isinstance(event, SignalBlocked)]
    assert run.heard.warnings == []


def test_live_fetches_each_candle_about_once(tmp_path: Path) -> None:
    with Memory.open(tmp_path / "engine.db", durable=False) as memory:
        run = Run.on(memory, START).until(START + HOUR)
    asked = [until for symbol, timeframe, _, until in run.exchange.asked if (symbol, timeframe) == ("BTC/USDT", "1m")]
    assert len(asked) <= 61 + 2, "one request a minute, and one for what came before"


def test_restarted_again_and_again_it_tells_the_same(tmp_path: Path, replayed: list[Event]) -> None:
    path, draw, now = tmp_path / "engine.db", random.Random(5), START
    told: list[Event] = []
    while now < END:
        later = min(now + draw.randrange(20, 200) * MINUTE, END)
        with Memory.open(path, durable=False) as memory:
            told += Run.on(memory, now).until(later).events
        now = later
    assert stories(told) == stories(replayed)


def test_what_was_decided_on_is_decided_on_again_unchanged(tmp_path: Path) -> None:
    """A venue that rewrites its past while the engine is down changes nothing of what was computed from it."""
    path = tmp_path / "engine.db"
    with Memory.open(path, durable=False) as memory:
        Run.on(memory, START).until(START + HOUR)
        before = memory.candles.load("synthetic", "BTC/USDT", ONE, 0, START)
    with Memory.open(path, durable=False) as memory:
        Run.on(memory, START + HOUR, spoil=doubled).until(START + HOUR)
        after = memory.candles.load("synthetic", "BTC/USDT", ONE, 0, START)
    np.testing.assert_array_equal(before.close, after.close)


def doubled(symbol: str, timeframe: Timeframe, now: int, candles: Candles) -> Candles:
    return replace(candles, close=candles.close * 2, high=candles.high * 2)


def test_after_a_long_silence_positions_are_followed_and_old_entries_are_stale(
    tmp_path: Path, replayed: list[Event]
) -> None:
    path, back = tmp_path / "engine.db", START + 8 * HOUR
    with Memory.open(path, durable=False) as memory:
        first = Run.on(memory, START).until(START + 2 * HOUR).events
    with Memory.open(path, durable=False) as memory:
        second = Run.on(memory, back).until(back).events
    fired = {event.signal.id for event in first if isinstance(event, SignalFired)}
    told = [text for text in stories(first + second) if text.split()[1].partition("-")[0] in fired]
    until = [event for event in replayed if event.time <= back]
    assert told == [text for text in stories(until) if text.split()[1].partition("-")[0] in fired]
    late = [event for event in second if isinstance(event, SignalFired)]
    assert all(back - event.time <= 15 * MINUTE for event in late)
    assert "stale" in {event.reason for event in second if isinstance(event, SignalBlocked)}


def test_a_source_that_is_silent_for_an_hour_is_waited_for(tmp_path: Path, replayed: list[Event]) -> None:
    def silent(symbol: str, timeframe: Timeframe, now: int, candles: Candles) -> Candles:
        if START + 3 * HOUR < now < START + 4 * HOUR:
            raise FeedError("the exchange is in maintenance")
        return candles

    with Memory.open(tmp_path / "engine.db", durable=False) as memory:
        run = Run.on(memory, START, silent).until(END)
        assert memory.store.cursor() == END
    assert any("the exchange is in maintenance" in line for line in run.heard.warnings)
    assert len(run.heard.warnings) < 300, "with a back-off, not at every look"
    ends = {event.signal.id for event in run.events if isinstance(event, SignalFired)}
    told = [text for text in stories(run.events) if text.split()[1].partition("-")[0] in ends]
    assert told == stories(run.events)
    before = [text for text in stories(replayed) if int(text.split()[0]) <= START + 3 * HOUR]
    assert stories(run.events)[: len(before)] == before


def test_one_symbol_that_fails_does_not_hold_up_the_other(tmp_path: Path, replayed: list[Event]) -> None:
    begin, end = START + 3 * HOUR, START + 4 * HOUR

    def half(symbol: str, timeframe: Timeframe, now: int, candles: Candles) -> Candles:
        if symbol == "ETH/USDT" and begin < now < end:
            raise FeedError("no such luck", 20.0)
        return candles

    with Memory.open(tmp_path / "engine.db", durable=False) as memory:
        run = Run.on(memory, START, half).until(end)
        assert (memory.store.cursor() or 0) >= end - 2 * MINUTE
    ours = {e.signal.id for e in replayed if isinstance(e, SignalFired) and e.signal.symbol == "BTC/USDT"}
    wanted = [text for text in stories(replayed) if text.split()[1].partition("-")[0] in ours]
    told = [text for text in stories(run.events) if text.split()[1].partition("-")[0] in ours]
    assert told == [text for text in wanted if int(text.split()[0]) <= end]


def test_late_candles_are_recorded_and_nothing_is_decided_again(tmp_path: Path) -> None:
    begin, end = START + 3 * HOUR, START + 3 * HOUR + 10 * MINUTE

    def late(symbol: str, timeframe: Timeframe, now: int, candles: Candles) -> Candles:
        if symbol == "ETH/USDT" and begin < now < end:
            return candles.between(0, begin)
        return candles

    path = tmp_path / "engine.db"
    with Memory.open(path, durable=False) as memory:
        run = Run.on(memory, START, late).until(end - 1)
        cursor = memory.store.cursor() or 0
        assert begin < cursor < end, "the other symbol went on"
        before = contents(path)["events"]
        run.until(end + MINUTE // 2)
        after = contents(path)["events"]
    assert [row for row in after if row[2] <= cursor] == before  # type: ignore[operator]
    with Queries(path) as queries:
        notes = queries.notes()
    assert {kind for _, kind, _ in notes} == {"late"}
    assert any("ETH/USDT 1m" in text and "came late" in text for _, _, text in notes)
    assert any("nothing is decided again" in line for line in run.heard.warnings)


def test_values_after_a_correction_are_those_of_the_corrected_history(tmp_path: Path) -> None:
    """The next decisions are those of an engine that had seen the corrected candle from the start."""
    at = FIVE.floor(START + 2 * HOUR)

    def corrects(symbol: str, timeframe: Timeframe, now: int, candles: Candles) -> Candles:
        wrong = (candles.close_time == at) & (symbol == "BTC/USDT") & (timeframe == FIVE) & (now < at + 5 * MINUTE)
        return replace(candles, close=np.where(wrong, candles.close * 1.004, candles.close))

    path = tmp_path / "engine.db"
    with Memory.open(path, durable=False) as memory:
        run = Run.on(memory, START, corrects).until(at + 6 * MINUTE)
        kept = memory.candles.load("synthetic", "BTC/USDT", FIVE, at - 1, at)
        own = market().candles("BTC/USDT", FIVE, at - 1, at)
        np.testing.assert_array_equal(kept.close, own.close)
        run.until(at + 10 * MINUTE)
    with Queries(path) as queries:
        assert [kind for _, kind, _ in queries.notes()] == ["corrected"]


def kept_since(memory: Memory) -> int:
    """Return the close of the oldest candle that is kept."""
    pairs = [(symbol, timeframe) for symbol in ("BTC/USDT", "ETH/USDT") for timeframe in (ONE, FIVE, FIFTEEN)]
    found = [memory.candles.load("synthetic", *pair, 0, 2**62).close_time for pair in pairs]
    return min(int(times[0]) for times in found if len(times))


def test_what_is_old_goes_once_a_day_and_a_restart_tells_the_same(tmp_path: Path) -> None:
    """Neither the blocks nor the candles grow for ever, and no decision changes for want of them."""
    end, draw, now = START + 60 * HOUR, random.Random(9), START
    heard, told = Heard(), list[Event]()
    with Memory.open(tmp_path / "replay.db", durable=False) as memory:
        loop = drive(memory, VirtualClock(START), market(), {}, trip(), heard)
        loop.start((START - max(history_needed(plan()).values())) // DAY * DAY, START)
        loop.advance(end)
    path, keep = tmp_path / "engine.db", Keep(blocks=6 * HOUR, candles=12 * HOUR)
    while now < end:
        later = min(now + draw.randrange(300, 900) * MINUTE, end)
        with Memory.open(path, durable=False) as memory:
            run = Run.on(memory, now, keep=keep).until(later)
            told += run.events
            asked = [after for _, _, after, _ in run.exchange.asked]
            assert min(asked, default=later) >= memory.store.begin(2**60, 0)[0], "what went is not fetched again"
        now = later
    assert stories(told) == stories([event for _, part in heard.slices for event in part])
    last = end // DAY * DAY
    with Memory.open(path, durable=False) as memory:
        origin = memory.store.begin(2**60, 0)[0]
        assert kept_since(memory) > origin >= START
    with Queries(path) as queries:
        blocks = [event.time for event in queries.events(0, 2**62, ("blocked",))]
        signals = queries.events(0, 2**62, ("signal",))
    dropped = [event.time for event in told if isinstance(event, SignalBlocked) and event.time <= last - 6 * HOUR]
    assert dropped
    assert min(blocks) > last - 6 * HOUR
    assert len(signals) == sum(isinstance(event, SignalFired) for event in told), "signals are kept for ever"


def test_for_ever_keeps_everything(tmp_path: Path) -> None:
    with Memory.open(tmp_path / "engine.db", durable=False) as memory:
        run = Run.on(memory, START, keep=Keep(0, 0)).until(START + 30 * HOUR)
        assert kept_since(memory) < START
        blocks = [event for event in run.events if isinstance(event, SignalBlocked)]
    with Queries(tmp_path / "engine.db") as queries:
        assert len(queries.events(0, 2**62, ("blocked",))) == len(blocks) > 0


def test_a_first_start_decides_from_now_on_and_has_all_its_history(tmp_path: Path) -> None:
    with Memory.open(tmp_path / "engine.db", durable=False) as memory:
        run = Run.on(memory, START).until(START)
        assert run.events == []
        origin, decided_from, cursor = memory.store.begin(2**60, 0)
    assert (decided_from, cursor) == (START, None)
    need = history_needed(plan())
    assert START - origin >= max(need.values())
    first = {timeframe: after for _, timeframe, after, _ in reversed(run.exchange.asked)}
    assert START - first["15m"] >= need[FIFTEEN]
    assert START - first["1m"] < DAY, "no minute is fetched that is only followed on"


def test_how_much_history_a_plan_needs() -> None:
    """Each timeframe for itself: hours for fast averages, whatever a slower timeframe asks for."""
    need = history_needed(plan())
    assert set(need) == {FIVE, FIFTEEN}
    for timeframe, ms in need.items():
        own = max(node.converged for node in plan().nodes if node.frame.timeframe == timeframe)
        assert ms == own * timeframe.ms


@pytest.mark.parametrize(
    ("schedules", "now", "wanted"),
    [
        ([Schedule("every", 15)], 100_001, 105_000),
        ([Schedule("every", 20), Schedule("every", 15)], 100_001, 105_000),
        ([Schedule("close")], 100_000, 120_500),
        ([Schedule("close")], 120_200, 120_500),
        ([Schedule("cron", cron="*/5 * * * *")], 100_000, 300_000),
        ([Schedule("cron", cron="0 8 * * *"), Schedule("every", 3600)], 0, 3_600_000),
        ([], 100_000, 120_000),
    ],
)
def test_the_next_look_is_the_earliest_that_a_schedule_wants(schedules: list[Schedule], now: int, wanted: int) -> None:
    assert next_look(schedules, ONE, now) == wanted
