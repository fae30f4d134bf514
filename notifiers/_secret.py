"""Secrets: values that are used and never shown, not by repr, not in an error, not in a log of a library."""

from __future__ import annotations

import logging
from urllib.parse import quote

_HIDDEN = "***"
_LOUD = (
    "urllib3.connectionpool",
    "tweepy.client",
    "requests_oauthlib.oauth1_auth",
    "oauthlib.oauth1.rfc5849",
    "oauthlib.oauth1.rfc5849.endpoints",
    "apprise",
    "apprise.plugins",
)
"""Loggers of libraries that print addresses and headers when someone turns debugging on."""

_known: set[str] = set()


class Secret:
    """One secret value. `reveal()` is the only way to it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value
        if len(value) >= 4:  # shorter ones would blank out ordinary text
            _known.update({value, quote(value, safe="")})
            _watch()

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return _HIDDEN

    __str__ = __repr__


def scrub(text: str) -> str:
    """Return `text` with every secret that was ever made replaced by `***`."""
    for value in sorted(_known, key=len, reverse=True):
        text = text.replace(value, _HIDDEN)
    return text


class _Scrubber(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = scrub(record.getMessage()), None
        return True


_SCRUBBER = _Scrubber()


def _watch() -> None:
    for name in _LOUD:
        logger = logging.getLogger(name)
        if _SCRUBBER not in logger.filters:
            logger.addFilter(_SCRUBBER)
