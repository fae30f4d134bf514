"""Dialects: what is escaped can be read back, and X's length is X's length."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twitter_text import parse_tweet

from templates import dialects

SIGNS = st.text(
    st.one_of(
        st.sampled_from("abc ABC 123 $#@.,:;/\n·•−→“”≤✅❌⚪🟢🛑🎯📊🚀 ©® é ñ 漢字 あ ₿ ™ \u200d\ufe0f🇩🇪👍🏽1\u20e3"),
        st.characters(exclude_categories=["Cs", "Cn", "Co", "Cc"]),
    ),
    max_size=80,
)


@given(SIGNS)
def test_lengths_on_x_are_those_of_its_own_library(text: str) -> None:
    assert dialects.x_length(text) == parse_tweet(text).weightedLength


@pytest.mark.parametrize(
    ("text", "length"), [("a", 1), ("🟢", 2), ("漢", 2), ("👨‍👩‍👧", 2), ("see binance.com", 27), ("©", 2), ("", 0)]
)
def test_lengths_that_are_known(text: str, length: int) -> None:
    assert dialects.x_length(text) == length


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_html_reads_back(text: str) -> None:
    assert dialects.TELEGRAM.read(dialects.TELEGRAM.escape(text)) == text.replace("\r\n", "\r\n")


@pytest.mark.parametrize("text", ["binance.com", "go to https://a.io/x?y", "a.b.example.io now"])
def test_a_broken_link_is_no_link(text: str) -> None:
    from twitter_text import extract_urls_with_indices

    assert extract_urls_with_indices(text)
    assert not extract_urls_with_indices(dialects.unlink_x(text))


@pytest.mark.parametrize("text", ["v1.0.0", "63250.0 now", "−0.71%. Next", "no link here"])
def test_what_is_no_link_is_left_alone(text: str) -> None:
    assert dialects.unlink_x(text) == text


def test_clean_takes_out_what_turns_or_breaks_lines() -> None:
    assert dialects.clean("a\r\n\tb\u2028c\u202ed\x00e") == "a b c d e"
