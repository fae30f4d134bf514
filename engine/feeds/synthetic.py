"""A made market: seeded, the same each time, with the situations that strategies are written for.

A year of 15m candles for warm-up is followed by weeks of 1m candles; every other timeframe is built from them.
Prices of several symbols share a market factor and move through regimes (up, range, down) with swings around
them, so trends have pullbacks and ranges have shelves. In the weeks of 1m the whole market crashes by 10 to
25 % within hours, bounces, is tested again and recovers; each symbol has sudden falls of its own; some minutes
are missing. Returns have fat tails and clustered volatility, volume follows both, the hour and the events.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import numpy as np

from engine.domain.market import FIELDS, Candles, Floats, Market, Series, Timeframe, Times, wire_symbol
from engine.feeds import prices
from engine.feeds.ladder import Ladder, Track, take
from engine.feeds.memory import MemoryFeed

VENUE = "synthetic"
HOUR, DAY = 3_600_000, 86_400_000
SERIES_MAX_AGE_MS = 2 * DAY
HISTORY, FINE, DAILY = Timeframe.parse("15m"), Timeframe.parse("1m"), Timeframe.parse("1d")


@dataclass(frozen=True, slots=True)
class Coin:
    """A made symbol: its price where the 1m candles begin, and its character.

    `beta` is its share in the market's moves, `own` the daily deviation of its own moves, `crash` the depth
    (ratio) of its part in the crash, `turnover` its usual quote volume a day. Prices have `places` decimals,
    amounts `lot_places`.
    """

    symbol: str
    price: float
    places: int
    lot_places: int
    beta: float
    own: float
    crash: float
    turnover: float


COINS = (
    Coin("BTC/USDT", 62_000.0, 1, 3, 0.8, 0.010, 0.12, 9e9),
    Coin("ETH/USDT", 3_100.0, 2, 3, 1.0, 0.014, 0.17, 5e9),
    Coin("SOL/USDT", 148.0, 2, 1, 1.25, 0.022, 0.21, 2e9),
    Coin("XRP/USDT", 0.92, 4, 1, 1.0, 0.020, 0.18, 9e8),
    Coin("LINK/USDT", 14.6, 3, 2, 1.15, 0.020, 0.22, 4e8),
    Coin("ADA/USDT", 0.58, 4, 0, 1.1, 0.018, 0.19, 5e8),
)

REGIMES = {"up": (0.011, 1.0), "range": (0.0, 0.7), "down": (-0.010, 1.15)}
"""Drift of the market a day, and how loud it is."""

SCENARIO = (("up", 0.34), ("range", 0.16), ("range", 0.22), ("up", 0.14), ("down", 0.14))
"""The weeks of 1m, as parts of their length. The crash comes at the end of the first range."""

_MARKET_DAILY = 0.015  # deviation of the market factor's random walk
_SWINGS = ((1.5, 0.005), (20.0, 0.018))  # half-life in hours, deviation, for each coin


@dataclass(frozen=True, slots=True)
class MarketSettings:
    """What to make. The 1m candles begin at `begin` (ms, a midnight UTC) and last `days`."""

    seed: int = 7
    coins: tuple[Coin, ...] = COINS
    begin: int = 1_736_121_600_000  # Monday 6 January 2025
    days: int = 21
    history_days: int = 365

    @property
    def end(self) -> int:
        return self.begin + self.days * DAY

    def rng(self, *path: int) -> np.random.Generator:
        """Return the generator of one purpose, independent of every other."""
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence([self.seed, *path])))


class SyntheticFeed(MemoryFeed):
    """Serve the made market; `settings.begin` to `settings.end` has 1m candles."""

    def __init__(self, settings: MarketSettings = MarketSettings()) -> None:
        self.settings = settings
        self.recorded = {coin.symbol: _make(settings, place, coin) for place, coin in enumerate(settings.coins)}
        ladders = {coin.symbol: Ladder(_market(coin), self.recorded[coin.symbol]) for coin in settings.coins}
        super().__init__(VENUE, ladders, {"fng": _mood(ladders)})

    def write(self, folder: Path) -> list[Path]:
        """Write the market as the files that engine.feeds.files reads, and return their paths."""
        folder.mkdir(parents=True, exist_ok=True)
        paths = []
        for symbol, tracks in self.recorded.items():
            for timeframe, track in tracks.items():
                path = folder / f"{VENUE}_{wire_symbol(symbol)}_{timeframe}.csv.gz"
                path.write_bytes(gzip.compress(_csv(track.candles), 6, mtime=0))
                paths.append(path)
        mood = self._series["fng"]
        rows = zip(mood.published.tolist(), mood.values.tolist(), strict=True)
        path = folder / "fng.csv"
        path.write_text("timestamp_ms,value\n" + "".join(f"{time},{value:.0f}\n" for time, value in rows))
        return [*paths, path]


def _market(coin: Coin) -> Market:
    return Market(VENUE, coin.symbol, Decimal(1).scaleb(-coin.places), Decimal(1).scaleb(-coin.lot_places))


def _csv(candles: Candles) -> bytes:
    opens = (candles.close_time - candles.timeframe.ms).tolist()
    rows = zip(opens, *(getattr(candles, name).tolist() for name in FIELDS), strict=True)
    lines = (",".join(map(repr, row)) + "\n" for row in rows)
    return ("timestamp_ms,open,high,low,close,volume\n" + "".join(lines)).encode()


# -- the scenario --


def _regimes(settings: MarketSettings) -> list[tuple[float, str]]:
    """Return when each regime ends (ms), over the history and the weeks of 1m."""
    rng, time = settings.rng(0), settings.begin - 45.0 * DAY
    past: list[tuple[float, str]] = [(settings.begin, "up"), (time, "range")]
    names = list(REGIMES)
    while time > settings.begin - settings.history_days * DAY:
        time -= rng.uniform(6, 20) * DAY
        past.append((time, names[int(rng.integers(len(names)))]))
    ends = settings.begin + np.cumsum([part for _, part in SCENARIO]) * settings.days * DAY
    return [*reversed(past), *((float(end), name) for end, (name, _) in zip(ends, SCENARIO, strict=True))]


def crash_time(settings: MarketSettings) -> int:
    """Return when (ms) the crash of the whole market begins."""
    share = SCENARIO[0][1] + SCENARIO[1][1]
    return settings.begin + int(share * settings.days) * DAY + 14 * HOUR


def _crash(start: float, depth: float, fall: float) -> prices.Event:
    """A fall within `fall` hours, half of it back, a test of the low, then all of it back."""
    deep = float(np.log1p(-depth))
    legs = ((0.0, 0.0), (fall, 1.0), (fall + 7, 0.5), (fall + 18, 0.9), (fall + 42, 0.35), (fall + 110, 0.0))
    return prices.Event(tuple((start + hours * HOUR, part * deep) for hours, part in legs), 8.0 * HOUR)


def _dip(start: float, depth: float, fall: float, back: float) -> prices.Event:
    """A sudden fall of one symbol, most of it back within `back` hours, all of it a day later."""
    deep = float(np.log1p(-depth))
    legs = ((0.0, 0.0), (fall, 1.0), (fall + back, 0.25), (fall + back + 24, 0.0))
    return prices.Event(tuple((start + hours * HOUR, part * deep) for hours, part in legs), 2.0 * HOUR)


def _events(settings: MarketSettings, place: int, coin: Coin) -> list[prices.Event]:
    """Return all that happens to a coin: the market's crashes, and falls of its own."""
    shared, own = settings.rng(1), settings.rng(2, place)
    found = [_crash(crash_time(settings), coin.crash, 4.0)]
    time = settings.begin - 20.0 * DAY
    while (time := time - shared.uniform(30, 70) * DAY) > settings.begin - settings.history_days * DAY:
        found.append(_crash(time, coin.crash * shared.uniform(0.6, 1.1), shared.uniform(3, 6)))
    time = settings.begin - settings.history_days * DAY
    while (time := time + own.uniform(3, 9) * DAY) < settings.end - DAY:
        if abs(time - crash_time(settings) - 2 * DAY) > 3.5 * DAY:
            depth = own.uniform(0.05, 0.10) * (0.6 + 0.4 * coin.beta)
            found.append(_dip(time, depth, own.uniform(0.7, 2.5), own.uniform(2, 7)))
    return found


