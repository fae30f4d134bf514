"""What the exchange on loopback says: Binance USD-M, and as much of the other venues as a fallback needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from engine.domain.market import Timeframe
from engine.feeds.memory import MemoryFeed

T = Timeframe.parse
Json = Any
Query = Mapping[str, str]

_BYBIT = {
    "1": "1m",
    "3": "3m",
    "5": "5m",
    "15": "15m",
    "30": "30m",
    "60": "1h",
    "120": "2h",
    "240": "4h",
    "360": "6h",
    "720": "12h",
    "D": "1d",
    "W": "1w",
}


class Exchange(Protocol):
    """What the answers need of the server."""

    feed: MemoryFeed
    now: Callable[[], int]

    def symbol(self, wire: str) -> str | None: ...
    def rows(self, symbol: str, timeframe: Timeframe, first: int, last: int) -> list[list[float]]: ...
    def onboard(self, symbol: str) -> int: ...


def answer(exchange: Exchange, path: str, query: Query) -> tuple[int, Json]:
    routes: dict[str, Callable[[Exchange, Query], tuple[int, Json]]] = {
        "/fapi/v1/time": lambda e, _: (200, {"serverTime": e.now()}),
        "/fapi/v1/ping": lambda e, _: (200, {}),
        "/fapi/v1/exchangeInfo": _binance_info,
        "/fapi/v1/klines": _binance_klines,
        "/v5/market/time": _bybit_time,
        "/v5/market/instruments-info": _bybit_instruments,
        "/v5/market/kline": _bybit_kline,
        "/0/public/Time": lambda e, _: (200, {"error": [], "result": {"unixtime": e.now() // 1000, "rfc1123": ""}}),
        "/0/public/Assets": lambda e, _: (200, {"error": [], "result": {}}),
        "/0/public/AssetPairs": _kraken_pairs,
        "/0/public/OHLC": _kraken_ohlc,
        "/public/products": _phemex_products,
        "/v1/exchange/public/products": lambda e, _: (200, {"code": 0, "msg": "OK", "data": []}),
        "/exchange/public/md/v2/kline/list": _phemex_klines,
        "/derivatives/api/v3/instruments": _futures_instruments,
    }
    if path.startswith("/api/charts/v1/trade/"):
        return _futures_candles(exchange, {**query, "path": path})
    return routes[path](exchange, query) if path in routes else (404, {"code": -5000, "msg": f"Path {path} not found"})


# -- Binance USD-M --


def _binance_info(exchange: Exchange, _: Query) -> tuple[int, Json]:
    symbols = []
    for symbol, market in exchange.feed.markets(exchange.feed.symbols()).items():
        base, quote = symbol.split("/")
        filters = [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": str(market.tick),
                "maxPrice": "1000000",
                "tickSize": f"{market.tick:f}",
            },
            {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "1000000", "stepSize": f"{market.lot:f}"},
            {"filterType": "MARKET_LOT_SIZE", "minQty": "0.001", "maxQty": "1000", "stepSize": f"{market.lot:f}"},
            {"filterType": "MIN_NOTIONAL", "notional": "5"},
        ]
        symbols.append(
            {
                "symbol": base + quote,
                "pair": base + quote,
                "contractType": "PERPETUAL",
                "status": "TRADING",
                "deliveryDate": 4133404800000,
                "onboardDate": exchange.onboard(symbol),
                "baseAsset": base,
                "quoteAsset": quote,
                "marginAsset": quote,
                "pricePrecision": 8,
                "quantityPrecision": 3,
                "baseAssetPrecision": 8,
                "quotePrecision": 8,
                "underlyingType": "COIN",
                "filters": filters,
                "orderTypes": ["LIMIT", "MARKET"],
                "timeInForce": ["GTC", "IOC", "FOK", "GTX"],
            }
        )
    return 200, {
        "timezone": "UTC",
        "serverTime": exchange.now(),
        "futuresType": "U_MARGINED",
        "rateLimits": [],
        "exchangeFilters": [],
        "assets": [],
        "symbols": symbols,
    }


def _binance_klines(exchange: Exchange, query: Query) -> tuple[int, Json]:
    symbol, limit = exchange.symbol(query["symbol"]), int(query.get("limit", 500))
    if symbol is None:
        return 400, {"code": -1121, "msg": "Invalid symbol."}
    if not 1 <= limit <= 1500:
        return 400, {"code": -1130, "msg": "Data sent for parameter 'limit' is not valid."}
    frame = T(query["interval"])
    rows = exchange.rows(symbol, frame, int(query.get("startTime", 0)), int(query.get("endTime", 2**53)))
    rows = rows[:limit] if "startTime" in query else rows[-limit:]
    return 200, [
        [
            int(at),
            *map(_text, (o, h, low, c, v)),
            int(at) + frame.ms - 1,
            _text(v * c),
            10,
            _text(v / 2),
            _text(v * c / 2),
            "0",
        ]
        for at, o, h, low, c, v in rows
    ]


def _text(value: float) -> str:
    return f"{value:.8f}"


# -- Bybit --


def _bybit(exchange: Exchange, result: Json) -> tuple[int, Json]:
    return 200, {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": exchange.now()}


def _bybit_time(exchange: Exchange, _: Query) -> tuple[int, Json]:
    return _bybit(exchange, {"timeSecond": str(exchange.now() // 1000), "timeNano": str(exchange.now() * 1_000_000)})


def _bybit_instruments(exchange: Exchange, query: Query) -> tuple[int, Json]:
    rows = []
    for symbol, market in exchange.feed.markets(exchange.feed.symbols()).items():
        base, quote = symbol.split("/")
        rows.append(
            {
                "symbol": base + quote,
                "contractType": "LinearPerpetual",
                "status": "Trading",
                "baseCoin": base,
                "quoteCoin": quote,
                "settleCoin": quote,
                "launchTime": str(exchange.onboard(symbol)),
                "deliveryTime": "0",
                "deliveryFeeRate": "",
                "priceScale": "2",
                "unifiedMarginTrade": True,
                "fundingInterval": 480,
                "leverageFilter": {"minLeverage": "1", "maxLeverage": "100.00", "leverageStep": "0.01"},
                "priceFilter": {"minPrice": "0.10", "maxPrice": "1999999.80", "tickSize": f"{market.tick:f}"},
                "lotSizeFilter": {"maxOrderQty": "1190.000", "minOrderQty": "0.001", "qtyStep": f"{market.lot:f}"},
            }
        )
    prelaunch = query.get("status") == "PreLaunch"
    return _bybit(exchange, {"category": "linear", "list": [] if prelaunch else rows, "nextPageCursor": ""})


def _bybit_kline(exchange: Exchange, query: Query) -> tuple[int, Json]:
    symbol = exchange.symbol(query["symbol"])
    if symbol is None or query["interval"] not in _BYBIT:
        return 200, {"retCode": 10001, "retMsg": "params error: symbol invalid", "result": {}, "time": exchange.now()}
    rows = exchange.rows(symbol, T(_BYBIT[query["interval"]]), int(query.get("start", 0)), int(query.get("end", 2**53)))
    newest_first = rows[::-1][: int(query.get("limit", 200))]
    lines = [[str(int(at)), *map(_text, (o, h, low, c, v)), _text(v * c)] for at, o, h, low, c, v in newest_first]
    return _bybit(exchange, {"symbol": query["symbol"], "category": "linear", "list": lines})


# -- Kraken --


def _kraken_pairs(exchange: Exchange, _: Query) -> tuple[int, Json]:
    pairs = {}
    for symbol, market in exchange.feed.markets(exchange.feed.symbols()).items():
        base, quote = symbol.split("/")
        pairs[base + quote] = {
            "altname": base + quote,
            "wsname": symbol,
            "aclass_base": "currency",
            "base": base,
            "aclass_quote": "currency",
            "quote": quote,
            "lot": "unit",
            "pair_decimals": 1,
            "cost_decimals": 5,
            "lot_decimals": 8,
            "lot_multiplier": 1,
            "leverage_buy": [],
            "leverage_sell": [],
            "fees": [[0, 0.4]],
            "fees_maker": [[0, 0.25]],
            "ordermin": "0.0001",
            "costmin": "0.5",
            "tick_size": f"{market.tick:f}",
            "status": "online",
        }
    return 200, {"error": [], "result": pairs}


def _kraken_ohlc(exchange: Exchange, query: Query) -> tuple[int, Json]:
    symbol, minutes = exchange.symbol(query["pair"]), int(query.get("interval", 1))
    if symbol is None:
        return 200, {"error": ["EQuery:Unknown asset pair"]}
    frame = next(t for t in exchange.feed.timeframes(symbol) if t.ms == minutes * 60_000)
    rows = exchange.rows(symbol, frame, int(query.get("since", 0)) * 1000, 2**53)[-720:]  # never older ones
    lines = [[int(at) // 1000, *map(_text, (o, h, low, c, c, v)), 7] for at, o, h, low, c, v in rows]
    return 200, {"error": [], "result": {query["pair"]: lines, "last": lines[-2][0] if len(lines) > 1 else 0}}


# -- Kraken Futures: everything against USD --


def _futures_instruments(exchange: Exchange, _: Query) -> tuple[int, Json]:
    rows = []
    for symbol, market in exchange.feed.markets(exchange.feed.symbols()).items():
        base = symbol.split("/")[0].replace("BTC", "XBT")
        rows.append(
            {
                "symbol": f"PF_{base}USD",
                "type": "flexible_futures",
                "tickSize": float(market.tick),
                "contractSize": 1,
                "tradeable": True,
                "openingDate": "2022-03-22T13:18:45Z",
                "contractValueTradePrecision": 3,
                "pair": f"{base}:USD",
                "marginLevels": [],
            }
        )
    return 200, {"result": "success", "instruments": rows}


def _futures_candles(exchange: Exchange, query: Query) -> tuple[int, Json]:
    *_, wire, interval = query["path"].split("/")
    symbol = exchange.symbol(wire.removeprefix("PF_").replace("XBT", "BTC") + "T")
    if symbol is None or "until" in query:
        return 400, {"errors": [{"severity": "error", "value": wire, "type": "invalid_symbol"}]}
    rows = exchange.rows(symbol, T(interval), int(query["from"]) * 1000, int(query["to"]) * 1000)[:2000]
    names = ("time", "open", "high", "low", "close", "volume")
    lines = [{name: int(v) if name == "time" else _text(v) for name, v in zip(names, row, strict=True)} for row in rows]
    return 200, {"candles": lines, "more_candles": False}


# -- Phemex --


def _phemex_products(exchange: Exchange, _: Query) -> tuple[int, Json]:
    rows = []
    for place, (symbol, market) in enumerate(exchange.feed.markets(exchange.feed.symbols()).items()):
        base, quote = symbol.split("/")
        rows.append(
            {
                "symbol": base + quote,
                "code": 40000 + place,
                "type": "PerpetualV2",
                "displaySymbol": f"{base} / {quote}",
                "contractUnderlyingAssets": base,
                "settleCurrency": quote,
                "quoteCurrency": quote,
                "baseCurrency": base,
                "tickSize": f"{market.tick:f}",
                "qtyStepSize": f"{market.lot:f}",
                "priceScale": 0,
                "ratioScale": 0,
                "status": "Listed",
            }
        )
    data = {"currencies": [], "products": [], "perpProductsV2": rows, "riskLimits": [], "riskLimitsV2": []}
    return 200, {"code": 0, "msg": "", "data": data}


def _phemex_klines(exchange: Exchange, query: Query) -> tuple[int, Json]:
    symbol, limit = exchange.symbol(query["symbol"]), int(query["limit"])
    if symbol is None or limit not in (5, 10, 50, 100, 500, 1000):
        return 400, {"code": 30000, "msg": "Please double check input arguments", "data": None}
    frame = next(t for t in exchange.feed.timeframes(symbol) if t.ms == int(query["resolution"]) * 1000)
    rows = exchange.rows(symbol, frame, int(query["from"]) * 1000, int(query["to"]) * 1000)[:limit]
    lines = [
        [int(at) // 1000, frame.ms // 1000, *map(_text, (o, o, h, low, c, v, v * c)), query["symbol"]]
        for at, o, h, low, c, v in rows
    ]
    return 200, {"code": 0, "msg": "OK", "data": {"total": -1, "rows": lines}}
