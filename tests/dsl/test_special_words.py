"""What people type from other languages gets the sign, the word or the form of this one, at its exact place."""

from __future__ import annotations

import re

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
    ("close ** 2 > 3", "**", "write `close * close`"),
    ("rsi(14) ^ 0.5 > 3", "^", "write `sqrt(rsi(14))`"),
    ("time.hour % 2 < 1", "%", "write `time.hour - 2 * floor(time.hour / 2)`"),
    ("close !== open", "!==", "write `!=`"),
    ("close > open ? volume > 3 : volume > 9", "?", "write `if close > open then volume > 3 else volume > 9`"),
    ("low > 3 if close > open else low > 9", "if", "write `if close > open then low > 3 else low > 9`"),
    ("x := close", "x :=", "write it there, as in `x: ema(close, 20)`"),
    ("close > open; low > 3", ";", "join two conditions with `and`, or give each its own name"),
    ("rsi(close; 14) > 3", ";", "write `,`"),
    ("close > open // why", "//", "write `# ...`"),
    ("close > “open”", "“open”", "write `open`"),
    ("timeframe == ‘1h’", "‘1h’", "write `1h`"),
    ("rsi(14) ≥ 30", "≥", "write `>=`"),
    ("rsi(14) ＜ 30", "＜", "write `<`"),
    ("close\u00a0> open", "\u00a0", "write a plain one"),
    ("close × 2 > open", "×", "write `*`"),
    ("|close - open| > 3", "|close - open|", "write `abs(close - open)`"),
    ("close[1:3] > 3", "[1:3]", "over several write `highest(x, n)` or `sma(x, n)`"),
    ("close > $100", "$100", "write `100`"),
    ("close > 100€", "100€", "write `100`"),
    ("close > 100 USDT", "100 USDT", "write `100`"),
    ("close > 1.000,50", "1.000,50", "write `1_000.50`"),
    ("close > 12 500", "12 500", "write `12_500`: thousands are grouped with `_`"),
    ("close > 1k", "1k", "write `1_000`"),
    ("volume > 5M", "5M", "write `5_000_000`, or `5m` for minutes"),
    ("close > 5.", "5.", "write `5`"),
    ("roc(close, 5) > 5 %", "5 %", "write `5%`"),
    ("close@1H > open", "1H", "write `@1h`"),
    ("close@15min > open", "15min", "write `@15m`"),
    ("close@D > open", "D", "write `@1d`"),
    ("close@1M > open", "1M", "minutes are `@1m`; there are no months: write `@30d`"),
    ("rsi(14) is None", "rsi(14) is None", "write `not known(rsi(14))`"),
    ("time.hour in 8..20", "time.hour in 8..20", "write `time.hour between 8 and 20`"),
    ("time.weekday in (6, 7)", "time.weekday in (6, 7)", "write `time.weekday == 6 or time.weekday == 7`"),
    ("time.weekday not in [6]", "time.weekday not in [6]", "write `not (time.weekday == 6)`"),
    (
        "close > open in the last 3 bars",
        "in the last 3 bars",
        "write `within 3 bars` (on one of them) or `for 3 bars` (on each)",
    ),
    ("close > open for 1 hour", "1 hour", "write it as in `for 12 bars`"),
    ("at least 2 of (low > 1, low > 2)", "at least 2 of (low > 1, low > 2)", "write `at_least(2, low > 1, low > 2)`"),
    ("close is greater than open", "is greater than", "write `>`"),
    ("close above open", "above", "write `>`, or `crosses above` for the candle where it begins"),
    ("close crossed above open", "crossed above", "write `crosses above`"),
    ("close breaks below open", "breaks below", "write `crosses below`"),
    ("close < highest high of the last 20 bars", "highest high of the last 20 bars", "write `highest(high, 20)`"),
    ("previous close > 3", "previous close", "write `close[1]`"),
    ("close 3 bars ago > 3", "close 3 bars ago", "write `close[3]`"),
    ("close.rolling(20).mean() > 3", "close.rolling(20).mean()", "write `sma(close, 20)`"),
    ("high.max(20) > 3", "high.max", "write `highest(high, 20)`"),
    ("rsi 14 < 30", "rsi 14", "write `rsi(14)`"),
    ("talib.RSI(close, 14) < 30", "talib.RSI", "write `rsi`"),
    ("nz(rsi(14)) < 30", "nz", "write `default(rsi(14), 0)`"),
    ("all(low > 1, low > 2)", "all", "write `low > 1 and low > 2`"),
    ("bar_index > 10", "bar_index", "candles are counted from an event: `barssince(close > open, 200)`"),
    ("close == na", "na", "nothing equals what is unknown: write `known(x)` or `not known(x)`"),
    ("EMA20 > close", "EMA20", "write `ema(close, 20)`"),
    ("hour > 8", "hour", "write `time.hour`"),
    ("price > 8", "price", "write `close`"),
    ("macd.hist > 0", "macd", "write `macd().hist`"),
    ("macd().histogram > 0", "histogram", "did you mean `hist`?"),
    ("rsi(period=14) > 30", "period", "did you mean `length`?"),
    ("input.int(14) > 3", "input.int", "numbers to be tuned stand under `params:`, as in `length: 14 in 5 to 30`"),
]
QUOTED = [
    ("df['close'] > open", "df['close']", "write `close`"),
    ('timeframe == "1h"', '"1h"', "write `1h`"),
    ("close > 1'000", "1'000", "write `1_000`: thousands are grouped with `_`"),
    ('strategy.entry("long", 1)', "strategy.entry", "conditions stand under `long:` and `short:`"),
    ('request.security(t, "60", close) > 3', "request.security", "write `close@1h`"),
]
YAML_MEANS_SOMETHING = re.compile(r"^[|!]|: |^\[")
"""What plain YAML does not take for a text: it is put in brackets, which change nothing."""


STYLES = ["it: {}", "it: '{}'", 'it: "{}"', "it: >-\n      {}", "it: |\n      {}"]


@pytest.mark.parametrize(("text", "place", "help"), WORDS)
@pytest.mark.parametrize("style", STYLES)
def test_the_form_of_this_language_is_told(text: str, place: str, help: str, style: str) -> None:
    if style == STYLES[0] and YAML_MEANS_SOMETHING.search(text):
        style = "it: >-\n      {}" if ": " in text else "it: ({})"
    body = f"long:\n  when:\n    {style.format(text)}\n  entry: market\n  stop: 1%\n"
    (finding,) = load_text(body).diagnostics
    assert (finding.span.text, finding.help) == (place, help)


@pytest.mark.parametrize(("text", "place", "help"), QUOTED)
@pytest.mark.parametrize("style", [STYLES[0], *STYLES[3:]])
def test_what_has_quotes_of_its_own(text: str, place: str, help: str, style: str) -> None:
    body = f"long:\n  when:\n    {style.format(text)}\n  entry: market\n  stop: 1%\n"
    (finding,) = load_text(body).diagnostics
    assert (finding.span.text, finding.help) == (place, help)


@pytest.mark.parametrize(("text", "place"), [(text, place) for text, place, _ in WORDS])
def test_behind_other_letters_the_place_is_the_same(text: str, place: str) -> None:
    """In flow style, in quotes, behind signs of several bytes and of two columns."""
    body = f"long: {{x-note: 'é文😀', when: {{it: \"{text}\"}}, entry: market, stop: 1%}}\n"
    (finding,) = load_text(body).diagnostics
    assert finding.span.text == place
