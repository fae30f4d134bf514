"""The notation for made series: what is written, what it means, and where a mistake stands."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl.testing.notation import LONGEST, NotationError, parse_series


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("100", [100]),
        ("100 x3", [100, 100, 100]),
        ("94.6, 95.1", [94.6, 95.1]),
        ("100 to 94 in 3", [98, 96, 94]),
        ("100, to 94 in 3", [100, 98, 96, 94]),
        ("100, +0.5 x2, -1 x2", [100, 100.5, 101, 100, 99]),
        ("5_000_000 x2", [5e6, 5e6]),
        ("1.5e3", [1500]),
        ("70%, 50% to 60% in 2", [0.7, 0.55, 0.6]),
        ("-1, -2", [-1, -2]),
        ("  1 ,\n 2x2 ", [1, 2, 2]),
    ],
)
def test_what_is_written(text: str, values: list[float]) -> None:
    assert parse_series(text).tolist() == pytest.approx(values)


def test_candles_that_do_not_exist() -> None:
    series = parse_series("1, _ x2, 2")
    assert np.isnan(series).tolist() == [False, True, True, False]


def test_filling_up() -> None:
    assert parse_series("1 x2, 3 x*", 5).tolist() == [1, 1, 3, 3, 3]
    assert np.isnan(parse_series("_ x*", 3)).all()


def test_noise_is_repeatable_and_bounded() -> None:
    quiet, loud = parse_series("100 x500"), parse_series("100 x500, noise 0.2 seed 7")
    assert np.abs(loud - quiet).max() <= 0.2
    assert len(set(loud.tolist())) > 400
    assert loud.tolist() == parse_series("100 x500, noise 0.2 seed 7").tolist()
    assert loud.tolist() != parse_series("100 x500, noise 0.2 seed 8").tolist()


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("100 x60, abc, 3", "abc", "is no run of candles"),
        ("100 x60, abc, 3", "abc", "at the end, `noise 0.2 seed 7`, with commas between"),
        ("100 x60 noise 0.2", "100 x60 noise 0.2", "`noise` is an item of its own: write `100 x60, noise 0.2`"),
        ("100,, 3", ",", "a number is missing"),
        ("", "", "a number is missing"),
        ("to 94 in 3", "to 94 in 3", "there is none before it"),
        ("_ x3, to 5 in 3", "to 5 in 3", "there is none before it"),
        ("100 x0", "100 x0", "a run has 1 to 200,000 candles"),
        ("100 to 5 in 0", "100 to 5 in 0", "a run has 1 to 200,000 candles"),
        ("100 x" + "9" * 5000, "100 x" + "9" * 5000, "a run has 1 to 200,000 candles"),
        ("100 x150_000, 7 x150_000", "7 x150_000", "a series has at most 200,000 candles"),
        ("1e999", "1e999", "too large a number"),
        ("100 x*", "100 x*", "`x*` fills up to the length of `close`"),
    ],
)
def test_a_mistake_has_its_place(text: str, place: str, words: str) -> None:
    with pytest.raises(NotationError) as caught:
        parse_series(text)
    assert words in caught.value.message
    assert text[caught.value.start : caught.value.end] == place


def test_nothing_is_left_to_fill_up() -> None:
    with pytest.raises(NotationError, match="`close` has 3 candles"):
        parse_series("1 x3, 2 x*", 3)


_prices = st.floats(0.01, 1e6).map(lambda value: round(value, 4))
_counts = st.integers(1, 50)
_items = st.one_of(
    st.tuples(_prices, _counts).map(lambda given: (f"{given[0]} x{given[1]}", given[1], given[0])),
    st.tuples(_prices, _prices, _counts).map(
        lambda given: (f"{given[0]} to {given[1]} in {given[2]}", given[2], given[1])
    ),
)


@given(st.lists(_items, min_size=1, max_size=8))
def test_length_and_end_are_as_written(items: list[tuple[str, int, float]]) -> None:
    series = parse_series(", ".join(text for text, _, _ in items))
    assert len(series) == sum(count for _, count, _ in items)
    at = 0
    for _, count, end in items:
        at += count
        assert series[at - 1] == end


@given(st.text(alphabet="0123456789.,x*_ +-e%tonis", max_size=60), st.none() | st.integers(1, 50))
def test_anything_is_answered(text: str, length: int | None) -> None:
    found = _answer(text, length)
    if isinstance(found, NotationError):
        assert 0 <= found.start <= found.end <= len(text) + 1
        assert found.message
    else:
        assert found <= LONGEST


def _answer(text: str, length: int | None) -> NotationError | int:
    try:
        return len(parse_series(text, length))
    except NotationError as error:
        return error