# -- one coin --


@dataclass(frozen=True, slots=True)
class _Grid:
    """The steps of all series: 15m up to `begin`, 1m after it. `old` of them are 15m."""

    close_time: Times
    old: int

    @staticmethod
    def of(settings: MarketSettings) -> _Grid:
        old, new = settings.history_days * 96, settings.days * 1440
        past = settings.begin - HISTORY.ms * np.arange(old - 1, -1, -1)
        return _Grid(np.concatenate((past, settings.begin + FINE.ms * np.arange(1, new + 1))), old)

    @property
    def days(self) -> Floats:
        """The length of each step in days."""
        return np.where(np.arange(len(self.close_time)) < self.old, HISTORY.ms, FINE.ms) / DAY

    def clustered(self, noise: Floats) -> Floats:
        return np.concatenate([prices.clustered(part) for part in np.split(noise, [self.old])])

    def swing(self, noise: Floats, half_life: float) -> Floats:
        """Return a mean-reverting path with a half-life in hours."""
        past = prices.swing(noise[: self.old], half_life * HOUR / HISTORY.ms, 0.0)
        return np.concatenate((past, prices.swing(noise[self.old :], half_life * HOUR / FINE.ms, float(past[-1]))))


def _make(settings: MarketSettings, place: int, coin: Coin) -> dict[Timeframe, Track]:
    """Return the recorded candles of a coin: 15m up to `begin`, 1m after it, some of those missing."""
    grid, rng, events = _Grid.of(settings), settings.rng(3, place), _events(settings, place, coin)
    steps, times, days = len(grid.close_time), grid.close_time, grid.days
    drift, mood = _weather(settings, times)
    loud = mood * np.sqrt(prices.season(times))
    busy, happened = np.ones(steps), np.zeros(steps)
    for event in events:
        span = event.span(times)
        busy[span] += 4.0 * event.loudness(times[span])
        happened[span] += event.curve(times[span])
    spells = prices.bursts(rng, steps, 500.0, 8)
    deviation = loud * np.sqrt(busy) * spells**0.25

    shared, own = prices.fat_noise(settings.rng(4), steps), prices.fat_noise(rng, steps)
    market = grid.clustered(shared) * _MARKET_DAILY * coin.beta
    alone = grid.clustered(own) * coin.own
    path = np.cumsum(drift * days * coin.beta + (market * shared + alone * own) * deviation * np.sqrt(days))
    variance = market**2 + alone**2
    for half_life, size in _SWINGS:
        noise = prices.fat_noise(rng, steps)
        scale = size * coin.beta * grid.clustered(noise)
        path += grid.swing(scale * noise * deviation, half_life)
        variance += scale**2 * 2 * np.log(2.0) * 24 / half_life
    path += happened
    path += np.log(coin.price) - path[grid.old - 1]

    columns = prices.bars(rng, path, float(path[0]), np.sqrt(variance * days) * deviation, coin.places)
    heat = np.abs(shared + own) / 2 + 0.4
    amount = coin.turnover * days / np.exp(path) * prices.season(times) * deviation * busy * spells * heat
    volume = np.round(amount * np.exp(0.35 * rng.standard_normal(steps)), coin.lot_places)
    whole = Candles(coin.symbol, FINE, times, *columns, volume, VENUE)
    coarse = replace(take(whole, slice(grid.old)), timeframe=HISTORY)
    fine = take(whole, slice(grid.old, None))
    return {
        FINE: Track(take(fine, _there(settings, place, len(fine))), Track.of(fine).spans),
        HISTORY: Track.of(coarse),
    }


