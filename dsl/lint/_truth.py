"""What a comparison says for certain, from the bounds of what it compares."""

from __future__ import annotations

import math

from dsl.check.terms import Term


def certain(term: Term) -> bool | None:
    """Return True or False where a comparison of something that changes can only be that; None where it is open."""
    if term.op not in ("lt", "le", "gt", "ge"):
        return None
    left, right = term.args
    if left.same == right.same:
        return term.op in ("le", "ge")
    low, high = left.type.bounds[0] - right.type.bounds[1], left.type.bounds[1] - right.type.bounds[0]
    if math.isnan(low) or math.isnan(high):
        return None
    if term.op in ("lt", "le"):
        low, high = -high, -low
    if term.op in ("gt", "lt"):
        return True if low > 0 else False if high <= 0 else None
    return True if low >= 0 else False if high < 0 else None


def why(term: Term) -> str:
    """Return the bounds that decide it."""
    left, right = term.args
    if left.same == right.same:
        return "both sides are the same"
    changing = left if left.value is None else right
    low, high = changing.type.bounds
    if math.isinf(low) and math.isinf(high):
        return ""
    if math.isinf(high):
        return f"`{changing.text}` is {low:g} or more"
    return (
        f"`{changing.text}` is {low:g} to {high:g}" if math.isfinite(low) else f"`{changing.text}` is {high:g} or less"
    )
