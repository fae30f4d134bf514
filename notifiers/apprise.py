"""apprise: any of the networks that apprise knows, by its address; for operators' alerts.

apprise tells neither message ids nor how long to wait, so posts here answer nothing. What it logs is
read to tell a message that never left from one whose fate is not known. See docs/channels/apprise.md.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.domain.message import Delivery, Later, Lost, Post, Refused, Sent
from notifiers._secret import Secret, scrub
from notifiers._settings import Kind, option, secret

if TYPE_CHECKING:
    import apprise

_NEVER_LEFT = re.compile(r"NewConnectionError|ConnectTimeout|NameResolutionError|Connection refused|SSLError")
_STATUS = re.compile(r"\berror=(\d{3})\b")


@dataclass(frozen=True, slots=True)
class Settings:
    """Options of an apprise channel."""

    url: Secret = secret("the address, as in https://appriseit.com/services/ (it holds the token)")  # noqa: RUF009
    alarm: bool = option("mark errors as failures, where the network can show that", True)
    timeout: float = option("seconds for one notification in all; 0: the network's own", 20.0)


class Apprise:
    """One address. Remote ids are empty."""

    idempotent = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: apprise.Apprise | None = None

    def send(self, post: Post) -> Delivery:
        """Notify; a failure with an HTTP status in the log is certain, a broken connection is not."""
        import apprise

        client = self._connected()
        if client is None:
            return Refused("apprise cannot read the address in the secret `url`")
        alarm = self._settings.alarm and post.event_kind == "alert"
        kind = apprise.NotifyType.FAILURE if alarm else apprise.NotifyType.INFO
        with _heard() as said:
            result = client.notify(
                body=post.rendered.text,
                title=post.rendered.title,
                notify_type=kind,
                body_format=apprise.NotifyFormat.TEXT,
                timeout=self._settings.timeout,
            )
        if result.status == apprise.AppriseResultStatus.SUCCESS:
            return Sent()
        if result.status == apprise.AppriseResultStatus.TIMEOUT:
            return Lost("apprise: no answer in time")
        if result.status == apprise.AppriseResultStatus.PARTIAL:
            return Lost("apprise: only a part arrived")
        return _judge(said)

    def probe(self) -> str:
        """Return an empty text if the address can be read; nothing is sent."""
        return "" if self._connected() is not None else "apprise cannot read the address in the secret `url`"

    def close(self) -> None:
        """Nothing is held open."""

    def __repr__(self) -> str:
        return "Apprise()"

    def _connected(self) -> apprise.Apprise | None:
        import apprise  # 0.1 s: only where a message is sent

        if self._client is None:
            client = apprise.Apprise()
            with _heard():  # its complaint would quote the address
                if not client.add(self._settings.url.reveal()):
                    return None
            self._client = client
        return self._client


def _judge(said: _Collector) -> Delivery:
    text = " ".join((*said.warnings, *said.details))
    status = _STATUS.search(text)
    why = f"apprise: {scrub(said.warnings[0])[:200]}" if said.warnings else "apprise: not sent"
    if status is not None:
        code = int(status[1])
        if code in (502, 504):
            return Lost(why)
        return Later(why) if code == 429 or code >= 500 else Refused(why)
    if _NEVER_LEFT.search(text):
        return Later(why)
    return Lost(why)


@contextmanager
def _heard() -> Iterator[_Collector]:
    """Collect what apprise logs meanwhile, down to its debug lines, and keep it from every other handler."""
    logger, said = logging.getLogger("apprise"), _Collector()
    level, spread = logger.level, logger.propagate
    logger.addHandler(said)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    try:
        yield said
    finally:
        logger.removeHandler(said)
        logger.setLevel(level)
        logger.propagate = spread


class _Collector(logging.Handler):
    """Keeps warnings, which may be shown, and the details of exceptions, which quote addresses, apart."""

    def __init__(self) -> None:
        super().__init__()
        self.warnings: list[str] = []
        self.details: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.levelno >= logging.WARNING:
            self.warnings.append(text)
        elif "Exception" in text:
            self.details.append(text)


NOTIFIER = Kind("Any network apprise knows, for operators", Settings, Apprise)
