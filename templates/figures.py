"""Figures as people read them: percentages, multiples of the risk, times, spans, names that fit."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from decimal import Decimal

from templates.dialects import clean

_VENUES = {
    "binanceusdm": "Binance USD-M",
    "binance": "Binance",
    "bybit": "Bybit",
    "phemex": "Phemex",
    "kraken": "Kraken",
    "krakenfutures": "Kraken Futures",
    "coinbase": "Coinbase",
    "synthetic": "synthetic market",
}
_UNITS = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week"}


_ABBREVIATIONS = (
    "RSI EMA SMA WMA HMA VWMA DEMA TEMA KAMA MACD ATR NATR ADX CCI CMO MFI OBV VWAP CMF ROC TRIX TSI SMI QFL PSAR "
    "MA BTC ETH AI ML FNG"
)
CAPITALS = {word.lower(): word for word in _ABBREVIATIONS.split(" ")}
"""Words that are written in capitals, by their lower case."""


def signed_percent(value: float | None, places: int = 2) -> str:
    """Return `+1.20%`, `−0.71%` with a real minus sign, `0.00%`; an en dash for None."""
    if value is None:
        return "–"
    text = f"{abs(value):.{places}f}"
    sign = "" if not float(text) else "+" if value > 0 else "−"
    return f"{sign}{text}%"


def signed_r(value: float | None) -> str:
    """Return `+1.8R`, `−1.0R`: a result in multiples of what was risked; empty for None."""
    if value is None:
        return ""
    text = f"{abs(value):.1f}" if abs(value) >= 0.95 else f"{abs(value):.2f}"
    sign = "" if not float(text) else "+" if value > 0 else "−"
    return f"{sign}{text}R"


def percent_of(part: float | None) -> str:
    """Return a share (0 to 1) as `50%`, `33.3%`."""
    return "–" if part is None else f"{plain_number(round(part * 100, 1))}%"


def plain_number(value: float) -> str:
    """Return a number without E notation and without trailing zeros."""
    text = format(Decimal(repr(float(value))), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def like(value: float | None, sample: str | None) -> str:
    """Return a price with as many decimal places as `sample`, a price as text, has."""
    if value is None:
        return "–"
    places = len((sample or "").partition(".")[2])
    return f"{value:.{places}f}" if sample else plain_number(value)


def readable(value: float | None, digits: int = 4) -> str:
    """Return a measured value with the `digits` significant digits that a reader can use, whole numbers whole,
    thousands grouped, millions as `83.31M`."""
    if value is None:
        return "unknown"
    size = abs(value)
    if size >= 1e15 or 0 < size < 1e-12:
        return f"{value:.3g}"
    for limit, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M")):
        if size >= limit:
            return f"{value / limit:.{max(2, digits - 2)}f}{letter}".replace("-", "−")
    places = max(0, digits - 1 - Decimal(repr(size)).adjusted()) if size else 0
    text = f"{value:,.{places}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", "−")


def moment(iso: str | None) -> datetime | None:
    """Read an ISO-8601 time; None stays None."""
    return datetime.fromisoformat(iso) if iso else None


def clock(iso: str | None, beside: str | None = None) -> str:
    """Return `14:35 UTC`, with the day before it unless it is the day of `beside`."""
    at, near = moment(iso), moment(beside)
    if at is None:
        return ""
    hour = f"{at:%H:%M} UTC"
    return hour if near is not None and near.date() == at.date() else f"{at.day} {at:%b}, {hour}"


def span(start: str | None, stop: str | None) -> str:
    """Return the time between two ISO-8601 times as `45m`, `3h 20m`, `2d 4h`; empty when one is missing."""
    since, until = moment(start), moment(stop)
    if since is None or until is None or until < since:
        return ""
    minutes = round((until - since).total_seconds() / 60)
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [(days, "d"), (hours, "h"), (rest, "m")]
    shown = [f"{amount}{unit}" for amount, unit in parts if amount][:2]
    return " ".join(shown) or "under 1m"


def timeframe_words(timeframe: str) -> str:
    """Return `15-minute` for `15m`."""
    match = re.fullmatch(r"(\d+)([smhdw])", timeframe)
    return f"{match[1]}-{_UNITS[match[2]]}" if match else timeframe


def venue_name(venue: str) -> str:
    return _VENUES.get(venue, venue)


def clip(text: str, limit: int) -> str:
    """Return `text` on one line in at most `limit` characters, cut between words, and said so by `…`.

    A single word longer than the limit is cut between two letters a reader sees: never inside an
    emoji of several signs or before a combining mark.
    """
    text = clean(text).strip()
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    if " " in head and not text[limit - 1].isspace():
        head = head[: head.rindex(" ")]
    else:
        while head and _joined(head[-1], text[len(head)]):
            head = head[:-1]
    return head.rstrip(" ,.;:·–-") + "…"


def _joined(left: str, right: str) -> bool:
    modifier = 0x1F3FB <= ord(right) <= 0x1F3FF
    flags = all(0x1F1E6 <= ord(sign) <= 0x1F1FF for sign in (left, right))
    return left == "\u200d" or right in "\u200d\ufe0f" or modifier or flags or bool(unicodedata.combining(right))


def humanise(name: str) -> str:
    """Return `Low rsi bounce` for `low_rsi_bounce`, with well-known abbreviations in capitals."""
    words = re.sub(r"[_\s]+", " ", clean(name)).strip().split(" ")
    shown = " ".join(CAPITALS.get(word.lower(), word) for word in words)
    return shown[:1].upper() + shown[1:]
