"""LinkedIn's /rest/posts on loopback: strict about headers, versions, fields and little text."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from tests.servers.loopback import Loopback, Reply, Request

TOKEN = "linkedin-access-token"
AUTHOR = "urn:li:organization:5515715"
_RESERVED = re.compile(r"[|{}@\[\]()<>#*_~]")
_POST = {
    "author": str,
    "commentary": str,
    "visibility": str,
    "distribution": dict,
    "lifecycleState": str,
    "isReshareDisabledByAuthor": bool,
}


class Broken(Exception):
    """The little text has a sign that is not escaped: LinkedIn would cut the post there."""


def read_little(text: str) -> str:
    """Return what is shown of little text; raise Broken where LinkedIn would cut it."""
    shown, place = [], 0
    template = re.compile(r"\{hashtag\|\\#\|((?:[^\\{}|]|\\.)+)\}")
    while place < len(text):
        tag = template.match(text, place)
        if tag:
            shown.append("#" + re.sub(r"\\(.)", r"\1", tag[1]))
            place = tag.end()
        elif text[place] == "\\":
            if place + 1 >= len(text):
                raise Broken("a backslash at the end")
            shown.append(text[place + 1])
            place += 2
        elif _RESERVED.match(text[place]):
            raise Broken(f"{text[place]!r} at {place} is not escaped")
        else:
            shown.append(text[place])
            place += 1
    return "".join(shown)


class LinkedIn(Loopback):
    """One author. `versions` are those still served."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.versions = {"202512", "202601", "202607"}
        self.posts: list[dict[str, Any]] = []
        self.comments: list[dict[str, Any]] = []

    def answer(self, request: Request) -> Reply:
        headers = {name.lower(): value for name, value in request.headers.items()}
        if headers.get("authorization") != f"Bearer {TOKEN}":
            return _no(401, "Invalid access token")
        if "linkedin-version" not in headers:
            return _no(400, "A version must be present")
        if headers["linkedin-version"] not in self.versions:
            return _no(426, f"Requested version {headers['linkedin-version']} is not active")
        if headers.get("x-restli-protocol-version") != "2.0.0":
            return _no(400, "Invalid protocol version")
        body = request.json
        if request.method != "POST" or not isinstance(body, dict):
            return _no(400, "Malformed request")
        if request.path == "/rest/posts":
            return self._post(body)
        match = re.fullmatch(r"/rest/socialActions/([^/]+)/comments", request.path)
        return self._comment(unquote(match[1]), body) if match else _no(404, "No such resource")

    def _post(self, body: dict[str, Any]) -> Reply:
        if set(body) != set(_POST) or not all(isinstance(body[name], kind) for name, kind in _POST.items()):
            return _no(400, "Unpermitted or missing fields")
        if body["author"] != AUTHOR:
            return _no(403, "Not an author you may post as")
        if len(body["commentary"]) > 3000:
            return _no(422, "commentary exceeds 3000 characters")
        with self.lock:
            shown = read_little(body["commentary"])
            if any(post["shown"] == shown for post in self.posts):
                return _no(422, "Content is a duplicate of urn:li:share:1")
            urn = f"urn:li:share:{6844785523593134080 + len(self.posts)}"
            self.posts.append({**body, "urn": urn, "shown": shown})
        return Reply(201, headers={"x-restli-id": urn})

    def _comment(self, urn: str, body: dict[str, Any]) -> Reply:
        if set(body) != {"actor", "object", "message"} or body["object"] != urn or set(body["message"]) != {"text"}:
            return _no(400, "Unpermitted or missing fields")
        if urn not in {post["urn"] for post in self.posts}:
            return _no(404, "No such post")
        if len(body["message"]["text"]) > 1250:
            return _no(422, "the comment is too long")
        self.comments.append(body)
        comment = f"urn:li:comment:({urn},{len(self.comments)})"
        return Reply(201, {"commentUrn": comment}, headers={"x-restli-id": comment})


def _no(status: int, message: str) -> Reply:
    return Reply(status, {"status": status, "code": "ERROR", "message": message})


def too_many() -> Reply:
    """Return LinkedIn's answer over the daily limit, which names no time."""
    return _no(429, "Resource level throttle APPLICATION DAY limit for calls to this resource is reached.")
