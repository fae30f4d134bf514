"""Formatting generated documents: it can be done twice, keeps comments and words, and makes the same plan."""

# ruff: noqa: E501 (an odd document reads best on one line)

from __future__ import annotations

import re
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl.errors import Source
from dsl.fmt import difference, files, format_file, format_source, write
from dsl.load import load_document
from dsl.read import read_document

ROOT = Path(__file__).parents[2]
BROKEN = sorted((Path(__file__).parent / "broken").glob("*.yaml"))

DOCUMENT: dict[str, Any] = {
    "language": "1",
    "id": "sample",
    "name": 'It\'s a "sample": 1',
    "version": "1.0",
    "about": "Words  with blanks, é文😀 and a # sign.",
    "schedule": "every 15s",
    "timeframes": ["5m", "15m"],
    "gaps": "skip 12",
    "universe": {"symbols": ["ETH/USDT", "BTC/USDT"], "where": "quote_volume_24h >= 5_000_000 and spread <= 0.10%"},
    "assume": {"spread": "0.05%"},
    "params": {"weak": "30 in 10 to 45 step 1", "calm": "1.50% in 0.5% to 4% step 0.1%", "above": "2 in 1 to 3"},
    "let": {
        "rsi14": "rsi(close, 14)",
        "bands": "bbands(close, 20, 2)",
        "turned": "above - 1 < -(-2) and not (rsi14[1] < weak)",
        "other": 'roc(close, 5)@"BTC/USDT"',
        "slow": "ema(close, length=50)@1h",
        "pick": "if close > open then 1.5e-3 else -abs(-2)",
    },
    "long": {
        "when": {
            "oversold": "must (rsi14 <= weak) within 3 bars",
            "burst": "volume > 1.8 * sma(volume, 20) or close crosses above slow weight 3",
            "calm_": "abs(other) < calm weight 1",
            "band": "close between bands.lower and bands.upper weight 2",
            "picked": "pick > 0 and turned weight 1",
        },
        "fire": "confidence >= 70",
        "entry": "limit (close - 0.5 * atr(14)) for 6 bars",
        "stop": "lowest(low, 10) - 0.25 * atr(14) clamp 0.5% to 1.5%",
        "targets": ["0.6% take 50% then stop to +0.1%", "1.2% take 30%", "2.5R"],
        "exit": {"faded": "rsi14 crosses below 50", "stale": "position.bars >= 40 and position.profit < 0.1%"},
        "trail": ["2 * atr(14) after target 1"],
        "expire": "4h",
    },
    "cooldown": ["2h after signal", "30m after stop"],
    "x-own": {"anything": ["1", "yes", "a b"], "more": "x"},
}
SENTENCES = frozenset((
    "schedule", "gaps", "where", "spread", "weak", "calm", "above", "rsi14", "bands", "turned", "other", "slow", "pick",
    "oversold", "burst", "calm_", "band", "picked", "fire", "entry", "stop", "targets", "faded", "stale", "trail",
    "expire", "cooldown",
))  # fmt: skip
_TIGHT = re.compile(r"( ?)(?<!\de)([-+*/<>=(),@\[\]]+)( ?)")


