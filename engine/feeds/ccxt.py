"""Closed candles from exchanges over REST, by ccxt; public data, no key.

Binance USD-M comes first; where it does not answer, Bybit, Phemex, Kraken Futures and Kraken follow. A symbol is
bound to the first venue that serves it and stays there, in every timeframe, until `rebuild`: candles of two
venues never make one series. Kraken quotes in USD and serves spot or its own contracts: data only.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

import numpy as np

from engine.domain.market import Candles, Market, Series, Timeframe
from engine.feeds.ladder import STANDARD, Track, ceil, no_candles, resample
from engine.feeds.venues import VENUES
from engine.ports import Clock, FeedError

T = TypeVar("T")
Row = list[float]
_PROBE = Timeframe.parse("1m")
_NEVER = -(10**15)
_MARKETS_MS, _CHECK_MS = 3_600_000, 3_600_000  # how long a list of markets, and a check, are good for


@dataclass(frozen=True, slots=True)
class CcxtSettings:
    """How to reach the venues. `urls` replaces a venue's address (`http://127.0.0.1:8080`), for tests.

    `settle_ms` after its close a candle is taken even if the next one has not begun. A clock that is off by
    more than `max_drift_ms` is refused. A venue that wants to be left alone for `patience_ms` or less is
    waited for. `timeout_ms` is of one request; `retries` after a passing failure.
    """

    venues: tuple[str, ...] = tuple(VENUES)
    urls: Mapping[str, str] = field(default_factory=dict)
    timeout_ms: int = 10_000
    retries: int = 2
    settle_ms: int = 2_000
    max_drift_ms: int = 10_000
    patience_ms: int = 120_000
    throttle: bool = True


class CcxtFeed:
    """Serve closed candles of live venues. Nothing is fetched before it is asked for."""

    name = "ccxt"

    def __init__(self, clock: Clock, settings: CcxtSettings | None = None) -> None:
        self._settings = settings or CcxtSettings()
        if unknown := set(self._settings.venues) - set(VENUES):
            raise ValueError(f"there is no venue {', '.join(sorted(unknown))}; known: {', '.join(VENUES)}")
        self._lines = [_Line(name, clock, self._settings) for name in self._settings.venues]
        self._clock = clock
        self._bound: dict[str, _Line] = {}

    def markets(self, symbols: Sequence[str]) -> Mapping[str, Market]:
        """Return the markets it has of these. Raises FeedError where no venue answers."""
        found = {symbol: self._line(symbol) for symbol in symbols}
        return {symbol: line.market(symbol) for symbol, line in found.items() if line is not None}

    def timeframes(self, symbol: str) -> tuple[Timeframe, ...]:
        line = self._line(symbol)
        return () if line is None else tuple(t for t in STANDARD if line.source(t) is not None)

    def span(self, symbol: str, timeframe: Timeframe) -> tuple[int, int] | None:
        """Return the first close time after the symbol was listed (or that the venue still serves), and the last."""
        line = self._line(symbol)
        if line is None or line.source(timeframe) is None:
            return None
        first = ceil(timeframe, line.earliest(symbol, timeframe)) + timeframe.ms
        last = timeframe.floor(line.now())
        return (first, last) if first <= last else None

    def candles(self, symbol: str, timeframe: Timeframe, after: int, until: int) -> Candles:
        """Return those with after < close time <= until that have closed, all from one venue. Raises FeedError."""
        line = self._line(symbol)
        native = None if line is None else line.source(timeframe)
        if line is None or native is None:
            return no_candles(symbol, timeframe)
        first, last = timeframe.floor(after), timeframe.floor(min(until, line.now()))
        first = max(first, ceil(timeframe, line.earliest(symbol, timeframe)))
        if native.ms == timeframe.ms:
            return line.candles(symbol, timeframe, first, last)
        low = line.candles(symbol, native, first, last)
        whole = (len(low) and low.close_time[-1] == last) or line.now() >= last + self._settings.settle_ms
        known = last if whole else last - timeframe.ms  # its last part may still come
        return resample(Track(low, ((first, known),) if first < known else ()), timeframe)[0].candles

    def series(self, name: str, until: int) -> Series | None:
        return None

    def venue(self, symbol: str) -> str | None:
        """Return the venue that the symbol is bound to, None before it is."""
        line = self._bound.get(symbol)
        return None if line is None else line.venue

    def rebuild(self, symbols: Sequence[str] | None = None) -> None:
        """Let symbols (None: all) be bound anew. Their series have to be rebuilt from scratch by who keeps them."""
        for symbol in list(self._bound) if symbols is None else symbols:
            self._bound.pop(symbol, None)

    def close(self) -> None:
        """Close the connections."""
        for line in self._lines:
            line.close()

    def _line(self, symbol: str) -> _Line | None:
        """Return the line to the symbol's venue; None where the first venue and all others that answer lack it."""
        if symbol in self._bound:
            self._bound[symbol].check(symbol)
            return self._bound[symbol]
        failures: dict[str, FeedError] = {}
        for line in self._lines:
            try:
                if line.has(symbol):
                    line.check(symbol)
                    self._bound[symbol] = line
                    return line
            except FeedError as error:
                if 0 < error.retry_after * 1000 <= self._settings.patience_ms:
                    raise
                failures[line.venue] = error
        if self._lines[0].venue in failures:  # the preferred venue may well have it
            raise FeedError("; ".join(map(str, failures.values())), min(e.retry_after for e in failures.values()))
        return None


