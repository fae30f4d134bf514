"""Symbols and timeframes as they are written: what is none, and what was probably meant."""

from __future__ import annotations

import re

from engine.domain.market import Timeframe

_QUOTES = (
    "FDUSD", "USDT", "USDC", "BUSD", "TUSD", "USDD", "DAI", "USD", "EUR", "GBP", "TRY", "BRL", "JPY", "BTC", "ETH",
    "BNB",
)  # fmt: skip
_DAY_MS = 86_400_000
_USUAL = (
    "1s", "5s", "10s", "15s", "30s", "1m", "2m", "3m", "5m", "10m", "15m", "20m", "30m", "1h", "2h", "3h", "4h", "6h",
    "8h", "12h", "1d", "2d", "3d", "1w", "2w",
)  # fmt: skip


def not_a_symbol(text: str) -> tuple[str, str] | None:
    """Return why a text is no symbol, and the advice; None where it may be one."""
    base, slash, quote = text.partition("/")
    if slash and base and quote and not any(char.isspace() for char in text):
        return None if text != text.lower() else (f"`{text}` is not a symbol", f"write `{text.upper()}`")
    meant = _split(text.upper())
    advice = f"write `{meant}`" if meant else "write the base and the quote, as in `BTC/USDT`"
    return f"`{text}` is not a symbol: `/` stands between base and quote", advice


def _split(text: str) -> str:
    """Return `BTC/USDT` for `BTCUSDT`, `BTC-USDT` and the like, '' where no known quote ends it."""
    plain = re.sub(r"[-_:. ]", "", text)
    quote = next((quote for quote in _QUOTES if plain.endswith(quote) and len(plain) > len(quote)), "")
    return f"{plain[: -len(quote)]}/{quote}" if quote and plain.isalnum() else ""


def not_a_rhythm(timeframe: Timeframe) -> tuple[str, str] | None:
    """Return why candles of this length do not begin anew with the day, and those near it; None where they do."""
    if _DAY_MS % timeframe.ms == 0 or timeframe.ms % _DAY_MS == 0:
        return None
    usual = [Timeframe.parse(text) for text in _USUAL]
    shorter = max((near for near in usual if near.ms < timeframe.ms), default=usual[0])
    longer = min((near for near in usual if near.ms > timeframe.ms), default=usual[-1])
    what = "it does not divide a day" if timeframe.ms < _DAY_MS else "it is no whole number of days"
    return f"`{timeframe}` is not a timeframe: {what}", f"near it are `{shorter}` and `{longer}`"


_LENGTHS = {
    "s": "s", "sec": "s", "second": "s", "seconds": "s", "m": "m", "min": "m", "mins": "m", "minute": "m",
    "minutes": "m", "h": "h", "hr": "h", "hrs": "h", "hour": "h", "hours": "h", "d": "d", "day": "d", "days": "d",
    "w": "w", "week": "w", "weeks": "w",
}  # fmt: skip
_NAMED = {"daily": "1d", "hourly": "1h", "weekly": "1w", "day": "1d", "hour": "1h", "week": "1w", "minute": "1m"}


def meant_timeframe(text: str) -> str:
    """Return the advice on what is no timeframe but meant as one: `5min`, `1H`, `daily`, `60`; '' where it is not."""
    word = text.strip()
    if word.lower() in _NAMED:
        return f"write `{_NAMED[word.lower()]}`"
    parts = re.fullmatch(r"0*([1-9][0-9]{0,3})\s*([A-Za-z]*)", word)
    if not parts:
        return ""
    if parts[2] == "M" or parts[2].lower() in ("mo", "month", "months"):
        return f"minutes are `{parts[1]}m`; there are no months"
    unit = _LENGTHS.get(parts[2].lower(), "") if parts[2] else "m"
    return f"write `{parts[1]}{unit}`" if unit else ""
