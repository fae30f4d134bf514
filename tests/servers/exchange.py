"""An exchange on loopback: Binance USD-M's market data, and as much of Bybit's and Kraken's as a fallback needs.

It serves the candles of any feed of ours in the venue's own words, the forming candle included, and misbehaves on
demand. Run `python -m tests.servers.exchange --port 8100` for one of the made market that follows real time.
"""

from __future__ import annotations

import argparse
import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from engine.domain.market import Candles, Timeframe, wire_symbol
from engine.feeds.memory import MemoryFeed
from engine.feeds.synthetic import MarketSettings, SyntheticFeed
from tests.servers.exchange_wire import Json, answer


@dataclass
class Fault:
    """A misbehaviour for the next `times` requests whose path contains `path`.

    kind: limit (429), ban (418), error (500), maintenance (503), garbage (no JSON), odd (JSON of another shape),
    rows (candles that are no candles), unknown (-1121), hang, drop.
    """

    kind: str
    path: str = ""
    times: int = 1
    retry_after: int | None = None


class Exchange:
    """The server. `now` tells its clock; `seen` are the paths and queries asked for."""

    def __init__(self, feed: MemoryFeed, now: Callable[[], int], port: int = 0) -> None:
        self.feed, self.now = feed, now
        self.hide_from = 2**53  # no candle that opens at or after it is shown
        self.seen: list[tuple[str, dict[str, str]]] = []
        self._faults: list[Fault] = []
        self._lock, self._released = threading.Lock(), threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()

    def fault(self, kind: str, path: str = "", times: int = 1, retry_after: int | None = None) -> None:
        with self._lock:
            self._faults.append(Fault(kind, path, times, retry_after))

    def heal(self) -> None:
        with self._lock:
            self._faults.clear()

    def asked(self, path: str) -> list[dict[str, str]]:
        """Return the queries of all requests whose path contains `path`."""
        return [query for seen, query in self.seen if path in seen]

    def next_fault(self, path: str) -> Fault | None:
        with self._lock:
            for fault in self._faults:
                if fault.path in path and fault.times > 0:
                    fault.times -= 1
                    return fault
        return None

    def hang(self) -> None:
        self._released.wait(30)

    # -- what it knows --

    def symbol(self, wire: str) -> str | None:
        return next((symbol for symbol in self.feed.symbols() if wire_symbol(symbol) == wire), None)

    def rows(self, symbol: str, timeframe: Timeframe, first: int, last: int) -> list[list[float]]:
        """Return [open time, o, h, l, c, v] of candles that open from `first` to `last`, the forming one included."""
        now = self.now()
        until = min(last + timeframe.ms, now)
        known = _listed(self.feed.candles(symbol, timeframe, first + timeframe.ms - 1, until))
        forming = timeframe.floor(now)
        if first <= forming <= last and (next_one := self.feed.candles(symbol, timeframe, now, forming + timeframe.ms)):
            price = float(next_one.open[0])  # so far nothing but its first trade
            known.append([forming, price, price, price, price, 0.001])
        return [row for row in known if row[0] < self.hide_from]

    def onboard(self, symbol: str) -> int:
        starts = [self.feed.span(symbol, t) for t in self.feed.timeframes(symbol)]
        return min(span[0] - t.ms for t, span in zip(self.feed.timeframes(symbol), starts, strict=True) if span)


def _listed(candles: Candles) -> list[list[float]]:
    opens = (candles.close_time - candles.timeframe.ms).tolist()
    columns = (candles.open, candles.high, candles.low, candles.close, candles.volume)
    return [list(row) for row in zip(opens, *(column.tolist() for column in columns), strict=True)]


def _handler(exchange: Exchange) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65536  # one packet per answer: otherwise delayed acknowledgements cost 40 ms each
        disable_nagle_algorithm = True

        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = dict(parse_qsl(parts.query))
            exchange.seen.append((parts.path, query))
            fault = exchange.next_fault(parts.path)
            if fault is not None and fault.kind in ("hang", "drop"):
                if fault.kind == "hang":
                    exchange.hang()
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status, body = _faulty(fault) if fault else answer(exchange, parts.path, query)
            text = body if isinstance(body, str) else json.dumps(body)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text.encode())))
            if fault is not None and fault.retry_after is not None:
                self.send_header("Retry-After", str(fault.retry_after))
            self.end_headers()
            self.wfile.write(text.encode())

    return Handler


def _faulty(fault: Fault) -> tuple[int, Json]:
    answers: dict[str, tuple[int, Json]] = {
        "limit": (429, {"code": -1003, "msg": "Too many requests; current limit is 2400 requests per minute."}),
        "ban": (418, {"code": -1003, "msg": "Way too many requests; IP banned until 1754596814166."}),
        "error": (500, "<html><body>Internal Server Error</body></html>"),
        "maintenance": (503, {"code": -1, "msg": "Service unavailable from a restricted location"}),
        "garbage": (200, "\x00\x01 not json"),
        "odd": (200, {"surprise": [1, {"two": None}]}),
        "rows": (200, [[1_736_121_600_000, "x", "2", "1", "1.5", "3", 0, "0", 0, "0", "0", "0"]]),
        "unknown": (400, {"code": -1121, "msg": "Invalid symbol."}),
    }
    return answers[fault.kind]


def main() -> None:
    """Serve the made market as if its weeks of 1m candles ended a week from now."""
    options = argparse.ArgumentParser(description=main.__doc__)
    options.add_argument("--port", type=int, default=8100)
    options.add_argument("--seed", type=int, default=7)
    chosen = options.parse_args()
    today = time.time_ns() // 1_000_000 // 86_400_000 * 86_400_000
    feed = SyntheticFeed(MarketSettings(seed=chosen.seed, begin=today - 14 * 86_400_000))
    exchange = Exchange(feed, lambda: time.time_ns() // 1_000_000, chosen.port)
    print(exchange.url, flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        exchange.close()


if __name__ == "__main__":
    main()
