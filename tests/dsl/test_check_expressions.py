"""What the checker says about single expressions: wrong ones at their place, sane ones in peace."""

from __future__ import annotations

import pytest

from tests.dsl.texts import finding, of

WRONG = [
    ("close > rsi(close, 14)", "unit-mismatch", "close"),
    ("rsi(14) > ema(close, 25)", "unit-mismatch", "rsi(14)"),
    ("close > ema(close, 25) + 1%", "unit-mismatch", "ema(close, 25)"),
    ('close > close@"BTC/USDT"', "unit-mismatch", "close"),
    ("high + low > close", "unit-mismatch", "high + low"),
    ("close > atr(14)", "unit-mismatch", "close"),
    ("close > 5%", "unit-mismatch", "close"),
    ("volume > close", "unit-mismatch", "volume"),
    ("rsi(14) > 30%", "unit-mismatch", "rsi(14)"),
    ("close crosses above rsi(14)", "unit-mismatch", "close"),
    ("close between 1% and 2%", "unit-mismatch", "close"),
    ("max(close, rsi(14)) > 1", "unit-mismatch", "close"),
    ("close > open and volume", "type-mismatch", "volume"),
    ("not close", "type-mismatch", "close"),
    ("close + (close > open)", "type-mismatch", "close > open"),
    ("(if close then 1 else 0) > 0", "type-mismatch", "close"),
    ("highest(close > open, 3) > 1", "type-mismatch", "close > open"),
    ("2R > close", "type-mismatch", "2R"),
    ("clsoe > 3", "unknown-name", "clsoe"),
    ("rsii(14) > 30", "unknown-function", "rsii"),
    ("foo.bar(3) > 1", "unknown-function", "foo.bar"),
    ("low(3) > 2", "unknown-function", "low"),
    ("macd() > 0", "unknown-output", "macd()"),
    ("macd().histt > 0", "unknown-output", "histt"),
    ("rsi(close, 14).x > 1", "unknown-output", "x"),
    ("time.hourr > 3", "unknown-output", "hourr"),
    ("time > 3", "unknown-name", "time"),
    ("ema(close) > 1", "wrong-arguments", "ema(close)"),
    ("ema(close, 20, 30) > 1", "wrong-arguments", "30"),
    ("ema(close, n=20) > 1", "wrong-arguments", "n"),
    ("ema(close, length=20, length=30) > 1", "wrong-arguments", "30"),
    ("ema(close, 0) > 1", "wrong-arguments", "0"),
    ("ema(close, 2.5) > 1", "wrong-arguments", "2.5"),
    ("rsi(14, 14) > 1", "wrong-arguments", "14"),
    ("clip(close, 1) > 1", "wrong-arguments", "clip(close, 1)"),
    ("at_least(3, close > open, close < open)", "wrong-arguments", "3"),
    ("known(rsi(14))", "wrong-arguments", "rsi(14)"),
    ("prev(x, 3) > 1", "wrong-arguments", "prev(x, 3)"),
    ("ema(close, volume) > 1", "series-length", "volume"),
    ("close[volume] > close", "series-length", "volume"),
    ("close > open for volume bars", "series-length", "volume"),
    ("close@1m > 1", "lower-timeframe", "1m"),
    ("close@7m > 1", "lower-timeframe", "7m"),
    ("(close@1h)@4h > 1", "lower-timeframe", "1h"),
    ("entry > close", "position-out-of-place", "entry"),
    ("position.bars > 3", "position-out-of-place", "position.bars"),
    ("at_entry(close) > 3", "position-out-of-place", "at_entry(close)"),
    ("long.fires", "position-out-of-place", "long.fires"),
    ("model.up > 60%", "unknown-name", "model.up"),
    ("confidence > 70", "unknown-name", "confidence"),
]


@pytest.mark.parametrize(("text", "name", "place"), WRONG, ids=[text for text, _, _ in WRONG])
def test_a_mistake_is_told_once_at_its_place(text: str, name: str, place: str) -> None:
    assert of(text) == [(name, place)]


