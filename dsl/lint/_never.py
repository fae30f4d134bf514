"""A side that needs what cannot hold never fires: that is a mistake, not a question of taste."""

from __future__ import annotations

from collections.abc import Iterator

from dsl.check.checked import Checked, Side
from dsl.check.terms import Term
from dsl.errors import Diagnostic
from dsl.lint._truth import certain, is_comparison, twofold, why


def impossible(checked: Checked) -> Iterator[Diagnostic]:
    """Yield an error for each must, condition without a `fire`, and `fire` that can never hold by itself.

    Parts of an `and` that exclude each other are another finding: each could hold.
    """
    for side in checked.sides:
        for term in _needed(side):
            if not _never(term):
                continue
            part = next((p for p in (term, *term.args) if is_comparison(p) and certain(p) is False), None)
            message = f"this can never hold, so the {side.side} side never fires"
            yield Diagnostic("never-true", message, term.span, label=why(part) if part is not None else "")


_MOST = 2_000
"""Conditions of more parts, each counted wherever it stands, are loaded without being asked."""


def _size(term: Term, known: dict[int, int]) -> int:
    """Return how many parts a term has when all that it shares is written out."""
    if term.same not in known:
        known[term.same] = 1 + sum(_size(part, known) for part in term.args)
    return known[term.same]


def _needed(side: Side) -> Iterator[Term]:
    for condition in side.conditions:
        if condition.must or side.fire is None:
            yield condition.term
    if side.fire is not None and not side.fire.uncertain:  # what the weights reach is another finding
        yield side.fire


def _never(term: Term) -> bool:
    if term.value is not None:
        return term.value != 2.0  # false, or unknown on every candle
    if _size(term, {}) > _MOST:
        return False
    return (term.op != "and" or twofold(term)) and certain(term) is False
