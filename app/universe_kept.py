"""The universe of each day, kept while the engine runs live: what a later backtest may choose from."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable
from pathlib import Path

from engine.feeds.universe import read_universe


def keep_universe(path: Path, now: int, symbols: Iterable[str]) -> bool:
    """Write today's list to `path` where it differs from the one that holds; return whether it did.

    `now` in ms. Lists of one day are united. Raises CandleFileError for a file that is there and is none.
    """
    here = frozenset(symbols)
    days = dict(read_universe(path)) if path.is_file() else {}
    today = dt.datetime.fromtimestamp(now / 1000, dt.UTC).date()
    begin = int(dt.datetime.combine(today, dt.time(), dt.UTC).timestamp() * 1000)
    holding = days[max(days)] if days else frozenset[str]()
    if not here or here == holding or (begin in days and here <= days[begin]):
        return False
    days[begin] = days.get(begin, frozenset()) | here
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    with beside.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("day", "symbol"))
        for time, listed in sorted(days.items()):
            day = dt.datetime.fromtimestamp(time / 1000, dt.UTC).strftime("%Y-%m-%d")
            rows.writerows((day, symbol) for symbol in sorted(listed))
    beside.replace(path)
    return True
