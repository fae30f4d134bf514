"""The canonical layout: what is changed, what is left alone, and that doing it twice does it once."""

# ruff: noqa: E501 (a document and what becomes of it read best side by side)

from __future__ import annotations

import pytest

from dsl.errors import Source
from dsl.fmt import format_source
from dsl.fmt_layout import CannotLayOut, canonical
from dsl.fmt_sentences import STARTS, spaced
from dsl.grammar import STARTS as GRAMMAR_STARTS
from dsl.schema import LIBRARY, STRATEGY, Section

TIDY = """\
# yaml-language-server: $schema=../schemas/strategy.schema.json
language: 1
id: sample
name: Sample
version: "1.0"
about: >-
  A sample, with   three blanks
    and a line that is further in.

timeframes: [5m, 15m]
universe: {symbols: [ETH/USDT]}

params:
  weak: 30 in 10 to 45 step 1        # how low
  strong: 70 in 55 to 90 step 1     # and how high

let:
  # The usual length.
  rsi14: rsi(close, 14)
  both: >
    rsi14 < weak
      and close > open
  either: rsi14 < weak
    or close > open

long:
  when:
    oversold: must rsi14 <= weak
    burst:    volume > 1.8 * sma(volume, 20)  weight 3
    calm:     roc(close, 5)@"BTC/USDT" < 1%   weight 1
    # turn: rising(close, 2)
  entry: market
  stop: 1%
  targets:
    - 1% take 50% then stop to entry
    - 2.5R
  x-notes:
    - name: anything
      more:
        - 1

cooldown: 30m after stop
"""

LOOSE = """\


# yaml-language-server: $schema=../schemas/strategy.schema.json
language:   1
'id' :  sample
name: "Sample"
version: "1.0"
about:   >-
      A sample, with   three blanks
        and a line that is further in.



timeframes: [ 5m ,15m]   \t
universe: {  "symbols" :[ETH/USDT] }

params:
     weak: 30   in 10 to 45 step 1        # how low
     "strong": 70 in 55  to 90 step 1     # and how high

let:
    # The usual length.
    rsi14: rsi( close,14 )
    both: >
       rsi14<weak
         and close > open
    either: rsi14<weak
                or close > open

long:
   when:
      "oversold": must  rsi14<=weak
      burst:    'volume>1.8*sma(volume,20)  weight 3'
      calm:     roc(close ,5)@"BTC/USDT" < 1%   weight 1
      # turn: rising(close, 2)
   entry:   market
   stop: '1%'
   targets:
   - 1% take 50% then stop to  entry
   - "2.5R"
   x-notes:
   -  name: anything
      more:
      - 1


cooldown: 30m   after stop
"""


def tidied(text: str, path: str = "sample.yaml") -> str:
    """Return the canonical form, which is its own."""
    result = format_source(Source(path, text))
    assert result.findings == ()
    again = format_source(Source(path, result.after))
    assert again.after == result.after
    return result.after


def test_what_is_tidy_stays() -> None:
    assert tidied(TIDY) == TIDY


def test_layout_is_brought_into_form() -> None:
    expected = TIDY.replace("step 1        #", "step 1       #").replace("about: >-", "about:   >-")
    assert tidied(LOOSE) == expected.replace("  weight 3", " weight 3").replace("   weight 1", " weight 1")


@pytest.mark.parametrize(
    ("kind", "written", "canonical_form"),
    [
        ("condition", "must  not -x@1h [2]>f (a = 3,b)  weight 2", "must not -x@1h[2] > f(a=3, b) weight 2"),
        ("expr", "( close-open)*-2>( -low )", "(close - open) * -2 > (-low)"),
        ("expr", "x between-1 and(y) or x - -1", "x between -1 and (y) or x - -1"),
        ("expr", 'x@"BTC  /USDT" @ 1h . y', 'x@"BTC  /USDT"@1h.y'),
        ("expr", "if a then(b)else -c", "if a then (b) else -c"),
        ("expr", "above-1>below (3)", "above - 1 > below(3)"),
        ("expr", "5_000_000*1.50e-3+0.10%", "5_000_000 * 1.50e-3 + 0.10%"),
        ("condition", "not(a or b)for  3 bars", "not (a or b) for 3 bars"),
        ("target", "0.6%  take 50% then stop to  + 0.1%", "0.6% take 50% then stop to +0.1%"),
        ("param", "-5 in -10 to  - 3 step 1", "-5 in -10 to -3 step 1"),
        ("signature", "macd( source=close,fast = 12 in 1 to 500)", "macd(source=close, fast=12 in 1 to 500)"),
        ("schedule", "*/5  * * *   *", "*/5 * * * *"),
        ("schedule", "every  15s", "every 15s"),
        ("entry", "limit(close-1) for 6 bars", "limit (close - 1) for 6 bars"),
        ("series", "100 x80 ,100 to 95 in 14,-1", "100 x80, 100 to 95 in 14, -1"),
    ],
)
def test_blanks_in_a_sentence(kind: str, written: str, canonical_form: str) -> None:
    assert spaced(kind, written) == canonical_form
    assert spaced(kind, canonical_form) == canonical_form


