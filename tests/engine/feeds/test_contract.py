"""What every feed owes, whatever its source."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.domain.market import FIELDS, Candles, Timeframe
from engine.feeds.ccxt import CcxtFeed, CcxtSettings
from engine.feeds.files import FilesFeed
from engine.feeds.keeping import StoreWriter
from engine.feeds.memory import MemoryFeed
from engine.feeds.parquet import ParquetFeed
from engine.feeds.replay import ReplayFeed, VirtualClock
from engine.feeds.synthetic import COINS, MarketSettings, SyntheticFeed
from engine.ports import Feed
from tests.engine.feeds.made import MINUTE, START, csv, same, walk, without, write
from tests.servers.exchange import Exchange

T = Timeframe.parse
END = START + 2 * 86_400_000
FRAMES = [T(text) for text in ("1m", "5m", "15m", "1h", "4h", "1d")]
MADE = MarketSettings(days=2, history_days=12, coins=COINS[:2], begin=START)


@dataclass(frozen=True)
class Subject:
    """A feed, the clock that rules it, the symbols it is asked for, and how to put it away."""

    feed: Feed
    clock: VirtualClock
    symbols: tuple[str, ...]
    close: Callable[[], None] = lambda: None
    known: dict[tuple[str, Timeframe], Candles] = field(default_factory=dict)


def files(folder: Path) -> Subject:
    write(folder, "made_BTCUSDT_1m.csv.gz", csv(without(walk(2880), [5, 6, 7, 800, 2000])))
    write(folder, "made_ETHUSDT_5m.csv", csv(walk(576, "5m", seed=4)))
    return Subject(FilesFeed([folder]), VirtualClock(END), ("BTC/USDT", "ETH/USDT"))


def store(folder: Path) -> Subject:
    with StoreWriter(folder / "store") as writer:
        writer.add(without(walk(2880), [5, 6, 7, 800, 2000]))
        writer.add(replace(walk(576, "5m", seed=4), symbol="ETH/USDT"))
    return Subject(ParquetFeed(folder / "store"), VirtualClock(END), ("BTC/USDT", "ETH/USDT"))


def memory(_: Path) -> Subject:
    return Subject(MemoryFeed.of([without(walk(2880), [9, 10, 11])]), VirtualClock(END), ("BTC/USDT",))


def replay(folder: Path) -> Subject:
    clock = VirtualClock(START + 86_400_000 + 7 * MINUTE + 1)
    return Subject(ReplayFeed(files(folder).feed, clock), clock, ("BTC/USDT", "ETH/USDT"))


def synthetic(_: Path) -> Subject:
    return Subject(SyntheticFeed(MADE), VirtualClock(END), ("BTC/USDT", "ETH/USDT"))


def live(_: Path) -> Subject:
    """The real ccxt client against an exchange on loopback, in the middle of a minute of the second day."""
    clock = VirtualClock(START + 86_400_000 + 7 * MINUTE + 3_500)
    made = SyntheticFeed(MADE)
    minutes = [made.candles(symbol, T("1m"), START, END) for symbol in made.symbols()]
    exchange = Exchange(MemoryFeed.of(minutes, made.markets(made.symbols()).values()), clock.now)
    settings = CcxtSettings(venues=("binanceusdm",), urls={"binanceusdm": exchange.url}, throttle=False)
    return Subject(CcxtFeed(clock, settings), clock, ("BTC/USDT", "ETH/USDT"), exchange.close)


SUBJECTS: list[Callable[[Path], Subject]] = [files, store, memory, replay, synthetic, live]


@pytest.fixture(scope="module", params=SUBJECTS, ids=lambda make: make.__name__)
def subject(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subject]:
    made = request.param(tmp_path_factory.mktemp("feed"))
    yield made
    made.close()


def whole(subject: Subject, symbol: str, frame: Timeframe) -> Candles:
    if (symbol, frame) not in subject.known:
        subject.known[symbol, frame] = subject.feed.candles(symbol, frame, START - 86_400_000, 2**53)
    return subject.known[symbol, frame]


instants = st.integers(START - 3 * 3_600_000, END + 3 * 3_600_000)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(FRAMES), instants, instants)
def test_it_gives_exactly_what_closed_in_the_span(subject: Subject, frame: Timeframe, a: int, b: int) -> None:
    after, until = sorted((a, b))
    for symbol in subject.symbols:
        part = subject.feed.candles(symbol, frame, after, until)
        assert same(part, whole(subject, symbol, frame).between(after, until))
        assert same(part, subject.feed.candles(symbol, frame, after, until))
        assert (part.symbol, part.timeframe) == (symbol, frame)


def test_candles_are_closed_sound_increasing_and_on_the_grid(subject: Subject) -> None:
    for symbol in subject.symbols:
        for frame in FRAMES:
            candles = whole(subject, symbol, frame)
            times = candles.close_time
            assert times.dtype == np.int64
            assert (times <= subject.clock.now()).all()
            assert (np.diff(times) > 0).all()
            assert ((times - frame.floor(0)) % frame.ms == 0).all()
            assert all(getattr(candles, name).shape == times.shape for name in FIELDS)
            assert np.isfinite([getattr(candles, name) for name in FIELDS]).all()
            assert (candles.low <= np.minimum(candles.open, candles.close)).all()
            assert (candles.high >= np.maximum(candles.open, candles.close)).all()


def test_the_boundaries_are_after_exclusive_and_until_inclusive(subject: Subject) -> None:
    for symbol in subject.symbols:
        times = whole(subject, symbol, T("5m")).close_time.tolist()
        first, second = times[0], times[1]
        asked = [(first - 1, first), (first, first), (first, second), (first - 1, second), (second, first)]
        got = [subject.feed.candles(symbol, T("5m"), a, b).close_time.tolist() for a, b in asked]
        assert got == [[first], [], [second], [first, second], []]


def test_timeframes_markets_and_spans_agree_with_the_candles(subject: Subject) -> None:
    markets = subject.feed.markets([*subject.symbols, "NONE/USDT"])
    assert set(markets) == set(subject.symbols)
    assert subject.feed.timeframes("NONE/USDT") == ()
    assert subject.feed.span("NONE/USDT", T("1h")) is None
    assert len(subject.feed.candles("NONE/USDT", T("1h"), 0, END)) == 0
    for symbol in subject.symbols:
        assert markets[symbol].tick >= 0
        assert list(subject.feed.timeframes(symbol)) == sorted(subject.feed.timeframes(symbol))
        for frame in subject.feed.timeframes(symbol):
            span = subject.feed.span(symbol, frame)
            candles = subject.feed.candles(symbol, frame, 0, 2**53)
            assert (span is None) == (len(candles) == 0)
            if span is not None:
                assert span == (candles.close_time[0], candles.close_time[-1])
                assert candles.venue == markets[symbol].venue


def test_an_unknown_series_is_none(subject: Subject) -> None:
    assert subject.feed.series("no_such_series", END) is None
