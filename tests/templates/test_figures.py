"""Figures: signs, digits, spans, and cutting between words only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates import figures


@pytest.mark.parametrize(
    ("value", "text"), [(1.234, "+1.23%"), (-0.734, "−0.73%"), (0.0, "0.00%"), (-0.001, "0.00%"), (None, "–")]
)
def test_percent(value: float | None, text: str) -> None:
    assert figures.signed_percent(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(1.43, "+1.4R"), (-1.0, "−1.0R"), (0.19, "+0.19R"), (0.0, "0.00R"), (None, "")]
)
def test_r(value: float | None, text: str) -> None:
    assert figures.signed_r(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (63250.0, "63,250"),
        (1843.25, "1,843"),
        (27.4134, "27.41"),
        (0.000012345678, "0.00001235"),
        (83_307_899.0, "83.31M"),
        (-2.5e9, "−2.50B"),
        (-3.5, "−3.5"),
        (0.0, "0"),
        (1e20, "1e+20"),
        (None, "unknown"),
    ],
)
def test_readable(value: float | None, text: str) -> None:
    assert figures.readable(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=1e-9, max_value=9e5))
def test_readable_is_near_what_it_says(value: float) -> None:
    assert float(figures.readable(value).replace(",", "")) == pytest.approx(value, rel=6e-4)


@pytest.mark.parametrize(
    ("start", "stop", "text"),
    [
        ("2025-04-07T13:00:00Z", "2025-04-07T16:25:00Z", "3h 25m"),
        ("2025-04-07T13:00:00Z", "2025-04-09T17:01:00Z", "2d 4h"),
        ("2025-04-07T13:00:00Z", "2025-04-07T13:00:05Z", "under 1m"),
        (None, "2025-04-07T13:00:05Z", ""),
    ],
)
def test_span(start: str | None, stop: str, text: str) -> None:
    assert figures.span(start, stop) == text


def test_clock_tells_the_day_unless_it_is_the_same() -> None:
    assert figures.clock("2025-04-07T13:05:00Z") == "7 Apr, 13:05 UTC"
    assert figures.clock("2025-04-07T13:05:00Z", "2025-04-07T09:00:00Z") == "13:05 UTC"


def test_prices_keep_the_digits_of_the_market() -> None:
    assert figures.like(63250.0, "62800.10") == "63250.00"
    assert figures.like(0.00001234, "0.00001200") == "0.00001234"
    assert figures.like(None, "1") == "–"


@given(st.text(max_size=300), st.integers(2, 100))
def test_clip_fits_and_cuts_between_words(text: str, limit: int) -> None:
    clipped, whole = figures.clip(text, limit), figures.clip(text, 10_000)
    assert len(clipped) <= limit
    if clipped != whole:
        head = clipped.removesuffix("…")
        assert whole.startswith(head)
        assert " " not in whole[:limit] or whole[len(head) :][:1] in " ,.;:·–-" or " " not in head


def test_clip_keeps_an_emoji_whole() -> None:
    family = "👨‍👩‍👧"
    assert figures.clip("x" * 8 + family * 3, 12) == "x" * 8 + "…"


@pytest.mark.parametrize(
    ("name", "text"), [("low_rsi_bounce", "Low RSI bounce"), ("qfl", "QFL"), ("no_bounce", "No bounce")]
)
def test_humanise(name: str, text: str) -> None:
    assert figures.humanise(name) == text
