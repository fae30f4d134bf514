"""The mistakes of somebody's first strategy: each is told once, at its place, with what to write instead."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from dsl.errors import Diagnostic, Severity, Source, Span
from dsl.lint import lint
from dsl.load import Loaded, load_document
from dsl.read import read_document

WHOLE = """\
language: 1
id: sample
name: Sample
version: 1.0.0
about: A sample.
schedule: on close
timeframes: [5m]
universe: {symbols: [ETH/USDT]}
long:
  when:
    it: close > open
  fire: confidence >= 70
  entry: market
  stop: 1%
  targets:
    - 1R take 50%
    - 2R
"""


def loaded(*changes: tuple[str, str]) -> Loaded:
    text = WHOLE
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    return load_document(*read_document(text, path="sample.yaml"))


def told(found: Sequence[Diagnostic]) -> list[tuple[str, str, str, str]]:
    return [(d.name, d.span.text, d.message, d.help) for d in found]


CONDITION = "it: close > open"
MISTAKES = [
    ("take 50%", "take 0.5", "wrong-type", "0.5", "`take` needs a percentage above 0% and up to 100%",
     "did you mean `50%` or `0.5%`?"),
    ("ETH/USDT", "BTCUSDT", "wrong-type", "BTCUSDT", "`BTCUSDT` is not a symbol: `/` stands between base and quote",
     "write `BTC/USDT`"),
    ("ETH/USDT", "eth-usdt", "wrong-type", "eth-usdt", "`eth-usdt` is not a symbol: `/` stands between base and quote",
     "write `ETH/USDT`"),
    ("ETH/USDT", "eth/usdt", "wrong-type", "eth/usdt", "`eth/usdt` is not a symbol", "write `ETH/USDT`"),
    ("ETH/USDT", "BITCOIN", "wrong-type", "BITCOIN", "`BITCOIN` is not a symbol: `/` stands between base and quote",
     "write the base and the quote, as in `BTC/USDT`"),
    (CONDITION, "it: close@\"BTCUSDT\" > 3", "wrong-type", '"BTCUSDT"',
     "`BTCUSDT` is not a symbol: `/` stands between base and quote", "write `BTC/USDT`"),
    ("[5m]", "[7m]", "wrong-type", "7m", "`7m` is not a timeframe: it does not divide a day",
     "near it are `5m` and `10m`"),
    ("[5m]", "[36h]", "wrong-type", "36h", "`36h` is not a timeframe: it is no whole number of days",
     "near it are `1d` and `2d`"),
    ("[5m]", "1h, 4h", "wrong-type", "1h, 4h", "`timeframes` is a list, which stands in brackets", "write `[1h, 4h]`"),
    (CONDITION, "- it: close > open", "wrong-type", "- it", "`when` holds names, not a list",
     "write `it: ...` without `-`"),
    (CONDITION, "it: close > open\n    - at: close > 2", "yaml-syntax", "- at", "a list item stands among keys",
     "write `at: ...` without `-`: names have no list"),
    (CONDITION, "- it: close > open\n    at: close > 2", "yaml-syntax", "- it", "a list item stands among keys",
     "write `it: ...` without `-`: names have no list"),
    ("    - 2R\n", "    - 2R\n    expire: 4h\n", "yaml-syntax", "expire",
     "the key `expire` is indented like the items of the list above it", "indent it like the key of that list"),
    (">= 70", ">= 60%", "unit-mismatch", "confidence", "an index (0 to 100) is compared with a percentage",
     "an index runs from 0 to 100: write `60`"),
    (CONDITION, "it: rsi(14) < 40%", "unit-mismatch", "rsi(14)", "an index (0 to 100) is compared with a percentage",
     "an index runs from 0 to 100: write `40`"),
    ("confidence >= 70", "60", "type-mismatch", "60", "`fire` is a condition, and this is a number",
     "did you mean `confidence >= 60`?"),
    ("confidence >= 70", "60%", "type-mismatch", "60%", "`fire` is a condition, and this is a number",
     "did you mean `confidence >= 60`?"),
    (CONDITION, "it: !(close > 1)", "yaml-syntax", "!", "a value that begins with `!` is a YAML tag; they are refused",
     "for the opposite of a condition write `not (close > 1)`"),
    (CONDITION, "it: close.shift(1) > 3", "unknown-function", "close.shift", "`close` is a value and has no functions",
     "write `close[1]`"),
    (CONDITION, "it: close.shift(-1) > 3", "look-ahead", "-1", "a negative shift would read the future",
     "write `close[1]` for the past"),
    (CONDITION, "it: rsi14 > 3", "unknown-name", "rsi14", "there is no `rsi14`", "write `rsi(close, 14)`"),
    (CONDITION, "it: atr_14 > 3", "unknown-name", "atr_14", "there is no `atr_14`", "write `atr(14)`"),
    ("take 50%", "take 50% then stop to breakeven", "unknown-name", "breakeven", "there is no `breakeven`",
     "did you mean `entry`?"),
    ("stop: 1%", "stop: highest(high, 10)", "stop-wrong-side", "highest(high, 10)",
     "the stop of a long would be at or above the entry",
     "the stop of a long lies below it: did you mean `lowest(low, 10)`?"),
    ("stop: 1%", "stop: highest(high, 10) + 0.25 * atr(14)", "stop-wrong-side", "highest(high, 10) + 0.25 * atr(14)",
     "the stop of a long would be at or above the entry",
     "the stop of a long lies below it: did you mean `lowest(low, 10) - 0.25 * atr(14)`?"),
    ("stop: 1%", "stop: close * 1.02", "stop-wrong-side", "close * 1.02",
     "the stop of a long would be at or above the entry", "the stop of a long lies below it"),
    ("language: 1\n", "", "missing-key", "id", "the key `language` is missing", "begin with `language: 1`"),
    ("long:", "buy:", "unknown-key", "buy", "unknown key `buy`", "did you mean `long`?"),
    (CONDITION, "it: wizardry(close) > 3", "unknown-function", "wizardry", "there is no function `wizardry`",
     "`engine indicators` lists the functions that there are"),
    ("- 2R", "- 2R take 60%", "parts-not-100", "60%", "the parts of the targets sum to 110%",
     "they must sum to 100%: this is 10% too much"),
    ("- 2R", "- 2R take 40%", "parts-not-100", "40%", "the parts of the targets sum to 90%",
     "they must sum to 100%: this is 10% too little"),
    ("about: A sample.", "about: Buys: a", "yaml-syntax", ":", "a second `: ` on this line",
     "put quotes around a value that contains `: `"),
    ("- 1R take 50%\n    - 2R", "- 3r\n    - 2R", "syntax", "3r", "`3r` is not a number", "write `3R`"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "name", "place", "message", "help"), MISTAKES)
def test_a_mistake_is_told_once_with_what_to_write(
    before: str, after: str, name: str, place: str, message: str, help: str
) -> None:
    made = loaded((before, after))
    assert told([*made.diagnostics, *lint(made)]) == [(name, place, message, help)]
    assert made.failed


@pytest.mark.parametrize(
    ("before", "after", "place", "label"),
    [
        (CONDITION, "it: must rsi(14) < -5", "rsi(14) < -5", "`rsi(14)` is 0 to 100"),
        (CONDITION, "it: must false", "false", ""),
        (CONDITION, "it: must 1 > 2", "1 > 2", ""),
        (CONDITION, "it: must not (volume >= 0)", "not (volume >= 0)", ""),
        (CONDITION, "it: must rsi(14) between 70 and 30", "rsi(14) between 70 and 30", ""),
        (CONDITION, "it: must rsi(14) crosses above 100", "rsi(14) crosses above 100", "`rsi(14)` is 0 to 100"),
        (CONDITION, "it: must close > close", "close > close", "both sides are the same"),
        ("confidence >= 70", "close > high", "close > high", ""),
        ("confidence >= 70", "false", "false", ""),
        ("    it: close > open\n  fire: confidence >= 70", "    it: low > high", "low > high", ""),
    ],
)
def test_what_a_side_needs_and_can_never_hold_is_an_error(before: str, after: str, place: str, label: str) -> None:
    made = loaded((before, after))
    message = "this can never hold, so the long side never fires"
    assert [(d.name, d.span.text, d.message, d.label) for d in made.errors] == [("never-true", place, message, label)]
    assert lint(made) == []
    assert made.failed


@pytest.mark.parametrize(
    ("condition", "name", "place"),
    [
        ("must true", "always-true", "true"),
        ("must volume >= 0", "always-true", "volume >= 0"),
        ("must close > ema(close, 100) and close < ema(close, 100)", "contradiction", "close < ema(close, 100)"),
        ("close > ema(close, 100) and close < ema(close, 100)", "contradiction", "close < ema(close, 100)"),
        ("must rsi(14) < -5 or close > open", "never-true", "rsi(14) < -5"),
    ],
)
def test_what_is_idle_or_contradicts_itself_is_a_warning(condition: str, name: str, place: str) -> None:
    made = loaded((CONDITION, f"it: {condition}"))
    assert made.errors == []
    assert [(d.name, d.span.text, d.severity) for d in lint(made)] == [(name, place, Severity.WARNING)]


def test_a_condition_that_others_can_stand_in_for_may_be_impossible() -> None:
    made = loaded((CONDITION, "it: rsi(14) > 100\n    other: close > open weight 9"))
    assert made.errors == []


@pytest.mark.parametrize("timeframe", ["1m", "5m", "45m", "90m", "8h", "1d", "3d", "48h", "1w", "2w"])
def test_candles_that_begin_anew_with_the_day_are_timeframes(timeframe: str) -> None:
    assert loaded(("[5m]", f"[{timeframe}]")).errors == []


@pytest.mark.parametrize("symbol", ["BTC/USDT", "BTC/USDT:USDT", "1000PEPE/USDC", "kPEPE/USDC", "BTC/USD:BTC-260327"])
def test_symbols(symbol: str) -> None:
    assert loaded(("[ETH/USDT]", f"['{symbol}']")).errors == []


def test_what_is_said_stands_on_one_line() -> None:
    span = Span(Source("x", ""), 0, 0)
    found = Diagnostic("syntax", "no further than `[1%,\n  2%]`", span, label="a\tb", help="write\x07 `x`")
    assert (found.message, found.label, found.help) == ("no further than `[1%, 2%]`", "a b", "write `x`")


def test_the_key_of_another_tool_is_read_as_its_own() -> None:
    assert told(loaded(("long:", "sell:")).errors) == [
        ("unknown-key", "sell", "unknown key `sell`", "did you mean `short`?")
    ]
