"""docs/grammar.md is the grammar: current, whole, and accepted in both directions."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lark import Lark, Token, Tree

from dsl.catalogue import catalogue
from dsl.grammar import STARTS, grammar
from dsl.lsp.walk import expressions
from dsl.read import read_document

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "grammar.md").read_text(encoding="utf-8")
RULES = dict(re.findall(r"```ebnf\n(\w+) ::= (.*?)```", PAGE, re.DOTALL))
WORDS = {
    "NUMBER": ("30", "5_000_000", "1.5e-3"), "PERCENT": ("0.6%", "50%"), "R": ("2R", "1.5R"), "DURATION": ("30m", "4h"),
    "TIMEFRAME": ("1h", "1d"), "CRON": ("*/5 8-20 * * 1-5",), "NAME": ("close", "rsi14", "x"),
    "STRING": ('"BTC/USDT"', "'ETH/USDT'"),
}  # fmt: skip
READER = r"""
start: seq ("|" seq)*
seq: item+
item: atom [SIGN]
?atom: NAME | WORD | "(" start ")"
SIGN: "?" | "*"
NAME: /\w+/
WORD: /'[^']*'/ | /"[^"]*"/
%ignore /\s+/
"""


def test_the_page_is_up_to_date() -> None:
    """Where this fails, run `python docs/write_grammar.py`."""
    script = ROOT / "docs" / "write_grammar.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_sentence_and_rule_is_there_with_its_diagram() -> None:
    assert set(STARTS) <= set(RULES)
    for name, text in RULES.items():
        svg = (ROOT / "docs" / "grammar" / f"{name}.svg").read_text(encoding="utf-8")
        drawn = [part.text or "" for part in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]
        written = [word.strip("'\"") for word in re.findall(r"'[^']*'|\"[^\"]*\"|\w+", text)]
        assert set(drawn) == set(written), name
    used = set(re.findall(r"\b[a-z]\w*", re.sub(r"'[^']*'", "", " ".join(RULES.values()))))
    assert used <= set(RULES)
    words = re.findall(r"^\| `([A-Z]+)` \|", PAGE, re.MULTILINE)
    assert set(words) == set(WORDS) == set(re.findall(r"\b[A-Z]+\b", " ".join(RULES.values())))


@cache
def rule(name: str) -> Tree[Token]:
    return Lark(READER, parser="lalr").parse(RULES[name])


class Speaker:
    """Says whatever the rules of the page allow."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.left = 40

    def say(self, node: Any) -> str:
        if isinstance(node, Token):
            if node.type == "WORD":
                return str(node)[1:-1]
            return self.random.choice(WORDS[node]) if node in WORDS else self.say(rule(str(node)))
        self.left -= 1
        if node.data == "start":
            plainest = min(node.children, key=lambda child: cost(child, costs()))
            return self.say(self.random.choice(node.children) if self.left > 0 else plainest)
        if node.data == "item":
            what, sign = node.children
            times = 1 if sign is None else self.random.randrange(3 if sign == "*" else 2) if self.left > 0 else 0
            return " ".join(self.say(what) for _ in range(times))
        return " ".join(filter(None, map(self.say, node.children)))


@cache
def costs() -> dict[str, float]:
    """Return how deep the shortest sentence of each rule is."""
    known = dict.fromkeys(RULES, float("inf"))
    for _ in RULES:
        known = {name: 1 + cost(rule(name), known) for name in RULES}
    return known


def cost(node: Any, known: dict[str, float]) -> float:
    if isinstance(node, Token):
        return known.get(str(node), 0) if node.type == "NAME" else 0
    if node.data == "item" and node.children[1] is not None:
        return 0
    found = [cost(child, known) for child in node.children if child is not None]
    return min(found) if node.data == "start" else max(found)


@pytest.mark.parametrize("start", STARTS)
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_what_the_page_allows_the_parser_reads(start: str, seed: int) -> None:
    grammar().parse(Speaker(Random(seed)).say(rule(start)), start=start)


def sentences() -> list[str]:
    texts = [example for function in catalogue() for example in function.examples]
    for path in sorted((ROOT / "strategies").glob("*.yaml")):
        if ".test" not in path.name:
            document, _ = read_document(path)
            texts += [" ".join(expr.span.text.split()) for expr in expressions(document) if len(expr.span.text) < 80]
    return sorted(set(texts))[::3]


def test_what_the_parser_reads_the_page_allows() -> None:
    """The rules of the page, read by another kind of parser, know the expressions of the strategies and examples."""
    terminals = {name: grammar().get_terminal(name).pattern.to_regexp() for name in WORDS}
    lines = [f"{name}: {re.sub(QUOTED, lark_word, ' '.join(text.split()))}" for name, text in RULES.items()]
    escaped = {name: pattern.replace("\n", r"\n").replace("\t", r"\t") for name, pattern in terminals.items()}
    lines += [f"{name}: /{pattern}/" for name, pattern in escaped.items()]
    earley = Lark("\n".join([*lines, r"%ignore /\s+/"]), parser="earley", start="expr")
    texts = sentences()
    assert len(texts) > 100
    for text in texts:
        earley.parse(text)
    with pytest.raises(Exception, match="Unexpected"):
        earley.parse("close >")


QUOTED = re.compile(r"'([^']*)'")


def lark_word(match: re.Match[str]) -> str:
    return f'"{match[1]}"'
