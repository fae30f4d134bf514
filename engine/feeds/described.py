"""What is told of the markets of a folder of candles: their price and amount steps, and the smallest orders.

`markets.csv` beside the candle files has the header `symbol,tick,lot,min_amount,min_cost`; columns may be left out
and cells may be empty, which is: not known. Symbols are written as in `BTC/USDT`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from pathlib import Path

from engine.domain.market import Market
from engine.feeds.faults import CandleFileError

FILE = "markets.csv"
STEPS = ("tick", "lot", "min_amount", "min_cost")


def told_beside(paths: Iterable[Path | str]) -> dict[str, dict[str, Decimal]]:
    """Return per symbol what the folders among `paths` tell of it. Raises CandleFileError."""
    told: dict[str, dict[str, Decimal]] = {}
    for path in map(Path, paths):
        if (path / FILE).is_file():
            told |= read_markets(path / FILE)
    return told


def read_markets(path: Path) -> dict[str, dict[str, Decimal]]:
    """Return per symbol what `markets.csv` says of it. Raises CandleFileError."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CandleFileError(path, 0, f"cannot be read: {error}") from None
    rows = csv.reader(text.splitlines())
    header = [cell.strip() for cell in next(rows, [])]
    unknown = [name for name in header[1:] if name not in STEPS]
    if header[:1] != ["symbol"] or unknown or len(set(header)) != len(header):
        raise CandleFileError(path, 1, f"the first line must be `symbol,{','.join(STEPS)}`, or fewer of them")
    found: dict[str, dict[str, Decimal]] = {}
    for number, cells in enumerate(rows, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            raise CandleFileError(path, number, f"{len(cells)} values, but the header has {len(header)}")
        symbol = cells[0].strip()
        if "/" not in symbol or symbol in found:
            why = "stands here twice" if symbol in found else "is not a symbol; write it as in BTC/USDT"
            raise CandleFileError(path, number, f"{symbol!r} {why}")
        found[symbol] = dict(_steps(path, number, zip(header[1:], cells[1:], strict=True)))
    return found


def _steps(path: Path, number: int, cells: Iterator[tuple[str, str]]) -> Iterator[tuple[str, Decimal]]:
    for name, cell in cells:
        if not cell.strip():
            continue
        try:
            value = Decimal(cell.strip())
        except InvalidOperation:
            value = Decimal(-1)
        if not value.is_finite() or value < 0:
            raise CandleFileError(path, number, f"{name} is not a number of 0 or more: {cell.strip()[:40]!r}")
        yield name, value


def described(market: Market, told: Mapping[str, Mapping[str, Decimal]]) -> Market:
    """Return the market with what is told of it."""
    mine = told.get(market.symbol)
    return replace(market, **mine) if mine else market  # type: ignore[arg-type]
