"""What people type from other languages gets the sign, the word or the form of this one, at its exact place."""

from __future__ import annotations

import pytest

from tests.dsl.texts import load_text

WORDS = [
    ("close = open", "=", "write `==`"),
    ("close > open && volume > 0", "&&", "write `and`"),
    ("close > open || volume > 0", "||", "write `or`"),
    ("!(close > open)", "!", "write `not`"),
    ("close > open AND volume > 0", "AND", "write `and`"),
    ("1 < rsi(14) < 2", "<", "write `rsi(14) between 1 and 2` (both included)"),
    ("close > 5%", "close", "write a change such as `roc(close, 5)`, or a share of a price such as `open * 1.05`"),
    ("close - open > 5%", "close - open", "write it as a share of a price: `(close - open) / close`"),
    ("close[-1] > open", "-1", "write `close[1]` for the past"),
    ("close(1) > open", "close", "write `close[1]`"),
    ("close.shift(1) > open", "close.shift", "write `close[1]`"),
    ("close[1h] > open", "1h", "`close@1h` is the value on candles of 1h"),
    ("crossover(close, open)", "crossover", "write `close crosses above open`"),
    ("crossunder(close, ema(close, 5))", "crossunder", "write `close crosses below ema(close, 5)`"),
    ("ta.crossover(close, open)", "ta.crossover", "write `close crosses above open`"),
    ("ta.rsi(close, 14) < 30", "ta.rsi", "remove `ta.`"),
    ("RSI(14) < 30", "RSI", "write `rsi`"),
    ("rsi(14) < 0,5", "0,5", "write `0.5`"),
    ("iff(close > open, rsi(5), rsi(9)) > 30", "iff", "write `if close > open then rsi(5) else rsi(9)`"),
    ("sma(close, 20)@15 > close", "15", "write `@15m`"),
]


@pytest.mark.parametrize(("text", "place", "help"), WORDS)
@pytest.mark.parametrize("style", ["it: {}", "it: '{}'", 'it: "{}"', "it: >-\n      {}"])
def test_the_form_of_this_language_is_told(text: str, place: str, help: str, style: str) -> None:
    if text.startswith("!"):
        style = style.replace("it: {}", "it: ({})")  # plain YAML takes a `!` at the beginning for a tag
    body = f"long:\n  when:\n    {style.format(text)}\n  entry: market\n  stop: 1%\n"
    (finding,) = load_text(body).diagnostics
    assert (finding.span.text, finding.help) == (place, help)
