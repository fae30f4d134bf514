"""What is stored reads back exactly, whatever is in it."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.codec import KINDS, NotStorable, dumps, loads
from db.rows import decimal_text
from engine.domain import event as events
from engine.domain.book import Lane
from engine.domain.event import DailyReport, Event, SignalFired
from engine.domain.market import Market
from engine.domain.position import Position, Status
from engine.domain.signal import Signal
from tests.histories import histories, made_signal

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | st.text(max_size=5),
    lambda inner: st.tuples(inner, inner) | st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(histories())
def test_every_event_reads_back_as_it_was(slices: list[list[Event]]) -> None:
    for event in (event for part in slices for event in part):
        again = loads(type(event), dumps(event))
        assert repr(again) == repr(event)
        assert type(again) is type(event)


@given(st.floats(), st.floats(), st.lists(st.tuples(st.integers(0, 9), st.floats())))
def test_floats_keep_every_bit(entry: float, stop: float, kept: list[tuple[int, float]]) -> None:
    position = Position(made_signal(), Status.OPEN, entry=entry, stop=stop, at_entry=tuple(kept))
    again = loads(Position, dumps(position))
    assert repr(again) == repr(position)
    assert math.copysign(1, again.entry) == math.copysign(1, entry) or math.isnan(entry)


@given(PLAIN)
def test_fields_of_any_type_keep_tuples_apart_from_lists(value: Any) -> None:
    report = DailyReport("r", 1, "scalper", "2025-04-01", (("x", value),))
    assert repr(loads(DailyReport, dumps(report))) == repr(report)


def test_decimals_and_mappings_keep_their_types() -> None:
    market = Market("binanceusdm", "BTC/USDT", Decimal("0.10"), Decimal("0.001"))
    assert loads(Market, dumps(market)) == market
    lane = Lane(blocked={("5m", "long"): "cooldown", ("1h", "short"): "stale"})
    assert loads(Lane, dumps(lane)) == lane


def test_a_field_that_was_added_later_takes_its_default() -> None:
    data = json.loads(dumps(made_signal()))
    del data["short_of_history"]
    assert loads(Signal, json.dumps(data)).short_of_history == 0


def test_a_signal_that_was_changed_by_hand_is_refused() -> None:
    text = dumps(made_signal()).replace('"scalper"', '"trend"')
    with pytest.raises(ValueError, match="its id is"):
        loads(Signal, text)


def test_what_is_no_such_noun_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="no Position"):
        loads(Position, '{"status": "OPEN"}')


def test_what_has_no_stored_form_is_a_programmers_mistake() -> None:
    with pytest.raises(NotStorable):
        dumps(DailyReport("r", 1, "s", "d", (("x", object()),)))


def test_every_kind_of_event_is_known_by_its_name() -> None:
    told = {name for name, kind in vars(events).items() if isinstance(kind, type) and issubclass(kind, Event)}
    assert {kind.__name__ for kind in KINDS.values()} == told - {"Event", "PositionEvent"}
    assert KINDS["signal"] is SignalFired


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.1, "0.1"), (1e-8, "0.00000001"), (84250.0, "84250.0"), (1e22, "10000000000000000000000"), (None, None)],
)
def test_prices_are_plain_decimal_text(value: float | None, text: str | None) -> None:
    assert decimal_text(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_decimal_text_reads_back_as_the_same_price(value: float) -> None:
    text = decimal_text(value)
    assert text is not None
    assert float(text) == value
    assert "e" not in text.lower()
