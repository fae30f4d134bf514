"""Which messages an event owes, and what is in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator, FormatChecker

from engine.domain.event import Event, StopMoved
from engine.domain.market import Market
from engine.domain.message import Bot, Brand, Channel, OutboxMessage
from engine.domain.position import Position, Status
from engine.domain.signal import Side
from engine.messages import iso, messages, wire_position, wire_signal
from tests.histories import History, histories, made_signal

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "signal.schema.json").read_text())
WIRE = Draft202012Validator(SCHEMA, format_checker=FormatChecker())
ALL = frozenset(
    {"signal", "opened", "added", "target", "stop_moved", "trailed", "part_exited", "closed", "report", "blocked"}
)
MARKETS = {"BTC/USDT": Market("binanceusdm", "BTC/USDT", Decimal("0.10"), Decimal("0.001"))}
BOTS = {"scalper": Bot("scalper", "Scalping Bot", "1.0.0", "Fast.")}
VIP = Channel("vip", "telegram", ALL)


def owed(events: list[Event], *channels: Channel) -> tuple[OutboxMessage, ...]:
    return messages(events, channels or (VIP,), Brand("Northlight", hashtag="north"), MARKETS, BOTS)


def payload(events: list[Event]) -> Mapping[str, Any]:
    return owed(events)[-1].payload


def one_life() -> tuple[History, dict[str, list[Event]]]:
    """Return a history in which everything happens to one position, and its events by what happened."""
    history = History()
    told = {"fire": history.fire("scalper", "BTC/USDT", Side.LONG, 100.0)}
    for what in ("open", "add", "target", "move", "part", "close"):
        told[what] = history.step(history.book().live_positions()[0], what)
    return history, told


@given(histories())
def test_every_signal_on_the_wire_follows_the_schema(slices: list[list[Event]]) -> None:
    for events in slices:
        for message in owed(events):
            assert json.loads(json.dumps(message.payload, allow_nan=False)) == message.payload
            if message.payload["signal"] is not None:
                WIRE.validate(message.payload["signal"])


def test_the_schema_allows_nothing_more() -> None:
    wire = payload(History().fire("scalper", "BTC/USDT", Side.LONG, 100.0))["signal"]
    WIRE.validate(wire)
    for broken in ({"extra": 1}, {"side": "LONG"}, {"confidence": 101}, {"entry_price": "100"}, {"created_at": "now"}):
        assert not WIRE.is_valid({**wire, **broken}), broken
    for name in wire:
        assert not WIRE.is_valid({key: value for key, value in wire.items() if key != name}), name


def test_messages_are_routed_by_kind_and_bot() -> None:
    history, _ = one_life()
    channels = (
        Channel("vip", "telegram", ALL),
        Channel("news", "x", frozenset({"signal", "closed"})),
        Channel("trends", "x", ALL, frozenset({"trend"})),
        Channel("scalps", "x", frozenset({"target"}), frozenset({"scalper", "qfl"})),
    )
    found: dict[str, list[str]] = {}
    for message in owed(history.events, *channels):
        found.setdefault(message.channel, []).append(message.event_kind)
    assert found == {
        "vip": ["signal", "opened", "added", "target", "stop_moved", "part_exited", "closed"],
        "news": ["signal", "closed"],
        "scalps": ["target"],
    }


def test_keys_are_unique_and_the_same_every_time() -> None:
    history, _ = one_life()
    channels = (VIP, Channel("news", "x", ALL))
    first, second = owed(history.events, *channels), owed(history.events, *channels)
    assert first == second
    assert len({message.key for message in first}) == len(first) == 14
    assert {message.thread for message in first} == {history.events[0].signal.id}  # type: ignore[attr-defined]
    assert all(message.due_at == message.created_at for message in first)


def test_a_signal_says_all_that_a_post_needs() -> None:
    told = payload(History().fire("scalper", "BTC/USDT", Side.LONG, 100.0))
    assert told["bot"] == {"id": "scalper", "name": "Scalping Bot", "version": "1.0.0", "about": "Fast."}
    assert told["brand"]["name"] == "Northlight"
    assert told["pair"] == "BTC/USDT"
    assert told["event"]["time"] == "2025-04-01T00:05:00Z"
    assert told["text"] == {
        "entry": "100.00", "stop": "98.00", "targets": ["101.00", "103.00"],
        "exit": None, "price": None, "old_stop": None, "new_stop": None,
    }  # fmt: skip
    wire = told["signal"]
    assert (wire["source"], wire["symbol"], wire["side"], wire["entry_price"]) == ("SCALPER", "BTCUSDT", "long", 100.0)
    assert wire["expires_at"] == "2025-04-01T04:05:00Z"
    assert wire["meta"]["conditions"][0]["parts"] == [
        {"text": "rsi(14)", "value": 28.25, "unit": ""},
        {"text": "atr(14)", "value": None, "unit": ""},
    ]
    assert wire["meta"]["conditions"][1]["truth"] == "unknown"
    assert wire["meta"]["values"] == {"momentum": 81.5, "nested": [1, "two", None, None, True]}
    assert told["position"]["status"] == "PENDING"
    assert told["position"]["entry_price"] is None


def test_each_change_says_what_changed() -> None:
    _, told = one_life()
    assert payload(told["open"])["detail"]["part"] == 0.5
    assert payload(told["open"])["text"]["price"] == "100.10"
    target = payload(told["target"])
    assert (target["detail"]["target"], target["position"]["targets_hit"]) == (1, 1)
    assert target["position"]["result_pct"] == 0.5
    moved = payload(told["move"])
    assert (moved["text"]["old_stop"], moved["text"]["new_stop"]) == ("98.00", "100.10")
    assert moved["detail"]["why"] == "target 1"
    assert payload(told["part"])["detail"]["rule"] == "faded"
    closed = payload(told["close"])
    assert (closed["position"]["status"], closed["detail"]["reason"]) == ("SL_HIT", "stop")
    assert closed["position"]["result_r"] == -1.0
    assert closed["text"]["exit"] == "100.10"


@pytest.mark.parametrize(("side", "best", "worst"), [(Side.LONG, 110.0, 95.0), (Side.SHORT, 90.0, 105.0)])
def test_excursions_are_positive_on_the_profit_side(side: Side, best: float, worst: float) -> None:
    signal = made_signal(side=side, price=100.0)
    position = wire_position(Position(signal, Status.OPEN, entry=100.0, filled=1.0, best=best, worst=worst))
    assert (position["best_pct"], position["worst_pct"]) == (10.0, -5.0)


def test_every_payload_has_the_same_details() -> None:
    history, _ = one_life()
    history.report("scalper")
    for message in owed(history.events):
        assert set(message.payload["detail"]) == {"target", "part", "why", "reason", "rule"}


def test_a_report_belongs_to_no_signal() -> None:
    (message,) = owed(History().report("scalper"))
    assert message.thread == ""
    assert message.payload["signal"] is None
    assert message.payload["position"] is None
    assert message.payload["report"] == {
        "strategy": "scalper", "day": "2025-04-01", "signals": 3, "win_rate": 0.5, "best": None,
        "coins": [["BTC/USDT", 1.25]],
    }  # fmt: skip


def test_a_block_is_told_where_a_channel_asks_for_it() -> None:
    events = History().block("qfl", "ETH/USDT:USDT", Side.LONG, "cooldown")
    assert owed(events, Channel("news", "x", ALL - {"blocked"})) == ()
    told = payload(events)
    assert told["detail"]["reason"] == "cooldown"
    assert (told["detail"]["symbol"], told["pair"]) == ("ETHUSDT", "ETH/USDT")
    assert told["bot"]["name"] == "qfl", "a bot that is not known is called by its id"


def test_a_market_without_a_tick_shows_the_prices_own_digits() -> None:
    told = payload(History().fire("scalper", "PEPE/USDT", Side.LONG, 1.25e-06))
    assert told["text"]["entry"] == "0.00000125"
    assert told["signal"]["entry_price"] == 1.25e-06


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1_743_465_600_000, "2025-04-01T00:00:00Z"),
        (5, "1970-01-01T00:00:00.005Z"),
    ],
)
def test_times_are_iso_in_utc(time: int, text: str) -> None:
    assert iso(time) == text


def test_a_signal_without_a_stop_or_an_end() -> None:
    wire = wire_signal(replace(made_signal(), stop=None, expire_ms=0, targets=(), verdicts=(), meta=()))
    WIRE.validate(wire)
    assert (wire["stop_loss"], wire["expires_at"], wire["take_profits"]) == (None, None, [])
    assert "values" not in wire["meta"]


def test_a_step_of_a_trailing_stop_is_told_only_where_it_was_asked_for() -> None:
    _, told = one_life()
    moved = next(event for event in told["move"] if isinstance(event, StopMoved))
    by_target, by_trail = replace(moved, why="target 1"), replace(moved, why="trail")
    asking, not_asking = Channel("a", "telegram", ALL), Channel("b", "telegram", ALL - {"trailed"})
    assert [m.channel for m in owed([by_target], asking, not_asking)] == ["a", "b"]
    assert [m.channel for m in owed([by_trail], asking, not_asking)] == ["a"]