def _weather(settings: MarketSettings, times: Times) -> tuple[Floats, Floats]:
    """Return the market's drift a day and its loudness at each time."""
    regimes = _regimes(settings)
    ends = np.array([end for end, _ in regimes])
    place = np.minimum(np.searchsorted(ends, times - 1, side="right"), len(ends) - 1)
    drift, loud = np.array([REGIMES[name] for _, name in regimes]).T
    return drift[place], loud[place]


def _there(settings: MarketSettings, place: int, steps: int) -> Times:
    """Return the minutes that exist: single ones are missing, and one outage of all, one of each symbol."""
    rng, there = settings.rng(5, place), np.ones(steps, bool)
    there[rng.random(steps) < 1 / 2500] = False
    for start, length in ((settings.rng(6).uniform(0.5, 0.6), 9), (rng.uniform(0.7, 0.95), int(rng.integers(15, 45)))):
        first = int(start * steps)
        there[first : first + length] = False
    there[[0, -1]] = True
    return np.flatnonzero(there)


def _mood(ladders: Mapping[str, Ladder]) -> Series:
    """Return a daily index of fear (0) and greed (100), published at midnight from the closes up to then."""
    days = [ladder.candles(DAILY) for ladder in ladders.values()]
    close, low = (np.mean([np.log(getattr(day, name)) for day in days], axis=0) for name in ("close", "low"))
    index = np.full(len(close), 50.0)
    for day in range(1, len(close)):
        past = close[max(0, day - 10) : day + 1]
        fall = float(past.max() - low[day - 1 : day + 1].min())
        score = (
            3.0 * (past[-1] - past[0]) + 4.0 * (past[-1] - past[max(0, len(past) - 3)]) - 8.0 * max(0.0, fall - 0.07)
        )
        index[day] = 50 + 45 * np.tanh(score)
    return Series("fng", days[0].close_time, np.rint(index), SERIES_MAX_AGE_MS)
