"""Strategies as text for tests: one with as little as there can be, and how to load it."""

from __future__ import annotations

from dsl.errors import Diagnostic, Severity
from dsl.load import Loaded, load_document, load_expression
from dsl.read import read_document

HEAD = """\
language: 1
id: {id}
name: Sample
version: 1.0.0
about: A sample.
schedule: on close
timeframes: [{timeframes}]
universe: {{symbols: [ETH/USDT]}}
"""


def strategy(body: str, *, timeframes: str = "5m", name: str = "sample") -> str:
    return HEAD.format(id=name, timeframes=timeframes) + body


def load_text(body: str, *, timeframes: str = "5m", name: str = "sample") -> Loaded:
    """Load a strategy of which only what matters is written."""
    document, findings = read_document(strategy(body, timeframes=timeframes, name=name))
    return load_document(document, findings)


def side(condition: str = "close > open", rest: str = "", *, side: str = "long") -> str:
    lines = "".join(f"\n  {line}" for line in rest.splitlines())
    return f"{side}:\n  when:\n    it: {condition}\n  entry: market{lines}\n"


def errors(findings: list[Diagnostic]) -> list[tuple[str, str]]:
    """Return (name, text under the caret) of every error."""
    return [(d.name, d.span.text) for d in findings if d.severity is Severity.ERROR]


def of(expression: str, timeframe: str = "5m") -> list[tuple[str, str]]:
    """Return the errors of one expression."""
    return errors(load_expression(expression, timeframe)[2])


def finding(expression: str, timeframe: str = "5m") -> Diagnostic:
    """Return the only finding of one expression."""
    (found,) = load_expression(expression, timeframe)[2]
    return found
