"""A stop nearer than the fees or half of a usual candle is hit by chance."""

from __future__ import annotations

import math
from collections.abc import Iterator

from dsl import ast
from dsl.check.checked import Side
from dsl.errors import Diagnostic, Severity, Span
from dsl.lint._linear import linear
from dsl.lint._money import Money, below
from dsl.lint._rule import Rule, Subject
from engine.domain.market import Timeframe

FEES = 0.002
"""A taker's fee of 0.1 % for the way in and for the way out."""
_RANGE = 0.0009
"""A usual true range of BTC/USDT on one minute; it grows with the root of time: 0.35 % on 15m, 0.7 % on 1h."""


def find(subject: Subject) -> Iterator[Diagnostic]:
    checked = {side.side: side for side in subject.checked.sides} if subject.checked else {}
    for block in subject.document.sides:
        side = checked.get(block.side)
        if side is None or side.stop is None or block.stop is None:
            continue
        found = _noise(side, block, subject)
        if found is not None:
            message, notes = found
            yield Diagnostic(
                RULE.name, message, block.stop.level.span, Severity.WARNING,
                help="move it out, to 1.5 * atr(14) or beyond the last low", notes=notes,
            )  # fmt: skip


def _noise(side: Side, block: ast.SideBlock, subject: Subject) -> tuple[str, tuple[tuple[Span, str], ...]] | None:
    money = Money(side, block.span)
    if not money.can(below(money.entry.scaled(FEES).plus(money.risk, -1.0))):
        return "the stop is nearer than the fees of the trade, 0.2%", ()
    for text, span in subject.document.timeframes:
        usual = _RANGE * math.sqrt(Timeframe.parse(text).ms / 60_000)
        if not money.can(below(money.entry.scaled(usual / 2).plus(money.risk, -1.0))):
            message = f"the stop is nearer than half of a usual candle of {text}, about {100 * usual:.2g}%"
            return message, ((span, "on this timeframe"),)
    if side.stop is not None and side.stop.clamp is None and side.stop.level.kind == "distance":
        ranges = {t.same for t in subject.terms if t.text.startswith("atr(")}
        total = linear(side.stop.level.term, money.atoms)
        if total is not None and not total.constant and len(total.weights) == 1:
            ((atom, times),) = total.weights.items()
            if atom in ranges and times < 0.5:
                return "the stop is nearer than half of the average range of a candle", ()
    return None


RULE = Rule("stop-inside-noise", "trade", "A stop nearer than the fees or half a usual candle is hit by chance.", find)
