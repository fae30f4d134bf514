"""The place of a finding is exactly what was written wrong: planted in generated documents, in every scalar style.

What is planted is a name that nothing bears, a wrong unit, a wrong argument or a sign of another language; around it
stands anything that makes sense, on one line or several, with letters of several bytes before it.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl.errors import Diagnostic, Source
from dsl.load import load_document
from dsl.read import read_document

HEAD = """\
# größer 文😀
language: 1
id: sample
name: "Größe 文😀 \\u00e9"
version: 1.0.0
about: >-
  Ein Bot für 文字,
  über zwei Zeilen.
timeframes: [5m]
universe: {symbols: [ETH/USDT]}
"""
PLANTED = {
    "zzqqx": ("{} > 3", "unknown-name"),
    "wizardry": ("{}(close) > 3", "unknown-function"),
    "&&": ("close > open {} volume > 3", "syntax"),
    "≥": ("close {} open", "syntax"),
    "0,5": ("rsi(14) < {}", "syntax"),
    "-1": ("close[{}] > open", "look-ahead"),
    "1H": ("close@{} > open", "syntax"),
    "zzq": ("rsi(close, {}=3) > 3", "wrong-arguments"),
    "uppper": ("bbands(20, 2).{} > close", "unknown-output"),
    "RSI": ("{}(14) > 3", "syntax"),
}
BEFORE = ("", "close > open and ", "not (low > high) or ", "(close > sma(close, 20)) and volume > 1_000 and ")
AFTER = ("", " and close > 3", " or (volume > 5)")


def escaped(text: str, every: int) -> str:
    """Return a text for double quotes with some of its characters as escapes; line breaks stay blanks."""
    kinds = ("\\x{:02x}", "\\u{:04x}", "\\U{:08x}")
    return "".join(
        kinds[i % 3].format(ord(char)) if i % every == 0 and ord(char) < 0x100 else char.replace('"', '\\"')
        for i, char in enumerate(text)
    )


def broken(text: str, words: int, indent: str) -> str:
    """Return a text with a line break in place of some of its blanks."""
    parts = text.split(" ")
    lines = [" ".join(parts[at : at + words]) for at in range(0, len(parts), words)]
    return f"\n{indent}".join(lines)


STYLES = {
    "plain": lambda text, n: f"it: {text}",
    "plain over lines": lambda text, n: "it: " + broken(text, n + 1, "      "),
    "single quotes": lambda text, n: "it: '" + text.replace("'", "''") + "'",
    "single quotes over lines": lambda text, n: "it: '" + broken(text.replace("'", "''"), n + 1, "      ") + "'",
    "double quotes": lambda text, n: 'it: "' + text.replace('"', '\\"') + '"',
    "double quotes with escapes": lambda text, n: 'it: "' + escaped(text, n + 1) + '"',
    "double quotes over lines": lambda text, n: 'it: "' + broken(text, n + 1, "      ") + '"',
    "folded": lambda text, n: "it: >-\n      " + broken(text, n + 1, "      "),
    "folded, kept": lambda text, n: "it: >+\n      " + broken(text, n + 1, "      "),
    "literal": lambda text, n: "it: |\n      " + broken(text, n + 1, "      "),
    "literal, indented": lambda text, n: "it: |2\n      " + broken(text, n + 1, "      "),
}  # fmt: skip


def only(text: str) -> Diagnostic:
    (finding,) = load_document(*read_document(text, path="sample.yaml")).diagnostics
    return finding


@settings(max_examples=40, deadline=None)
@given(
    planted=st.sampled_from([*PLANTED]), before=st.sampled_from(BEFORE), after=st.sampled_from(AFTER),
    n=st.integers(0, 4), crlf=st.booleans(),
)  # fmt: skip
@pytest.mark.parametrize("style", STYLES)
def test_the_span_is_what_was_planted(style: str, planted: str, before: str, after: str, n: int, crlf: bool) -> None:
    form, name = PLANTED[planted]
    condition = before + form.format(planted) + after
    if "escapes" in style and not planted.isascii():
        return  # an escape stands for it there: the test below
    text = f"{HEAD}long:\n  when:\n    {STYLES[style](condition, n)}\n  entry: market\n  stop: 1%\n  targets: [2%]\n"
    finding = only(text.replace("\n", "\r\n") if crlf else text)
    assert finding.name == name, (finding.message, text)
    written = finding.span.text
    if "escapes" in style:
        written = written.encode().decode("unicode_escape")
    assert written == planted, text
    line = finding.span.source.line(finding.span.line)
    assert line[finding.span.column - 1 :].startswith(finding.span.text.split("\n")[0])


FLOW = {
    "in a flow table": 'long: {{x-note: "é文😀", when: {{it: {}}}, entry: market, stop: 1%, targets: [2%]}}\n',
    "as JSON": '"long": {{"x-note": "é文😀", "when": {{"it": {}}}, "stop": "1%", "targets": ["2%"]}}\n',
    "in a list of targets": 'long: {{when: {{ok: "close > open"}}, stop: 1%, targets: ["1R take 50%", {}]}}\n',
    "in a let": 'let: {{a: "close", it: {}}}\nlong: {{when: {{ok: "a > it"}}, stop: 1%, targets: [2%]}}\n',
}


@pytest.mark.parametrize("quote", ["'", '"'])
@pytest.mark.parametrize("place", ["in a flow table", "as JSON"])
@pytest.mark.parametrize("planted", PLANTED)
def test_in_flow_style_behind_wide_letters(planted: str, place: str, quote: str) -> None:
    form, name = PLANTED[planted]
    finding = only(HEAD + FLOW[place].format(f"{quote}close > open and {form.format(planted)}{quote}"))
    assert (finding.name, finding.span.text) == (name, planted)


@pytest.mark.parametrize(
    ("place", "value"),
    [("in a list of targets", "'zzqqx take 50%'"), ("in a list of targets", "zzqqx"), ("in a let", '"ema(zzqqx, 3)"'),
     ("in a list of targets", '"high + zzqqx * 2 take 50% then stop to entry"')],
)  # fmt: skip
def test_in_lists_and_lets(place: str, value: str) -> None:
    finding = only(HEAD + FLOW[place].format(value))
    assert (finding.name, finding.span.text) == ("unknown-name", "zzqqx")


def test_keys_and_what_is_counted_in_wide_letters() -> None:
    text = HEAD + "long: {when: {ok: close > open}, stop: 1%, targets: [2%], x-文😀: é, exprie: 4h}\n"
    finding = only(text)
    assert (finding.name, finding.span.text) == ("unknown-key", "exprie")
    assert finding.span.column == text.splitlines()[-1].index("exprie") + 1
    assert Source("x", text).position(finding.span.start) == (finding.span.line, finding.span.column)
