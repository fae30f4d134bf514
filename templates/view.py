"""What templates show, worked out once from a message's payload.

A template reads the payload itself (`signal`, `pair`, `text`, …) and this `view` of it. Everything
here is a fact of the payload in a reader's form; nothing is judged or left out because it looks bad.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from templates.figures import clip, clock, humanise, plain_number, readable, signed_percent, signed_r, span, venue_name
from templates.words import explain

_NAME, _PAIR, _WHY = 48, 24, 220
_ENTRY = {"market": "at market, next price", "limit": "limit order", "stop": "stop order"}
_NUMBERS = {
    "break_even": "Break-even",
    "result_pct": "Sum of results",
    "average_r": "Average result",
    "drawdown_pct": "Deepest fall",
    "best": "Best coin",
    "worst": "Worst coin",
    "average_hold": "Average time open",
    "ambiguous": "Unclear candles, counted against us",
}
_RESULT = re.compile(r" ([-+])([0-9.]+)%$")
_CASHTAG = re.compile(r"[A-Z]{1,6}")
_ENDS = {
    "TP_HIT": ("🏁", "All targets reached"),
    "SL_HIT": ("🛑", "Stopped out"),
    "EXPIRED": ("⌛", "Expired"),
    "EXITED": ("🚪", "Closed by rule"),
    "CANCELLED": ("🚫", "Cancelled, never opened"),
}


@dataclass(frozen=True, slots=True)
class Target:
    """One target: `price` as text, `away` from the entry in percent, `r` in multiples of the risk."""

    n: int
    price: str
    away: str
    r: str
    part: float
    hit: bool


@dataclass(frozen=True, slots=True)
class Reason:
    """One condition in a reader's words. `truth` is true, false or unknown."""

    name: str
    words: str
    truth: str
    must: bool


@dataclass(frozen=True, slots=True)
class Number:
    """One number of a report, as text."""

    name: str
    text: str


