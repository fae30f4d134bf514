"""A whole document -> its syntax tree: every part of the language in one strategy, and libraries."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl import ast
from dsl.errors import Severity
from dsl.read import read_document
from tests.dsl.shapes import shape

SCALPER = """\
# yaml-language-server: $schema=../schemas/strategy.schema.json
language: 1
id: scalper                       # the file's name
name: Scalping Bot
version: 1.0.0
about: Oversold bounce and overbought rejection on fast candles.

schedule: every 15s               # or: on close (default), or a cron line
timeframes: [1m, 5m, 15m]         # the rules run on each of them
gaps: skip 12                     # or: fill, stop
universe:
  watchlist: majors               # or symbols: [BTC/USDT, ETH/USDT]
  where: quote_volume_24h >= 5_000_000 and spread <= 0.1%
assume: {spread: 0.05%}           # for data that lacks a field
use: [lib/volume.yaml]
x-mine: {anything: [goes]}

params:                           # what an optimiser may move, and within what
  low_rsi: 30 in 10 to 45 step 1
  high_rsi: 70 in 55 to 90 step 1

let:                              # names for expressions
  rsi14: rsi(close, 14)
  k: stoch(14, 3, 3).k
  burst: volume > 1.8 * sma(volume, 20)

model:
  name: momentum
  features: {r: "rsi(close, 14)", spread_50: close / open - 1}
  label: 1% before -1% within 24 bars

long:
  when:
    uptrend:  must close > ema(close, 25) or close > ema(close, 50)
    oversold: must lowest(rsi14, 3) <= low_rsi         weight 3
    turn:     k < 20 and rising(k)                     weight 2
    calm:     abs(roc(close, 5)@"BTC/USDT") < 1%       weight 1
  fire: confidence >= 70
  confidence: 0.5 * weighted + 50 * model.up
  entry: [market take 40%, 2% take 30%, 4% take 30%]
  stop: lowest(low, 10) - 0.25 * atr(14) clamp 0.5% to 1.5%
  targets:
    - 0.6% take 50% then stop to entry
    - 1.2% take 30%
    - 2.5R
  exit:
    faded: rsi14 crosses below 50
    stale: position.bars >= 40 and position.profit < 0.1% take 50%
  trail: [2 * atr(14) after target 1, 3% after 1R]
  expire: 4h

short:
  when:
    high: rsi14 > high_rsi
  entry: limit close + atr(14) for 6 bars
  targets: [0.6% take 50% then stop to entry, 1.2% take 30%, 2.5R]

