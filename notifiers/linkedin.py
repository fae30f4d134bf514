"""LinkedIn: posts of a member or an organisation, through /rest/posts.

LinkedIn has no idempotency key: a post whose answer was lost is in doubt and never sent again by
itself. See docs/channels/linkedin.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from engine.domain.message import Delivery, Later, Lost, Post, Refused, Sent
from notifiers._http import Answer, Bearer, exchange, retry_after, server_failure, server_time
from notifiers._secret import Secret, scrub
from notifiers._settings import Kind, option, secret

COMMENT_LIMIT = 1250
_QUARTER = 900.0


@dataclass(frozen=True, slots=True)
class Settings:
    """Options of a linkedin channel."""

    token: Secret = secret("access token; it lives 60 days")  # noqa: RUF009
    author: str = option("`urn:li:organization:N` or `urn:li:person:ID`, who posts")
    version: str = option("LinkedIn-Version, YYYYMM; each lives about a year, then posts are refused", "202607")
    updates: str = option("what answers a signal is a `post` of its own or a `comment` under it", "post")
    visibility: str = option("PUBLIC or CONNECTIONS", "PUBLIC")
    api_base: str = option("address of the API", "https://api.linkedin.com")
    timeout: float = option("seconds to wait for an answer", 20.0)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"urn:li:(organization|person):[\w-]+", self.author):
            raise ValueError(f"the option `author` is urn:li:organization:N or urn:li:person:ID, not {self.author!r}")
        if not re.fullmatch(r"20\d\d(0[1-9]|1[0-2])", self.version):
            raise ValueError(f"the option `version` is a month, YYYYMM in quotes, not {self.version!r}")
        if self.updates not in ("post", "comment"):
            raise ValueError(f"the option `updates` is post or comment, not {self.updates!r}")
        if self.visibility not in ("PUBLIC", "CONNECTIONS"):
            raise ValueError(f"the option `visibility` is PUBLIC or CONNECTIONS, not {self.visibility!r}")


class LinkedIn:
    """One author. Remote ids are the urns of posts."""

    idempotent = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._auth = Bearer(settings.token)

    def send(self, post: Post) -> Delivery:
        """Publish the post, or comment on the one it answers where that is asked for and it fits."""
        answers = self._settings.updates == "comment" and post.reply_to.startswith("urn:li:")
        if answers and len(post.rendered.plain) <= COMMENT_LIMIT:
            return self._comment(post)
        body = {
            "author": self._settings.author,
            "commentary": post.rendered.text,
            "visibility": self._settings.visibility,
            "distribution": {
                "feedDistribution": "MAIN_FEED",
                "targetEntities": [],
                "thirdPartyDistributionChannels": [],
            },
            "lifecycleState": "PUBLISHED",
            "isReshareDisabledByAuthor": False,
        }
        return self._judged(self._call("/rest/posts", body))

    def probe(self) -> str:
        """Nothing can be asked with the scope that posting needs: the first post will tell."""
        return ""

    def close(self) -> None:
        """Nothing is held open."""

    def __repr__(self) -> str:
        return f"LinkedIn({self._settings.author})"

    def _comment(self, post: Post) -> Delivery:
        urn = post.reply_to
        body = {"actor": self._settings.author, "object": urn, "message": {"text": post.rendered.plain}}
        return self._judged(self._call(f"/rest/socialActions/{quote(urn, safe='')}/comments", body))

    def _call(self, path: str, body: Mapping[str, Any]) -> Answer | Later | Lost | Refused:
        headers = {"LinkedIn-Version": self._settings.version, "X-Restli-Protocol-Version": "2.0.0"}
        url = self._settings.api_base.rstrip("/") + path
        return exchange("POST", url, timeout=self._settings.timeout, headers=headers, body=dict(body), auth=self._auth)

    def _judged(self, answer: Answer | Later | Lost | Refused) -> Delivery:
        if not isinstance(answer, Answer):
            return answer
        if answer.status in (200, 201):
            return Sent(answer.headers.get("x-restli-id", ""))
        why = _why(answer)
        if answer.status == 429:
            return Later(why, retry_after(answer) or _until_reset(answer))
        if answer.status == 426:
            return Refused(f"LinkedIn no longer serves version {self._settings.version}: set a newer option `version`")
        if answer.status >= 500:
            return server_failure(answer, why if answer.spoken.get("status") == answer.status else "")
        return Lost(why) if answer.status < 300 else Refused(why)


def _until_reset(answer: Answer) -> float:
    """Return the wait after a 429 that names none: a quarter of an hour, or until the daily limits end at 00:00 UTC."""
    now = server_time(answer)
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return min(_QUARTER, max(1.0, (midnight - now).total_seconds() + 1.0))


def _why(answer: Answer) -> str:
    told = answer.spoken.get("message")
    return f"HTTP {answer.status}{f': {scrub(str(told))[:300]}' if told else ''}"


NOTIFIER = Kind("Posts of a LinkedIn member or organisation", Settings, LinkedIn)
