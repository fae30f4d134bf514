"""X: posts of one account, through tweepy (API v2, OAuth 1.0a).

tweepy knows neither time-outs nor another host; an adapter on its session gives it both. X has no
idempotency key: a post whose answer was lost is in doubt and never sent again by itself.
See docs/channels/x.md.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter

from engine.domain.message import Delivery, Later, Lost, Post, Refused, Sent
from notifiers._http import CONNECT, failure
from notifiers._secret import Secret, scrub
from notifiers._settings import Kind, option, secret

if TYPE_CHECKING:
    import tweepy

_HOST = "https://api.twitter.com"


@dataclass(frozen=True, slots=True)
class Settings:
    """Options of an x channel."""

    consumer_key: Secret = secret("API key of the app")  # noqa: RUF009
    consumer_secret: Secret = secret("API key secret of the app")  # noqa: RUF009
    access_token: Secret = secret("access token of the account")  # noqa: RUF009
    access_token_secret: Secret = secret("access token secret of the account")  # noqa: RUF009
    replies: bool = option("try to answer the signal's post; X may refuse, then the update stands alone", False)
    api_base: str = option("address of the API", _HOST)
    timeout: float = option("seconds to wait for an answer", 15.0)


class _Rebase(HTTPAdapter):
    """Sends what is addressed to X to `base`, with a time-out; the signature stays over X's own address."""

    def __init__(self, base: str, timeout: float) -> None:
        super().__init__()
        self._base, self._timeout = base.rstrip("/"), timeout

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        if request.url is not None and request.url.startswith(_HOST):
            request.url = self._base + request.url.removeprefix(_HOST)
        request.headers["Connection"] = "close"
        self.poolmanager.clear()  # a connection of its own for every post, see notifiers/_http.py
        return super().send(request, *args, **{**options, "timeout": (CONNECT, self._timeout)})


class X:
    """One account. Remote ids are the ids of posts."""

    idempotent = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: tweepy.Client | None = None

    def send(self, post: Post) -> Delivery:
        """Publish the post; as an answer to the signal's where that is asked for and X allows it."""
        if self._settings.replies and post.reply_to:
            delivery = self._create(post.rendered.text, post.reply_to)
            if not (isinstance(delivery, Refused) and delivery.why.startswith("HTTP 403") and not _same(delivery)):
                return delivery
        return self._create(post.rendered.text, None)

    def probe(self) -> str:
        """Return an empty text if the keys belong to an account, else why not."""
        import tweepy

        try:
            self._connected().get_me(user_auth=True)
        except tweepy.HTTPException as error:
            return _said(error)
        except requests.RequestException as error:
            return failure(error).why
        return ""

    def close(self) -> None:
        if self._client is not None:
            self._client.session.close()

    def __repr__(self) -> str:
        return "X()"

    def _connected(self) -> tweepy.Client:
        import tweepy  # 0.1 s: only where a post is sent

        if self._client is None:
            given = self._settings
            self._client = tweepy.Client(
                consumer_key=given.consumer_key.reveal(),
                consumer_secret=given.consumer_secret.reveal(),
                access_token=given.access_token.reveal(),
                access_token_secret=given.access_token_secret.reveal(),
            )
            self._client.session.mount(_HOST, _Rebase(given.api_base, given.timeout))
        return self._client

    def _create(self, text: str, reply_to: str | None) -> Delivery:
        import tweepy

        try:
            response = self._connected().create_tweet(text=text, in_reply_to_tweet_id=reply_to, user_auth=True)
        except tweepy.TooManyRequests as error:
            return Later(_said(error), _until_reset(error.response.headers))
        except tweepy.HTTPException as error:
            return _judge(error)
        except requests.exceptions.JSONDecodeError:
            return Lost("an answer that cannot be read")
        except requests.RequestException as error:
            return failure(error)
        data = response.data if isinstance(response.data, Mapping) else {}
        return Sent(str(data["id"])) if data.get("id") else Lost("an answer without the post's id")


def _judge(error: tweepy.HTTPException) -> Delivery:
    """Judge an answer outside 2xx, 429 aside."""
    status, why = error.response.status_code, _said(error)
    if status == 503:
        return Later(why, _until_reset(error.response.headers))
    if status >= 500:
        # X gives no key to tell a second post from the first: what may have been taken is not sent again.
        return Lost(why)
    if status == 402:
        return Refused(f"{why} (the account's credits are used up)")
    return Refused(why)


def _same(refused: Refused) -> bool:
    return "duplicate" in refused.why.lower()


def _said(error: tweepy.HTTPException) -> str:
    """Return X's own words, which never hold the keys; the duplicate rule is said in ours."""
    told = "; ".join(str(message) for message in error.api_messages)
    if "duplicate" in told.lower():
        told = f"X has a post with exactly this text already (duplicate): {told}"
    return f"HTTP {error.response.status_code}{f': {scrub(told)[:300]}' if told else ''}"


def _until_reset(headers: Mapping[str, str]) -> float:
    """Return the seconds until the limit's window ends, by X's own clock where it tells it; 0: not said."""
    try:
        reset = float(headers["x-rate-limit-reset"])
    except (KeyError, ValueError):
        try:
            return max(0.0, float(headers.get("Retry-After", "0")))
        except ValueError:
            return 0.0
    try:
        now = parsedate_to_datetime(headers["Date"]).timestamp()
    except (KeyError, ValueError):
        now = time.time()
    return max(1.0, reset - now)


NOTIFIER = Kind("Posts of an X account", Settings, X)
