"""Funding of perpetual futures, from files beside the candles.

A file is named `VENUE_SYMBOL_funding.csv[.gz]`, as in `binanceusdm_BTCUSDT_funding.csv`, and has the header
`timestamp_ms,rate`: at each time (UTC, in its order) longs pay shorts that ratio of the value they hold; 0.0001 is
0.01 %. A file with a bad row is not used at all: a CandleFileError names the file, the line and what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from engine.domain.market import FundingRates, Market, wire_symbol
from engine.feeds.files import CandleFileError, line_of_row, read_pairs

_NAME = re.compile(r"(?P<venue>[a-z][a-z0-9]*)_(?P<wire>[A-Z0-9]+)_funding\.csv(\.gz)?")
_LARGEST = 0.1
"""A rate of more than 10 % is a percentage that was taken for a ratio."""


def read_funding(folder: Path, markets: Mapping[str, Market]) -> dict[str, FundingRates]:
    """Return the funding rates in `folder` of these markets, each of the market's own venue. Raises CandleFileError."""
    wires = {(market.venue, wire_symbol(symbol)): symbol for symbol, market in markets.items()}
    found: dict[str, FundingRates] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        match = _NAME.fullmatch(path.name)
        symbol = wires.get((match["venue"], match["wire"])) if match else None
        if symbol is not None:
            found[symbol] = _rates(path, symbol)
    return found


def _rates(path: Path, symbol: str) -> FundingRates:
    time, rate = read_pairs(path, "rate")
    large = np.flatnonzero(np.abs(rate) > _LARGEST)
    if len(large):
        row = int(large[0])
        why = f"a rate is a ratio, 0.0001 for 0.01 %; {rate[row]:g} would be {rate[row] * 100:g} %"
        raise CandleFileError(path, line_of_row(path, row), why)
    return FundingRates(symbol, time, rate)