def _sentence_keys(section: Section) -> set[str]:
    keys = set()
    for field in section.fields:
        if field.form in ("sentence", "sentences", "named", "outputs") and field.name != "unit":
            keys.add(field.name)
        keys |= _sentence_keys(field.inner) if field.inner else set()
    return keys


def test_every_key_that_holds_a_sentence_has_its_kind() -> None:
    assert _sentence_keys(STRATEGY) | _sentence_keys(LIBRARY) == set(STARTS)
    assert set(STARTS.values()) <= set(GRAMMAR_STARTS)


@pytest.mark.parametrize(
    ("written", "canonical_form"),
    [
        ("a:   1", "a: 1\n"),
        ("a: 1\r\nb:   2\r\n", "a: 1\r\nb: 2\r\n"),
        ("\n\n\na: 1\n\n\n\nb: 2\n\n\n", "a: 1\n\nb: 2\n"),
        ("# top\n\n\n# more\na: 1 # so\n#end", "# top\n\n# more\na: 1 # so\n# end\n".replace("# end", "#end")),
        ("a: 'x y'\nb: \"it's\"\nc: '1'\nd: 'no'\ne: ''\nf: '# x'\n", "a: x y\nb: it's\nc: '1'\nd: 'no'\ne: ''\nf: '# x'\n"),
        ("a: ['b', 'c, d', \"[e\"]\n", "a: [b, 'c, d', \"[e\"]\n"),
        ("'a b': 1\n'c: d': 2\n", "a b: 1\n'c: d': 2\n"),
        ("a: {b:   1   ,  c: [ 2,3 ] }\n", "a: {b: 1, c: [2, 3]}\n"),
        ("a: [\n1,   # one\n  {b: 2,\n c: 3},\n   # end\n  ]\n", "a: [\n  1,   # one\n  {b: 2,\n    c: 3},\n  # end\n]\n"),
        ("a:\n- 1\n-   b: 2\n    c: 3\n-\n  - 4\n", "a:\n  - 1\n  - b: 2\n    c: 3\n  -\n    - 4\n"),
        ("a:\n    # in\n    b: 1\n    # still in\n# out\nc: 2\n", "a:\n  # in\n  b: 1\n  # still in\n# out\nc: 2\n"),
        ("a: |2\n    x\n   y\nb: 1\n", "a: |2\n    x\n   y\nb: 1\n"),
        ("a:\n    b: |\n        x  \n\n          y\n    c: >+\n        z\n\n\nd: 1\n",
         "a:\n  b: |\n    x  \n\n      y\n  c: >+\n    z\n\n\nd: 1\n"),
        ("a: one\n       two\n         three\n\n       four\n", "a: one\n  two\n    three\n\n  four\n"),
        ('a: "one \\\n     two\\ \n   three"\n', 'a: "one \\\n    two\\ \n  three"\n'),
        ("a:\n      one\n       two\n", "a:\n  one\n   two\n"),
        ("---\na: 1\n...\n", "---\na: 1\n...\n"),
        ("a:   1\nbb:  2\n\nccc: 3\nd:  4\n", "a:   1\nbb:  2\n\nccc: 3\nd: 4\n"),
        ("文: 1\na:\tb\n", "文: 1\na: b\n"),
    ],
)  # fmt: skip
def test_layout(written: str, canonical_form: str) -> None:
    assert canonical(Source("x.yaml", written)) == canonical_form
    assert canonical(Source("x.yaml", canonical_form)) == canonical_form


@pytest.mark.parametrize(
    "text", ["- a\n", "", "a: [1\n", "a: *b\n", "? a\n: 1\n", "%YAML 1.1\n---\na: 1\n", "a: !x 1\n"]
)
def test_what_is_no_plain_document_is_refused(text: str) -> None:
    with pytest.raises(CannotLayOut):
        canonical(Source("x.yaml", text))


def test_columns_that_people_made_move_together() -> None:
    before = "long:\n  when:\n    a:   close>open     weight 3\n    bcd: close > open   weight 1\n    e: low > 1   weight 2\n"
    after = (
        "long:\n  when:\n    a:   close > open   weight 3\n    bcd: close > open   weight 1\n    e: low > 1 weight 2\n"
    )
    assert canonical(Source("x.yaml", before)) == after
