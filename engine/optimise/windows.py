"""Windows: what is searched, what it is tried on, and what is not touched until the end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Span = tuple[int, int]
"""What closed in (start, end], ms."""


@dataclass(frozen=True, slots=True)
class Window:
    """One step of a walk forward: the best of `train` is tried on `test`, which begins where `train` ends."""

    train: Span
    test: Span


@dataclass(frozen=True, slots=True)
class Layout:
    """How a history is divided: the span of the search, the windows in it, and the hold-out after it, if any."""

    search: Span
    windows: tuple[Window, ...] = ()
    hold_out: Span | None = None


def layout(whole: Span, hold_out: int = 0, walk: tuple[int, int] | None = None, anchored: bool = False) -> Layout:
    """Divide (start, end]: the last `hold_out` ms are held out, `walk` = (train, test) ms walks through the rest.

    Anchored windows all begin at the start and grow; rolling ones keep their length. Each test follows the one
    before it, so the tests together are one span without holes; a rest that is shorter than half a test is left.
    Raises ValueError where there is too little for one window, or nothing would be left to search.
    """
    start, end = whole
    last = end - hold_out
    if last <= start:
        raise ValueError(f"the hold-out of {_days(hold_out)} takes all there is: {_days(end - start)}")
    held = (last, end) if hold_out else None
    return Layout((start, last), tuple(_windows(start, last, walk, anchored)) if walk else (), held)


def _windows(start: int, end: int, walk: tuple[int, int], anchored: bool) -> Iterable[Window]:
    train, test = walk
    if start + train + test // 2 > end:
        raise ValueError(
            f"there is no room for one window of {_days(train)} and {_days(test)} in {_days(end - start)}"
        )  # fmt: skip
    border = start + train
    while border + test // 2 <= end:
        yield Window((start if anchored else border - train, border), (border, min(border + test, end)))
        border += test


def _days(ms: int) -> str:
    return f"{ms / 86_400_000:.4g} days"
