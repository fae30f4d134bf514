"""How each kind of channel writes: what must be escaped, how length is counted, and how much fits.

A value never reaches a message unescaped: the environment passes everything that a template prints
through the dialect's `escape`, after `clean` has taken out what no message may contain.
"""

from __future__ import annotations

import html
import re
import unicodedata
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]+")
_SPACES = re.compile(r" {2,}")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_LITTLE = re.compile(r"[\\|{}@\[\]()<>#*_~]")
_LITTLE_HASHTAG = re.compile(r"\{hashtag\|\\#\|((?:[^\\{}]|\\.)*)\}")
_CASHTAG = re.compile(r"[$＄](?=[A-Za-z])")
_MENTION = re.compile(r"(?<![A-Za-z0-9_])([@＠])(?=[A-Za-z0-9_])")
# Only such a text may hold a link, in X's eyes; and only such a sequence of signs may count as one emoji.
_MAYBE_LINK = re.compile(r"\w\.[^\W\d_]|:/|[。．｡]")
_SEQUENCE = re.compile("[\u200d\ufe0f\u20e3\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
# What counts 2, by X's configuration of 2018: all outside its four ranges of common signs, and two that are emoji.
_HEAVY = re.compile("[\xa9\xae]|[^\u0000-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]")


def clean(value: str) -> str:
    """Return `value` on one line: line breaks and control signs are spaces, bidirectional overrides are gone."""
    return _SPACES.sub(" ", _CONTROL.sub(" ", value))


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way of writing. `limit` counts as `measure` does; 0 means that everything fits.

    `escape` makes any text harmless inside the dialect's markup; `read` gives back what a follower
    sees: `read(escape(text)) == text`. Values are escaped one by one; where `whole` is set a template has no
    markup of its own to keep, and its whole text is escaped at the end. `hashtag` is the form of a hashtag.
    """

    name: str
    limit: int
    escape: Callable[[str], str]
    read: Callable[[str], str]
    measure: Callable[[str], int]
    whole: bool = False
    hashtag: str = "#{}"


def utf16_length(text: str) -> int:
    """Return the length in UTF-16 code units, in which Telegram counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def escape_html(text: str) -> str:
    return html.escape(text, quote=True)


def read_html(text: str) -> str:
    return html.unescape(_TAG.sub("", text))


def escape_little(text: str) -> str:
    """Escape LinkedIn's "little text": an unescaped sign of its markup silently cuts the post there."""
    return _LITTLE.sub(lambda sign: "\\" + sign[0], text)


def read_little(text: str) -> str:
    shown = _LITTLE_HASHTAG.sub(lambda tag: "\\#" + tag[1], text)
    return re.sub(r"\\(.)", r"\1", shown)


def escape_x(text: str) -> str:
    """Take the meaning out of what X would act on: a second cashtag is refused, a mention calls someone."""
    return _MENTION.sub(r"\1 ", _CASHTAG.sub("", text))


def unlink_x(text: str) -> str:
    """Break what X would take for a link: a post with a link costs thirteen times as much."""
    if not _MAYBE_LINK.search(text):
        return text
    for found in reversed(_twitter_text().extract_urls_with_indices(text)):
        start, stop = found["indices"]
        text = text[:start] + text[start:stop].replace("://", " ").replace(".", "\u2024") + text[stop:]
    return text


@lru_cache(maxsize=256)
def x_length(text: str) -> int:
    """Return X's weighted length: 280 fit, an emoji counts 2, any link 23."""
    normal = unicodedata.normalize("NFC", text)
    if not _MAYBE_LINK.search(normal) and not _SEQUENCE.search(normal):
        return len(normal) + len(_HEAVY.findall(normal))
    return int(_twitter_text().parse_tweet(text).weightedLength)


def _twitter_text() -> Any:
    """Return X's own counter. It warns of its packaging when it is first imported, which is no user's concern."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import twitter_text
    return twitter_text


def _same(text: str) -> str:
    return text


TELEGRAM = Dialect("html", 4096, escape_html, read_html, lambda text: utf16_length(read_html(text)))
X = Dialect("x", 280, escape_x, _same, x_length)
LINKEDIN = Dialect("little text", 3000, escape_little, read_little, len, whole=True, hashtag="{{hashtag|\\#|{}}}")
PLAIN = Dialect("plain", 0, _same, _same, len)
OPERATORS = Dialect("plain", 1900, _same, _same, len)
"""For apprise: fits the shortest of the usual networks (Discord, 2000) with room for a title."""

BY_CHANNEL = {"telegram": TELEGRAM, "x": X, "linkedin": LINKEDIN, "apprise": OPERATORS}


def dialect_of(channel_kind: str) -> Dialect:
    """Return the dialect of a kind of channel; kinds that are not known here write plain text."""
    return BY_CHANNEL.get(channel_kind, PLAIN)
