"""Slips in the small sentences (entries, targets, cooldowns) and in lists of conditions, and how they are written.

Each rule answers for one of them; dsl.advice asks them before it tells what the grammar would have accepted.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from dsl.errors import Diagnostic
from dsl.fault import Fault

_TO_ENTRY = re.compile(r"(?:(?:move\s+)?(?:stop\s+)?(?:to\s+)?)(?:break[ _-]?even|be|entry)\b")


def _break_even(fault: Fault) -> Diagnostic | None:
    """`then breakeven`, `then move stop to entry`: the sentence after a target."""
    match = _TO_ENTRY.match(fault.rest)
    if fault.start != "target" or fault.previous != "then" or match is None:
        return None
    end = fault.at + match.end()
    return fault.told(
        f"`{match[0]}` is not expected here", "write `then stop to entry`", fault.at, end, "stop to entry"
    )


def _at_price(fault: Fault) -> Diagnostic | None:
    """`limit at x`, `stop at x`: the price follows right away."""
    match = re.fullmatch(r"\s*(limit|stop)\s+at\s+", fault.before)
    if fault.start != "entry" or match is None or fault.previous != "at":
        return None
    price = re.match(r"[\w.]+(?:\([^()]*\))?", fault.rest)
    at = fault.before.rindex("at")
    shown = price[0] if price else "PRICE"
    return fault.told(f"the price follows `{match[1]}` right away", f"write `{match[1]} {shown}`", at, at + 2)


def _cooldown(fault: Fault) -> Diagnostic | None:
    """A cooldown that does not say after what."""
    if fault.start != "cooldown" or fault.kind != "$END" or "AFTER" not in fault.accepts:
        return None
    span = fault.before.strip()
    return fault.told(
        "a cooldown says after what", f"write `{span} after signal`, `{span} after exit` or `{span} after stop`",
        fault.before.index(span), len(fault.before.rstrip()),
    )  # fmt: skip


def _bounds(fault: Fault) -> Diagnostic | None:
    """`x between (40, 60)`."""
    opened = re.search(r"between\s*(\()\s*([\w.%+-]+)\s*$", fault.before)
    closed = re.match(r",\s*([\w.%+-]+)\s*\)", fault.rest)
    if not opened or not closed:
        return None
    better = f"{opened[2]} and {closed[1]}"
    end = fault.at + closed.end()
    return fault.told("`between` has no brackets", f"write `between {better}`", opened.start(1), end, better)


def _all_of(fault: Fault) -> Diagnostic | None:
    """`all of a, b` and `any of a, b`: named conditions are joined by words."""
    word = re.search(r"\b(all|any|one|none)\s*$", fault.before)
    names = re.match(r"of\b[\s:]*\(?\s*(\w+(?:\s*(?:,|and|or)\s*\w+)*)\)?", fault.rest)
    if word is None or names is None or not re.match(r"of\b", fault.rest):
        return None
    parts = re.split(r"\s*(?:,|\band\b|\bor\b)\s*", names[1])
    joined = f" {'and' if word[1] == 'all' else 'or'} ".join(parts)
    better = f"not ({joined})" if word[1] == "none" else joined
    advice = f"write `{better}`, or count them: `at_least(2, {', '.join(parts)})`"
    return fault.told(f"`{word[1]} of` is not known", advice, word.start(1), fault.at + names.end())


RULES: tuple[Callable[[Fault], Diagnostic | None], ...] = (_break_even, _at_price, _cooldown, _bounds, _all_of)