cooldown: [30m after stop, 5m after signal]
"""


def test_a_strategy_with_every_part() -> None:
    document, found = read_document(SCALPER)
    assert not found
    assert (document.kind, document.id, document.name, document.version) == (
        "strategy", "scalper", "Scalping Bot", "1.0.0",
    )  # fmt: skip
    assert document.schedule is not None
    assert (document.schedule.kind, document.schedule.ms) == ("every", 15_000)
    assert [text for text, _ in document.timeframes] == ["1m", "5m", "15m"]
    assert document.gaps is not None
    assert (document.gaps.kind, document.gaps.limit) == ("skip", 12)
    assert document.universe is not None
    assert document.universe.watchlist == "majors"
    assert document.universe.where is not None
    assert shape(document.universe.where) == "(and (>= quote_volume_24h 5e+06) (<= spread 0.001%))"
    assert {name: shape(expr) for name, (_, expr) in document.assume.items()} == {"spread": "0.0005%"}
    assert [text for text, _ in document.use] == ["lib/volume.yaml"]
    assert {name: param.default.value for name, (_, param) in document.params.items()} == {
        "low_rsi": 30,
        "high_rsi": 70,
    }
    assert list(document.lets) == ["rsi14", "k", "burst"]
    assert [(rule.ms, rule.after) for rule in document.cooldowns] == [(1_800_000, "stop"), (300_000, "signal")]
    assert document.model is not None
    assert (document.model.name, list(document.model.features)) == ("momentum", ["r", "spread_50"])
    assert document.model.label is not None
    assert document.model.label.bars == 24
    assert document.broken == frozenset()


def test_its_sides() -> None:
    document, _ = read_document(SCALPER)
    long, short = document.sides
    assert (long.side, short.side) == ("long", "short")
    assert [(name, c.must, c.weight) for name, (_, c) in long.when.items()] == [
        ("uptrend", True, None), ("oversold", True, 3), ("turn", False, 2), ("calm", False, 1),
    ]  # fmt: skip
    assert long.fire is not None
    assert shape(long.fire) == "(>= confidence 70)"
    assert long.confidence is not None
    assert shape(long.confidence) == "(+ (* 0.5 weighted) (* 50 (. model up)))"
    assert [(leg.kind, leg.take and shape(leg.take)) for leg in long.entry] == [
        ("market", "0.4%"), ("add", "0.3%"), ("add", "0.3%"),
    ]  # fmt: skip
    assert [target.then and target.then.kind for target in long.targets] == ["entry", None, None]
    assert {name: (shape(leave.expr), leave.take and shape(leave.take)) for name, (_, leave) in long.exits.items()} == {
        "faded": ("(crosses below rsi14 50)", None),
        "stale": ("(and (>= (. position bars) 40) (< (. position profit) 0.001%))", "0.5%"),
    }
    assert [trail.after for trail in long.trails] == [("target", 1.0), ("r", 1.0)]
    assert long.expire_ms == 14_400_000
    assert short.stop is None
    assert [leg.kind for leg in short.entry] == ["limit"]
    assert short.expire_ms == 0


def test_places_are_those_of_the_file() -> None:
    document, _ = read_document(SCALPER, path="scalper.yaml")
    key, condition = document.sides[0].when["turn"]
    assert str(key.span) == "scalper.yaml:36:5"
    assert condition.span.text == "k < 20 and rising(k)                     weight 2"
    assert isinstance(condition.expr, ast.Binary)
    assert (condition.expr.right.span.text, condition.expr.right.span.column) == ("rising(k)", 26)
    assert document.id_span is not None
    assert (document.id_span.line, document.id_span.column) == (3, 5)


LIBRARY = """\
language: 1
id: trend_lib
define:
  macd(source=close, fast=12 in 1 to 500, slow=26 in 1 to 500, signal=9 in 1 to 200):
    about: Difference of two exponential averages, and its own average.
    reference: Appel 1979
    let:
      line: ema(source, fast) - ema(source, slow)
      average: ema(line, signal)
    returns: {line: line, signal: average, hist: line - average}
    unit: {line: distance}
  smoothed(source, length=14 in 1 to 100):
    about: A recursion.
    settles: 300
    returns: prev(smoothed, source) + (source - prev(smoothed, source)) / length
    unit: same as source
    bounds: at least 0
    deprecated: use rma
    example: smoothed(close, 14)
"""


def test_a_library() -> None:
    document, found = read_document(LIBRARY)
    assert not found
    assert (document.kind, document.id) == ("library", "trend_lib")
    macd, smoothed = document.defines.values()
    assert [p.name for p in macd.signature.params] == ["source", "fast", "slow", "signal"]
    assert {name: shape(expr) for name, (_, expr) in macd.returns.items()} == {
        "line": "line", "signal": "average", "hist": "(- line average)",
    }  # fmt: skip
    assert macd.units == {"line": "distance"}
    assert list(smoothed.returns) == ["value"]
    assert (smoothed.units, smoothed.bounds) == ({"value": "same as source"}, {"value": (0.0, None)})
    assert (shape(smoothed.settles), smoothed.deprecated, smoothed.example) == ("300", "use rma", "smoothed(close, 14)")


def test_what_a_library_may_not_have() -> None:
    text = LIBRARY + "timeframes: [1m]\nlong: {when: {a: b}}\n"
    _, found = read_document(text, kind="library")
    assert [(d.name, d.message) for d in found] == [
        ("unknown-key", "the key `timeframes` does not belong here"),
        ("unknown-key", "the key `long` does not belong here"),
    ]


def test_findings_about_definitions() -> None:
    text = """\
