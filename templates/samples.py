"""A sample payload of every kind of event: what templates are proved with when they are loaded and tested."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

_BRAND = {
    "name": "Northlight Signals",
    "url": "https://northlight.example",
    "disclaimer": "Information, not financial advice. You can lose what you trade with.",
    "hashtag": "northlight",
}
_BOT = {
    "id": "scalper",
    "name": "Scalping Bot",
    "version": "1.0.0",
    "about": "Oversold bounce and overbought rejection on fast candles.",
}
_CONDITIONS = [
    {
        "name": "uptrend",
        "text": "close > ema(close, 25) or close > ema(close, 50)",
        "truth": "true",
        "must": True,
        "weight": 0.0,
        "parts": [
            {"text": "close", "value": 63250.0},
            {"text": "ema(close, 25)", "value": 63102.38},
            {"text": "ema(close, 50)", "value": 63310.2},
        ],
    },
    {
        "name": "oversold",
        "text": "lowest(rsi14, 3) <= low_rsi",
        "truth": "true",
        "must": True,
        "weight": 3.0,
        "parts": [{"text": "lowest(rsi14, 3)", "value": 27.413}, {"text": "low_rsi", "value": 30.0}],
    },
    {
        "name": "strength",
        "text": "volume > 1.8 * sma(volume, 20)",
        "truth": "true",
        "must": False,
        "weight": 2.0,
        "parts": [{"text": "volume", "value": 1843.2}, {"text": "1.8 * sma(volume, 20)", "value": 1210.55}],
    },
    {
        "name": "calm",
        "text": 'abs(roc(close, 5)@"BTC/USDT") < 1%',
        "truth": "false",
        "must": False,
        "weight": 1.0,
        "parts": [{"text": 'abs(roc(close, 5)@"BTC/USDT")', "value": 0.0131}],
    },
    {
        "name": "funding",
        "text": "funding_rate < 0.01%",
        "truth": "unknown",
        "must": False,
        "weight": 1.0,
        "parts": [{"text": "funding_rate", "value": None}],
    },
]
_SIGNAL = {
    "id": "9f2c5d7e1a3b4c5d6e7f8091",
    "source": "SCALPER",
    "symbol": "BTCUSDT",
    "timeframe": "15m",
    "side": "long",
    "entry_price": 63250.0,
    "stop_loss": 62800.1,
    "take_profits": [
        {"price": 63629.5, "part": 0.5},
        {"price": 64009.0, "part": 0.3},
        {"price": 64374.8, "part": 0.2},
    ],
    "confidence": 78.0,
    "created_at": "2025-04-07T13:00:00Z",
    "expires_at": "2025-04-07T17:00:00Z",
    "strategy_version": "1.0.0",
    "engine_version": "0.1.0",
    "venue": "binanceusdm",
    "meta": {
        "entry": {"kind": "market", "part": 1.0, "cancel_after": 0, "adds": []},
        "conditions": _CONDITIONS,
        "short_of_history": 0,
    },
}
_TEXT = {
    "entry": "63250.0",
    "stop": "62800.1",
    "targets": ["63629.5", "64009.0", "64374.8"],
    "exit": None,
    "price": None,
    "old_stop": None,
    "new_stop": None,
}
_POSITION = {
    "status": "PENDING",
    "opened_at": None,
    "closed_at": None,
    "entry_price": None,
    "exit_price": None,
    "stop": 62800.1,
    "targets_hit": 0,
    "targets_total": 3,
    "remaining": 0.0,
    "result_pct": 0.0,
    "result_r": None,
    "best_pct": None,
    "worst_pct": None,
    "ambiguous": 0,
}
_DETAIL = {"target": None, "part": None, "why": None, "reason": None, "rule": None}
_OPEN = {
    "status": "OPEN",
    "opened_at": "2025-04-07T13:00:00Z",
    "entry_price": 63254.3,
    "remaining": 1.0,
    "best_pct": 0.21,
    "worst_pct": -0.11,
}


def sample(kind: str, *, time: str = "2025-04-07T14:20:00Z", **changes: Any) -> dict[str, Any]:
    """Return the complete payload of one event; `changes` are merged into its parts (`position={…}`)."""
    payload: dict[str, Any] = copy.deepcopy(
        {
            "event": {"id": f"{_SIGNAL['id']}:{kind}", "kind": kind, "time": time},
            "brand": _BRAND,
            "bot": _BOT,
            "signal": _SIGNAL,
            "pair": "BTC/USDT",
            "text": _TEXT,
            "position": _POSITION,
            "detail": _DETAIL,
            "report": None,
        }
    )
    for part, values in changes.items():
        payload[part] = {**payload[part], **values} if isinstance(values, dict) and payload.get(part) else values
    return payload


def samples() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (name, payload) of every kind of event, and of every end a position can have."""
    yield "signal", sample("signal", time="2025-04-07T13:00:00Z")
    yield "opened", sample("opened", text={"price": "63254.3"}, detail={"part": 1.0}, position=_OPEN)
    yield "added", sample("added", text={"price": "62105.0"}, detail={"part": 0.3}, position=_OPEN)
    hit = {**_OPEN, "targets_hit": 1, "remaining": 0.5, "result_pct": 0.3}
    yield "target", sample("target", text={"price": "63629.5"}, detail={"target": 1, "part": 0.5}, position=hit)
    moved = {"old_stop": "62800.1", "new_stop": "63254.3"}
    yield "stop_moved", sample("stop_moved", text=moved, detail={"why": "target 1"}, position={**hit, "stop": 63254.3})
    yield (
        "part_exited",
        sample("part_exited", text={"price": "63410.0"}, detail={"part": 0.25, "rule": "faded"}, position=hit),
    )
    yield from _ends()
    yield from others()


