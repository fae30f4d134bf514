"""How commands speak: tables a person can read, JSON for machines, one progress bar."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

import click


def as_json(value: Any) -> None:
    """Print `value` as JSON. NaN and infinity become null: JSON has no such numbers."""
    click.echo(json.dumps(_clean(value), ensure_ascii=False, indent=2))


def _clean(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {str(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, title: str = "", right: Sequence[int] = ()) -> None:
    """Print a table that fits the terminal; columns whose index is in `right` are right-aligned."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    # Output that goes to a file or a pipe keeps whole lines.
    console = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 160)
    widths = _widths(columns, rows, console.width)
    grid = Table(title=title or None, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    if widths is not None:
        grid.padding, grid.show_edge = (0, 0, 0, 0), False
    for index, column in enumerate(columns):
        justify: Literal["left", "right"] = "right" if index in right else "left"
        grid.add_column(column, justify=justify, overflow="fold", width=widths[index] if widths else None)
    for row in rows:
        grid.add_row(*row)
    console.print(grid)
    if widths is not None:
        console.print()


def _widths(columns: Sequence[str], rows: Sequence[Sequence[str]], room: int) -> list[int] | None:
    """Return how wide each column is where the table must be drawn close; None where there is room, or far too little.

    Headings are broken between words first, cells only where that is not enough, and no word is broken.
    """
    cells = [[row[index] for row in rows] for index in range(len(columns))]
    whole = [max(map(len, (column, *own))) for column, own in zip(columns, cells, strict=True)]
    if sum(whole) + 3 * len(columns) <= room:
        return None
    room -= len(columns) - 1
    headed = [max(map(len, (*column.split(), *own)), default=0) for column, own in zip(columns, cells, strict=True)]
    broken = [
        max((len(word) for text in (column, *own) for word in text.split()), default=0)
        for column, own in zip(columns, cells, strict=True)
    ]
    for most, least in ((whole, headed), (headed, broken)):
        if sum(least) <= room:
            short = [wanted - has for wanted, has in zip(most, least, strict=True)]
            for index in sorted(range(len(least)), key=short.__getitem__):  # as many as can be get all that they need
                least[index] += min(short[index], room - sum(least))
            return least
    return None


def say(text: str = "") -> None:
    click.echo(text)


def note(text: str) -> None:
    """Print a remark to standard error, where it does not disturb the output."""
    click.echo(text, err=True)


@contextlib.contextmanager
def progress(label: str, total: float, *, unit: str = "") -> Iterator[Callable[[float, str], None]]:
    """Show a progress bar on standard error; yields update(done, text). Silent where it is not a terminal."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    count = MofNCompleteColumn() if unit else TextColumn("{task.percentage:>3.0f} %")
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(bar_width=None), count, TextColumn(unit),
        TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(), TextColumn("{task.fields[text]}"),
        console=console, transient=False, disable=not console.is_terminal,
    )  # fmt: skip
    with bar:
        task = bar.add_task(label, total=total, text="")

        def update(done: float, text: str = "") -> None:
            bar.update(task, completed=done, text=text)

        yield update


def when(ms: int) -> str:
    """Return a time in ms as `2025-04-07 06:50` UTC, or `-` for 0."""
    if not ms:
        return "-"
    return dt.datetime.fromtimestamp(ms / 1000, dt.UTC).strftime("%Y-%m-%d %H:%M")


def parse_time(text: str) -> int:
    """Read an ISO-8601 date or time as UTC ms. Raises ValueError."""
    parsed = dt.datetime.fromisoformat(text.replace("Z", "+00:00"))
    if parsed.tzinfo is None:
        parsed = parsed.replace(tzinfo=dt.UTC)
    return int(parsed.timestamp() * 1000)


class Moment(click.ParamType[int]):
    """A command-line time: `2025-04-07`, `2025-04-07T06:50`, with or without Z; UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            return parse_time(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a time; write 2025-04-07 or 2025-04-07T06:50Z", param, ctx)


def percent(ratio: float, places: int = 2) -> str:
    return "-" if ratio != ratio else f"{ratio * 100:+.{places}f} %"


def number(value: float, places: int = 2) -> str:
    return "-" if value != value else f"{value:.{places}f}"
