"""A slip in any word of a strategy names the word that was meant: keys, names, outputs, words of sentences."""

from __future__ import annotations

import pytest

from dsl.load import load_document
from dsl.read import read_document

WHOLE = """\
language: 1
id: sample
name: Sample
version: 1.0.0
about: A sample.
schedule: on close
timeframes: [5m]
universe: {watchlist: majors, where: volume > 3}
gaps: skip 12
assume: {spread: 0.1%}
params:
  low_rsi: 30 in 10 to 45 step 1
let:
  rsi14: rsi(close, 14)
  bands: bbands(20, 2)
long:
  when:
    dip: must rsi14 < low_rsi
    turn: rising(close, 2) weight 2
    wide: close < bands.lower for 3 bars
    early: time.hour between 8 and 20
  fire: confidence >= 70 or dip
  entry: limit close for 6 bars
  stop: lowest(low, length=10) clamp 0.5% to 1.5%
  targets: [1R take 50% then stop to entry, 2R]
  exit: {gone: rsi14 crosses above 50 and position.bars > 3}
  trail: 2 * atr(14) after target 1
  expire: 4h
cooldown: 30m after stop
"""
SLIPS = [
    # keys
    ("language:", "languge:", "language"), ("version:", "vrsion:", "version"), ("about:", "abuot:", "about"),
    ("schedule:", "shedule:", "schedule"), ("timeframes:", "time_frames:", "timeframes"),
    ("universe:", "univers:", "universe"), ("watchlist:", "watchlst:", "watchlist"), ("where:", "whre:", "where"),
    ("gaps:", "gap:", "gaps"), ("assume:", "asume:", "assume"), ("spread:", "spred:", "spread"),
    ("params:", "parms:", "params"), ("let:", "lte:", "let"), ("long:", "logn:", "long"), ("when:", "wehn:", "when"),
    ("fire:", "fier:", "fire"), ("entry:", "enrty:", "entry"), ("stop:", "stpo:", "stop"),
    ("targets:", "tragets:", "targets"), ("exit:", "exti:", "exit"), ("trail:", "tral:", "trail"),
    ("expire:", "expires:", "expire"), ("cooldown:", "cool_down:", "cooldown"),
    # names: fields, lets, params, conditions, functions, arguments, outputs, parts of what is built in
    ("must rsi14", "must rsi41", "rsi14"), ("< low_rsi", "< low_ris", "low_rsi"), ("or dip", "or dpi", "dip"),
    ("rising(close", "rising(clsoe", "close"), ("lowest(low", "lowst(low", "lowest"), ("atr(14)", "art(14)", "atr"),
    ("length=10", "lenght=10", "length"), ("bands.lower", "bands.lowr", "lower"),
    ("bands.lower", "bnads.lower", "bands"),
    ("time.hour", "time.huor", "hour"), ("position.bars", "position.brs", "bars"),
    ("confidence", "confidense", "confidence"), ("stop to entry", "stop to enrty", "entry"),
    # words of sentences
    ("must ", "msut ", "must"), (" weight ", " wieght ", "weight"), ("for 3 bars", "fro 3 bars", "for"),
    ("for 3 bars", "for 3 brs", "bars"), ("between", "betwen", "between"), ("crosses", "croses", "crosses"),
    ("above", "abvoe", "above"), ("limit", "limt", "limit"),
    ("clamp", "clmap", "clamp"), (" to 1.5%", " too 1.5%", "to"),
    ("take 50%", "taek 50%", "take"), ("then stop", "than stop", "then"), ("after target", "after tagret", "target"),
    ("after stop", "after stpo", "stop"), ("after stop", "aftr stop", "after"), ("skip 12", "skp 12", "skip"),
    ("on close", "on clsoe", "close"), ("step 1", "stp 1", "step"), ("in 10", "on 10", "in"),
    # timeframes and durations
    ("[5m]", "[5min]", "5m"), ("[5m]", "[5 m]", "5m"), ("[5m]", "[1H]", "1h"), ("[5m]", "[daily]", "1d"),
    ("[5m]", "[60]", "60m"), ("expire: 4h", "expire: 4hr", "4h"), ("30m after", "30min after", "30m"),
]  # fmt: skip


def test_the_whole_is_good() -> None:
    assert load_document(*read_document(WHOLE)).diagnostics == []


@pytest.mark.parametrize(("before", "after", "meant"), SLIPS)
def test_the_word_that_was_meant_is_named(before: str, after: str, meant: str) -> None:
    assert before in WHOLE
    found = load_document(*read_document(WHOLE.replace(before, after, 1))).diagnostics
    (finding,) = found
    assert f"`{meant}`" in finding.help, (finding.message, finding.help)
