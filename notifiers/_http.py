"""One HTTP exchange, told apart by what matters for publishing: answered, never left, or left and lost.

Every message gets a connection of its own: on a kept one, a server that closes it just then makes a
request that never left look like one whose answer was lost.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from requests.auth import AuthBase
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError

from engine import __version__
from engine.domain.message import Later, Lost, Refused
from notifiers._secret import Secret, scrub

CONNECT = 6.0
"""Seconds to connect; a host that is slower than this is asked again later."""
_LARGEST = 1 << 20

AGENT = f"signal-engine/{__version__}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `json` is None where the body is not JSON."""

    status: int
    headers: Mapping[str, str]
    text: str
    json: Any

    @property
    def spoken(self) -> Mapping[str, Any]:
        """The body when it is a JSON object, else an empty mapping."""
        return self.json if isinstance(self.json, dict) else {}


class Bearer(AuthBase):
    """A bearer token; given as `auth`, so that no .netrc can replace it."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        return request


def exchange(
    method: str,
    url: str,
    *,
    timeout: float,
    headers: Mapping[str, str] | None = None,
    body: Any = None,
    auth: AuthBase | None = None,
) -> Answer | Later | Lost | Refused:
    """Send one request with a JSON body and read the whole answer within `timeout` seconds.

    Later: it never left. Lost: it left, and no complete answer came. Refused: it cannot be sent at all.
    """
    sent = {"User-Agent": AGENT, "Connection": "close", "Accept": "application/json", **(headers or {})}
    try:
        with requests.request(
            method, url, json=body, headers=sent, auth=auth, timeout=(CONNECT, timeout), stream=True,
            allow_redirects=False,
        ) as response:  # fmt: skip
            return _read(response, time.monotonic() + timeout)
    except requests.RequestException as error:
        return failure(error)


def _read(response: requests.Response, deadline: float) -> Answer | Lost:
    body = b""
    for chunk in response.iter_content(16384):
        body += chunk
        if time.monotonic() > deadline or len(body) > _LARGEST:
            return Lost("the answer was too slow or too long to read")
    text = body.decode("utf-8", "replace")
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    return Answer(response.status_code, response.headers, text, value)


def failure(error: requests.RequestException) -> Later | Lost | Refused:
    """Tell from an exception of requests whether the request had left. Never quotes it: it holds the address."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return Later("could not connect in time")
    if isinstance(error, requests.exceptions.ProxyError):
        return Later("the proxy cannot be reached")
    if isinstance(error, requests.exceptions.SSLError):
        return Later("no trusted connection (TLS)")
    if isinstance(error, requests.Timeout):
        return Lost("no answer in time")
    cause = error.args[0] if error.args else None
    if isinstance(error, requests.ConnectionError):
        if isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError):
            return Later("could not connect")
        if isinstance(cause, ProtocolError) or not isinstance(cause, MaxRetryError):
            return Lost("the connection broke before the answer")
        return Later("could not connect")
    if isinstance(error, (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError)):
        return Lost("the answer broke off")
    return Refused(f"the request cannot be made ({type(error).__name__})")


def server_failure(answer: Answer, why: str = "") -> Later | Lost:
    """Judge a 5xx on a network without idempotency keys.

    503 and 529 are said before the work; so is a 500 or 501 in the API's own words (`why`). A gateway's
    502 and 504, or a 500 that is not the API's, may come after the message was taken: its fate is not known.
    """
    said = scrub(why)[:200] or f"HTTP {answer.status}"
    if answer.status in (503, 529) or (answer.status in (500, 501) and why):
        return Later(said, retry_after(answer))
    return Lost(said)


def retry_after(answer: Answer) -> float:
    """Return the seconds that the header Retry-After asks for (a number or a date), 0 if it says nothing."""
    value = answer.headers.get("Retry-After", "").strip()
    if not value:
        return 0.0
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    return max(1.0, (at - server_time(answer)).total_seconds())


def server_time(answer: Answer) -> datetime:
    """Return the server's own time, so that our clock's error does not count; ours if it tells none."""
    try:
        return parsedate_to_datetime(answer.headers["Date"])
    except (KeyError, ValueError):
        return datetime.now(UTC)
