"""Telegram: a channel, group or chat, through the Bot API.

Telegram has no idempotency key: a message whose answer was lost is in doubt and never sent again by
itself. See docs/channels/telegram.md.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.domain.message import Delivery, Later, Lost, Post, Refused, Sent
from notifiers._http import Answer, exchange, server_failure
from notifiers._secret import Secret, scrub
from notifiers._settings import Kind, option, secret

_log = logging.getLogger(__name__)
_MARKUP = ("can't parse entities", "can't parse message text", "unsupported start tag", "entity")


@dataclass(frozen=True, slots=True)
class Settings:
    """Options of a telegram channel."""

    token: Secret = secret("the bot's token, from @BotFather")  # noqa: RUF009
    chat: str | int = option("`@name` of a channel, or the number of a chat")
    silent: tuple[str, ...] = option("kinds of event that arrive without a sound", ("opened", "stop_moved"))
    topic: int = option("message thread of a forum group; 0: none", 0)
    api_base: str = option("address of the Bot API", "https://api.telegram.org")
    timeout: float = option("seconds to wait for an answer", 15.0)

    def __post_init__(self) -> None:
        if isinstance(self.chat, str) and not self.chat.lstrip("-").isdigit() and not self.chat.startswith("@"):
            raise ValueError(f"the option `chat` is `@name` or a number, not {self.chat!r}")


class Telegram:
    """One chat. Remote ids are message ids."""

    idempotent = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._chat: str | int = settings.chat

    def send(self, post: Post) -> Delivery:
        """Send the post as HTML; where its markup is refused, as plain text."""
        delivery = self._send(post, html=True)
        if isinstance(delivery, Refused) and any(sign in delivery.why.lower() for sign in _MARKUP):
            _log.warning("telegram refused the markup of %s (%s); sent as plain text", post.key, delivery.why)
            return self._send(post, html=False)
        return delivery

    def probe(self) -> str:
        """Return an empty text if the token works and the chat can be seen, else why not."""
        answer = self._call("getChat", {"chat_id": self._chat})
        if isinstance(answer, Answer):
            return "" if answer.spoken.get("ok") is True else _why(answer)
        return answer.why

    def close(self) -> None:
        """Nothing is held open."""

    def __repr__(self) -> str:
        return f"Telegram({self._settings.chat})"

    def _send(self, post: Post, *, html: bool, moved: bool = False) -> Delivery:
        answer = self._call("sendMessage", self._body(post, html))
        if not isinstance(answer, Answer):
            return answer
        told = answer.spoken
        if answer.status == 200 and told.get("ok") is True:
            result = told.get("result")
            return Sent(str(result.get("message_id", "")) if isinstance(result, Mapping) else "")
        chat = _parameters(answer).get("migrate_to_chat_id")
        if answer.status == 400 and isinstance(chat, int) and not moved:
            _log.warning(
                "telegram chat %s has become %s: write the new number into the configuration", self._chat, chat
            )
            self._chat = chat
            return self._send(post, html=html, moved=True)
        return _judge(answer)

    def _body(self, post: Post, html: bool) -> dict[str, Any]:
        body: dict[str, Any] = {
            "chat_id": self._chat,
            "text": post.rendered.text if html else post.rendered.plain,
            "link_preview_options": {"is_disabled": True},
        }
        if html:
            body["parse_mode"] = "HTML"
        if self._settings.topic:
            body["message_thread_id"] = self._settings.topic
        if post.event_kind in self._settings.silent:
            body["disable_notification"] = True
        if post.reply_to.isdigit():
            body["reply_parameters"] = {"message_id": int(post.reply_to), "allow_sending_without_reply": True}
        return body

    def _call(self, method: str, body: Mapping[str, Any]) -> Answer | Later | Lost | Refused:
        base = self._settings.api_base.rstrip("/")
        url = f"{base}/bot{self._settings.token.reveal()}/{method}"
        return exchange("POST", url, timeout=self._settings.timeout, body=body)


def _judge(answer: Answer) -> Delivery:
    """Judge an answer that is not `ok`."""
    why = _why(answer)
    if answer.status == 429:
        wait = _parameters(answer).get("retry_after")
        return Later(why, float(wait) if isinstance(wait, (int, float)) else 0.0)
    if answer.status >= 500:
        return server_failure(answer, why if answer.spoken.get("ok") is False else "")
    if 400 <= answer.status < 500 and answer.spoken.get("ok") is False:
        return Refused(why)
    # A 2xx that cannot be read may stand for a message that was sent; anything else is not Telegram speaking.
    return Lost(why) if answer.status < 300 else Refused(why)


def _why(answer: Answer) -> str:
    told = answer.spoken.get("description")
    return (
        f"HTTP {answer.status}: {scrub(str(told))[:300]}" if told else f"HTTP {answer.status}, not in Telegram's words"
    )


def _parameters(answer: Answer) -> Mapping[str, Any]:
    parameters = answer.spoken.get("parameters")
    return parameters if isinstance(parameters, Mapping) else {}


NOTIFIER = Kind("A Telegram channel, group or chat", Settings, Telegram)