class View(dict[str, Any]):
    """What templates find as `view`. The reasons of a signal are worked out when a template first asks for them."""

    __slots__ = ("_conditions",)

    def __init__(self, seen: Mapping[str, Any], conditions: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(seen)
        self._conditions = conditions

    def __missing__(self, name: str) -> Any:
        if name not in ("held", "missed") or "side" not in self:
            raise KeyError(name)
        reasons = [
            Reason(clip(humanise(c["name"]), 40), clip(explain(c), _WHY), c["truth"], bool(c["must"]))
            for c in self._conditions
        ]
        self["held"] = [reason for reason in reasons if reason.truth == "true"]
        self["missed"] = [reason for reason in reasons if reason.truth != "true"]
        return self[name]


def view_of(payload: Mapping[str, Any]) -> View:
    """Return what templates find as `view`, for any kind of event."""
    brand, bot, event = payload.get("brand") or {}, payload.get("bot") or {}, payload.get("event") or {}
    seen: dict[str, Any] = {
        "brand": clip(str(brand.get("name") or ""), _NAME),
        "url": str(brand.get("url") or ""),
        "disclaimer": clip(str(brand.get("disclaimer") or ""), 400),
        "hashtag": re.sub(r"\W", "", str(brand.get("hashtag") or "")),
        "bot": clip(str(bot.get("name") or bot.get("id") or ""), _NAME),
        "about": clip(str(bot.get("about") or ""), 300),
        "pair": clip(str(payload.get("pair") or ""), _PAIR),
        "time": clock(event.get("time")),
        "wire": {"event_id": event.get("id"), "time": event.get("time")},
    }
    caution = str(seen["disclaimer"])
    seen["caution"] = caution if len(caution) <= 40 else "Not financial advice."
    if payload.get("signal"):
        seen |= _signal(payload)
        seen["wire"] |= _wire(payload)
    if payload.get("position"):
        seen |= _position(payload)
    if payload.get("report"):
        seen["numbers"] = _numbers(payload["report"])
        seen["quiet"] = _quiet(payload["report"])
    if payload.get("alert"):
        seen["alarm"] = {"error": "🔴", "warning": "🟠"}.get(payload["alert"].get("level", ""), "🔵")
    meta = (payload.get("signal") or {}).get("meta") or {}
    return View(seen | {"card": _card(payload, seen)}, meta.get("conditions") or ())


def _wire(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return what every update on the wire holds besides its own fields."""
    signal = payload["signal"]
    same = ("source", "symbol", "timeframe", "side", "venue", "strategy_version", "engine_version")
    return {"signal_id": signal["id"], **{name: signal[name] for name in same}, "position": payload["position"]}


def _card(payload: Mapping[str, Any], seen: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a feed page sorts and filters by."""
    signal, position = payload.get("signal") or {}, payload.get("position") or {}
    event, bot = payload.get("event") or {}, payload.get("bot") or {}
    return {
        "thread": signal.get("id", ""),
        "kind": event.get("kind", ""),
        "time": event.get("time", ""),
        "brand": seen["brand"],
        "bot": bot.get("id", ""),
        "bot_name": seen["bot"],
        "pair": seen["pair"],
        "side": signal.get("side", ""),
        "timeframe": signal.get("timeframe", ""),
        "venue": seen.get("venue", ""),
        "confidence": signal.get("confidence"),
        "status": position.get("status", ""),
        "outcome": seen.get("outcome", "none") if event.get("kind") == "closed" else "",
        "result_pct": position.get("result_pct"),
        "result_r": position.get("result_r"),
    }


def _numbers(report: Mapping[str, Any]) -> list[Number]:
    """Return the plain numbers of a report, in its order; none for a day on which nothing ended."""
    if not report.get("closed", bool(set(report) - {"strategy", "day", "signals"})):
        return []
    told = {name: value for name, value in report.items() if name not in ("strategy", "day")}
    if all(isinstance(told.get(name), int) for name in ("closed", "wins", "losses")):
        wins, losses, even = told.pop("wins"), told.pop("losses"), told.pop("break_even", 0)
        told["closed"] = f"{told['closed']} ({wins} won, {losses} lost{f', {even} even' if even else ''})"
    return [
        Number(_NUMBERS.get(name) or humanise(name), text)
        for name, value in told.items()
        if (text := _number(name, value))
    ]


def _quiet(report: Mapping[str, Any]) -> str:
    """Return the one line of a day on which nothing ended."""
    made = report.get("signals")
    new = f"; {made} new signal{'' if made == 1 else 's'}" if made else ""
    return f"No signal ended that day{new}"


def _number(name: str, value: Any) -> str:
    if name in ("best", "worst"):
        return _coin(name, str(value or ""))
    if isinstance(value, str):
        return clip(value, 60)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or (name == "break_even" and not value):
        return ""
    if name == "win_rate":
        return f"{value * 100:.0f}%" if value <= 1 else f"{value:.0f}%"
    if name == "profit_factor":
        return f"{value:.2f}"
    if name.endswith(("_pct", "_percent")):
        return signed_percent(value)
    return signed_r(value) if name.endswith("_r") else readable(value)


def _coin(name: str, text: str) -> str:
    """Return `SOL/USDT −1.14%`; empty for a best coin that lost and a worst one that won."""
    result = _RESULT.search(text)
    if result and (result[1] == "-") == (name == "best") and float(result[2]):
        return ""
    return clip(_RESULT.sub(lambda found: f" {found[1].replace('-', '−')}{found[2]}%", text), 60)


def _signal(payload: Mapping[str, Any]) -> dict[str, Any]:
    signal, pair = payload["signal"], str(payload["pair"])
    long = signal["side"] == "long"
    base = pair.partition("/")[0]
    meta = signal["meta"]
    entry = meta.get("entry") or {}
    created, expires = signal["created_at"], signal["expires_at"]
    return {
        "side": "LONG" if long else "SHORT",
        "dot": "🟢" if long else "🔴",
        "ticker": base if _CASHTAG.fullmatch(base) else "",
        "symbol": signal["symbol"],
        "timeframe": signal["timeframe"],
        "venue": clip(venue_name(signal["venue"]), 32),
        "confidence": plain_number(round(signal["confidence"])),
        "entry_kind": entry.get("kind", "market"),
        "entry_how": _ENTRY.get(entry.get("kind", "market"), ""),
        "entry_part": entry.get("part", 1.0),
        "adds": entry.get("adds") or (),
        "stop_away": _away(signal["stop_loss"], signal),
        "targets": (targets := _targets(payload)),
        "reward": targets[-1].r if targets else "",
        "expires": clock(expires, created),
        "created": clock(created),
        "versions": " · ".join(
            f"{word}{clip(str(text), 20)}"
            for word, text in (("v", signal["strategy_version"]), ("engine ", signal["engine_version"]))
            if text
        ),
        "version": clip(str(signal["strategy_version"]), 20),
        "short_of_history": meta.get("short_of_history") or 0,
    }


def _away(price: float | None, signal: Mapping[str, Any]) -> str:
    """Return how far a price is from the quoted entry in the market's own direction, in percent."""
    entry = signal["entry_price"]
    return signed_percent((price - entry) / entry * 100) if price is not None and entry else ""


def _targets(payload: Mapping[str, Any]) -> list[Target]:
    signal, position = payload["signal"], payload.get("position") or {}
    entry, stop = signal["entry_price"], signal["stop_loss"]
    risk = abs(entry - stop) if stop is not None else 0.0
    hit = position.get("targets_hit") or 0
    return [
        Target(
            n=n,
            price=text,
            away=_away(target["price"], signal),
            r=signed_r(abs(target["price"] - entry) / risk).lstrip("+") if risk else "",
            part=target["part"],
            hit=n <= hit,
        )
        for n, (target, text) in enumerate(
            zip(signal["take_profits"], payload["text"]["targets"], strict=True), start=1
        )
    ]


def _position(payload: Mapping[str, Any]) -> dict[str, Any]:
    position, signal = payload["position"], payload["signal"]
    badge, ending = _ENDS.get(position["status"], ("", ""))
    result, opened = position["result_pct"], position["opened_at"] is not None
    outcome = "none" if not opened or result is None else "win" if result > 0 else "loss" if result < 0 else "flat"
    if position["status"] == "EXITED" and (payload.get("detail") or {}).get("reason"):
        ending = f"Closed by the rule “{clip(humanise(str(payload['detail']['reason'])), 40)}”"
    if position["status"] == "SL_HIT" and outcome == "win":
        ending = "Stopped in profit"
    return {
        "badge": badge,
        "ending": ending,
        "opened": opened,
        "outcome": outcome,
        "mark": {"win": "✅", "loss": "❌", "flat": "⚪", "none": "🚫"}[outcome],
        "result": signed_percent(result),
        "result_r": signed_r(position["result_r"]),
        "best": signed_percent(position["best_pct"]),
        "worst": signed_percent(position["worst_pct"]),
        "held_for": span(position["opened_at"], position["closed_at"] or payload["event"]["time"]),
        "hits": f"{position['targets_hit']} of {position['targets_total']}",
        "free": _free(position, signal),
        "since": span(signal["created_at"], payload["event"]["time"]),
    }


def _free(position: Mapping[str, Any], signal: Mapping[str, Any]) -> bool:
    """Tell whether the stop stands at the average entry or on its profit side."""
    stop, entry = position["stop"], position["entry_price"]
    if stop is None or entry is None:
        return False
    return bool(stop >= entry if signal["side"] == "long" else stop <= entry)
