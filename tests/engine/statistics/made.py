"""Trades by their results, for tests."""

from __future__ import annotations

from collections.abc import Sequence

from engine.statistics.trades import Trades, trades_of
from tests.engine.account.made import lived

HOUR = 60


def trades(results: Sequence[float], *, stop: float | None = 95.0, money: float = 0.0) -> Trades:
    """Return trades of an hour each, one after the other, with these results; `money`: what each cost an account."""
    made = [
        lived((n * HOUR, 100, 1, "entry"), ((n + 1) * HOUR, 100 * (1 + result), 1, "exit"), at=n * HOUR, stop=stop)
        for n, result in enumerate(results)
    ]
    return trades_of(made, None, {p.id: (p.result * money, money) for p in made} if money else None)
