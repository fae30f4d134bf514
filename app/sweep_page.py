"""One self-contained page of an optimisation: how every param moves the first objective, and the walk forward.

A ridge on which the best stands alone is luck; a plain on which its neighbours do as well is worth more. Grey dots are
the sets that were tried, the line moves one param alone away from the best. No script and no network.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from app.cli import show
from app.cli.verdict import doubts, figure
from app.optimising import Job, Trial, Verdict, named
from dsl.tuning import written
from engine.optimise.objectives import OBJECTIVES
from engine.optimise.ranges import Range

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 440, 240, 58, 34, 14, 14
STYLE = """
:root { color-scheme: light dark; --ink: #1d2433; --soft: #667085; --line: #d0d5dd; --dot: #98a2b3; --mark: #1570ef;
  --best: #d92d20; --page: #fff }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e7ec; --soft: #98a2b3; --line: #344054; --dot: #667085;
  --mark: #53b1fd; --best: #f97066; --page: #0c111d } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); margin: 0 auto; padding: 16px;
  max-width: 960px }
h1 { font-size: 22px } h2 { font-size: 17px; margin-top: 28px }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); gap: 12px }
svg { width: 100%; height: auto } svg text { fill: var(--soft); font-size: 11px }
.scroll { overflow-x: auto } table { border-collapse: collapse; white-space: nowrap }
th, td { padding: 3px 10px; border-bottom: 1px solid var(--line); text-align: right } th { color: var(--soft) }
td:last-child, th:last-child, td:first-child, th:first-child { text-align: left } .soft { color: var(--soft) }
"""


def html(found: Verdict, job: Job) -> str:
    """Return the page."""
    name = job.objectives[0]
    plots = "".join(_plot(one, found, job) for one in job.ranges)
    title = f"{escape(job.ground.path.rpartition('/')[2])}: {len(found.trials)} sets"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{STYLE}</style><h1>{title}</h1>"
        f'<p class="soft">{escape(OBJECTIVES[name].about)}; searched on {_span(job.layout.search)} UTC</p>'
        + "".join(f"<p>{escape(line)}</p>" for line in doubts(found))
        + f'<h2>{name} by param</h2><div class="plots">{plots}</div>'
        + _sets(found, job)
        + _steps(found, job)
        + _held(found, job)
        + "</html>\n"
    )


def _plot(one: Range, found: Verdict, job: Job) -> str:
    """Return the plot of one param: every set as a dot, the neighbours of the best as a line."""
    name = job.objectives[0]
    dots = [(t.point[one.name], _value(t, name)) for t in found.trials if t.costs is not None]
    line = [
        (t.point[one.name], _value(t, name)) for param, t in found.near if param == one.name and t.costs is not None
    ]
    best = (found.best.point[one.name], _value(found.best, name))
    line = sorted([*line, best])
    low, high = _bounds([y for _, y in [*dots, *line]])
    across = max(one.high - one.low, 1e-12)

    def at(point: tuple[float, float]) -> tuple[float, float]:
        x = LEFT + (point[0] - one.low) / across * (WIDTH - LEFT - RIGHT)
        return round(x, 1), round(HEIGHT - BOTTOM - (point[1] - low) / (high - low) * (HEIGHT - BOTTOM - TOP), 1)

    marks = "".join(f'<circle cx="{x}" cy="{y}" r="2.5" fill="var(--dot)" opacity=".55"/>' for x, y in map(at, dots))
    path = " ".join(f"{x},{y}" for x, y in map(at, line))
    x, y = at(best)
    base = HEIGHT - BOTTOM
    return (
        f'<figure style="margin:0"><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{name} by {one.name}">'
        f'<path d="M{LEFT} {TOP}V{base}H{WIDTH - RIGHT}" fill="none" stroke="var(--line)"/>'
        f'<text x="{LEFT - 6}" y="{TOP + 8}" text-anchor="end">{figure(name, {name: high})}</text>'
        f'<text x="{LEFT - 6}" y="{base}" text-anchor="end">{figure(name, {name: low})}</text>'
        f'<text x="{LEFT}" y="{HEIGHT - 16}">{written(one.low, one.unit)}</text>'
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 16}" text-anchor="end">{written(one.high, one.unit)}</text>'
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 4}" text-anchor="middle">{escape(one.name)}, '
        f"best {written(best[0], one.unit)}</text>"
        f'{marks}<polyline points="{path}" fill="none" stroke="var(--mark)" stroke-width="2"/>'
        f'<circle cx="{x}" cy="{y}" r="5" fill="var(--best)"/></svg></figure>'
    )


def _value(trial: Trial, name: str) -> float:
    value = (trial.figures or {}).get(name)
    return 0.0 if value is None else value


def _bounds(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _sets(found: Verdict, job: Job) -> str:
    names = list(dict.fromkeys([*job.objectives, "result", "trades", "drawdown", "win_rate"]))
    judged = sorted((t for t in found.trials if t.costs is not None), key=lambda t: t.rank)
    own = next(trial for trial in found.trials if trial.number == 0)
    listed = {trial.number: trial for trial in [*found.front, *judged[:30], own]}.values()
    rows = [
        [("best" if t is found.best else "as written" if t.number == 0 else str(t.number)),
         *(figure(n, t.figures) for n in names), named(t.point, job.ranges)]
        for t in listed
    ]  # fmt: skip
    return "<h2>Sets</h2>" + _table(["set", *names, "params"], rows)


def _steps(found: Verdict, job: Job) -> str:
    if not found.steps:
        return ""
    name = job.objectives[0]
    rows = [
        [_span(s.test), figure(name, s.trained), figure(name, s.tested), figure("result", s.tested),
         figure("trades", s.tested), "-" if s.point is None else named(s.point, job.ranges)]
        for s in found.steps
    ]  # fmt: skip
    return "<h2>Walk forward</h2>" + _table(["test", f"{name}, train", "test", "result", "trades", "params"], rows)


def _held(found: Verdict, job: Job) -> str:
    opened = found.hold_out
    if opened is None:
        return ""
    names = list(dict.fromkeys([*job.objectives, "result", "trades"]))
    rows = [[n, figure(n, found.best.figures), figure(n, opened.chosen), figure(n, opened.written)] for n in names]
    spent = f", opened {opened.before} times before for other sets" if opened.before else ""
    return f"<h2>Hold-out {_span(opened.span)}{spent}</h2>" + _table(
        ["", "best, searched", "best, held out", "as written, held out"], rows
    )


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>'


def _span(span: tuple[int, int]) -> str:
    return f"{show.when(span[0])} to {show.when(span[1])}"
