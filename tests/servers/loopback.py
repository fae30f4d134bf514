"""A server on loopback that speaks one wire format strictly and misbehaves on demand.

A subclass answers requests in `answer`; faults are planned, never random: the next request, or the
request with a number, gets the next fault instead of (or after) the real answer.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Request:
    """One request as it arrived. `json` is None where the body is not JSON."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True)
class Reply:
    """One answer. A `value` that is not None is sent as JSON, else `body` as it is."""

    status: int
    value: Any = None
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """One misbehaviour. `after` True: the request is carried out first, and then the answer goes wrong.

    kinds: `status` (answers `reply`), `hang` (says nothing for `seconds`), `drop` (closes the connection),
    `garbage` (200 with bytes that are no answer), `half` (promises more bytes than it sends).
    """

    kind: str
    reply: Reply = Reply(500)
    after: bool = False
    seconds: float = 5.0


class Loopback:
    """Start with `with Server() as server:`; its address is `server.base`."""

    def __init__(self, port: int = 0) -> None:
        self.requests: list[Request] = []
        self.faults: deque[Fault] = deque()
        self.at: dict[int, Fault] = {}
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        handler = type("Handler", (_Handler,), {"loopback": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._http.daemon_threads = True
        self.base = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Any:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._http.shutdown()
        self._http.server_close()

    def plan(self, *faults: Fault) -> None:
        """Let the next requests meet these faults, one each."""
        self.faults.extend(faults)

    def answer(self, request: Request) -> Reply:
        raise NotImplementedError

    def next_fault(self) -> Fault | None:
        with self.lock:
            number = len(self.requests)
            if number in self.at:
                return self.at[number]
            return self.faults.popleft() if self.faults else None


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    loopback: Loopback

    def _serve(self) -> None:
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(self.command, path, query, dict(self.headers.items()), body)
        with self.loopback.lock:
            self.loopback.requests.append(request)
        fault = self.loopback.next_fault()
        if fault is None:
            self._send(self.loopback.answer(request))
            return
        if fault.after:
            self.loopback.answer(request)
        self._misbehave(fault)

    do_GET = do_POST = do_PUT = do_DELETE = _serve

    def _misbehave(self, fault: Fault) -> None:
        self.close_connection = True
        if fault.kind == "status":
            self._send(fault.reply)
        elif fault.kind == "hang":
            self.loopback.stopping.wait(fault.seconds)
        elif fault.kind == "garbage":
            self._send(Reply(200, body=b"<html>\xff\xfe not an answer"))
        elif fault.kind == "half":
            self.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"ok":')
        if fault.kind in ("drop", "hang", "half"):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _send(self, reply: Reply) -> None:
        body = reply.body if reply.value is None else json.dumps(reply.value).encode()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: the requests are kept."""


def wait_for_ever() -> None:
    """Keep a server's process alive until it is ended."""
    while True:
        time.sleep(3600)