language: 1
id: lib
define:
  f(a): {about: x, returns: {up: a, down: -a}, unit: {upp: ratio}}
  f(b): {about: x, returns: b}
  g(a: {about: x, returns: a}
  h(a): {returns: a &&}
  i(a): 5
"""
    document, found = read_document(text)
    assert [f"{d.span.line}:{d.span.column} {d.name} {d.message}" for d in found] == [
        "4:55 unknown-key the function has no output `upp`",
        "5:3 duplicate-key the function `f` is defined here for the second time",
        "6:4 syntax this `(` is never closed",
        "7:3 missing-key the key `about` is missing",
        "7:21 syntax there is no `&&` here",
        "8:9 wrong-type `i` must hold keys and values",
    ]
    assert document.kind == "library"


def test_every_problem_is_told_and_the_rest_is_read() -> None:
    text = SCALPER.replace("gaps: skip 12", "gaps: skp 12").replace("rsi(close, 14)\n  k:", "rsi(close, 14\n  k:")
    text = (
        text.replace("weight 2\n", "wieght 2\n")
        .replace("expire: 4h", "expires: 4h")
        .replace("name: Scalping Bot\n", "")
    )
    document, found = read_document(text)
    assert [(d.span.line, d.name) for d in found] == [
        (2, "missing-key"), (9, "syntax"), (22, "syntax"), (35, "syntax"), (49, "unknown-key"),
    ]  # fmt: skip
    assert "rsi14" not in document.lets
    assert document.broken == {"rsi14"}
    assert document.sides[0].broken == {"turn"}
    assert document.sides[0].expire_ms == 14_400_000, "a slip of a key is read as that key"
    assert len(document.sides[0].when) == 3


def test_what_could_not_be_read_at_all_declares_every_name() -> None:
    document, found = read_document(SCALPER.replace("  k: stoch", "   k: stoch"))
    assert [d.name for d in found] == ["yaml-syntax"]
    assert document.lets == {}
    assert "anything" in document.broken
    assert "anything" in (frozenset({"a"}) | document.broken)


def test_a_stop_and_targets_that_cannot_be_read_are_there() -> None:
    """Else every use of R and of a target's number would be told as a mistake too."""
    text = SCALPER.replace("clamp 0.5% to 1.5%", "clmp 0.5%").replace("- 2.5R", "- 2.5 RR")
    document, found = read_document(text)
    assert [d.name for d in found] == ["syntax", "syntax"]
    assert document.sides[0].stop is not None
    assert len(document.sides[0].targets) == 3


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("language: 1\nid: a\ndefine: {}", "library"),
        ("language: 1\nid: a\nlet: {a: close}", "library"),
        ("language: 1\nid: a\nlet: {a: close}\nlong: {}", "strategy"),
        ("language: 1\nid: a\ntimeframes: [1m]\ndefine: {}", "strategy"),
        ("language: 1", "strategy"),
        ("", "strategy"),
    ],
)
def test_the_keys_tell_the_kind(text: str, kind: str) -> None:
    assert read_document(text)[0].kind == kind


def test_the_id_is_the_name_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "other.yaml"
    path.write_text(SCALPER)
    _, found = read_document(path)
    assert [(d.name, d.severity, d.help) for d in found] == [
        ("id-not-file-name", Severity.WARNING, "write `id: other`, or rename the file")
    ]


def test_short_forms() -> None:
    text = """\
language: 1
id: x
name: X
version: 1
timeframes: 1h
long:
  when: {a: true}
  entry: market
  targets: 2%
  trail: 1%
cooldown: 1h after exit
"""
    document, found = read_document(text)
    assert not found
    side = document.sides[0]
    assert (len(document.timeframes), len(side.entry), len(side.targets), len(side.trails)) == (1, 1, 1, 1)
    assert len(document.cooldowns) == 1


LINES = SCALPER.splitlines()


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_mangled_document_makes_it_fall_over(data: st.DataObject) -> None:
    """Lines dropped, doubled, cut or shifted: there is always a document, and findings lie within the text."""
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(lines) - 1))
        how = data.draw(st.sampled_from(["drop", "double", "cut", "indent", "sign"]))
        if how == "drop":
            del lines[at]
        elif how == "double":
            lines.insert(at, lines[at])
        elif how == "cut":
            lines[at] = lines[at][: data.draw(st.integers(0, len(lines[at])))]
        elif how == "indent":
            lines[at] = " " * data.draw(st.integers(1, 3)) + lines[at]
        else:
            where = data.draw(st.integers(0, len(lines[at])))
            sign = data.draw(st.sampled_from([*list("()[]{}:,-&*!|>'\"%@`#?="), ": ", " - ", "\t"]))
            lines[at] = lines[at][:where] + sign + lines[at][where:]
    text = "\n".join(lines)
    document, found = read_document(text)
    assert document.kind in ("strategy", "library")
    for finding in found:
        assert 0 <= finding.span.start <= finding.span.end <= len(text)


def test_values_that_their_own_commas_have_cut() -> None:
    """In `[ ]` and `{ }` YAML ends a text at a comma: that is told once, not as the mess that comes of it."""
    text = """\
language: 1
id: x
name: X
version: 1
timeframes: [1h]
let: {a: max(open, close), b: close, c: "min(open, close)"}
long:
  when: {a: true}
  targets: [max(1R, 2%, 3%), 2R]
"""
    document, found = read_document(text)
    assert [f"{d.span.line}:{d.span.column} {d.name} {d.message}" for d in found] == [
        "6:10 yaml-syntax a comma inside `[ ]` or `{ }` ends the text",
        "9:13 yaml-syntax a comma inside `[ ]` or `{ }` ends the text",
    ]
    assert list(document.lets) == ["b", "c"]
    assert document.broken == {"a"}
    assert document.sides[0].targets
