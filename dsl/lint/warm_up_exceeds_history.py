"""A rule that needs more history than any market has can never be decided, or never without doubt."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from dsl.errors import Diagnostic, Severity
from dsl.lint._rule import Rule, Subject
from engine.domain.market import Timeframe
from engine.domain.strategy import SideRules

OLDEST = datetime.date(2011, 8, 18)
"""The first candle of the oldest exchange that still trades (Bitstamp, BTC/USD)."""
_DAY, _YEAR = 86_400_000, 365.25


def find(subject: Subject) -> Iterator[Diagnostic]:
    if not _long(subject):
        return
    document, plan = subject.document, subject.plan
    rules = next((s for s in plan.strategies if s.id == document.id), None) if plan and subject.checked else None
    if plan is None or rules is None:
        return
    most = (subject.today - OLDEST).days
    for text, span in document.timeframes:
        sides: tuple[SideRules, ...] = rules.rules.get(Timeframe.parse(text), ())
        nodes = [plan.nodes[n] for side in sides for n in (side.fires, *(c.node for c in side.conditions))]
        longest = max(nodes, key=lambda node: node.history_ms, default=None)
        if longest is None or longest.history_ms / _DAY <= most:
            continue
        years = longest.history_ms / _DAY / _YEAR
        short = longest.history_ms * longest.defined / max(longest.converged, 1) / _DAY
        what = "can never be decided" if short > most else "never forgets where its averages began"
        message = f"on {text} this {what}: it needs {years:.0f} years of candles, and no market has more than"
        yield Diagnostic(
            RULE.name, f"{message} {most / _YEAR:.0f}", span, Severity.WARNING,
            help="use shorter lengths, or a shorter timeframe",
        )  # fmt: skip


_SLOWEST = 50
"""Candles per unit of length after which anything has forgotten its start; Wilder's average takes about 14."""


def _long(subject: Subject) -> bool:
    """Whether the lengths in a strategy could add up to more history than there is; most cannot, and need no plan."""
    frames = [Timeframe.parse(text).ms for text, _ in subject.document.timeframes]
    lengths, seen, left = 0.0, set[int](), list(subject.roots)
    while left:
        term = left.pop()
        if term.same in seen:
            continue
        seen.add(term.same)
        left += term.args
        if term.op == "recur":
            return True  # it says itself how long it takes
        if term.op == "at":
            frames += [Timeframe.parse(str(term.params[0])).ms] if term.params[0] else []
        elif term.op != "const":
            lengths += sum(float(part) for part in term.params if isinstance(part, int | float))
    return bool(frames) and lengths * _SLOWEST * max(frames) / _DAY > (subject.today - OLDEST).days


RULE = Rule(
    "warm-up-exceeds-history",
    "cost",
    "A rule that needs more history than any market has can never be decided, or never without doubt.",
    find,
)
