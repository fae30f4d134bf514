"""Conditions in words: a table anyone can extend."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates.expression import Unreadable, read
from templates.words import explain

STRATEGIES = Path(__file__).parents[2] / "strategies"

CALM = 'abs(roc(close, 5)@"BTC/USDT")'
TABLE: list[tuple[str, dict[str, float | None], str]] = [
    ("close > ema(close, 25)", {"close": 100.0, "ema(close, 25)": 99.5}, "price 100 > EMA25 99.5"),
    (
        "close > ema(close, 25) or close > ema(close, 50)",
        {"close": 100.0, "ema(close, 25)": 101.0, "ema(close, 50)": 98.25},
        "price 100 > EMA50 98.25",
    ),
    ("lowest(rsi14, 3) <= low_rsi", {"lowest(rsi14,3)": 27.4, "low_rsi": 30},
     "lowest RSI14 of 3 candles 27.4 ≤ low RSI 30"),
    ("close > highest(high, 20)[1]", {"close": 5.0, "highest(high, 20)[1]": 4.5},
     "price 5 > previous 20-candle high 4.5"),
    ("volume > 1.8 * sma(volume, 20)", {"volume": 1843.2}, "volume 1,843 > 1.8 × average volume of 20 candles"),
    (CALM + " < 1%", {CALM: 0.0051}, "|5-candle change on BTC/USDT| 0.51% < 1%"),
    ("rsi(14)@1h < 30", {"rsi(14)@1h": 22.5}, "RSI14 on 1h 22.5 < 30"),
    ("k < 20 and rising(k)", {"k": 17.2}, "k 17.2 < 20, k rising"),
    ("rising(momentum, 3)", {}, "momentum rising for 3 candles"),
    ("fast crosses above slow", {"fast": 2.0, "slow": 1.0}, "fast 2 crosses above slow 1"),
    ("(fast crosses above slow) within 5 bars", {}, "fast crosses above slow within the last 5 candles"),
    ("close > open for 3 bars", {}, "price > open for the last 3 candles"),
    ("rsi14 between 50 and 70", {"rsi14": 61.0}, "RSI14 61 between 50 and 70"),
    ("fng < 25", {"fng": None}, "Fear & Greed unknown < 25"),
    ("model.up >= 0.55", {"model.up": 0.6134}, "the model's chance of up 61.34% ≥ 0.55"),
    ("macd(fast=12).hist > 0", {"macd(fast=12).hist": 0.5}, "MACD12 histogram 0.5 > 0"),
    ("not bearish_engulfing()", {}, "not (bearish engulfing)"),
    ("at_least(2, a > 1, b > 2, c > 3)", {}, "at least 2 of: a > 1; b > 2; c > 3"),
    ("time.hour between 8 and 16", {"time.hour": 9.0}, "hour (UTC) 9 between 8 and 16"),
    ("if close > open then high else low", {}, "high if price > open, else low"),
    ("burst or hammer()", {"burst": 2.0, "hammer()": 0.0}, "burst"),
    ("oversold or bounced", {"lowest(rsi14, 3)": 27.4}, "oversold or bounced (lowest RSI14 of 3 candles 27.4)"),
    ("(up and (a or b)) or c", {"up": 2.0, "a": 0.0, "b": 2.0, "c": 0.0}, "up, b"),
    ("up and (a or b)", {}, "up, either a or b"),
    ("-hist > 2 * (a + b)", {"-hist": 9.0}, "−histogram 9 > 2 × (a + b)"),
    ("lib.trend(14) > 0", {}, "trend 14 > 0"),
    ("(up and (a or b)) or c", {}, "(up and either a or b) or c"),
    ("higher_highs(3, 3, 300) and natr(14) > 1%", {"natr(14)": 0.0123456}, "higher highs, NATR14 1.235% > 1%"),
    ("volume_surge(20) > 0.9", {"volume_surge(20)": 0.96498}, "volume surge over 20 candles 0.965× > 0.9"),
    ("close < lowest(low, 5)[1]", {"close": 155.31, "lowest(low,5)[1]": 155.35},
     "price 155.31 < previous 5-candle low 155.35"),
    ("close > 1 or turning", {"close": 2.0}, "price 2 > 1"),
    ("fng < 25 or turning", {"fng": None}, "turning"),
    ("if calm then close > 2 else close > 1", {"close": 1.5}, "price 1.5 > 1"),
    ("a ~~ b", {"a": 1.0}, "a ~~ b (a 1)"),
]  # fmt: skip


def say(text: str, values: dict[str, float | None], truth: str = "true") -> str:
    parts = [{"text": part, "value": value} for part, value in values.items()]
    return explain({"name": "n", "text": text, "truth": truth, "must": True, "weight": 0.0, "parts": parts})


@pytest.mark.parametrize(("text", "values", "words"), TABLE, ids=[row[0] for row in TABLE])
def test_the_table(text: str, values: dict[str, float | None], words: str) -> None:
    assert say(text, values) == words


def test_a_condition_that_does_not_hold_keeps_all_its_alternatives() -> None:
    values: dict[str, float | None] = {"close": 1.0, "a": 2.0, "b": 3.0}
    assert say("close > a or close > b", values, "false") == "price 1 > a 2 or price 1 > b 3"


@given(st.text(max_size=80), st.one_of(st.none(), st.floats()))
def test_any_text_is_said_somehow(text: str, value: float | None) -> None:
    known = value if value is None or abs(value) < float("inf") else None
    assert isinstance(say(text, {text: known}), str)


@pytest.mark.parametrize("text", ["", "a +", "f(a", "a b", "(", "1 <", "@", "(" * 500 + "a" + ")" * 500])
def test_what_is_no_expression_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        read(text)


def test_every_condition_of_the_built_in_strategies_can_be_read() -> None:
    yaml = pytest.importorskip("yaml")
    said = 0
    for path in STRATEGIES.glob("*.yaml"):
        document = yaml.safe_load(path.read_text())
        for side in ("long", "short"):
            for text in ((document.get(side) or {}).get("when") or {}).values():
                bare = str(text).removeprefix("must ").rsplit(" weight ", 1)[0].strip()
                read(bare)
                said += 1
    assert said > 10


def test_a_ratio_is_told_in_percent_and_a_param_with_its_value():
    condition = {
        "name": "cracked", "text": "fall between least_fall and 20%", "truth": "true", "must": True, "weight": 0,
        "parts": [
            {"text": "fall", "value": 0.083328, "unit": "ratio"},
            {"text": "least_fall", "value": 0.05, "unit": "ratio"},
        ],
    }  # fmt: skip
    assert explain(condition) == "fall 8.333% between least fall 5% and 20%"
    volatile = {**condition, "text": "range > usual", "parts": [
        {"text": "range", "value": 0.02, "unit": "distance"}, {"text": "usual", "value": 0.01, "unit": ""},
    ]}  # fmt: skip
    assert explain(volatile) == "range 0.02 > usual 0.01"


def test_truths_choose_the_alternatives_and_are_never_shown_as_numbers() -> None:
    parts = [
        {"text": "oversold_bounce", "value": 0.0, "unit": "bool"},
        {"text": "ma_bounce", "value": 1.0, "unit": "bool"},
        {"text": "rsi14", "value": 51.2, "unit": "index"},
        {"text": "falling(rsi14)", "value": None, "unit": "bool"},
    ]
    condition = {"text": "oversold_bounce or ma_bounce", "truth": "true", "parts": parts}
    assert explain(condition) == "MA bounce (RSI14 51.2)"
    every = [{**part, "value": 0.0} for part in parts[:2]]
    assert explain({**condition, "parts": every}) == "oversold bounce or MA bounce"
    assert explain({**condition, "text": "a ~~ b", "parts": parts[:2]}) == "a ~~ b"


@given(st.lists(st.sampled_from([0.0, 1.0, None]), min_size=3, max_size=3))
def test_the_only_reason_is_never_dropped(truths: list[float | None]) -> None:
    names = ("calm", "late", "wild")
    parts = [{"text": name, "value": truth, "unit": "bool"} for name, truth in zip(names, truths, strict=True)]
    words = explain({"text": "calm and late or wild", "truth": "true", "parts": parts})
    assert any(name in words for name in names)
    for name, truth in zip(names, truths, strict=True):
        if truth and name == "wild":
            assert name in words
