"""The report of a backtest as one page: what stands in it without a script, and the place of what a script draws.

Everything printed is escaped; the data for the script is base64, and a policy in the page forbids every request.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

PARTS = Path(__file__).parent / "_report"
SCRIPTS = ("page.js", "charts.js", "scatter.js", "trades.js")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
GROUPS = ("strategy", "symbol", "side", "timeframe", "end", "month", "weekday", "hour")
MINUS = "\u2212"


def render(facts: Mapping[str, Any], names: Sequence[str], data: str, charts: str) -> str:
    """Return the page. `facts` as `engine backtest --json` gives them, `data` packed for the script, `charts` the
    chart library's script."""
    environment = Environment(
        loader=FileSystemLoader(PARTS), undefined=StrictUndefined, autoescape=True, trim_blocks=True,
        lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip
    environment.filters |= {
        "percent": percent, "share": share, "number": number, "money": money, "when": when, "span": span,
        "tone": tone, "heat": heat, "fall": fallen,
    }  # fmt: skip
    account = facts["account"] is not None
    script = "\n".join((PARTS / name).read_text("utf-8") for name in SCRIPTS)
    return environment.get_template("page.html.j2").render(
        f=facts, title=", ".join(names), account=account, tiles=tiles(facts), years=months(facts, account=account),
        bars=bars(facts["r_histogram"]), groups=[(kind, facts["groups"].get(kind, {})) for kind in GROUPS],
        style=_inline((PARTS / "page.css").read_text("utf-8"), "style"), script=_inline(script, "script"),
        charts=_inline(charts, "script"), data=data,
    )  # fmt: skip


def _inline(text: str, element: str) -> Markup:
    """Return a style or script of ours or of the chart library as it is, if it cannot end its element early."""
    if f"</{element}" in text.lower():
        raise ValueError(f"a {element} that would end its own element")
    return Markup(text)  # noqa: S704


def tiles(facts: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Return (label, figure, remark, tone) of the figures that come first."""
    numbers, equity, hold, ranges = facts["numbers"], facts["equity"], facts["buy_and_hold"], facts["intervals"]
    account = facts["account"]
    total, other = (equity["total"], hold["total"]) if account else (equity["change"], hold["change"])
    mean, in_r = numbers["expectancy"], numbers["average_r"]
    closed = percent(-equity["closed_drawdown"] or 0.0)
    return [
        (
            "Total return" if account else "Sum of results",
            percent(total),
            f"buy and hold {percent(other)}",
            tone(total),
        ),
        ("Max drawdown", fallen(equity["max_drawdown"]), f"closed trades {closed}", ""),
        ("Sharpe", number(equity["sharpe"]), _between(ranges["sharpe"], number) or "of daily returns", ""),
        ("Win rate", share(numbers["win_rate"]), _between(ranges["win_rate"], share), ""),
        ("Profit factor", number(numbers["profit_factor"]), _between(ranges["profit_factor"], number), ""),
        ("Per trade", percent(mean), _between(ranges["expectancy"], percent), tone(mean)),
        ("Average R", number(in_r, sign=True), _between(ranges["average_r"], number), tone(in_r)),
        ("Trades", f"{numbers['trades']:,}", f"{numbers['wins']:,} won, {numbers['losses']:,} lost", ""),
    ]


def _between(interval: Mapping[str, float] | None, shown: Any) -> str:
    return "" if interval is None else f"{shown(interval['low'])} to {shown(interval['high'])}"


def months(facts: Mapping[str, Any], *, account: bool) -> list[tuple[int, list[float | None], float]]:
    """Return per year the change in each month and in the year: ratios of the equity before, or stakes."""
    daily = facts["equity"]["daily"]
    ends: dict[tuple[int, int], tuple[float, float]] = {}
    for before, row in pairwise(daily):
        day = dt.datetime.fromtimestamp(row[0] / 1000 - 1, dt.UTC)
        first, _ = ends.get((day.year, day.month), (before[1], 0.0))
        ends[day.year, day.month] = (first, row[1])
    found = []
    for year in sorted({year for year, _ in ends}):
        part = [ends.get((year, month)) for month in range(1, 13)]
        known = [pair for pair in part if pair is not None]
        cells = [None if pair is None else _change(pair[0], pair[1], account=account) for pair in part]
        found.append((year, cells, _change(known[0][0], known[-1][1], account=account)))
    return found


def _change(first: float, last: float, *, account: bool) -> float:
    return last - first if not account else last / first - 1 if first > 0 else 0.0


def bars(histogram: Sequence[Sequence[float]]) -> list[tuple[float, float, int, float]]:
    """Return (lower edge, upper edge, count, height from 0 to 1) of each bin."""
    most = max((count for _, count in histogram), default=1)
    return [(edge, edge + 0.5, int(count), count / most) for edge, count in histogram]


def percent(ratio: float | None, places: int = 2) -> str:
    """Return `+1.20%` with a real minus sign, an en dash for what is not known."""
    if ratio is None:
        return "–"
    text = f"{abs(ratio) * 100:,.{places}f}%"
    return text if not float(text[:-1].replace(",", "")) else f"{'+' if ratio > 0 else MINUS}{text}"


def fallen(drawdown: Mapping[str, Any] | None) -> str:
    """Return how deep a curve fell; one that never fell fell by nothing, which is known."""
    return percent(-drawdown["depth"] if drawdown else 0.0)


def share(ratio: float | None) -> str:
    return "–" if ratio is None else f"{ratio * 100:.1f}%"


def number(value: float | None, places: int = 2, *, sign: bool = False) -> str:
    if value is None:
        return "–"
    text = f"{value:{'+' if sign else ''},.{places}f}"
    return text.replace("-", MINUS)


def money(value: float | None, *, sign: bool = False) -> str:
    return number(value, 2, sign=sign)


def when(ms: int | None) -> str:
    return "–" if not ms else dt.datetime.fromtimestamp(ms / 1000, dt.UTC).strftime("%-d %b %Y, %H:%M")


def span(ms: float | None) -> str:
    """Return a length of time in its two largest units."""
    if ms is None:
        return "–"
    minutes = round(ms / 60_000)
    parts = [(minutes // 1440, "d"), (minutes // 60 % 24, "h"), (minutes % 60, "m")]
    return " ".join([f"{amount}{unit}" for amount, unit in parts if amount][:2]) or "0m"


def tone(value: float | None) -> str:
    """Return the class of a figure: good above 0, bad below it."""
    return "" if not value else "good" if value > 0 else "bad"


def heat(value: float | None, full: float) -> str:
    """Return the shade of a cell, from 0 to 1, where `full` is the deepest."""
    return "0" if value is None or not full else f"{min(1.0, abs(value) / full):.2f}"
