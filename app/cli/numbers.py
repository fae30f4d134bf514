"""The numbers of bots as a table or JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from app.cli import show

if TYPE_CHECKING:
    from engine.domain.position import Position
    from engine.report import Numbers

COLUMNS = (
    "bot",
    "signals",
    "closed",
    "unfilled",
    "live",
    "win rate",
    "average R",
    "profit factor",
    "total",
    "best coin",
)


def by_bot(positions: Sequence[Position], bots: Sequence[str]) -> dict[str, Numbers]:
    """Return the numbers of each bot, those without a signal included."""
    from engine.report import numbers

    return {bot: numbers([p for p in positions if p.signal.strategy == bot]) for bot in bots}


def table(found: dict[str, Numbers], title: str = "") -> None:
    """Print a line per bot. Win rate: results above 0 after costs; total: the sum of the results in percent."""
    show.table(COLUMNS, [_row(bot, made) for bot, made in found.items()], title=title, right=range(1, 9))


def _row(bot: str, made: Numbers) -> tuple[str, ...]:
    best = "-" if made.best is None else f"{made.best[0].partition('/')[0]} {made.best[1] * 100:+.1f} %"
    return (
        bot,
        str(made.signals),
        str(made.closed),
        str(made.unfilled),
        str(made.live),
        "-" if made.win_rate is None else f"{made.win_rate * 100:.0f} %",
        "-" if made.average_r is None else f"{made.average_r:+.2f}",
        "-" if made.profit_factor is None else f"{made.profit_factor:.2f}",
        f"{made.result * 100:+.1f} %",
        best,
    )


def facts(found: dict[str, Numbers]) -> dict[str, Any]:
    return {bot: asdict(made) for bot, made in found.items()}
