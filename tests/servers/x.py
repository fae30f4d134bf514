"""X's API v2 on loopback: verifies OAuth 1.0a signatures, weighted length, cashtags and duplicates."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from typing import Any
from urllib.parse import quote, unquote

from twitter_text import parse_tweet

from tests.servers.loopback import Fault, Loopback, Reply, Request

KEYS = {
    "consumer_key": "consumer-key-of-the-app",
    "consumer_secret": "consumer-secret-of-the-app",
    "access_token": "1000-access-token-of-the-account",
    "access_token_secret": "access-secret-of-the-account",
}
_HOST = "https://api.twitter.com"
_CASHTAG = re.compile(r"(?<![\w$])\$[A-Za-z]{1,6}\b")


def signature(method: str, url: str, oauth: dict[str, str], keys: dict[str, str]) -> str:
    """Return the HMAC-SHA1 signature of RFC 5849 over the method, the address and the oauth parameters."""

    def enc(text: str) -> str:
        return quote(text, safe="-._~")

    pairs = sorted((enc(name), enc(value)) for name, value in oauth.items() if name != "oauth_signature")
    base = "&".join((method, enc(url), enc("&".join(f"{name}={value}" for name, value in pairs))))
    key = f"{enc(keys['consumer_secret'])}&{enc(keys['access_token_secret'])}"
    return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()).decode()


class X(Loopback):
    """One account. `replies` False: answers are refused, as X does where the other did not mention you."""

    def __init__(self, port: int = 0, *, replies: bool = False) -> None:
        super().__init__(port)
        self.replies = replies
        self.posts: list[dict[str, Any]] = []

    def answer(self, request: Request) -> Reply:
        if not self._signed(request):
            return _problem(401, "Unauthorized", "Unauthorized")
        if request.method == "GET" and request.path == "/2/users/me":
            return Reply(200, {"data": {"id": "1000", "name": "Loopback", "username": "loopback"}})
        if request.method != "POST" or request.path != "/2/tweets":
            return _problem(404, "Not Found", "Not Found")
        body = request.json
        if not isinstance(body, dict) or set(body) - {"text", "reply"} or not isinstance(body.get("text"), str):
            return _problem(400, "Invalid Request", "One or more parameters to your request was invalid.")
        return self._create(body)

    def _create(self, body: dict[str, Any]) -> Reply:
        text = body["text"]
        if not parse_tweet(text).valid:
            return _problem(400, "Invalid Request", "Your post is longer than X allows.")
        if len(_CASHTAG.findall(text)) > 1:
            return _problem(403, "Forbidden", "You may use at most one cashtag in a post.")
        if "reply" in body and not self.replies:
            return _problem(403, "Forbidden", "Reply to this conversation is not allowed.")
        with self.lock:
            if any(post["text"] == text for post in self.posts):
                return _problem(403, "Forbidden", "You are not allowed to create a Tweet with duplicate content.")
            post = {"id": str(1456012973835788293 + len(self.posts)), "text": text}
            self.posts.append(post | {"reply_to": (body.get("reply") or {}).get("in_reply_to_tweet_id")})
        return Reply(201, {"data": post})

    def _signed(self, request: Request) -> bool:
        given = request.headers.get("Authorization", "")
        if not given.startswith("OAuth "):
            return False
        oauth = {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', given)}
        known = (oauth.get("oauth_consumer_key"), oauth.get("oauth_token")) == (
            KEYS["consumer_key"],
            KEYS["access_token"],
        )
        right = signature(request.method, _HOST + request.path, oauth, KEYS)
        return known and hmac.compare_digest(oauth.get("oauth_signature", ""), right)


def _problem(status: int, title: str, detail: str) -> Reply:
    return Reply(status, {"title": title, "detail": detail, "type": "about:blank", "status": status})


def too_many(seconds: int) -> Reply:
    """Return X's answer over the limit: the window ends `seconds` from now."""
    headers = {"x-rate-limit-reset": str(int(time.time()) + seconds), "x-rate-limit-remaining": "0"}
    return Reply(429, {"title": "Too Many Requests", "detail": "Too Many Requests", "status": 429}, headers=headers)


def no_credits() -> Reply:
    return _problem(402, "CreditsDepleted", "Your account has no credits to fulfil this request.")


BUSY = Fault("status", Reply(503, body=json.dumps({"title": "Service Unavailable", "status": 503}).encode()))
