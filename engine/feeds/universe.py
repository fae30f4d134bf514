"""The universe of each day, as somebody recorded it: which symbols there were to choose from.

`universe.csv` beside the candles has the header `day,symbol`: a line per day (`2025-04-07`, UTC) and symbol
(`BTC/USDT`). A day's list holds until the next day that has one. A backtest on today's list knows which symbols were
still traded, and grown, at the end: its results are too good.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Mapping
from pathlib import Path

from engine.feeds.faults import CandleFileError

FILE = "universe.csv"
_SYMBOL = re.compile(r"[A-Z0-9]+/[A-Z0-9]+(:[A-Z0-9]+)?")


def read_universe(path: Path) -> Mapping[int, frozenset[str]]:
    """Return per time (ms) from which it holds the symbols of the universe. Raises CandleFileError."""
    try:
        rows = csv.reader(path.read_text("utf-8-sig").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise CandleFileError(path, 0, f"cannot be read: {error}") from None
    if [cell.strip() for cell in next(rows, [])] != ["day", "symbol"]:
        raise CandleFileError(path, 1, "the first line must be `day,symbol`")
    days: dict[int, set[str]] = {}
    for number, cells in enumerate(rows, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != 2:
            raise CandleFileError(path, number, f"{len(cells)} values, but the header has 2")
        day, symbol = (cell.strip() for cell in cells)
        try:
            begin = dt.datetime.combine(dt.date.fromisoformat(day), dt.time(), dt.UTC)
        except ValueError:
            raise CandleFileError(path, number, f"{day[:40]!r} is not a day; write 2025-04-07") from None
        if not _SYMBOL.fullmatch(symbol):
            raise CandleFileError(path, number, f"{symbol[:40]!r} is not a symbol; write it as in BTC/USDT")
        days.setdefault(int(begin.timestamp() * 1000), set()).add(symbol)
    if not days:
        raise CandleFileError(path, 0, "it names no symbol")
    return {begin: frozenset(symbols) for begin, symbols in sorted(days.items())}
