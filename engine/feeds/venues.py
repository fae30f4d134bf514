"""What has to be known about each exchange before its candles can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Venue:
    """What has to be known about a venue. `names` are its forms of a symbol, in order of preference.

    `native` are the timeframes it serves on our grid; others are built from them (Kraken's weeks, say, begin
    on Thursday). `limits` are the legal numbers of rows a request may ask for. `newest` > 0: it only ever
    serves its newest so many candles, whatever is asked for. `bounded`: it can be told where a page ends.
    `rows` leads to the candles in its answer. `api` is its part of ccxt's urls, for a given base.
    """

    names: tuple[str, ...]
    native: tuple[str, ...]
    limits: tuple[int, ...]
    api: Mapping[str, str]
    newest: int = 0
    bounded: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)
    rows: tuple[str, ...] = ()

    def answered(self, answer: object) -> bool:
        """Say whether an answer without candles is one at all: a list, or what stands beside it, where it should be."""
        for key in self.rows:
            answer = answer.get(key) if isinstance(answer, dict) else None
        return isinstance(answer, list | int)


_PERPETUAL = ("{base}/{quote}:{quote}",)
_MOST = ("1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "12h", "1d")
_FEW = ("1m", "5m", "15m", "30m", "1h", "4h", "1d")

VENUES: Mapping[str, Venue] = {
    "binanceusdm": Venue(
        _PERPETUAL, (*_MOST, "8h", "1w"), (99, 499, 1000),
        {"fapiPublic": "/fapi/v1", "fapiPublicV2": "/fapi/v2", "fapiPublicV3": "/fapi/v3", "fapiData": "/futures/data"},
        options={"fetchCurrencies": False},
    ),
    "bybit": Venue(
        _PERPETUAL, _MOST, (200, 1000), dict.fromkeys(("spot", "futures", "v2", "public", "private"), ""),
        options={"fetchMarkets": {"types": ["linear"]}, "fetchCurrencies": False}, rows=("result", "list"),
    ),
    "phemex": Venue(
        _PERPETUAL, _MOST, (5, 10, 50, 100, 500),
        {"v1": "/v1", "v2": "", "public": "/exchange/public", "private": ""}, rows=("data", "rows"),
    ),
    "krakenfutures": Venue(
        ("{base}/USD:USD",), (*_FEW, "12h"), (500, 2000),
        {"public": "/derivatives/api/", "charts": "/api/charts/", "history": "/api/history/",
         "feeschedules": "/api/feeschedules/"}, rows=("candles",), bounded=False,
    ),
    "kraken": Venue(
        ("{base}/{quote}", "{base}/USD"), _FEW, (720,), {"public": "", "private": ""}, newest=720,
        bounded=False, rows=("result", "last"),
    ),
}  # fmt: skip