class Writer:
    """Writes DOCUMENT in layouts that nobody would choose."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.comments: list[str] = []
        self.in_block = False

    def document(self) -> str:
        text = self._notes(0) + self._table(DOCUMENT, 0)
        text = text if self.random.random() < 0.8 else text.rstrip("\n")
        return text.replace("\n", "\r\n") if self.random.random() < 0.1 else text

    def _table(self, table: dict[str, Any], column: int) -> str:
        return "".join(self._notes(column) + self._entry(key, value, column) for key, value in table.items())

    def _entry(self, key: str, value: Any, column: int) -> str:
        pick = self.random.random
        quote = self.random.choice(["", "", "", '"', "'"])
        head = f"{' ' * column}{quote}{key}{quote}{self.random.choice(['', '', ' '])}:"
        inner = column + self.random.randint(1, 5)
        if isinstance(value, dict):
            if pick() < 0.15 and key != "long":
                return f"{head} {self._flow(value, inner)}{self._tail()}"
            return f"{head}{self._tail()}{self._table(value, inner)}"
        if isinstance(value, list):
            if pick() < 0.4:
                return f"{head} {self._flow(value, inner)}{self._tail()}"
            at = self.random.choice([column, inner])
            items = (f"{self._notes(at)}{' ' * at}-{self._item(key, item, at)}" for item in value)
            return f"{head}{self._tail()}{''.join(items)}"
        return f"{head}{self._value(key, value, column)}"

    def _item(self, key: str, item: str, at: int) -> str:
        return self._value(key, item, at)

    def _value(self, key: str, value: str, column: int) -> str:
        """Write a text after a key or a dash, with what ends its line."""
        kind = self.random.random() if key not in ("id", "timeframes", "symbols") else 0
        self.in_block = False
        free = key in SENTENCES
        said = self._loose(value) if free else value
        gap = " " * self.random.choice([1, 1, 1, 2, 5])
        inner = " " * (column + self.random.randint(1, 6))
        if key in ("language",) or (not free and kind < 0.4):
            return f"{gap}{self._plain_or_quoted(said, key)}{self._tail()}"
        if kind < 0.55 and self._can_be_plain(said):
            broken = self._broken(said, inner) if free else said
            return f"{gap}{broken}{self._tail()}"
        if kind < 0.65 and free:
            return f"\n{inner}{self._broken(said, inner)}{self._tail()}"
        if kind < 0.8:
            return f"{gap}{self._quoted(self._broken(said, inner) if free else said)}{self._tail()}"
        self.in_block = True
        sign = self.random.choice([">", "|"]) + self.random.choice(["-", ""])
        comment = self._comment() if self.random.random() < 0.2 else ""
        lines = self._broken(said, inner) if free else said
        return f"{gap}{sign}{comment}\n{inner}{lines}\n{self.random.choice(['', '', chr(10)])}"

    def _plain_or_quoted(self, text: str, key: str) -> str:
        if self._can_be_plain(text) and (key in ("language", "x-own") or self.random.random() < 0.5):
            return text
        return self._quoted(text)

    def _can_be_plain(self, text: str) -> bool:
        return not re.search(r": | #|^[\"'@%&*!|>\[{-]", text)

    def _quoted(self, text: str) -> str:
        if self.random.random() < 0.5:
            return "'" + text.replace("'", "''") + "'"
        return (
            '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace(">", self.random.choice([">", "\\x3e"])) + '"'
        )

    def _broken(self, text: str, inner: str) -> str:
        """Break a sentence into lines at some of its blanks outside quotes."""
        if self.random.random() < 0.6 or '"' in text:
            return text
        return re.sub(
            r" +(?=[a-z(])", lambda m: m[0] if self.random.random() < 0.6 else f"{self._blanks()}\n{inner}", text
        )

    def _loose(self, text: str) -> str:
        """Change the blanks of a sentence."""

        def sign(match: re.Match[str]) -> str:
            return f"{self._blanks(match[1])}{match[2]}{self._blanks(match[3])}"

        parts = text.split('"')
        parts[::2] = [_TIGHT.sub(sign, part) for part in parts[::2]]
        parts[::2] = [re.sub(r"(?<=\w) (?=\w)", lambda _: self._blanks(" ") or " ", part) for part in parts[::2]]
        return '"'.join(parts).strip()

    def _blanks(self, usual: str = "") -> str:
        return self.random.choice([usual, usual, usual, "", " ", "   "])

    def _flow(self, value: Any, column: int) -> str:
        def gap() -> str:
            line = f"\n{' ' * column}"
            return (
                f"{self._comment()}{line}" if self.random.random() < 0.1 else self.random.choice(["", " ", "  ", line])
            )

        if isinstance(value, dict):
            inner = f"{gap()},{gap()}".join(
                f"{key}:{self._blanks(' ') or ' '}{self._cell(v)}" for key, v in value.items()
            )
            return f"{{{gap()}{inner}{gap()}}}"
        return f"[{gap()}" + f"{gap()},{gap()}".join(self._cell(item) for item in value) + f"{gap()}]"

    def _cell(self, value: Any) -> str:
        if isinstance(value, dict | list):
            return self._flow(value, 9)
        return value if not re.search(r"[,\[\]{}\"]", value) and self.random.random() < 0.7 else self._quoted(value)

    def _comment(self) -> str:
        self.comments.append(f"# {len(self.comments)} {self.random.choice(['why', 'é: [x', 'a  b', 'lint'])}")
        return f"{self.random.choice([' ', '    '])}{self.comments[-1]}"

    def _tail(self) -> str:
        return (self._comment() if self.random.random() < 0.15 else self._blanks()) + "\n"

    def _notes(self, column: int) -> str:
        lines = ""
        while self.random.random() < 0.2:
            wide = " " * max(0, column + self.random.choice([0, 0, 0, -2, 0 if self.in_block else 3]))
            blank = self.random.choice(["\n", "\n\n\n", "   \n", ""])
            lines += blank or f"{wide}{self._comment().strip()}\n"
        return lines


def plan(text: str) -> str:
    document, findings = read_document(text)
    loaded = load_document(document, findings)
    assert [finding.message for finding in loaded.errors] == []
    return loaded.plan.hash


def comments(text: str) -> list[str]:
    return re.findall(r"# \d+ (?:why|é: \[x|a  b|lint)", text)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9))
def test_any_layout_becomes_the_canonical_one(seed: int) -> None:
    writer = Writer(Random(seed))
    text = writer.document()
    hash_before = plan(text)
    result = format_source(Source("sample.yaml", text))
    assert [finding.message for finding in result.findings] == []
    assert plan(result.after) == hash_before
    assert comments(result.after) == comments(text)
    again = format_source(Source("sample.yaml", result.after))
    assert again.after == result.after
    lines = result.after.replace("\r\n", "\n").split("\n")
    assert lines[-1] == ""
    assert "\n\n\n" not in re.sub(r": [|>][^\n]*\n(( +[^\n]*)?\n)*", "\n", result.after)
    assert len(re.findall(r"5_000_000|1\.50%|1\.5e-3|0\.10%", result.after)) == 4


@pytest.mark.parametrize("folder", ["strategies", "dsl/library"])
def test_what_comes_with_the_engine_is_canonical(folder: str) -> None:
    results = [format_file(path) for path in files([ROOT / folder])]
    assert len(results) >= 5
    assert [result.path for result in results if result.changed or result.findings] == []


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_broken_file_is_never_touched(path: Path) -> None:
    result = format_file(path)
    assert not result.changed
    assert result.findings


PLAIN = """\
language: 1
id: s
name: S
version: 1.0.0
about: A.
timeframes: [1h]
universe: {symbols: [BTC/USDT]}
long:
  when: {a: close > open}
  stop: 1%
  targets: [2R]