def others() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (name, payload) of the events that belong to no signal."""
    numbers: dict[str, Any] = {
        "signals": 7,
        "closed": 5,
        "wins": 3,
        "losses": 2,
        "break_even": 0,
        "win_rate": 0.6,
        "result_pct": 1.84,
        "average_r": 0.42,
        "profit_factor": 2.26,
        "drawdown_pct": -1.46,
        "best": "BTC/USDT +1.90%",
        "worst": "ETH/USDT -0.73%",
        "average_hold": "3h 20m",
        "ambiguous": None,
    }
    nothing: dict[str, Any] = {"signal": None, "position": None, "text": {**_TEXT, "entry": None, "targets": []}}
    report = {"strategy": "scalper", "day": "2025-04-07", **numbers}
    yield "report", {**sample("report"), **nothing, "pair": "", "report": report}
    told = {"reason": "cooldown", "why": "30m after stop", "symbol": "BTCUSDT", "timeframe": "15m", "side": "long"}
    yield "blocked", {**sample("blocked"), **nothing, "detail": {**_DETAIL, **told}}
    alert = {"level": "error", "title": "Telegram refuses the token", "text": "channel telegram_vip: HTTP 401"}
    yield (
        "alert",
        {"event": {"id": "a", "kind": "alert", "time": "2025-04-07T14:20:00Z"}, "brand": _BRAND, "alert": alert},
    )


def _ends() -> Iterator[tuple[str, dict[str, Any]]]:
    ends: tuple[tuple[str, str, str, float, float, int], ...] = (
        ("closed-won", "TP_HIT", "64374.8", 1.021, 1.43, 3),
        ("closed-stopped", "SL_HIT", "62790.0", -0.734, -1.03, 0),
        ("closed-expired", "EXPIRED", "63250.0", 0.0, 0.0, 0),
        ("closed-by-rule", "EXITED", "63340.5", 0.136, 0.19, 1),
    )
    for name, status, price, percent, multiple, hits in ends:
        position = {
            **_OPEN,
            "status": status,
            "closed_at": "2025-04-07T16:25:00Z",
            "exit_price": float(price),
            "remaining": 0.0,
            "result_pct": percent,
            "result_r": multiple,
            "targets_hit": hits,
            "best_pct": max(percent, 0.21),
            "worst_pct": min(percent, -0.11),
            "ambiguous": 1 if status == "SL_HIT" else 0,
        }
        reason = "faded" if status == "EXITED" else ""
        yield (
            name,
            sample(
                "closed",
                time="2025-04-07T16:25:00Z",
                text={"exit": price, "price": price},
                detail={"part": 1.0, "reason": reason},
                position=position,
            ),
        )
    cancelled = {"status": "CANCELLED", "closed_at": "2025-04-07T16:25:00Z", "result_pct": None}
    yield "closed-cancelled", sample("closed", detail={"reason": "not filled in 6 bars"}, position=cancelled)