class _Line:
    """The connection to one venue: its ccxt client, its markets, its clock, and how long it wants to be left alone."""

    def __init__(self, venue: str, clock: Clock, settings: CcxtSettings) -> None:
        self.venue, self._clock, self._settings = venue, clock, settings
        self._facts = VENUES[venue]
        self._native = sorted(map(Timeframe.parse, self._facts.native), reverse=True)
        self._client: Any = None
        self._loaded_at = self._checked_at = self._closed_until = _NEVER
        self._drift = 0

    def now(self) -> int:
        """Return the engine's time, held back where the engine's clock is ahead of the venue's."""
        return self._clock.now() - max(0, self._drift)

    def source(self, timeframe: Timeframe) -> Timeframe | None:
        """Return the timeframe itself where the venue serves it, else the longest that it can be built from."""
        return next((t for t in self._native if timeframe.is_multiple_of(t)), None)

    def has(self, symbol: str) -> bool:
        """Say whether the venue trades the symbol. Raises FeedError."""
        return self._listed(symbol) is not None

    def check(self, symbol: str) -> None:
        """Make sure that it serves candles and both clocks agree; hourly, and after a failure. Raises FeedError."""
        if self._clock.now() - self._checked_at < _CHECK_MS:
            return
        client = self._client
        if client.has.get("fetchTime"):
            before = self._clock.now()
            theirs = self._ask("its time", lambda: int(client.fetch_time()))
            self._drift = (before + self._clock.now()) // 2 - theirs
            if abs(self._drift) > self._settings.max_drift_ms:
                side = "ahead of" if self._drift > 0 else "behind"
                raise FeedError(
                    f"this machine's clock is {abs(self._drift) / 1000:.0f} s {side} {self.venue}'s: set it"
                )
        last = _PROBE.floor(self.now())
        if not len(self.candles(symbol, _PROBE, last - 5 * _PROBE.ms, last)):
            raise FeedError(f"{self.venue} has no recent candles of {symbol}")
        self._checked_at = self._clock.now()

    def market(self, symbol: str) -> Market:
        """Return the market. Raises FeedError."""
        precision = (self._listed(symbol) or {}).get("precision") or {}
        steps = (Decimal(str(precision.get(key) or 0)).normalize() for key in ("price", "amount"))
        return Market(self.venue, symbol, *steps)

    def earliest(self, symbol: str, timeframe: Timeframe) -> int:
        """Return the first open that can be asked for."""
        listed = int((self._listed(symbol) or {}).get("created") or 0)
        native = self.source(timeframe)
        if self._facts.newest and native is not None:
            return max(listed, native.floor(self.now()) - (self._facts.newest - 1) * native.ms)
        return listed

    def candles(self, symbol: str, timeframe: Timeframe, first: int, last: int) -> Candles:
        """Return the closed candles from the open `first` to the close `last`. Raises FeedError."""
        market = self._listed(symbol)
        if market is None:
            raise FeedError(f"{self.venue} no longer lists {symbol}")
        try:
            return self._table(symbol, timeframe, self._rows(market["symbol"], timeframe, first, last))
        except FeedError:
            self._checked_at = _NEVER  # whoever is bound next asks first whether it works again
            raise

    def _rows(self, name: str, timeframe: Timeframe, first: int, last: int) -> list[Row]:
        rows: list[Row] = []
        start, newest = first, -1.0
        while start < last:
            wanted = (last - start) // timeframe.ms + 1  # and the one after, which proves that the last is final
            limit = next((n for n in self._facts.limits if n >= wanted), self._facts.limits[-1])
            end = start + min(wanted, limit) * timeframe.ms
            page = self._page(name, timeframe, start, end, limit)
            rows += [row for row in page if start <= row[0] < min(end, last)]
            newest = max((row[0] for row in page), default=newest)
            start = end
        if rows and newest < last == rows[-1][0] + timeframe.ms and self.now() < last + self._settings.settle_ms:
            rows.pop()
        return rows

    def close(self) -> None:
        session = getattr(self._client, "session", None)
        if session is not None:
            session.close()

    def _page(self, name: str, timeframe: Timeframe, start: int, end: int, limit: int) -> list[Row]:
        text = next(t.text for t in self._native if t.ms == timeframe.ms)
        more = {"until": end - 1} if self._facts.bounded else {}
        page = self._ask(f"{name} {text}", lambda: self._client.fetch_ohlcv(name, text, start, limit, more))
        if not page and not self._facts.answered(self._client.last_json_response):
            raise FeedError(f"{self.venue} sent something unreadable for {name} {text}")  # ccxt takes it for no candles
        return [row for row in page if row[0] is not None]

    def _table(self, symbol: str, timeframe: Timeframe, rows: Sequence[Row]) -> Candles:
        try:
            table = np.array([row[1:6] for row in rows], np.float64).reshape(len(rows), 5).T
            times = np.array([int(row[0]) for row in rows], np.int64) + timeframe.ms
        except (TypeError, ValueError):
            raise FeedError(f"{self.venue} sent {symbol} {timeframe} candles that are not numbers") from None
        opened, high, low, close, volume = map(np.ascontiguousarray, table)
        sound = (
            np.isfinite(table).all(),
            (low > 0).all(),
            (low <= np.minimum(opened, close)).all(),
            (high >= np.maximum(opened, close)).all(),
            (np.diff(times) > 0).all(),
            ((times - timeframe.floor(0)) % timeframe.ms == 0).all(),
        )
        if not all(sound):
            raise FeedError(f"{self.venue} sent {symbol} {timeframe} candles that cannot be")
        return Candles(symbol, timeframe, times, opened, high, low, close, volume, self.venue)

    # -- the client --

    def _listed(self, symbol: str) -> dict[str, Any] | None:
        self._refresh()
        base, _, quote = symbol.partition("/")
        names = (name.format(base=base, quote=quote) for name in self._facts.names)
        known = self._client.markets
        return next((known[name] for name in names if name in known and known[name].get("active") is not False), None)

    def _refresh(self) -> None:
        """Load the markets, at most once an hour; an old list is kept where a new one cannot be had."""
        if self._clock.now() - self._loaded_at < _MARKETS_MS:
            return
        self._client = self._client or self._connect()
        try:
            self._ask("its markets", lambda: self._client.load_markets(True))
        except FeedError:
            if not self._client.markets:
                raise
        if not self._client.markets:
            raise FeedError(f"{self.venue} sent no markets")
        self._loaded_at = self._clock.now()

    def _connect(self) -> Any:
        import ccxt

        settings = self._settings
        client = getattr(ccxt, self.venue)(
            {"timeout": settings.timeout_ms, "enableRateLimit": settings.throttle, "options": dict(self._facts.options)}
        )
        client.enableLastJsonResponse = True
        if base := settings.urls.get(self.venue):
            client.urls["api"] = {**client.urls["api"], **{key: base + path for key, path in self._facts.api.items()}}
        return client

    def _ask(self, what: str, request: Callable[[], T]) -> T:
        """Do a request; try again after a passing failure; leave the venue alone as long as it asks to be."""
        import ccxt

        if (wait := self._closed_until - self._clock.now()) > 0:
            raise FeedError(f"{self.venue} asked to be left alone for another {wait / 1000:.0f} s", wait / 1000)
        for attempt in range(self._settings.retries + 1):
            try:
                return request()
            except (ccxt.DDoSProtection, ccxt.RateLimitExceeded) as error:
                raise self._leave_alone(error) from None
            except ccxt.OperationFailed as error:  # time-outs, broken connections, maintenance, 5xx
                why = FeedError(f"{self.venue} did not answer for {what}: {_line(error)}")
            except ccxt.BaseError as error:
                raise FeedError(f"{self.venue} refused {what}: {_line(error)}") from None
            except (ValueError, TypeError, KeyError, IndexError, AttributeError):  # ccxt met something unforeseen
                why = FeedError(f"{self.venue} sent something unreadable for {what}")
            if attempt < self._settings.retries and not self._clock.sleep_until(self._clock.now() + 500 * 2**attempt):
                break
        raise why

    def _leave_alone(self, error: Exception) -> FeedError:
        sent = getattr(self._client, "last_response_headers", None) or {}
        headers = {key.lower(): value for key, value in sent.items()}
        text = str(headers.get("retry-after", ""))
        wait = float(text) if text.isdigit() else 60.0
        self._closed_until = self._clock.now() + math.ceil(wait * 1000)
        return FeedError(f"{self.venue} asked to be left alone for {wait:.0f} s: {_line(error)}", wait)


def _line(error: Exception) -> str:
    """Return what an error of ccxt says, without the address, as one short line."""
    text = re.sub(r"^\w+ |GET https?://\S+ ?", "", (str(error).splitlines() or [""])[0]).strip()
    return text[:160] or {"RequestTimeout": "it took too long"}.get(type(error).__name__, "the connection broke")