SANE = """\
timeframe > 15m and time.hour between 8 and 20
-close > 3
sum(close, 20) / 20 > close
sqrt(sum((close - open) * (close - open), 5) / 5) > atr(14)
(close - sma(close, 20)) / stdev(close, 20) > 2
ema(rsi(14), 5) > 50
volume * close > 1000000
sum(volume * close, 20) / sum(volume, 20) > close
abs(close - open) > 0.5 * atr(14)
close > open * 1.01 and high - low < 2 * atr(14)
0.5 * high + 0.5 * low > close
fng < 20
(high + low) / 2 > hl2
(open + high + low + close) / 4 > ohlc4
100 * (close - open) / open > 3
bbands().width < 5%
rsi(14) / 100 > 0.3
close / close[1] - 1 > 1%
log(close / close[1]) > 1%
100 * roc(close, 5) > 3
close - 100 > open
close * close > 3
volume / sma(volume, 20) > 150%
default(spread, 0.1%) < 0.2%
known(spread) and spread < 0.1%
(if close > open then close else low) > ema(close, 20)
(if close > open then 1 else -1) * volume > 0
1 + 8% > close / open
quote_volume_24h > 5_000_000
rsi(14) crosses above 30
ema(close, 7) crosses ema(close, 25)
close@1h > ema(close, 50)@1h and ema(close@1h, 5) > close
2 * ema(close, 10) - ema(ema(close, 10), 10) > close
highest(high, 10) - lowest(low, 10) > 3 * atr(14)
close > high[1] + 0.1 * (high[1] - low[1])
close > ema(close, 25) * (1 - 0.5%) and low < close - 1.5 * atr(14)
max(high - low, abs(high - close[1]), abs(low - close[1])) > atr(14)
max(close - open, 0) > atr(14)
abs(roc(close, 5)@"BTC/USDT") < 1%
close / close[10] > (close / close[10])@"BTC/USDT"
rsi(14) > rsi(14)[3] + 5
rsi(14) - rsi(28) > 5
stoch(14, 3, 3).k crosses above stoch(14, 3, 3).d
macd().hist > 0 and macd(fast=8).line > macd(fast=8).signal
macd(close, 12, 26, 9).hist / close > 0.1%
clip(0.4 * rsi(14) + 0.6 * stoch(14, 3, 3).k, 0, 100) > 50
close * 1.02 - open * 0.98 > atr(14)
atr(14) / close between 0.2% and 5%
(high - max(open, close)) > 2 * (max(open, close) - min(open, close))
close > lowest(low, 20) + 0.618 * (highest(high, 20) - lowest(low, 20))
highestbars(high, 20) == 0
stdev(pct_change(close, 1), 20) > 1%
volume > 1.8 * sma(volume, 20) for 2 bars
at_least(2, close > open, rising(close, 3), volume > volume[1])
not (rsi(14) < 30 within 5 bars)
true and close > open"""


@pytest.mark.parametrize("text", SANE.splitlines())
def test_what_is_sane_is_left_in_peace(text: str) -> None:
    assert of(text) == []


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("close > ema(close, 25) + 1%", "a percentage is of something: write `ema(close, 25) * 1.01`"),
        ("close > ema(close, 25) - 1%", "a percentage is of something: write `ema(close, 25) * 0.99`"),
        ("rsi(14) > ema(close, 25)", "did you mean `close > ema(close, 25)`?"),
        ("close > rsi(close, 14)", "compare an index with a number: `rsi(close, 14) > 50`"),
        ("high + low > close", "`(high + low) / 2` is a price"),
        ("clsoe > 3", "did you mean `close`?"),
        ("macd().histt > 0", "did you mean `hist`?"),
        ("ema(close, lenght=20) > 1", "did you mean `length`?"),
        ("close + (close > open)", "write `if close > open then 1 else 0`"),
        ("macd() > 0", "write one of `.line`, `.signal`, `.hist` after it"),
    ],
)
def test_a_repair_is_offered(text: str, advice: str) -> None:
    assert finding(text).help == advice


def test_both_sides_are_labelled() -> None:
    found = finding("rsi(14) > ema(close, 25)")
    assert found.message == "an index (0 to 100) is compared with a price"
    assert found.label == "index, 0 to 100"
    assert [(span.text, label) for span, label in found.notes] == [("ema(close, 25)", "price")]


def test_every_mistake_of_an_expression_is_told_in_one_run() -> None:
    wrong = of("clsoe > opne and rsii(14) > 3 and ema(close, 0) > volume")
    assert wrong == [
        ("unknown-name", "clsoe"),
        ("unknown-name", "opne"),
        ("unknown-function", "rsii"),
        ("wrong-arguments", "0"),
    ]


def test_a_mistake_inside_a_definition_is_told_where_it_is_called() -> None:
    found = finding("rsi(volume > 3, 14) > 50")
    assert found.span.text == "rsi(volume > 3, 14)"
    assert found.message.startswith("in `rsi`: ")
    assert found.notes[0][0].source.path.endswith("rsi.yaml")


def test_definitions_take_the_unit_of_their_source() -> None:
    assert of("dema(volume, 5) > close") == [("unit-mismatch", "dema(volume, 5)")]
    assert of("dema(volume, 5) > volume") == []
    assert of("macd(rsi(14)).line > close - open") == []


def test_one_length_too_many_for_a_library_function() -> None:
    assert of("stoch(14, 3, 3, 4).k > 50") == [("wrong-arguments", "4")]
