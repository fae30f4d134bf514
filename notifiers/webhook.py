"""A webhook: the backend's `/api/signals/new|update|tp|sl|close`, JSON with a bearer token.

The unique key of a message travels as `Idempotency-Key`, so a request whose answer was lost is sent
again. See docs/channels/webhook.md and schemas/webhook-*.schema.json.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.domain.message import Delivery, Later, Lost, Post, Refused, Sent
from notifiers._http import Answer, Bearer, exchange, retry_after
from notifiers._secret import Secret, scrub
from notifiers._settings import Kind, option, secret

PATHS: Mapping[str, str] = {
    "new": "/api/signals/new",
    "update": "/api/signals/update",
    "tp": "/api/signals/tp",
    "sl": "/api/signals/sl",
    "close": "/api/signals/close",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Options of a webhook channel."""

    api_base: str = option("address of the backend, before /api/signals/…")
    token: Secret | None = secret("bearer token; left out: no Authorization header", None)  # noqa: RUF009
    paths: dict[str, str] | None = option("paths by type of body, over the usual ones (new update tp sl close)", None)  # noqa: RUF009
    timeout: float = option("seconds to wait for an answer", 10.0)

    def __post_init__(self) -> None:
        if not self.api_base.startswith(("http://", "https://")):
            raise ValueError(f"the option `api_base` begins with https:// or http://, not {self.api_base!r}")


class Webhook:
    """One backend. Remote ids are the `id` of its answer, where it gives one."""

    idempotent = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._paths = {**PATHS, **(settings.paths or {})}
        self._auth = Bearer(settings.token) if settings.token is not None else None

    def send(self, post: Post) -> Delivery:
        """Post the body to the path of its type."""
        body = post.rendered.body
        if body is None:
            return Refused("the rendering has no JSON body")
        kind = "new" if post.event_kind == "signal" else str(body.get("type", ""))
        path = self._paths.get(kind)
        if path is None:
            return Refused(f"the backend has no path for `{kind}`: give one in the option `paths`")
        answer = exchange(
            "POST",
            self._settings.api_base.rstrip("/") + path,
            timeout=self._settings.timeout,
            headers={"Idempotency-Key": post.key},
            body=dict(body),
            auth=self._auth,
        )
        return _judge(answer) if isinstance(answer, Answer) else answer

    def probe(self) -> str:
        """Nothing can be asked without sending a signal: the first post will tell."""
        return ""

    def close(self) -> None:
        """Nothing is held open."""

    def __repr__(self) -> str:
        return f"Webhook({self._settings.api_base})"


def _judge(answer: Answer) -> Delivery:
    if 200 <= answer.status < 300:
        return Sent(str(answer.spoken.get("id", "")))
    why = _why(answer)
    if answer.status == 409:
        # The backend has this key already: an earlier request arrived and its answer did not.
        return Sent(str(answer.spoken.get("id", "")))
    if answer.status == 425 or answer.status == 429:
        return Later(why, retry_after(answer))
    if answer.status >= 500 or answer.status == 408:
        # It may have been taken; the key makes a second request harmless.
        return Later(why, retry_after(answer)) if answer.status == 503 else Lost(why)
    return Refused(why)


def _why(answer: Answer) -> str:
    told = next((answer.spoken[name] for name in ("error", "detail", "message") if answer.spoken.get(name)), "")
    return f"HTTP {answer.status}{f': {scrub(str(told))[:300]}' if told else ''}"


NOTIFIER = Kind("The backend, over HTTP with JSON", Settings, Webhook, idempotent=True)