"""
NASTY = {
    "no final line break": PLAIN.rstrip(),
    "many final line breaks": f"{PLAIN}\n\n\n",
    "CRLF": PLAIN.replace("\n", "\r\n").replace("stop: 1%", "stop:   1%"),
    "CRLF, no final line break": PLAIN.replace("\n", "\r\n").rstrip(),
    "mixed line ends": PLAIN.replace("name: S\n", "name: S\r\n"),
    "old line ends": PLAIN.replace("\n", "\r"),
    "byte order mark": f"\ufeff{PLAIN}",
    "tabs between": PLAIN.replace("stop: 1%", "stop:\t1%\t# x\t"),
    "long list in brackets": PLAIN.replace("[BTC/USDT]", f"[{','.join(f'C{i}/USDT' for i in range(400))}]"),
    "comments in brackets": PLAIN.replace("[BTC/USDT]", "[ # one\n BTC/USDT, # two\n # three\n    ETH/USDT # four\n] # five\n"),
    "comments everywhere": "".join(f"{line} # c{i}\n  # own {i}\n# left {i}\n" for i, line in enumerate(PLAIN.splitlines())),
    "literal text": PLAIN.replace("about: A.", "about: |\n  one\n    two\n\n  three\n\n\n"),
    "text with an indent of its own": PLAIN.replace("about: A.", "about: |2\n    one\n  two\n"),
    "folded sentence": PLAIN.replace("{a: close > open}", "\n    a: >-   # why\n       must close\n         > open\n\n       and  close>1\n"),
    "list at the margin": PLAIN.replace("targets: [2R]", "targets:\n  # x\n  - 1R   take 50% # y\n\n  # z\n  -\n    3R\n  # tail"),
    "begin and end of document": f"---\n{PLAIN}...\n",
    "quoted keys": PLAIN.replace("stop:", '"stop":'),
    "keys of one's own": f'{PLAIN}x-mine:\n    a: [1,2,  {{b:   c}}]\n    "d e":   |\n       text\n',
    "a sentence of 900 signs": PLAIN.replace("close > open", f"'{' and '.join(f'close>ema(close,{i})' for i in range(2, 45))}'"),
    "wide signs before a column": PLAIN.replace("{a: close > open}", "\n    a: close>open     weight 2 # 😀\n    bcd:   close >1   weight 1"),
}  # fmt: skip


@pytest.mark.parametrize("name", NASTY)
def test_odd_texts_become_canonical_and_lose_nothing(name: str) -> None:
    text = NASTY[name]
    result = format_source(Source("s.yaml", text))
    assert [finding.message for finding in result.findings] == []
    assert format_source(Source("s.yaml", result.after)).after == result.after
    assert plan(result.after) == plan(text)
    words = [line.split("#", 1)[1].split() for line in text.splitlines() if "#" in line]
    assert [line.split("#", 1)[1].split() for line in result.after.splitlines() if "#" in line] == words
    assert result.after.endswith("\n")
    assert not result.after.startswith("\ufeff")
    if name != "old line ends":
        assert ("\r\n" in result.after) == name.startswith("CRLF")


def test_a_byte_order_mark_is_taken_off_a_file(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + PLAIN.encode())
    result = format_file(path)
    assert result.changed
    assert result.after == PLAIN


def test_a_test_file_is_formatted(tmp_path: Path) -> None:
    (tmp_path / "sample.yaml").write_text("language: 1\n")
    path = tmp_path / "sample.test.yaml"
    path.write_text(
        "language: 1\ntests:\n- name: 'falls  twice'\n  close:  100 x60 ,100 to  94 in 12\n"
        "  expect:\n  - nothing: always\n"
    )
    assert format_file(path).after == (
        "language: 1\ntests:\n  - name: falls  twice\n    close: 100 x60, 100 to 94 in 12\n"
        "    expect:\n      - nothing: always\n"
    )


def test_a_file_is_written_in_one_step(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("old")
    path.chmod(0o640)
    link = tmp_path / "link.yaml"
    link.symlink_to(path)
    write(link, "new\n")
    assert (path.read_text(), path.stat().st_mode & 0o777, link.is_symlink()) == ("new\n", 0o640, True)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.yaml", "link.yaml"]


def test_a_difference_names_the_file() -> None:
    assert difference("a: 1\n", "a: 1\n", "x.yaml") == ""
    assert difference("a:  1\n", "a: 1\n", "x.yaml") == "--- a/x.yaml\n+++ b/x.yaml\n@@ -1 +1 @@\n-a:  1\n+a: 1\n"
