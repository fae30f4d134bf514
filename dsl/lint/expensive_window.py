"""A long window of a function that reads all of it again on every candle."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.check.terms import Term
from dsl.errors import Diagnostic, Severity
from dsl.lint._rule import Rule, Subject

LONG = 1000
"""Candles from which on such a window takes most of a strategy's time."""
_WHOLE = {
    "alma": (0,), "hurst": (0,), "mad": (0,), "moments": (0,), "percentile": (0,), "percentrank": (0,),
    "pivot_high": (0, 1), "pivot_low": (0, 1),
}  # fmt: skip
"""The primitives that read their whole window on each candle, and which of their parameters make it."""


def find(subject: Subject) -> Iterator[Diagnostic]:
    told: set[tuple[int, int]] = set()
    known: dict[int, float] = {}
    for given in subject.terms:
        window = _window(given, known)
        place = given.span.start, given.span.end
        if window <= LONG or place in told or any(_window(part, known) > LONG for part in _written(given, subject)):
            continue
        told.add(place)
        yield Diagnostic(
            RULE.name, f"this reads {window:.0f} candles again on every candle", given.span, Severity.WARNING,
            help="take a shorter window, or the same one on a longer timeframe with `@`",
        )  # fmt: skip


def _window(given: Term, known: dict[int, float]) -> float:
    """Return the longest window of such a function in a term."""
    if given.same not in known:
        places = _WHOLE.get(given.op, ())
        own = sum(float(given.params[i]) for i in places if i < len(given.params))
        known[given.same] = max((own, *(_window(part, known) for part in given.args)))
    return known[given.same]


def _written(given: Term, subject: Subject) -> list[Term]:
    """Return the parts of a term that stand in the document: the finding belongs to the innermost."""
    parts = given.shown if given.shown is not None else given.args
    return [part for part in parts if subject.owns(part.span) and part.span != given.span]


RULE = Rule("expensive-window", "cost", "A long window of a function that reads all of it on every candle.", find)
