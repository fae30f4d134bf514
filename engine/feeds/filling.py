"""What a store lacks of a span, in windows of a size that an exchange answers and that may be kept one by one."""

from __future__ import annotations

from collections.abc import Iterator

from engine.feeds.contents import Contents

CANDLES = 20_000
"""Candles in a window: what is lost at most where a fetch is stopped."""


def missing_windows(held: Contents, since: int, until: int) -> Iterator[tuple[int, int]]:
    """Yield the (after, until] (ms) within (since, until] that no recorded span covers, in the order of time."""
    frame = held.timeframe
    at, end = frame.floor(since), frame.floor(until)
    for begun, ended in (*held.spans, (end, end)):
        upto = min(begun, end)
        while at < upto:
            after, at = at, min(at + CANDLES * frame.ms, upto)
            yield after, at
        at = max(at, ended)
